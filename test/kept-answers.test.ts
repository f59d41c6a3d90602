import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { NewAnswer, questionId, recallAnswer, type Question } from "../src/kept-answers.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "ctm-answers-"));
  write("records/a/one.jsonl", "one\n");
  write("records/two.jsonl", "two\n");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const kept = () => join(home, "state", "answers.json");
const places = () => ["records", "records/a", "records/a/one.jsonl", "records/two.jsonl", "nowhere"].map(at);
const settings = () => [at("ctm.yaml"), at("prices.json")];
/** Late enough for everything that was just written to be settled. */
const laterMs = () => Date.now() + 60_000;

function at(inside: string): string {
  return join(home, inside);
}

function write(inside: string, text: string): void {
  mkdirSync(dirname(at(inside)), { recursive: true });
  writeFileSync(at(inside), text);
}

function keep(text: string, question = "q", sinceMs = laterMs()): void {
  const answer = new NewAnswer(kept(), question, settings(), sinceMs);
  answer.madeOf(places());
  answer.add(text);
  answer.keep([at("roster.yaml")]);
}

const recalled = (question = "q") => recallAnswer(kept(), question);

describe("an answer is given again", () => {
  test("while all it was made of is as it was, in a private file", () => {
    expect(recalled()).toBeNull();
    keep("42 tokens\n");
    expect(recalled()).toBe("42 tokens\n");
    expect(recalled("another")).toBeNull();
    expect(statSync(kept()).mode & 0o777).toBe(0o600);
  });

  test("beside others of the same records, the latest eight", () => {
    for (let n = 1; n <= 9; n++) keep(`answer ${n}`, `q${n}`);
    expect(recalled("q1")).toBeNull();
    for (let n = 2; n <= 9; n++) expect(recalled(`q${n}`)).toBe(`answer ${n}`);
    appendFileSync(at("records/two.jsonl"), "more\n");
    keep("other records", "q9");
    expect([recalled("q8"), recalled("q9")]).toEqual([null, "other records"]);
  });
});

describe("an answer is forgotten when", () => {
  const changes: readonly (readonly [string, () => void])[] = [
    ["a record grew", () => appendFileSync(at("records/two.jsonl"), "more\n")],
    ["a record was written over, and dated back", () => writtenOver("records/two.jsonl", "TWO\n")],
    ["a record was put in the place of another", () => replaced("records/two.jsonl", "TWO\n")],
    ["a record was cut", () => write("records/two.jsonl", "")],
    ["a record went away", () => rmSync(at("records/a/one.jsonl"))],
    ["a record came", () => write("records/a/three.jsonl", "three\n")],
    ["a folder came", () => mkdirSync(at("records/b"))],
    ["a folder that was looked for came", () => mkdirSync(at("nowhere"))],
    ["a record was closed to us", () => chmodSync(at("records/two.jsonl"), 0)],
    ["a configuration came", () => write("ctm.yaml", "")],
    ["prices came", () => write("prices.json", "{}")],
    ["a roster came", () => write("roster.yaml", "")],
    ["what is kept is damaged", () => writeFileSync(kept(), readFileSync(kept(), "utf8").slice(0, -9))],
    ["what is kept is of another kind", () => writeFileSync(kept(), '{"format":1,"answers":{}}')],
    ["what is kept is no file", () => (rmSync(kept()), mkdirSync(kept()))],
  ];
  test.each(changes)("%s", (_, change) => {
    keep("42 tokens\n");
    expect(recalled()).toBe("42 tokens\n");
    change();
    expect(recalled()).toBeNull();
  });

  function writtenOver(inside: string, text: string): void {
    const { atimeMs, mtimeMs } = statSync(at(inside));
    write(inside, text);
    utimesSync(at(inside), atimeMs / 1000, mtimeMs / 1000);
  }

  function replaced(inside: string, text: string): void {
    write("aside", text);
    renameSync(at("aside"), at(inside));
  }
});

describe("an answer is not kept", () => {
  test("when something changed while it was found, or just before", () => {
    keep("42 tokens\n", "q", Date.now());
    expect(recalled()).toBeNull();
  });

  test("when nothing says what it was made of, or it is very long", () => {
    const answer = new NewAnswer(kept(), "q", settings(), laterMs());
    answer.add("42 tokens\n");
    answer.keep([]);
    expect(recalled()).toBeNull();
    keep("x".repeat(4_000_001));
    expect(recalled()).toBeNull();
  });

  test("when a path holds a line end", () => {
    write("records/two\nlines.jsonl", "x");
    const answer = new NewAnswer(kept(), "q", settings(), laterMs());
    answer.madeOf([...places(), at("records/two\nlines.jsonl")]);
    answer.add("42 tokens\n");
    answer.keep([]);
    expect(recalled()).toBeNull();
    keep("42 tokens\n");
    expect(recalled()).toBe("42 tokens\n");
  });

  test("where nothing can be written; the answer was given all the same", () => {
    write("state", "no folder");
    expect(() => keep("42 tokens\n")).not.toThrow();
    expect(recalled()).toBeNull();
  });
});

describe("two questions are the same", () => {
  const question: Question = {
    words: ["usage"],
    cwd: "/home",
    env: { HOME: "/home", LANG: "C" },
    columns: null,
  };
  const id = questionId(question);
  test("when only what passes differs", () => {
    expect(questionId({ ...question, env: { LANG: "C", HOME: "/home", SHLVL: "3", _: "x" } })).toBe(id);
  });
  test("never when words, folder, environment or width differ, and no value stands in the open", () => {
    const others: readonly Partial<Question>[] = [
      { words: ["usage", "weekly"] },
      { words: ["us", "age"] },
      { cwd: "/" },
      { env: { HOME: "/home" } },
      { env: { HOME: "/home", LANG: "C", KEY: "sk-secret" } },
      { columns: 80 },
    ];
    const ids = others.map((other) => questionId({ ...question, ...other }));
    expect(new Set([id, ...ids]).size).toBe(others.length + 1);
    expect(ids.join()).not.toContain("secret");
  });
});
