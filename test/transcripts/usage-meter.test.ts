import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { priceTable } from "../../src/metering/prices.ts";
import { sumCells } from "../../src/reports/usage-periods.ts";
import type { RecordFolders } from "../../src/transcripts/formats.ts";
import { stampsOf, stillHold, type LookedAt } from "../../src/transcripts/stamps.ts";
import { recordedUsage, type RecordedUsage } from "../../src/transcripts/usage-meter.ts";
import { claudeLine } from "../support/claude-lines.ts";

const fixtures = new URL("../fixtures/transcripts/", import.meta.url).pathname;
let home: string;
let folders: RecordFolders;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "ctm-meter-"));
  folders = {
    claude: [join(home, "claude")],
    codex: [join(home, "codex")],
    gemini: [join(home, "gemini")],
    opencode: [join(home, "opencode")],
  };
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const index = () => join(home, "state", "usage-index.sqlite");
const count = (prices = priceTable("list")): Promise<RecordedUsage> =>
  recordedUsage(folders, index(), prices);

function write(inside: string, text: string): string {
  const path = join(home, inside);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

async function tokens(): Promise<{ input: number; output: number }> {
  const { inputTokens, outputTokens } = sumCells((await count()).cells);
  return { input: inputTokens, output: outputTokens };
}

/** As if nothing in a folder had changed for long. */
function longAgo(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) longAgo(join(folder, entry.name));
  utimesSync(folder, 1_600_000_000, 1_600_000_000);
}

const SESSION = "claude/projects/-home-dev-shop/s1.jsonl";

describe("what the agents recorded", () => {
  test("is counted over all of them, and not read again while nothing changes", async () => {
    cpSync(join(fixtures, "claude/tool-turn"), join(home, "claude"), { recursive: true });
    cpSync(join(fixtures, "codex/resume-fork"), join(home, "codex"), { recursive: true });
    cpSync(join(fixtures, "gemini/tmp"), join(home, "gemini"), { recursive: true });
    cpSync(join(fixtures, "opencode"), join(home, "opencode"), { recursive: true });
    longAgo(home);
    const first = await count();
    expect(first.notices).toEqual([]);
    const inputOf = (agent: string) =>
      sumCells(first.cells.filter((cell) => cell.agent === agent)).inputTokens;
    expect(["claude", "codex", "gemini", "opencode"].map(inputOf)).toEqual([21, 12_270, 16_018, 5_297]);
    expect(new Set(first.cells.map(({ project }) => project))).toEqual(
      new Set(["/home/devuser/w1", "/home/devuser/w6", "w7", "/home/devuser/w8"]),
    );
    const kept = readFileSync(index());
    expect(await count()).toEqual(first);
    expect(readFileSync(index()).equals(kept)).toBe(true);
    expect(statSync(index()).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(index())).mode & 0o777).toBe(0o700);
  });

  test("is found in folders that are known from before, with files that came, went or moved since", async () => {
    write(SESSION, `${claudeLine({ id: "m1", input: 1, output: 0 })}\n`);
    write("claude/projects/-other/s2.jsonl", `${claudeLine({ id: "m2", input: 10, output: 0 })}\n`);
    longAgo(join(home, "claude"));
    expect(await tokens()).toEqual({ input: 11, output: 0 });
    expect(await tokens()).toEqual({ input: 11, output: 0 });
    write("claude/projects/-other/s3.jsonl", `${claudeLine({ id: "m3", input: 100, output: 0 })}\n`);
    expect(await tokens()).toEqual({ input: 111, output: 0 });
    write(
      "claude/projects/-other/s2/subagents/agent-1.jsonl",
      `${claudeLine({ id: "m4", input: 1_000, output: 0 })}\n`,
    );
    expect(await tokens()).toEqual({ input: 1_111, output: 0 });
    renameSync(join(home, "claude/projects/-other"), join(home, "claude/projects/-third"));
    rmSync(join(home, SESSION));
    expect(await tokens()).toEqual({ input: 1_110, output: 0 });
  });

  test("tells what Claude Code counts beyond it: a compaction's own requests, never those of a fork", async () => {
    cpSync(join(fixtures, "claude/resume-fork-compact-clear"), join(home, "claude"), { recursive: true });
    const { notices } = await count();
    expect(notices).toEqual([
      expect.stringMatching(/^Claude Code itself counts \d+ tokens more in 1 session /),
    ]);
  });

  test.each([
    ["more than was read", 40, "counts 20 tokens more in 1 session"],
    ["as much", 20, null],
    ["less, for it was written before the last answer", 5, null],
  ])("and where it counts %s", async (_what, stated, notice) => {
    const counters = {
      inputTokens: stated,
      outputTokens: 0,
      cacheReadInputTokens: 0,
      cacheCreationInputTokens: 0,
    };
    const total = (usage: object) =>
      `${JSON.stringify({ type: "cost-state", sessionId: "s1", totalCostUSD: 1, modelUsage: { m: usage } })}\n`;
    const answer = `${claudeLine({ id: "m1", input: 15, output: 5 })}\n`;
    const path = write(SESSION, total({ inputTokens: 1 }) + answer);
    await count();
    appendFileSync(path, total(counters) + total({ inputTokens: -1 }) + total([]));
    const { notices } = await count();
    expect(notices).toEqual(notice === null ? [] : [expect.stringContaining(notice)]);
  });

  test("of nobody is nothing", async () => {
    expect(await count()).toEqual({ cells: [], notices: [], files: 0, bytes: 0 });
  });

  test("grows by what is appended, also by a line that was half there", async () => {
    const second = `${claudeLine({ id: "b", input: 7 })}\n`;
    const path = write(SESSION, `${claudeLine({ id: "a" })}\n${second.slice(0, 100)}`);
    expect(await tokens()).toEqual({ input: 10, output: 5 });
    appendFileSync(path, second.slice(100));
    expect(await tokens()).toEqual({ input: 17, output: 10 });
    appendFileSync(path, second);
    expect(await tokens()).toEqual({ input: 17, output: 10 });
  });

  test("counts a response once, in whatever files it stands and how far it was written", async () => {
    write(SESSION, `${claudeLine({ id: "a", output: 1 })}\n`);
    expect(await tokens()).toEqual({ input: 10, output: 1 });
    write(
      "claude/projects/-home-dev-shop/s2.jsonl",
      `${claudeLine({ id: "a", output: 250, session: "s2" })}\n`,
    );
    expect(await tokens()).toEqual({ input: 10, output: 250 });
    rmSync(join(home, "claude/projects/-home-dev-shop/s2.jsonl"));
    expect(await tokens()).toEqual({ input: 10, output: 1 });
  });

  test("of a file that was replaced, shortened or rewritten is what stands there now", async () => {
    const path = write(SESSION, `${claudeLine({ id: "a" })}\n${claudeLine({ id: "b" })}\n`);
    expect((await tokens()).input).toBe(20);
    truncateSync(path, claudeLine({ id: "a" }).length + 1);
    expect((await tokens()).input).toBe(10);
    const aside = write(
      "aside",
      `${claudeLine({ id: "c", input: 1 })}\n${claudeLine({ id: "d", input: 2 })}\n`,
    );
    renameSync(aside, path);
    expect((await tokens()).input).toBe(3);
    // The same inode and longer, but another text: its beginning tells.
    writeFileSync(path, [1, 2, 3, 4].map((n) => `${claudeLine({ id: `x${n}`, input: 100 })}\n`).join(""));
    expect((await tokens()).input).toBe(400);
    rmSync(path);
    expect((await tokens()).input).toBe(0);
  });

  test("survives NULs, broken lines, unknown types and a line of 50 MB", async () => {
    const lines = [
      claudeLine({ id: "a" }),
      "\0".repeat(4096),
      `\0\0${claudeLine({ id: "b" })}`,
      '{"type":"from the future","usage":{"input_tokens":"many"}}',
      `{"type":"user","usage":"${"x".repeat(50 * 1024 * 1024)}"}`,
      '{"type":"assistant","message":{"usage":{"input_tokens":5',
      claudeLine({ id: "c" }),
    ];
    write(SESSION, lines.join("\n"));
    const usage = await count();
    expect(sumCells(usage.cells).inputTokens).toBe(30);
    expect(usage.notices).toEqual(["1 file or line could not be read and may hide usage"]);
  });

  test("goes on in a Codex rollout with what came before: model, thread and totals", async () => {
    const [text = ""] = [
      readFileSync(
        join(
          fixtures,
          "codex/resume-fork/sessions/2026/11/23/rollout-2026-11-23T12-46-39-01a20871-b41d-7861-b8ac-f0f2a0f4c659.jsonl",
        ),
        "utf8",
      ),
    ];
    const lines = text.split("\n").filter((line) => !line.includes("token_usage_record"));
    const path = write("codex/sessions/2026/11/23/rollout-x.jsonl", "");
    for (const line of lines) {
      appendFileSync(path, `${line}\n`);
      await count();
    }
    const { cells } = await count();
    expect(sumCells(cells)).toMatchObject({ inputTokens: 6090, cacheReadTokens: 9010, outputTokens: 601 });
    expect(cells.map(({ model }) => model)).toEqual(["gpt-5.1-codex"]);
  });

  test("is priced anew by other prices, without reading anew", async () => {
    write(SESSION, `${claudeLine({ id: "a", input: 1_000_000, output: 0 })}\n`);
    const flat = sumCells((await count(priceTable("flat-10"))).cells);
    expect(flat.costNanoUsd).toBe(10_000_000_000);
    const own = priceTable("list", { "claude-sonnet-4-5": { input: 1, output: 1 } });
    expect(sumCells((await count(own)).cells).costNanoUsd).toBe(1_000_000_000);
  });

  test("of a model without a price has no cost, and says for how many tokens", async () => {
    write(SESSION, `${claudeLine({ id: "a", model: "claude-unheard-of-9" })}\n`);
    expect(sumCells((await count()).cells)).toMatchObject({
      costNanoUsd: null,
      totalCost: null,
      unpricedTokens: 15,
    });
  });
});

describe("the index", () => {
  test("that is damaged, or none at all, is thrown away and made again", async () => {
    write(SESSION, `${claudeLine({ id: "a" })}\n`);
    await count();
    writeFileSync(index(), "this is no database, but long enough to be taken for one. ".repeat(200));
    expect((await tokens()).input).toBe(10);
    expect((await tokens()).input).toBe(10);
  });

  test("is refused in a folder that is somebody else's to write", async () => {
    mkdirSync(join(home, "state"));
    chmodSync(home, 0o777);
    await expect(count()).rejects.toMatchObject({ code: "refused" });
    chmodSync(home, 0o700);
  });
});

test("what was found is stamped as it is when it is looked at again", async () => {
  write("claude/projects/-shop/s.jsonl", `${claudeLine({ id: "m" })}\n`);
  write("opencode/opencode.db", "");
  let places: readonly (string | LookedAt)[] = [];
  const onPlaces = (told: readonly (string | LookedAt)[]): void => void (places = told);
  await recordedUsage(folders, index(), priceTable("list"), { onPlaces });
  const stamps = stampsOf(places);
  expect(stamps.paths).toContain(join(home, "claude/projects/-shop/s.jsonl"));
  expect(stamps.paths).toContain(join(home, "opencode/opencode.db"));
  expect(stampsOf(stamps.paths)).toEqual(stamps);
  expect(stillHold(stamps)).toBe(true);
});
