import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Ledger } from "../../src/ledger/ledger.ts";
import type { UsageEntry } from "../../src/ledger/spend-rows.ts";
import { NO_USAGE } from "../../src/metering/usage.ts";
import { assignmentOf, draftOf } from "../support/drafts.ts";

const quarter = 900_000;

let ledger: Ledger;
beforeEach(() => {
  ledger = Ledger.open(":memory:");
});
afterEach(() => ledger.close());

function entryOf(key: string, change: Partial<UsageEntry> = {}): UsageEntry {
  return {
    key,
    attemptId: null,
    taskId: null,
    worker: "w",
    agent: "claude",
    model: "opus",
    limitModel: "opus",
    type: "coding",
    atMs: 5,
    source: "actual",
    usage: { ...NO_USAGE, inputTokens: 100 },
    bookedTokens: 100,
    bookedNanoUsd: 1_000,
    costNanoUsd: 1_000,
    priceTable: "old",
    sessionId: null,
    cliVersion: null,
    flags: [],
    ...change,
  };
}

function addTask(member: string | null): number {
  const assignment = assignmentOf({
    member: member === null ? null : { id: member, preamble: null, worker: null },
  });
  const [added] = ledger.add([{ draft: draftOf("a task"), assignment }], 1);
  if (added === undefined) throw new Error("nothing was added");
  return added.task.id;
}

describe("kept sums", () => {
  it("are those of the rows, whatever is booked, grows and is repriced in between", () => {
    const tasks = [addTask("one"), addTask("two"), addTask(null)];
    const booking = fc.record({
      key: fc.constantFrom("a", "b", "c", "d", "e"),
      taskId: fc.constantFrom(...tasks, null),
      atMs: fc.integer({ min: 0, max: 4 * quarter }),
      model: fc.constantFrom("opus", "haiku", null),
      source: fc.constantFrom("actual", "estimated", "unknown"),
      tokens: fc.nat(500),
      output: fc.nat(50),
      costNanoUsd: fc.option(fc.nat(9_000), { nil: null }),
    });
    const repricing = fc.record({ price: fc.option(fc.nat(50), { nil: null }) });
    fc.assert(
      fc.property(fc.array(fc.oneof(booking, repricing), { maxLength: 20 }), (steps) => {
        ledger.database.exec("DELETE FROM usage; DELETE FROM spend_slice; DELETE FROM task_spend");
        for (const step of steps) {
          if ("price" in step) {
            const { price } = step;
            const cost = ({ usage }: { usage: { inputTokens: number } }): number | null =>
              price === null ? null : price * usage.inputTokens;
            ledger.reprice({ table: "t", cost }, true);
          } else {
            const { tokens, output, key, ...rest } = step;
            const usage = { ...NO_USAGE, inputTokens: tokens, outputTokens: output, webSearches: output % 3 };
            ledger.bookUsage([entryOf(key, { ...rest, usage, bookedTokens: tokens + output })]);
          }
        }
        const all = (sql: string): unknown[] => ledger.database.prepare(sql).all();
        expect(all("SELECT * FROM spend_slice ORDER BY 1, 2, 3, 4, 5, 6")).toEqual(all(COUNTED_SLICES));
        expect(all("SELECT * FROM task_spend ORDER BY 1")).toEqual(all(COUNTED_TASKS));
      }),
      { numRuns: 60 },
    );
  });

  it("count a usage for whom its attempt was, whoever has the task now", () => {
    const id = addTask("one");
    const attempt = { taskId: id, worker: "w", agent: "claude", model: null, atMs: 1 };
    ledger.attempts.insert({ ...attempt, id: "a1", n: 1, member: "one" });
    ledger.bookUsage([entryOf("before", { taskId: id, attemptId: "a1" })]);
    ledger.attempts.insert({ ...attempt, id: "a2", n: 2, member: "two" });
    ledger.bookUsage([entryOf("late", { taskId: id, attemptId: "a1" })]);
    ledger.bookUsage([entryOf("own", { taskId: id, attemptId: "a2" })]);
    ledger.bookUsage([entryOf("before", { taskId: id, attemptId: "a1", bookedTokens: 150 })]);
    const byMember = [...ledger.periods.spent(0, quarter)].map(({ member, tokens }) => [member, tokens]);
    expect(byMember).toEqual([
      ["one", 250],
      ["two", 100],
    ]);
  });

  it("are read by whole quarters of an hour", () => {
    ledger.bookUsage([0, 1, 2].map((n) => entryOf(`k${n}`, { atMs: n * quarter, model: null })));
    const inSecond = { tokens: 100, nano: 1_000, source: "actual" };
    expect([...ledger.periods.spent(quarter, 2 * quarter)]).toMatchObject([{ type: "coding", ...inSecond }]);
    expect(ledger.periods.models(quarter, 2 * quarter)).toMatchObject([
      { model: "", input: 100, ...inSecond },
    ]);
    expect([...ledger.periods.spent(3 * quarter, 9 * quarter)]).toEqual([]);
  });
});

const COUNTED_SLICES = `SELECT at_ms / 900000 * 900000 AS from_ms, coalesce(member, '') AS member, agent,
  coalesce(model, '') AS model, coalesce(type, '') AS type, source, sum(input) AS input, sum(cache_read) AS cache_read,
  sum(cache_write_5m) AS cache_write_5m, sum(cache_write_1h) AS cache_write_1h, sum(output) AS output,
  sum(web_searches) AS web_searches, sum(booked_tokens) AS tokens, sum(coalesce(cost_nano, 0)) AS nano,
  sum(iif(cost_nano IS NULL, booked_tokens, 0)) AS unpriced
  FROM usage GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6`;
const COUNTED_TASKS = `SELECT task_id, sum(booked_tokens) AS tokens, sum(coalesce(cost_nano, 0)) AS nano,
  sum(iif(cost_nano IS NULL, booked_tokens, 0)) AS unpriced, max(source IN ('estimated', 'unknown')) AS guessed
  FROM usage WHERE task_id IS NOT NULL GROUP BY 1 ORDER BY 1`;
