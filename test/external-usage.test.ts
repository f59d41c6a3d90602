import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ExternalUsage } from "../src/external-usage.ts";
import { parseClaudeRecord } from "../src/metering/claude-record.ts";
import { priceTable } from "../src/metering/prices.ts";
import type { Outcome } from "../src/tasks/task.ts";
import { claudeLine, type ClaudeAnswer } from "./support/claude-lines.ts";
import { EngineBench } from "./support/engine-bench.ts";
import { waitFor } from "./support/wait-for.ts";

const DONE: Outcome = { kind: "completed", exitCode: null, answer: "done" };
const MINUTE = 60_000;
let folder: string;
let bench: EngineBench;
let external: ExternalUsage;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-external-"));
  mkdirSync(join(folder, "projects", "shop"), { recursive: true });
  const limits = {
    "tokens/hour": 100_000,
    "agent claude tokens/hour": 1_000,
    "model sonnet tokens/hour": 100_000,
  };
  bench = new EngineBench({ workers: ["w1"], ledgerFile: join(folder, "ledger.db"), limits });
  external = externalOf();
});

afterEach(() => {
  external.close();
  bench.close();
  rmSync(folder, { recursive: true });
});

function externalOf(): ExternalUsage {
  return new ExternalUsage({
    folders: { claude: [folder, join(folder, "work")], codex: [], gemini: [], opencode: [] },
    accounts: [{ account: "work", agent: "claude", folders: [join(folder, "work")] }],
    ledger: bench.ledger,
    throttle: bench.throttle,
    entryRules: { prices: priceTable("list"), countCacheReads: false },
    now: () => bench.nowMs,
    trouble: (error) => {
      throw error;
    },
  });
}

/** A response of a session a person began by hand, a minute from now. */
function answer(id: string, change: Partial<ClaudeAnswer> = {}): string {
  const at = new Date(bench.nowMs + MINUTE).toISOString();
  return `${claudeLine({ id, input: 100, output: 20, session: "by-hand", at, ...change })}\n`;
}

function record(...lines: string[]): void {
  appendFileSync(join(folder, "projects", "shop", "by-hand.jsonl"), lines.join(""));
}

/** Looks two minutes later; returns what stands used: all together, the agent, the model. */
async function looked(): Promise<number[]> {
  bench.nowMs += 2 * MINUTE;
  await external.look();
  return ["global tokens/hour", "agent claude tokens/hour", "model sonnet tokens/hour"].map(
    (limit) => bench.standing(limit).used,
  );
}

it("counts against limits on its agent alone, and is in no sum of ours", async () => {
  record(answer("m1"), answer("m2", { model: "nobody-knows-1" }));
  expect(await looked()).toEqual([0, 240, 0]);
  expect(bench.ledger.external.sums(0)).toMatchObject([
    { agent: "claude", responses: 2, tokens: 240, unpriced: 1 },
  ]);
  expect(bench.ledger.spend.spendTotals()).toEqual([]);
  // Nothing new: nothing more.
  expect(await looked()).toEqual([0, 240, 0]);
});

it("holds tasks back where its agent's limit is used up", async () => {
  record(answer("m1", { input: 900, output: 80 }));
  await looked();
  bench.add("100 tokens");
  expect(await bench.pass()).toEqual([]);
  expect(bench.factsOf("task-deferred")).toMatchObject([
    { reason: expect.stringMatching(/^agent claude tokens\/hour/) },
  ]);
});

it("is booked once however often it is written, and grows", async () => {
  record(answer("m1", { output: 1 }));
  expect(await looked()).toEqual([0, 101, 0]);
  record(answer("m1", { output: 50 }), answer("m1", { output: 50 }), answer("m3"));
  expect(await looked()).toEqual([0, 150 + 120, 0]);
});

it("leaves out our own conversations, what is booked for a task, and what was before", async () => {
  record(answer("old", { at: "2026-02-13T09:59:59.000Z" }));
  const order = await bench.running("100 tokens");
  record(answer("ours", { session: "s-1" }), answer("booked"));
  const [booked] = parseClaudeRecord(answer("booked"));
  bench.distributor.ended(order.attemptId, DONE, booked === undefined ? [] : [booked]);
  expect(await looked()).toEqual([120, 120, 120]);
  expect(bench.ledger.external.sums(0)).toEqual([]);
});

it("is known again after a crash, and read again only where something was written since", async () => {
  record(answer("m1"));
  expect(await looked()).toEqual([0, 120, 0]);
  external.close();
  bench.crash();
  external = externalOf();
  expect(bench.standing("agent claude tokens/hour").used).toBe(120);
  record(answer("m2"));
  expect(await looked()).toEqual([0, 240, 0]);
});

it("a file that is replaced by another is read from its beginning, a broken one passed over", async () => {
  record(answer("m1"));
  await looked();
  writeFileSync(
    join(folder, "projects", "shop", "by-hand.jsonl"),
    `not a line\n${answer("m9", { input: 3 })}\u0000`,
  );
  expect(await looked()).toEqual([0, 120 + 23, 0]);
});

it("of a folder that belongs to one account is that account's", async () => {
  record(answer("m1"));
  mkdirSync(join(folder, "work", "projects", "shop"), { recursive: true });
  writeFileSync(join(folder, "work", "projects", "shop", "a.jsonl"), answer("m2", { session: "other" }));
  expect(await looked()).toEqual([0, 240, 0]);
  expect(bench.ledger.external.sums(0).map(({ agent, account, tokens }) => [agent, account, tokens])).toEqual(
    [
      ["claude", "claude", 120],
      ["claude", "work", 120],
    ],
  );
});

it("is seen by events alone, in folders that come later too, and each answer once", async () => {
  const used = (): number => bench.standing("agent claude tokens/hour").used;
  bench.nowMs += 2 * MINUTE;
  const at = new Date(bench.nowMs - MINUTE).toISOString();
  record(answer("m1", { at }));
  await external.start();
  expect(used()).toBe(120);
  record(answer("m2", { at }));
  await waitFor("the second answer", () => used() === 240);
  const beside = join(folder, "projects", "new", "by-hand", "subagents");
  mkdirSync(beside, { recursive: true });
  writeFileSync(join(beside, "agent-1.jsonl"), answer("m3", { at }));
  await waitFor("an answer in a new folder", () => used() === 360);
  appendFileSync(join(beside, "agent-1.jsonl"), answer("m3", { at, output: 30 }));
  await waitFor("an answer that grew", () => used() === 370);
  // This account's folder is not there at the start.
  mkdirSync(join(folder, "work", "projects", "shop"), { recursive: true });
  writeFileSync(join(folder, "work", "projects", "shop", "b.jsonl"), answer("m4", { at, session: "later" }));
  await waitFor("an answer of another account", () => used() === 490);
});

it("keeps room for what is not seen yet, while the person is at work", async () => {
  const at = (minutes: number): string => new Date(bench.nowMs + minutes * MINUTE).toISOString();
  record(...[1, 3, 5, 7, 9].map((minute) => answer(`m${minute}`, { at: at(minute), input: 20, output: 10 })));
  bench.nowMs += 10 * MINUTE;
  await external.look();
  expect(bench.standing("agent claude tokens/hour").used).toBe(150);
  // 850 are left, of which 30 are kept: what is being answered stands in no record yet.
  bench.add("830 tokens");
  expect(await bench.pass()).toEqual([]);
  expect(bench.factsOf("task-deferred")).toMatchObject([
    { reason: expect.stringContaining("820 left of 1K (30 are kept for your own sessions") },
  ]);
  bench.nowMs += 70 * MINUTE;
  expect(await bench.pass()).toHaveLength(1);
});
