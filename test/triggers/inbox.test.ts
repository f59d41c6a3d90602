import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { eventMaxBytes, type Envelope } from "../../src/activation/envelope.ts";
import { CtmError } from "../../src/base/errors.ts";
import { Inbox } from "../../src/triggers/inbox.ts";
import { waitFor } from "../support/wait-for.ts";

let folder: string;
let inbox: Inbox | null = null;
const taken: Envelope[] = [];
const troubles: string[] = [];
let refuses: Error | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-inbox-"));
  taken.splice(0);
  troubles.splice(0);
  refuses = null;
});
afterEach(() => {
  inbox?.close();
  rmSync(folder, { recursive: true });
});

const dir = (): string => join(folder, "events", "inbox");
function open(): void {
  inbox = Inbox.open({
    dir: join(folder, "events"),
    take: (event) => {
      if (refuses !== null) throw refuses;
      taken.push(event);
    },
    trouble: (message) => troubles.push(message),
  });
}
/** As a script should: aside, then renamed. */
function put(name: string, text: string, old = true): void {
  const aside = join(folder, name);
  writeFileSync(aside, text);
  if (old) utimesSync(aside, 1_600_000_000, 1_600_000_000);
  renameSync(aside, join(dir(), name));
}
const event = (id: string): string =>
  JSON.stringify({
    specversion: "1.0",
    id,
    source: "script",
    type: "deploy.stage",
    data: { stage: "canary" },
  });

it("takes what lies there, then what is put there, and removes it", async () => {
  open();
  inbox?.close();
  put("b.json", event("2"));
  put("a.json", event("1"));
  open();
  expect(taken.map(({ id }) => id)).toEqual(["1", "2"]);
  put("c.json", event("3"), false);
  await waitFor("the third to be taken", () => taken.length === 3);
  await waitFor("all files to be gone", () => readdirSync(dir()).length === 0);
});

it("puts beside what is no event, says why, and follows no link", async () => {
  open();
  put("broken.json", "{");
  put("long.json", event("x".repeat(eventMaxBytes)));
  put("other.json", JSON.stringify({ specversion: "1.0" }));
  writeFileSync(join(folder, "secret"), event("4"));
  symlinkSync(join(folder, "secret"), join(dir(), "link.json"));
  mkdirSync(join(dir(), "folder.json"));
  await waitFor("five to be put beside", () => readdirSync(join(folder, "events", "rejected")).length === 5);
  expect(taken).toEqual([]);
  expect(troubles.join("\n")).toMatch(
    /broken\.json in the inbox is no event \(this is no event: it is not JSON\)/,
  );
  expect(existsSync(join(folder, "secret"))).toBe(true);
});

it("leaves alone what is being written, and what has another name", async () => {
  open();
  put("half.json", '{"specversion"', false);
  writeFileSync(join(dir(), ".aside.json"), "{");
  writeFileSync(join(dir(), "note.txt"), "hello");
  put("whole.json", event("5"), false);
  await waitFor("the whole one to be taken", () => taken.length === 1);
  writeFileSync(join(dir(), "half.json"), event("6"));
  await waitFor("the other to be taken when it is whole", () => taken.length === 2);
  expect(readdirSync(dir()).sort()).toEqual([".aside.json", "note.txt"]);
  expect(troubles).toEqual([]);
});

it("keeps what the journal does not take now", async () => {
  open();
  refuses = new CtmError("ledger", "the disk is full");
  put("wait.json", event("7"));
  put("never.json", "no event");
  await waitFor("the other to be put beside", () => readdirSync(dir()).length === 1);
  expect(readdirSync(dir())).toEqual(["wait.json"]);
  inbox?.close();
  refuses = null;
  open();
  expect(taken.map(({ id }) => id)).toEqual(["7"]);
});
