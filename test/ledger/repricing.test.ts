import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Ledger } from "../../src/ledger/ledger.ts";
import type { UsageEntry } from "../../src/ledger/spend-rows.ts";
import { NO_USAGE } from "../../src/metering/usage.ts";

let ledger: Ledger;
beforeEach(() => {
  ledger = Ledger.open(":memory:");
});
afterEach(() => ledger.close());

function entry(key: string, change: Partial<UsageEntry> = {}): UsageEntry {
  const tokens = change.bookedTokens ?? 100;
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
    usage: { ...NO_USAGE, inputTokens: tokens },
    bookedTokens: tokens,
    bookedNanoUsd: tokens * 10,
    costNanoUsd: tokens * 10,
    priceTable: "old",
    sessionId: null,
    cliVersion: null,
    flags: [],
    ...change,
  };
}

const twice = {
  table: "new",
  cost: ({ usage }: { usage: { inputTokens: number } }) => usage.inputTokens * 20,
};
const sums = (): (number | string)[][] =>
  ledger.spend.spendTotals().map(({ model, nano, unpriced }) => [model, nano, unpriced]);

describe("computing costs again", () => {
  it("only tells what would change, until it is asked to book", () => {
    ledger.bookUsage([entry("a"), entry("b", { model: "gone", costNanoUsd: null })]);
    const before = sums();
    expect(ledger.reprice(twice, false)).toEqual({
      models: [
        {
          model: "gone",
          bookings: 1,
          changed: 1,
          before: { nanoUsd: 0, unpricedTokens: 100 },
          after: { nanoUsd: 2_000, unpricedTokens: 0 },
        },
        {
          model: "opus",
          bookings: 1,
          changed: 1,
          before: { nanoUsd: 1_000, unpricedTokens: 0 },
          after: { nanoUsd: 2_000, unpricedTokens: 0 },
        },
      ],
      tables: [{ id: "old", bookings: 2 }],
      leftOut: 0,
    });
    expect([sums(), ledger.spend.priceTables()]).toEqual([before, ["old"]]);
  });

  it("books cost and table with the kept sums, and leaves what limits have counted", () => {
    ledger.bookUsage([entry("a"), entry("b", { model: "gone", costNanoUsd: null })]);
    const counted = ledger.spend.bookingsSince(0);
    ledger.reprice(twice, true);
    expect(sums()).toEqual([
      ["opus", 2_000, 0],
      ["gone", 2_000, 0],
    ]);
    expect(ledger.spend.bookingsSince(0)).toEqual(counted);
    expect(ledger.spend.priceTables()).toEqual(["new"]);
    expect(ledger.reprice(twice, true).models.map(({ changed }) => changed)).toEqual([0, 0]);
  });

  it("leaves what has no counters or no model unknown", () => {
    ledger.bookUsage([
      entry("held:a1", { source: "unknown", costNanoUsd: null }),
      entry("c", { model: null, costNanoUsd: null }),
    ]);
    expect(ledger.reprice(twice, true)).toMatchObject({ models: [], leftOut: 2 });
    expect(ledger.spend.priceTables()).toEqual(["old"]);
  });

  it("may find that a model has no price any more", () => {
    ledger.bookUsage([entry("a")]);
    ledger.reprice({ table: "new", cost: () => null }, true);
    expect(sums()).toEqual([["opus", 0, 100]]);
  });

  it("keeps sums equal to the rows they stand for, whatever is booked and repriced in between", () => {
    const step = fc.oneof(
      fc.record({
        key: fc.constantFrom("a", "b", "c", "d", "e"),
        bookedTokens: fc.integer({ min: 0, max: 500 }),
        costNanoUsd: fc.option(fc.nat(9_000), { nil: null }),
      }),
      fc.record({ table: fc.constantFrom("t1", "t2"), price: fc.option(fc.nat(50), { nil: null }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        for (const one of steps) {
          if ("key" in one) ledger.bookUsage([entry(one.key, one)]);
          else
            ledger.reprice(
              {
                table: one.table,
                cost: ({ usage }) => (one.price === null ? null : usage.inputTokens * one.price),
              },
              true,
            );
        }
        const sql = `SELECT total(cost_nano) AS nano,
          total(CASE WHEN cost_nano IS NULL THEN booked_tokens ELSE 0 END) AS unpriced FROM usage`;
        const totals = ledger.spend.spendTotals();
        expect({
          nano: totals.reduce((sum, { nano }) => sum + nano, 0),
          unpriced: totals.reduce((sum, { unpriced }) => sum + unpriced, 0),
        }).toEqual(ledger.database.prepare(sql).get());
      }),
      { numRuns: 60 },
    );
  });

  it("reads more bookings than fit one page", () => {
    ledger.bookUsage(Array.from({ length: 4_500 }, (_, n) => entry(`k${n}`, { bookedTokens: 1 })));
    expect(ledger.reprice(twice, true).models[0]?.bookings).toBe(4_500);
    expect(sums()).toEqual([["opus", 90_000, 0]]);
  });
});
