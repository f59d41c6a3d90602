/** Gemini and OpenCode as processes: their scripts run by a real shell, the programs played by what they once printed. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AgentAdapter } from "../../src/agents/adapter.ts";
import { geminiAdapter } from "../../src/agents/gemini.ts";
import { opencodeAdapter } from "../../src/agents/opencode.ts";
import { hookScript } from "../../src/workers/hook-script.ts";

const SESSION = "87f5971a-f5b1-4b53-9fed-666a02578240";
const MESSAGE = '"messageID":"msg_1","sessionID":"ses_1"';
const STEP = `{"type":"step_finish","timestamp":1795652253947,"sessionID":"ses_1","part":{"id":"prt_3","reason":"stop",${MESSAGE},"type":"step-finish","tokens":{"total":1232,"input":1020,"output":7,"reasoning":3,"cache":{"write":0,"read":202}},"cost":0.001141}}`;

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), "ctm-captured-"))));
afterEach(() => rmSync(dir, { recursive: true }));

/** Runs one task with a program that is this shell script; what its hooks told, understood, and its exit code. */
async function run(adapter: AgentAdapter, program: string) {
  const [bin, hook, spool, home] = ["agent", "hook.sh", "spool", "home"].map((name) => join(dir, name)) as [
    string,
    string,
    string,
    string,
  ];
  for (const folder of [spool, home]) mkdirSync(folder);
  for (const [file, text] of [
    [bin, `#!/bin/sh\n${program}`],
    [hook, hookScript()],
  ] as const) {
    writeFileSync(file, text);
    chmodSync(file, 0o700);
  }
  const plan = adapter.launch({
    launchId: "l1",
    model: "m",
    cwd: dir,
    dir,
    hookScript: hook,
    sessionId: "0",
    resumeSessionId: null,
    settings: { command: [bin], permissionMode: null, env: {} },
  });
  const agent = plan.files.find(({ name }) => name === "agent.sh")?.text ?? "";
  writeFileSync(join(dir, "a1.prompt"), "do it\n");
  writeFileSync(join(dir, "agent.sh"), agent);
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, CTM_LAUNCH: "l1", CTM_SPOOL: spool };
  const { exitCode } = await execa("/bin/sh", [join(dir, "agent.sh"), join(dir, "a1.prompt")], {
    env,
    extendEnv: false,
    reject: false,
  });
  const told = readdirSync(spool)
    .sort()
    .map((name) => {
      const payload: unknown = JSON.parse(readFileSync(join(spool, name), "utf8"));
      return adapter.interpret({ launchId: "l1", event: name.split(".")[2] ?? "", atMs: 0, payload });
    });
  return { exitCode, told };
}

test("gemini: its answer from what it printed, its record from the chat log of that session", async () => {
  const log = ".gemini/tmp/project/chats";
  const { exitCode, told } = await run(
    geminiAdapter,
    `[ "$(cat)" = 'do it' ] || exit 9
[ "$*" = '-o json -m m' ] || exit 8
mkdir -p "$HOME/${log}" && : >"$HOME/${log}/session-2026-11-26T00-14-87f5971a.jsonl"
echo 'Ripgrep is not available.' >&2
printf '{\\n  "session_id": "${SESSION}",\\n  "response": "all \\\\"is\\\\" done"\\n}'`,
  );
  expect(exitCode).toBe(0);
  const recordPath = join(dir, "home", log, "session-2026-11-26T00-14-87f5971a.jsonl");
  expect(told).toEqual([
    { kind: "said", answer: 'all "is" done', failure: null, sessionId: SESSION, recordPath: null },
    { kind: "said", answer: null, failure: null, sessionId: SESSION, recordPath },
  ]);
  const record = geminiAdapter.record(SESSION, recordPath);
  const line =
    '{"id":"r1","type":"gemini","content":"done","tokens":{"input":1211,"output":10,"cached":201,"thoughts":3},"model":"gemini-2.5-flash"}';
  expect(record?.holdsAnswer(line, "done")).toBe(true);
  expect(record?.holdsAnswer(line, "another")).toBe(false);
  expect(record?.parse(line)).toMatchObject([
    { usage: { inputTokens: 1010, cacheReadTokens: 201, outputTokens: 13 } },
  ]);
  expect(geminiAdapter.record("another1", recordPath)).toBeNull();
});

test("gemini: an error stands behind log lines on the other stream, the exit code is kept", async () => {
  const inner =
    '{\\\\"error\\\\":{\\\\"code\\\\":400,\\\\"message\\\\":\\\\"API key not valid. Please pass a valid API key.\\\\"}}';
  const { exitCode, told } = await run(
    geminiAdapter,
    `cat >/dev/null
{ echo 'Error when talking: {"x":1}'; echo '  status: 400'; echo '}'
printf '{\\n  "session_id": "${SESSION}",\\n  "error": {\\n    "message": "${inner}"\\n  }\\n}\\n'; } >&2
exit 144`,
  );
  expect(exitCode).toBe(144);
  expect(told).toEqual([
    {
      kind: "said",
      answer: null,
      failure: {
        kind: "turn-failed",
        failure: "not-logged-in",
        message: "API key not valid. Please pass a valid API key.",
        resetsAtMs: null,
      },
      sessionId: SESSION,
      recordPath: null,
    },
  ]);
});

test("opencode: answer and usage from the lines it printed", async () => {
  const text = (words: string, more = "") =>
    `{"type":"text","timestamp":1,"sessionID":"ses_1","part":{"id":"p",${MESSAGE},"type":"text"${more},"text":"${words}"}}`;
  const { exitCode, told } = await run(
    opencodeAdapter,
    `[ "$(cat)" = 'do it' ] || exit 9
[ "$*" = 'run --format json --model m' ] || exit 8
cat <<'END'
{"type":"step_start","timestamp":1,"sessionID":"ses_1","part":{${MESSAGE}}}
not JSON
${text("first")}
${text("it is done")}
${text("nobody said this", ',"synthetic":true')}
${STEP}
END`,
  );
  const recordPath = join(dir, "a1.prompt.jsonl");
  expect(exitCode).toBe(0);
  expect(told).toEqual([
    { kind: "said", answer: "first\nit is done", failure: null, sessionId: "ses_1", recordPath },
  ]);
  expect(opencodeAdapter.record("ses_1", recordPath)?.parse(readFileSync(recordPath, "utf8"))).toMatchObject([
    {
      key: "msg_1",
      model: null,
      usage: { inputTokens: 1020, cacheReadTokens: 202, outputTokens: 10, reasoningTokens: 3 },
      statedNanoUsd: 1_141_000,
    },
  ]);
});

test("opencode: an error it told, and one it could not tell", async () => {
  const error =
    '{"type":"error","timestamp":1,"sessionID":"ses_1","error":{"name":"APIError","data":{"message":"Overloaded"}}}';
  expect(await run(opencodeAdapter, `echo '${error}'; exit 1`)).toMatchObject({
    exitCode: 1,
    told: [{ kind: "said", failure: { failure: "overloaded", message: "Overloaded" } }],
  });
  expect(
    opencodeAdapter.interpret({ launchId: "l1", event: "said", atMs: 0, payload: { lines: 7 } }),
  ).toMatchObject({
    answer: null,
    failure: null,
    sessionId: null,
  });
});
