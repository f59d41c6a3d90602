import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Pack, packRecords } from "../../src/metering/packed-records.ts";
import { anyRecord } from "../support/usage-records.ts";

const records = fc.array(anyRecord, { maxLength: 12 });

describe("packed records", () => {
  test("are the same when they are taken out again, all of them or one by one", () => {
    fc.assert(
      fc.property(records, (all) => {
        const pack = new Pack(packRecords(all));
        expect(pack.records()).toEqual(all);
        expect(pack.keys).toEqual(all.map(({ key }) => key));
        expect([...pack.sessions()]).toEqual(all.map(({ sessionId }) => sessionId));
        for (const row of [...all.keys()].reverse()) expect(pack.recordAt(row)).toEqual(all[row]);
      }),
    );
  });

  test("are read where they lie in a larger piece of memory", () => {
    fc.assert(
      fc.property(records, fc.nat(9), (all, before) => {
        const bytes = packRecords(all);
        const larger = new Uint8Array(before + bytes.length + 3).fill(0xff);
        larger.set(bytes, before);
        expect(new Pack(larger.subarray(before, before + bytes.length)).records()).toEqual(all);
      }),
    );
  });

  test("that were cut off are none", () => {
    fc.assert(
      fc.property(records, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (all, share) => {
        const bytes = packRecords(all);
        expect(() => new Pack(bytes.slice(0, Math.floor(share * bytes.length)))).toThrow();
      }),
    );
  });
});
