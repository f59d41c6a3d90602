/** Bad and hostile input at the bin's three doors: a clear sentence, an exit code, nothing lost, nothing executed. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { product, type Product, type Ran } from "../support/product.ts";

/** One clear sentence on the error stream, no stack, no result. */
function expectRefused(ran: Ran, exitCode: number, says: RegExp): void {
  expect(ran.stderr).toMatch(says);
  expect(ran.stderr).toMatch(/^ctm: \S/);
  expect(ran.stderr).not.toMatch(/\n\s+at /);
  expect(ran).toMatchObject({ exitCode, stdout: "" });
}

/** Texts that mean something to a shell, to tmux, to a terminal or to a reader; `D` stands for a directive. */
const TRICKY = [
  "git status D;",
  "D; kill-server ;",
  "Enter D",
  "C-c D C-d",
  "-X cancel D",
  "--help D -t x",
  "-- D",
  "#{E:pane_id} #(touch PWNED) D #{pane_pid}",
  "%if 1 D %endif",
  "$(touch PWNED) `touch PWNED` D ; touch PWNED",
  "D 'one' \"two\" \\three\\\\ \\n $HOME ~ * ? [a] {b} | & > PWNED < !",
  "שלום D \u202eabc\u202c عربي",
  "👩‍👩‍👧 D ﷽ e\u0301 \u200b\u{1f3f4}\u{e0067}",
  "two\nlines\n\nD\n\tand a tab",
  "  blanks around D  ",
  "[200~ D [201~",
  `{"text": "D", "a": [1]}`,
  `-- 'D'; DROP TABLE task; --`,
];

describe("texts that could be taken for something else", () => {
  it("arrive at the agent byte for byte, each in one piece", async () => {
    const ctm = product({ workers: 2, recorded: true });
    const texts = TRICKY.map((text) => text.replace("D", "[[delay:0]]"));
    const lines = texts.map((text) => JSON.stringify({ text, type: "coding" }));
    const ran = await ctm.run(["batch", "-"], { input: lines.join("\n") });
    expect(ran.exitCode, ran.stderr).toBe(0);
    expect(ctm.typedPrompts().sort()).toEqual([...texts].sort());
    expect(existsSync(join(ctm.work, "PWNED"))).toBe(false);
    const kept = (await ctm.tasks()).map(({ draft }) => draft.text);
    expect(kept.sort()).toEqual([...texts].sort());
  });

  it("come through argv as they are", async () => {
    const ctm = product({ workers: 1 });
    const texts = ["-la D;", "--help", "Enter;", "#(touch PWNED)", "$(touch PWNED)", "שלום \u202eabc", " x "];
    for (const text of texts) await ctm.ok(["add", "--", text]);
    expect((await ctm.tasks()).map(({ draft }) => draft.text).sort()).toEqual([...texts].sort());
    for (const view of [["tasks"], ["status"], ["show", "4"], ["why", "4"]]) await ctm.ok(view);
    expect(existsSync(join(ctm.work, "PWNED"))).toBe(false);
  });

  it("are commands for shell workers, and nothing but that", async () => {
    const ctm = product({ agent: "shell", workers: 1 });
    const commands = [
      `printf '%s' 'a;b' > semicolon;`,
      `printf '%s' "$0 $#" > self; printf '%s' '#{pane_id} #(id) C-c Enter' > tmux`,
      `cat > heredoc <<'X'\nשלום $HOME \\n\n\tline;\nX`,
      `-not-a-flag`,
    ];
    const lines = commands.map((text) => JSON.stringify({ text, worker: "w1" }));
    const ran = await ctm.run(["batch", "-"], { input: lines.join("\n") });
    expect(ran.exitCode).toBe(1);
    expect(ran.stdout).toMatch(/Completed:\s+3 of 4/);
    const read = (name: string): string => readFileSync(join(ctm.work, name), "utf8");
    expect(read("semicolon")).toBe("a;b");
    expect(read("tmux")).toBe("#{pane_id} #(id) C-c Enter");
    expect(read("heredoc")).toBe("שלום $HOME \\n\n\tline;\n");
    expect((await ctm.task(4)).state).toMatchObject({ name: "failed", exitCode: 127 });
  });

  it("may be as long as the limit, and arrive whole", async () => {
    const ctm = product({ workers: 1, recorded: true, yaml: "throttle: { oversized: run }" });
    const text = `[[delay:0]] ${"0123456789abcde\n".repeat(8 * 1024)}end;`;
    const ran = await ctm.run(["batch", "-"], { input: JSON.stringify({ text }) });
    expect(ran.exitCode, ran.stderr + ran.stdout).toBe(0);
    expect(ctm.typedPrompts().map(({ length }) => length)).toEqual([text.length]);
    expect(ctm.typedPrompts()[0] === text).toBe(true);
  });
});

describe("texts that cannot be a task", () => {
  const cases: readonly { name: string; text: string; says: RegExp }[] = [
    { name: "an empty text", text: "", says: /no text/ },
    { name: "blanks", text: " \n\t ", says: /no text/ },
    { name: "5 MB", text: "x".repeat(5_000_000), says: /bytes/ },
    { name: "a NUL", text: "a\u0000b", says: /U\+0000 at character 2/ },
    { name: "the end of a paste", text: "hi\u001b[201~\rrm -rf ~\r", says: /U\+001B at character 3/ },
    { name: "C1 controls", text: "a\u009b201~", says: /U\+009B/ },
    { name: "a bell", text: "a\u0007", says: /U\+0007/ },
    { name: "half a character", text: "a\ud800", says: /U\+D800/ },
  ];

  it.each(cases)(
    "$name: refused from standard input and at the socket, and nothing is queued",
    async ({ text, says }) => {
      const ctm = product({ workers: 1 });
      await ctm.serve(["--no-auto"]);
      expectRefused(await ctm.run(["batch", "-"], { input: JSON.stringify({ text }) }), 2, says);
      const asked = ctm.tell(text);
      await expect(asked).rejects.toThrow(/the task/);
      expect(await ctm.tasks()).toEqual([]);
    },
  );

  it("are refused from argv", async () => {
    const ctm = product({ workers: 1 });
    expectRefused(await ctm.run(["add", "--", "a\u001b[201~b"]), 2, /U\+001B/);
    expectRefused(await ctm.run(["--", "a task", "a\u0007b"]), 2, /U\+0007/);
    expect(await ctm.tasks()).toEqual([]);
  });
});

describe("words and numbers that are none", () => {
  it.each<[string[], RegExp]>([
    [["add", "-p", "urgent", "x"], /"urgent" is no priority/],
    [["add", "--type", "codign", "x"], /did you mean coding\?/],
    [["add", "--agent", "clade", "x"], /did you mean claude\?/],
    [["add", "--model", "a\tb", "x"], /control characters/],
    [["add", "--cwd", "/no/such/folder", "x"], /not a folder that exists/],
    [["add", "--worker", "../../etc", "x"], /no worker's name/],
    [["limits", "set", "tokens/hour", "-5"], /-5/],
    [["limits", "set", "tokens/hour", "NaN"], /NaN/],
    [["limits", "set", "cost/hour", "1e999"], /1e999/],
    [["limits", "set", "tokens/hour", "99999999999999999999"], /9{10}/],
    [["limits", "set", "tokens/huor", "5K"], /huor/],
    [["limits", "raise", "cost/hour", "10", "--until", "yesterday", "--reason", "r"], /yesterday/],
    [["show", "-1"], /-1/],
    [["show", "1e3"], /1e3/],
    [["tasks", "--limit", "0"], /--limit/],
    [["tasks", "--state", "runing"], /did you mean running\?/],
    [["--columns", "NaN", "status"], /--columns/],
    [["--workers", "-1", "status"], /workers/],
    [["--workers", "1e9", "status"], /workers/],
  ])("%j", async (args, says) => {
    const ctm = product();
    expectRefused(await ctm.run(args), 2, says);
  });
});

describe("a configuration with faults", () => {
  it("is refused with all of them at once, each with its place, key and remedy", async () => {
    const ctm = product();
    const path = join(ctm.work, "ctm.yaml");
    writeFileSync(
      path,
      [
        "workers: { cuont: 3, agent: clod }",
        "limits: { global: { tokens: { hour: -5 }, cost: { day: NaN } } }",
        "throtle: {}",
        "auto: { tickMs: 1e99 }",
      ].join("\n"),
    );
    const ran = await ctm.run(["A task of several words"]);
    expectRefused(ran, 2, /6 faults/);
    for (const says of [
      /ctm\.yaml:1:\d+ .*cuont.*did you mean count\?/,
      /ctm\.yaml:1:\d+ workers\.agent/,
      /ctm\.yaml:2:\d+ limits\.global\.tokens\.hour/,
      /ctm\.yaml:2:\d+ limits\.global\.cost\.day/,
      /ctm\.yaml:3:\d+ .*throtle.*did you mean throttle\?/,
      /ctm\.yaml:4:\d+ auto\.tickMs/,
    ])
      expect(ran.stderr).toMatch(says);
    writeFileSync(path, "workers: { count: 3\n  - nonsense");
    expectRefused(await ctm.run(["status"]), 2, /ctm\.yaml:\d+:\d+/);
    expect(existsSync(ctm.state)).toBe(false);
  });
});

/** A folder for PATH with a tmux of our own making, or none. */
function pathWith(ctm: Product, script: string | null): string {
  const folder = join(ctm.folder, "bin");
  mkdirSync(folder);
  if (script !== null) {
    writeFileSync(join(folder, "tmux"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, "tmux"), 0o755);
  }
  return folder;
}

describe("F33 a machine that lacks something", () => {
  it("tmux missing or too old: says so with 69, and the queue is still there", async () => {
    const ctm = product({ workers: 1 });
    await ctm.ok(["add", "Fix it"]);
    const { PATH = "" } = ctm.env;
    for (const [script, says] of [
      [null, /tmux/],
      ["echo tmux 2.9a", /2\.9a.*3\.2|3\.2.*2\.9a/],
    ] as const) {
      const other = product({ workers: 1, env: {} });
      const path = pathWith(other, script);
      const poor = await ctm.run(["serve"], { env: { PATH: script === null ? path : `${path}:${PATH}` } });
      expectRefused(poor, 69, says);
    }
    expect((await ctm.tasks()).map(({ state }) => state.name)).toEqual(["queued"]);
  });

  it("no agent CLI: falls back to the rehearsal and says so; a named one that is missing is refused", async () => {
    const ctm = product({ workers: 1 });
    ctm.configure("agents: { claude: { command: [/no/such/claude] }, codex: { command: [/no/such/codex] } }");
    const ran = await ctm.run(["--agent", "auto", "Fix it [[delay:0]]"]);
    expect(ran.exitCode, ran.stderr).toBe(0);
    expect(ran.stderr).toMatch(/rehears/i);
    const named = await ctm.run(["--agent", "claude", "Fix it [[delay:0]]"]);
    expectRefused(named, 69, /claude/);
  });

  it("a ledger that is none: refused with 74, untouched", async () => {
    const ctm = product({ workers: 1 });
    mkdirSync(ctm.state, { mode: 0o700 });
    const file = join(ctm.state, "ledger.sqlite");
    const garbage = "this is no database ".repeat(500);
    writeFileSync(file, garbage, { mode: 0o600 });
    for (const args of [["serve"], ["add", "Fix it"], ["status"]])
      expectRefused(await ctm.run(args), 74, /ledger/);
    expect(readFileSync(file, "utf8")).toBe(garbage);
  });
});

describe("two managers at once", () => {
  it("one serves, the others are told with 75", async () => {
    const ctm = product({ workers: 1 });
    const started = await Promise.all([1, 2, 3].map(() => ctm.serve([], false)));
    const codes = await Promise.race([
      Promise.all(started.map(({ ended }) => ended)),
      Promise.all(started.map(({ ended, printed }) => Promise.race([ended, ctm.untilServing(printed)]))),
    ]);
    expect(codes.map(String).sort()).toEqual(["75", "75", "serves"]);
    expect(await ctm.panes()).toHaveLength(1);
  });
});
