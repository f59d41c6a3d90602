import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  batchReviewMaxMs,
  closedAtMs,
  mostAtOnce,
  overAtMs,
  partAt,
  placeOf,
  type RoundCourse,
} from "../../src/rounds/round.ts";

const course = (change: Partial<RoundCourse> = {}): RoundCourse => ({
  ...{ id: 1, name: "r1", workspace: "r1", phase: null, notes: null, origin: "person" },
  ...{ startedAtMs: 100, endedAtMs: null, firstTypedAtMs: 200, lastEndedAtMs: 300 },
  ...change,
});

describe("the part of a round a moment falls into", () => {
  it.each([
    ["before its first task is typed", {}, 199, "setup"],
    ["as it is typed", {}, 200, "monitoring"],
    ["before its last has ended", {}, 299, "monitoring"],
    ["as it has ended", {}, 300, "review"],
    ["with no task typed yet", { firstTypedAtMs: null, lastEndedAtMs: null }, 900, "setup"],
    ["with every task cancelled before one was typed", { firstTypedAtMs: null }, 900, "setup"],
    ["with a task at work", { lastEndedAtMs: null }, 900, "monitoring"],
  ] as const)("%s", (_what, change, atMs, part) => {
    expect(partAt(course(change), atMs)).toBe(part);
  });
});

describe("when a round is over", () => {
  it.each([
    ["a person's: when it was said", { endedAtMs: 500 }, 500, 500],
    ["a person's that was not said to be", {}, null, null],
    ["a batch: with its tasks; its review may go on", { origin: "batch" }, 300, 300 + batchReviewMaxMs],
    ["a batch at work", { origin: "batch", lastEndedAtMs: null }, null, null],
    ["one of another log: at once", { origin: "import", endedAtMs: 100 }, 100, 100],
  ] as const)("%s", (_what, change, over, closed) => {
    expect([overAtMs(course(change)), closedAtMs(course(change))]).toEqual([over, closed]);
  });
});

const courses = fc
  .array(
    fc.record({
      origin: fc.constantFrom("person" as const, "batch" as const, "import" as const),
      startedAtMs: fc.nat(50),
      ended: fc.option(fc.nat(50), { nil: null }),
      typed: fc.option(fc.nat(50), { nil: null }),
      last: fc.option(fc.nat(50), { nil: null }),
    }),
    { maxLength: 8 },
  )
  .map((drawn) =>
    drawn.map(({ origin, startedAtMs, ended, typed, last }, at) =>
      course({
        ...{ id: at + 1, origin, startedAtMs },
        endedAtMs: ended === null ? null : startedAtMs + ended,
        firstTypedAtMs: typed === null ? null : startedAtMs + typed,
        lastEndedAtMs: typed === null || last === null ? null : startedAtMs + typed + last,
      }),
    ),
  );

describe("where a moment is laid", () => {
  it("is one open round at most, the one begun last, in whatever order they are named", () => {
    fc.assert(
      fc.property(courses, fc.nat(200), (rounds, atMs) => {
        const open = rounds.filter((round) => {
          const closed = closedAtMs(round);
          return round.startedAtMs <= atMs && (closed === null || atMs < closed);
        });
        const place = placeOf(rounds, atMs);
        expect(placeOf(rounds.toReversed(), atMs)).toEqual(place);
        const found = open.find(({ id }) => id === place?.round);
        expect(found === undefined).toBe(open.length === 0);
        expect(open.every(({ startedAtMs }) => startedAtMs <= (found?.startedAtMs ?? -1))).toBe(true);
      }),
    );
  });

  it("goes through the parts in their order", () => {
    fc.assert(
      fc.property(courses, fc.uniqueArray(fc.nat(200), { maxLength: 30 }), (rounds, moments) => {
        const order = { setup: 0, monitoring: 1, review: 2 };
        for (const round of rounds) {
          const parts = moments.sort((a, b) => a - b).map((atMs) => order[partAt(round, atMs)]);
          expect(parts).toEqual([...parts].sort((a, b) => a - b));
        }
      }),
    );
  });
});

describe("how many work at once", () => {
  it.each([
    ["none", [], 0],
    [
      "one after the other",
      [
        [0, 5],
        [5, 9],
      ],
      1,
    ],
    [
      "two that overlap",
      [
        [0, 6],
        [5, 9],
      ],
      2,
    ],
    [
      "one that still works beside one that begins",
      [
        [0, null],
        [5, 9],
        [9, null],
      ],
      2,
    ],
    ["one that took no time at all", [[3, 3]], 0],
  ] as const)("%s", (_what, stretches, most) => {
    expect(mostAtOnce(stretches.map(([fromMs, untilMs]) => ({ fromMs, untilMs })))).toBe(most);
  });

  it("is what counting at every beginning gives", () => {
    const stretch = fc.tuple(fc.nat(30), fc.option(fc.nat(10), { nil: null }));
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 12 }), (drawn) => {
        const all = drawn.map(([fromMs, took]) => ({
          fromMs,
          untilMs: took === null ? null : fromMs + took,
        }));
        const at = (ms: number) =>
          all.filter(({ fromMs, untilMs }) => fromMs <= ms && (untilMs === null || ms < untilMs)).length;
        expect(mostAtOnce(all)).toBe(Math.max(0, ...all.map(({ fromMs }) => at(fromMs))));
      }),
    );
  });
});
