import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { commandChannel } from "../../src/channels/user-command.ts";

const DELIVERY = {
  id: "msg_1",
  severity: "warning",
  title: "$(touch x); `y`",
  lines: [],
  json: '{"a":1}',
} as const;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-alert-command-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function told(script: string, timeoutMs = 20_000) {
  const run = [process.execPath, "-e", script, join(folder, "told")];
  return commandChannel("c", "info", { run, timeoutMs }, () => ({ PATH: "/nowhere" })).deliver(DELIVERY);
}

it("gets the alert on standard input and few names in its environment", async () => {
  const script = `const fs = require("fs");
    fs.writeFileSync(process.argv[1], JSON.stringify({ input: fs.readFileSync(0, "utf8"), env: process.env }))`;
  expect(await told(script)).toEqual({ kind: "done" });
  expect(JSON.parse(readFileSync(join(folder, "told"), "utf8"))).toEqual({
    input: DELIVERY.json,
    env: {
      PATH: "/nowhere",
      CTM_ALERT_ID: "msg_1",
      CTM_ALERT_SEVERITY: "warning",
      CTM_ALERT_TITLE: DELIVERY.title,
    },
  });
});

it.each([
  ["fails", 'console.error("no\\u0007 luck\\nmore"); process.exit(3)', "exit code 3: no  luck"],
  ["takes too long", "setInterval(() => {}, 1000)", "it took longer than 0.3 s"],
])("one that %s has not told it", async (_, script, fault) => {
  expect(await told(script, script.includes("Interval") ? 300 : 20_000)).toEqual({ kind: "failed", fault });
});

it.each([
  ["prints much", 'process.stdout.write("x".repeat(5e6))'],
  ["does not read", "process.exit(0)"],
])("one that %s has been told", async (_, script) => {
  expect(await told(script)).toEqual({ kind: "done" });
});

it("one that is not there is a failure", async () => {
  const channel = commandChannel("c", "info", { run: [join(folder, "none")], timeoutMs: 1_000 }, () => ({}));
  expect(await channel.deliver(DELIVERY)).toEqual({ kind: "failed", fault: "it cannot be started" });
});
