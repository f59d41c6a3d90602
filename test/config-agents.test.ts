import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CtmError } from "../src/base/errors.ts";
import { loadConfig } from "../src/config.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "ctm-agents-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function load(yaml: string) {
  const configFile = join(folder, "ctm.yaml");
  writeFileSync(configFile, yaml, { mode: 0o600 });
  return loadConfig({ overrides: { configFile }, env: { HOME: folder }, cwd: folder });
}

/** What is wrong with it, without the place in the file. */
async function faultsOf(yaml: string): Promise<string[]> {
  const error = (await load(yaml).catch((caught: unknown) => caught)) as CtmError;
  return error.details.map((line) => line.replace(/^\S+:\d+:\d+ /, ""));
}

describe("an agent of one's own", () => {
  test("may be named wherever an agent is", async () => {
    const config = await load(`
workers: { agent: bot }
agents:
  bot: { command: [bot], composer: ">", done: { hook: done } }
routes: { ui: { agent: bot } }
limits: { agents: { bot: { cost: { hour: 2 } } } }
accounts: { named: { work: { agent: bot } } }
`);
    expect(config.workers.agent).toBe("bot");
    expect(Object.keys(config.agents)).toEqual([
      "claude",
      "codex",
      "gemini",
      "opencode",
      "shell",
      "rehearsal",
      "bot",
    ]);
    expect(config.agents["bot"]).toMatchObject({
      command: ["bot"],
      mode: "interactive",
      models: { cheap: null, premium: null },
      declared: {
        kind: "conversation",
        composer: ">",
        done: { kind: "hook", name: "done" },
        submit: { bracketed: false, afterMs: 150, key: "Enter" },
        interrupt: "C-c",
        record: null,
      },
    });
  });

  test("that is one process a task has no composer", async () => {
    const config = await load("agents: { counter: { command: [wc, -w], done: { exit: true } } }");
    expect(config.agents["counter"]).toMatchObject({
      mode: "headless",
      declared: { kind: "process", failed: null },
    });
  });

  test.each([
    [
      "bot: { command: [b], done: { hook: x } }",
      "agents.bot.composer must say how the line reads in which it waits for a task",
    ],
    ["bot: { command: [b], composer: '>' }", "agents.bot.done must be a section of keys"],
    [
      "bot: { done: { exit: true } }",
      "agents.bot.command must be a list of program and arguments, e.g. [claude, --verbose]",
    ],
    ["bot: { command: [], done: { exit: true } }", "agents.bot.command must name a program"],
    [
      "bot: { command: [b], composer: '>', done: {} }",
      "agents.bot.done must say exactly one of hook, osc, pattern, exit",
    ],
    [
      "bot: { command: [b], composer: '>', done: { hook: a, osc: b } }",
      "agents.bot.done must say exactly one of hook, osc, pattern, exit",
    ],
    [
      "bot: { command: [b], composer: '>', done: { hook: exited } }",
      'agents.bot.done.hook must be a name of letters, digits and hyphens for $CTM_HOOK, not "exited"',
    ],
    [
      "bot: { command: [b], composer: '*', done: { hook: x } }",
      'agents.bot.composer must be one line of text, in which * stands for anything, not "*"',
    ],
    [
      "bot: { command: [b], composer: '>', done: { patern: x } }",
      'agents.bot.done has no key "patern" (did you mean pattern?)',
    ],
    [
      "bot: { command: [b], composer: '>', done: { exit: true } }",
      "agents.bot.composer is only for an agent that is typed into, not for one process a task (done: { exit: true })",
    ],
    [
      "bot: { command: [b], done: { exit: true }, failed: { osc: x } }",
      "agents.bot.failed can only be a hook where one process does one task: its exit code tells the rest",
    ],
    [
      "bot: { command: [b], done: { exit: true }, record: { format: lines, path: usage.jsonl } }",
      'agents.bot.record.path must be an absolute path, or one below {dir}, without .., not "usage.jsonl"',
    ],
    [
      "bot: { command: [b], done: { exit: true }, record: { format: lines, path: '{dir}/../x' } }",
      'agents.bot.record.path must be an absolute path, or one below {dir}, without .., not "{dir}/../x"',
    ],
    [
      "bot: { command: [b], done: { exit: true }, record: { format: csv, path: /x } }",
      'agents.bot.record.format must be one of lines, claude, codex, gemini, not "csv"',
    ],
    [
      "bot: { command: [b], composer: '>', done: { hook: x }, submit: { key: F1 } }",
      'agents.bot.submit.key must be Enter, Tab or a control key such as C-d, not "F1"',
    ],
    ["claud: { command: [claude] }", 'agents has no key "claud" (did you mean claude?)'],
    [
      "Bot: { command: [b], done: { exit: true } }",
      'agents has no key "Bot" (known here: claude, codex, gemini, opencode, shell, rehearsal)',
    ],
    ["opencode: { permissionMode: yolo }", 'agents.opencode.permissionMode must be one of auto, not "yolo"'],
    [
      "gemini: { mode: interactive }",
      'agents.gemini has no key "mode" (known here: command, permissionMode, env, models)',
    ],
    [
      "claude: { mode: headles }",
      'agents.claude.mode must be one of interactive, headless, not "headles" (did you mean headless?)',
    ],
    [
      "shell: { mode: headless }",
      'agents.shell has no key "mode" (known here: command, permissionMode, env, models)',
    ],
  ])("%s is refused", async (agent, fault) => {
    expect((await faultsOf(`agents: { ${agent} }`))[0]).toBe(fault);
  });

  test("is offered to who mistypes it", async () => {
    const bot = "agents: { notebot: { command: [b], composer: '>', done: { hook: x } } }\n";
    expect(await faultsOf(`${bot}workers: { agent: noetbot }`)).toEqual([
      'workers.agent must be one of claude, codex, gemini, opencode, shell, rehearsal, notebot, auto, not "noetbot" (did you mean notebot?)',
    ]);
    expect(await faultsOf(`${bot}accounts: { named: { notebot: { agent: claude } } }`)).toEqual([
      "accounts.named.notebot has a key that is not a short name in lower case that is no agent's",
    ]);
  });
});
