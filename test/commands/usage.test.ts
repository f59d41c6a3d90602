/**
 * What `usage` counts in records of real CLIs, held against ccusage 20.0.24's figures for the same files (recorded
 * beside the records). Tokens must be equal, costs to a billionth of a dollar. Where ccusage reads a line otherwise
 * and is wrong, a test of its own names the line, and both figures.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Caller, RawInput } from "../../src/commands/command.ts";
import { usage } from "../../src/commands/usage.ts";
import { loadConfig } from "../../src/config.ts";
import { plainText } from "../../src/base/plain-text.ts";
import type { UsageRow, UsageSums } from "../../src/reports/usage-periods.ts";
import type { UsageModel } from "../../src/reports/usage-table.ts";
import { claudeLine } from "../support/claude-lines.ts";
import { wide80 } from "../support/papers.ts";

const fixtures = new URL("../fixtures/transcripts/", import.meta.url).pathname;
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "ctm-usage-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function caller(): Caller {
  return {
    cwd: home,
    origin: "argv",
    readText: () => Promise.reject(new Error("no files here")),
    config: () => loadConfig({ env: { HOME: home, TZ: "UTC" }, cwd: home }),
  };
}

async function run(raw: RawInput): Promise<UsageModel> {
  return (await usage.runAlone(usage.check({ timezone: "UTC", ...raw }), caller())) as UsageModel;
}

/** Puts a fixture where its agent keeps such records. */
function place(fixture: string): void {
  const [agent = ""] = fixture.split("/");
  const folders: Record<string, string> = {
    claude: ".claude",
    codex: ".codex",
    gemini: ".gemini",
    opencode: ".local/share/opencode",
  };
  cpSync(join(fixtures, fixture), join(home, folders[agent] ?? ""), { recursive: true });
}

/** ccusage's own figures: totals, and rows by session, day or block. */
interface Expected {
  readonly totals: Record<string, number>;
  readonly [report: string]: unknown;
}
function expected(name: string): Expected {
  return JSON.parse(readFileSync(join(fixtures, "expected", `${name}.json`), "utf8")) as Expected;
}

/** Our sums as ccusage counts them: it shows no reasoning as output where the agent told it apart. */
function asCcusage(sums: UsageSums, reasoningApart = false) {
  return {
    inputTokens: sums.inputTokens,
    outputTokens: sums.outputTokens - (reasoningApart ? sums.reasoningTokens : 0),
    cacheCreationTokens: sums.cacheCreationTokens,
    cacheReadTokens: sums.cacheReadTokens,
    totalTokens: sums.totalTokens,
  };
}

function tokensOf(row: Record<string, unknown>) {
  const { inputTokens, outputTokens, cacheCreationTokens, cacheReadTokens, totalTokens } = row;
  return { inputTokens, outputTokens, cacheCreationTokens, cacheReadTokens, totalTokens };
}

const costOf = (row: Record<string, unknown>): number => Number(row["totalCost"] ?? row["costUSD"]);

/** Our cost of the models that ccusage has a price for. */
function pricedUsd(row: UsageRow, totals: Record<string, unknown>): number {
  const unpriced = (totals["unpricedModels"] ?? []) as readonly string[];
  const priced = row.modelBreakdowns.filter(({ modelName }) => !unpriced.includes(modelName));
  return priced.reduce((sum, { totalCost }) => sum + (totalCost ?? 0), 0);
}

describe("equal to ccusage, to the token and the billionth of a dollar", () => {
  test.each([
    ["claude/tool-turn", "claude_tool-turn.session", false],
    ["claude/resume-fork-compact-clear", "claude_resume-fork-compact-clear.session", false],
    ["claude/interactive-clear-model", "claude_interactive-clear-model.session", false],
    ["claude/usage-limit", "claude_usage-limit.session", false],
    ["codex/resume-fork", "codex_resume-fork.session", false],
    ["codex/usage-limit", "codex_usage-limit.session", false],
    ["gemini", "gemini.session", true],
    ["opencode", "opencode.session", true],
  ])("%s by session", async (fixture, name, reasoningApart) => {
    place(fixture);
    const model = await run({ report: "session" });
    const { totals, sessions } = expected(name) as Expected & { sessions: Record<string, unknown>[] };
    expect(asCcusage(model.totals, reasoningApart)).toEqual(tokensOf(totals));
    const rows = "session" in model ? model.session : [];
    for (const session of sessions) {
      const id = String(session["sessionId"]);
      const own = rows.find(({ period }) => id.endsWith(period));
      expect(own === undefined ? id : asCcusage(own, reasoningApart)).toEqual(tokensOf(session));
      expect(own === undefined ? id : pricedUsd(own, totals)).toBeCloseTo(costOf(session), 9);
    }
    expect(rows).toHaveLength(sessions.length);
  });

  test.each(["claude_tool-turn", "claude_resume-fork-compact-clear", "codex_resume-fork"])(
    "%s by day",
    async (name) => {
      place(name.replace("_", "/"));
      const model = await run({ report: "daily" });
      const { daily } = expected(`${name}.daily`) as Expected & { daily: Record<string, unknown>[] };
      const rows = "daily" in model ? model.daily : [];
      expect(rows.map((row) => ({ date: row.period, ...asCcusage(row) }))).toEqual(
        daily.map((row) => ({ date: row["date"], ...tokensOf(row) })),
      );
      for (const [at, row] of daily.entries()) expect(rows[at]?.totalCost).toBeCloseTo(costOf(row), 9);
    },
  );

  test.each(["tool-turn", "resume-fork-compact-clear", "interactive-clear-model", "usage-limit"])(
    "%s by block",
    async (name) => {
      place(`claude/${name}`);
      const model = await run({ report: "blocks" });
      const { blocks } = expected(`claude_${name}.blocks`) as Expected & {
        blocks: Record<string, unknown>[];
      };
      const own = "blocks" in model ? model.blocks : [];
      expect(
        own.map(({ id, startTime, endTime, totalTokens }) => ({ id, startTime, endTime, totalTokens })),
      ).toEqual(
        blocks.map(({ id, startTime, endTime, totalTokens }) => ({ id, startTime, endTime, totalTokens })),
      );
      // One of its models has no price by ccusage.
      if (name === "interactive-clear-model") return;
      for (const [at, block] of blocks.entries()) expect(own[at]?.totalCost).toBeCloseTo(costOf(block), 9);
    },
  );
});

describe("where ccusage 20.0.24 reads otherwise, and why we do not", () => {
  const line = (message: string) => (row: Record<string, unknown>) => JSON.stringify(row).includes(message);

  /** The lines of the made-up transcript, without some; counted by session. */
  async function countWithout(
    ...messages: string[]
  ): Promise<{ totals: UsageSums; rows: readonly UsageRow[] }> {
    place("claude/handmade-rules");
    const folder = join(home, ".claude/projects/-w-repo");
    for (const name of [
      "11111111-1111-4111-8111-111111111111.jsonl",
      "22222222-2222-4222-8222-222222222222.jsonl",
      "11111111-1111-4111-8111-111111111111/subagents/agent-a1b2c3d.jsonl",
    ]) {
      const path = join(folder, name);
      const kept = readFileSync(path, "utf8")
        .split("\n")
        .filter((each) => !messages.some((message) => each.includes(message)));
      writeFileSync(path, kept.join("\n"));
    }
    const model = await run({ report: "session" });
    return { totals: model.totals, rows: "session" in model ? model.session : [] };
  }

  const session = expected("claude_handmade-rules.session");
  const daily = expected("claude_handmade-rules.daily");

  test("a line with `speed: null` is dropped by it: a million tokens of input that were paid for", async () => {
    const { totals } = await countWithout();
    const without = await countWithout("msg_5");
    expect(totals.inputTokens - without.totals.inputTokens).toBe(1_000_000);
    // Dearer beyond 200,000 tokens of a prompt: 0.6 and 4.8 dollars, and one token of output.
    expect((totals.costNanoUsd ?? 0) - (without.totals.costNanoUsd ?? 0)).toBe(5_400_015_000);
  });

  test("a side conversation's replay under another request counts twice by session, once by day; here once", async () => {
    const replay = { input: 5, output: 100, write: 300, read: 9_000 };
    const { totals } = await countWithout("msg_5");
    expect(totals.inputTokens).toBe((session.totals["inputTokens"] ?? 0) - replay.input);
    expect(totals.outputTokens).toBe((session.totals["outputTokens"] ?? 0) - replay.output);
    expect(totals.cacheCreationTokens).toBe((session.totals["cacheCreationTokens"] ?? 0) - replay.write);
    expect(totals.cacheReadTokens).toBe((session.totals["cacheReadTokens"] ?? 0) - replay.read);
    expect(totals.cacheReadTokens).toBe(daily.totals["cacheReadTokens"]);
  });

  test("an answer without a request id counts twice by day, once by session; here once", async () => {
    const twice = { input: 100, output: 10 };
    const { totals } = await countWithout("msg_5");
    expect(totals.inputTokens).toBe((daily.totals["inputTokens"] ?? 0) - twice.input);
    expect(totals.outputTokens).toBe((daily.totals["outputTokens"] ?? 0) - twice.output);
  });

  test("the fee of a web search is not in its costs; otherwise they are the same", async () => {
    const { totals } = await countWithout("msg_5");
    const replayUsd = 5 * 3e-6 + 100 * 15e-6 + 300 * 3.75e-6 + 9_000 * 0.3e-6;
    expect(totals.totalCost).toBeCloseTo((session.totals["totalCost"] ?? 0) - replayUsd + 0.01, 9);
  });

  test("models newer than its table cost nothing by it; here they have a price", async () => {
    place("claude/subagent");
    const model = await run({ report: "session" });
    const { totals } = expected("claude_subagent.session");
    expect(asCcusage(model.totals)).toEqual(tokensOf(totals));
    expect(totals["totalCost"]).toBe(0);
    expect(model.totals.totalCost).toBeGreaterThan(0);
    expect(model.totals.unpricedTokens).toBe(0);
  });

  test.each([
    ["`usage` with a blank behind its colon", (text: string) => text.replace('"usage":', '"usage" : ')],
    ["a version that is no number", (text: string) => text.replace("2.1.330", "dev")],
    ["a null where a name may stand", (text: string) => text.replace('"/home/dev/shop"', "null")],
  ])("%s makes it drop the line; here it counts", async (_, change) => {
    mkdirSync(join(home, ".claude/projects/-p"), { recursive: true });
    writeFileSync(join(home, ".claude/projects/-p/s1.jsonl"), change(claudeLine({ id: "a" })));
    expect((await run({})).totals.inputTokens).toBe(10);
  });

  test("a split of cache writes that is all zero empties the total it stands beside; here the total holds", async () => {
    const text = claudeLine({ id: "a" }).replace(
      '"output_tokens":5',
      '"output_tokens":5,"cache_creation_input_tokens":999,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0}',
    );
    mkdirSync(join(home, ".claude/projects/-p"), { recursive: true });
    writeFileSync(join(home, ".claude/projects/-p/s1.jsonl"), text);
    expect((await run({})).totals.cacheCreationTokens).toBe(999);
  });

  test("what the CLI itself put in place of an answer is none, whatever counts it carries", async () => {
    mkdirSync(join(home, ".claude/projects/-p"), { recursive: true });
    writeFileSync(join(home, ".claude/projects/-p/s1.jsonl"), claudeLine({ id: "a", model: "<synthetic>" }));
    expect((await run({})).totals.responses).toBe(0);
  });

  test("the rest of the made-up transcript is read alike", async () => {
    const { rows } = await countWithout("msg_5", "req_2b", "msg_6");
    const sessions = session["sessions"] as Record<string, unknown>[];
    const other = sessions.find(line("22222222"));
    const own = rows.find(({ period }) => period.startsWith("22222222"));
    expect(own === undefined ? null : asCcusage(own)).toEqual(tokensOf(other ?? {}));
  });
});

describe("what is asked for", () => {
  const write = (inside: string, ...lines: string[]): void => {
    const path = join(home, ".claude/projects", inside);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, lines.map((each) => `${each}\n`).join(""));
  };

  test("days are those of the zone, weeks begin as asked, a range includes both its ends", async () => {
    write(
      "-p/s1.jsonl",
      claudeLine({ id: "a", at: "2026-10-31T23:30:00.000Z", input: 1 }),
      claudeLine({ id: "b", at: "2026-11-01T00:30:00.000Z", input: 2 }),
      claudeLine({ id: "c", at: "2026-11-07T12:00:00.000Z", input: 4 }),
    );
    const periods = async (raw: RawInput) => {
      const model = await run(raw);
      const rows = "daily" in model ? model.daily : "weekly" in model ? model.weekly : [];
      return rows.map(({ period, inputTokens }) => `${period} ${inputTokens}`);
    };
    expect(await periods({})).toEqual(["2026-10-31 1", "2026-11-01 2", "2026-11-07 4"]);
    expect(await periods({ timezone: "America/New_York" })).toEqual(["2026-10-31 3", "2026-11-07 4"]);
    expect(await periods({ timezone: "Asia/Kathmandu" })).toEqual(["2026-11-01 3", "2026-11-07 4"]);
    expect(await periods({ report: "weekly" })).toEqual(["2026-10-26 3", "2026-11-02 4"]);
    const sundays = { report: "weekly", startOfWeek: "sunday" };
    expect(await periods(sundays)).toEqual(["2026-10-25 1", "2026-11-01 6"]);
    expect(await periods({ since: "20261101", until: "2026-11-01" })).toEqual(["2026-11-01 2"]);
  });

  test("only some agents, only one project by its folder or name", async () => {
    place("codex/resume-fork");
    write("-home-dev-shop/s1.jsonl", claudeLine({ id: "a", input: 1 }));
    write(
      "-home-dev-shop2/s2.jsonl",
      claudeLine({ id: "b", input: 2, session: "s2", cwd: "/home/dev/shop2" }),
    );
    const input = async (raw: RawInput) => (await run(raw)).totals.inputTokens;
    expect(await input({})).toBe(12_273);
    expect(await input({ agent: "codex" })).toBe(12_270);
    expect(await input({ agent: "claude,codex" })).toBe(12_273);
    for (const project of ["shop", "/home/dev/shop", "-home-dev-shop"])
      expect(await input({ project })).toBe(1);
    expect(await input({ project: "none" })).toBe(0);
    expect(await input({ report: "blocks" })).toBe(3);
  });

  test("is drawn within its width, as CSV without formulas, and says what it does not know", async () => {
    write(
      "-p/s1.jsonl",
      claudeLine({ id: "a", input: 1_234_567, cwd: "=cmd()" }),
      claudeLine({ id: "b", model: "claude-unheard-of-9" }),
      claudeLine({ id: "c", session: "\u001b[31mred" }),
    );
    for (const report of ["daily", "weekly", "monthly", "session", "blocks"]) {
      for (const columns of [60, 80, 120]) {
        const lines = usage.render(await run({ report, breakdown: true }), { ...wide80, columns });
        expect(lines.filter((each) => each.length > columns)).toEqual([]);
        expect(lines.join("\n")).toBe(plainText(lines.join("\n")));
      }
    }
    const table = usage.render(await run({}), wide80).join("\n");
    expect(table).toContain(">=$");
    expect(table).toContain("15 tokens are of models without a price");
    const csv = usage.render(await run({ csv: true }), wide80);
    expect(csv).toHaveLength(2);
    expect(csv[1]).toContain(",'=cmd(),");
  });

  test.each([
    [{ report: "dayly" }, /no report, did you mean daily/],
    [{ since: "2026-02-30" }, /--since is a day like/],
    [{ until: "tomorrow" }, /--until is a day like/],
    [{ agent: "claud" }, /did you mean claude/],
    [{ timezone: "Mars/Base" }, /no time zone/],
  ])("%j is refused", (raw, message) => {
    expect(() => usage.check(raw)).toThrow(message);
  });
});
