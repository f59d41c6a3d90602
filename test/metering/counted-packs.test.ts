import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CountedPacks } from "../../src/metering/counted-packs.ts";
import { mergeRecords } from "../../src/metering/merge-records.ts";
import { Pack, packRecords } from "../../src/metering/packed-records.ts";
import { priceTable } from "../../src/metering/prices.ts";
import { CellSums, type UsageCell } from "../../src/metering/usage-cells.ts";
import { NO_USAGE, type UsageRecord } from "../../src/metering/usage.ts";
import { anyRecord } from "../support/usage-records.ts";

const prices = priceTable("list");
const projectOf = (session: string | null) => (session === null ? null : `/home/dev/${session}`);

/** Each file's records, as they are packed when it was read. */
function counted(files: readonly (readonly UsageRecord[])[]): UsageCell[] {
  const packs = new CountedPacks("claude", prices);
  for (const records of files) packs.add(new Pack(packRecords(records)));
  return inOrder(packs.cells(projectOf));
}

/** All together first, then each added once. */
function plainly(files: readonly (readonly UsageRecord[])[]): UsageCell[] {
  const sums = new CellSums("claude", prices);
  for (const record of mergeRecords(files)) sums.addTo(sums.cellOf(record), record);
  return inOrder(sums.cells(projectOf));
}

function inOrder(cells: readonly UsageCell[]): UsageCell[] {
  const name = ({ session, model, firstMs }: UsageCell) => JSON.stringify([session, model, firstMs]);
  return [...cells].sort((a, b) => (name(a) < name(b) ? -1 : 1));
}

const files = fc.array(
  fc.array(anyRecord, { maxLength: 6 }).map((records) => mergeRecords([records])),
  { maxLength: 6 },
);

describe("records counted while files come", () => {
  test("come to what all of them come to together", () => {
    fc.assert(
      fc.property(files, (all) => {
        expect(counted(all)).toEqual(plainly(all));
      }),
      { numRuns: 500 },
    );
  });

  test("come to the same in any order", () => {
    fc.assert(
      fc.property(files, (all) => {
        expect(counted([...all].reverse())).toEqual(counted(all));
      }),
    );
  });

  const record = (key: string, outputTokens: number, more: Partial<UsageRecord> = {}): UsageRecord => ({
    key,
    model: "claude-opus-4-6",
    usage: { ...NO_USAGE, outputTokens },
    atMs: 1_760_000_000_001,
    sessionId: "s",
    cliVersion: "2.1.97",
    flags: [],
    ...more,
  });
  const outputs = (all: readonly UsageCell[]) =>
    all.map(({ usage, responses }) => [usage.outputTokens, responses]);

  test.each([
    {
      what: "a response in two files, with more in the second",
      all: [[record("m/r", 5)], [record("m/r", 8)]],
      to: [[8, 1]],
    },
    {
      what: "a replay whose original comes later",
      all: [[record("m/r2", 5, { mayRepeat: "m", sessionId: "side" })], [record("m/r1", 5)]],
      to: [[5, 1]],
    },
    {
      what: "a replay that a later file shows to be none",
      all: [[record("m/r2", 5, { mayRepeat: "m" })], [record("m/r2", 5)], [record("m/r1", 5)]],
      to: [[10, 2]],
    },
    {
      what: "one that a later file gives an earlier quarter",
      all: [[record("m/r", 5, { atMs: 1_760_009_000_001 })], [record("m/r", 5)]],
      to: [[5, 1]],
    },
  ])("$what", ({ all, to }) => {
    expect(outputs(counted(all))).toEqual(to);
  });
});
