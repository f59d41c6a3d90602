import * as fc from "fast-check";
import { expect, test } from "vitest";
import { claimed, entriesOfRead, readEntry } from "../../src/redis/stream-entries.ts";

const envelope = JSON.stringify({ specversion: "1.0", id: "e1", source: "shop", type: "stock.low" });

test("an entry with an envelope is an event, whatever else stands in it", () => {
  const [entry] = entriesOfRead([["ctm:events", [["1-0", ["note", "event", "event", envelope]]]]]);
  expect(entry && readEntry(entry)).toMatchObject({ kind: "event", event: { id: "e1", type: "stock.low" } });
});

test.each([
  ["no field", ["other", envelope], /no field/],
  ["no JSON", ["event", "{"], /JSON/],
  ["too long", ["event", `"${"x".repeat(70_000)}"`], /bytes/],
])("%s: it is put aside, and why", (_name, fields, why) => {
  expect(readEntry({ id: "1-0", fields })).toMatchObject({ kind: "none", why: expect.stringMatching(why) });
});

test("what was taken out of the stream meanwhile is only acknowledged", () => {
  const { next, entries } = claimed(["5-0", [["4-0", null]], []]);
  expect(next).toBe("5-0");
  expect(entries.map((entry) => readEntry(entry))).toEqual([{ kind: "gone", id: "4-0" }]);
});

test("no answer, however odd, is more than entries with ids", () => {
  fc.assert(
    fc.property(fc.anything(), (reply) => {
      for (const { id } of [...entriesOfRead(reply), ...claimed(reply).entries])
        expect(id).toBeTypeOf("string");
    }),
  );
});
