import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  costPerCompleted,
  modelMove,
  successOf,
  type ModelClass,
} from "../../src/optimization/model-moves.ts";

const PRESENT = { type: "coding", agent: "claude", model: "sonnet" } as const;

/** So many of a model that completed and failed, each attempt at one cost. */
function ran(model: string, completed: number, failed: number, nanoEach: number | null): ModelClass {
  const ended = completed + failed;
  const known = nanoEach !== null;
  return {
    ...{ agent: "claude", type: "coding", model, ended, completed },
    ...{
      pricedEnded: known ? ended : 0,
      pricedCompleted: known ? completed : 0,
      nanoUsd: ended * (nanoEach ?? 0),
    },
  };
}
const move = (...classes: ModelClass[]): string | null => {
  const found = modelMove(PRESENT, classes);
  return found === null ? null : `${found.direction} ${found.to.model} ${found.savedNanoUsd}`;
};
const sonnet = ran("sonnet", 40, 0, 1_000);

describe("down", () => {
  test.each<[string, ModelClass[], string | null]>([
    ["as good for less", [sonnet, ran("haiku", 40, 0, 100)], "down haiku 900"],
    ["one task too few", [sonnet, ran("haiku", 19, 0, 100)], null],
    ["20 of 20 are not yet surely above 85 %", [sonnet, ran("haiku", 20, 0, 100)], null],
    ["22 of 22 are", [sonnet, ran("haiku", 22, 0, 100)], "down haiku 900"],
    ["seen to be worse, however good", [ran("sonnet", 4_000, 0, 1_000), ran("haiku", 3_700, 300, 100)], null],
    ["not seen to be worse", [ran("sonnet", 39, 1, 1_000), ran("haiku", 195, 5, 100)], "down haiku 923"],
    ["a tenth cheaper is not more than a tenth", [sonnet, ran("haiku", 40, 0, 900)], null],
    ["by a hair more", [sonnet, ran("haiku", 40, 0, 899)], "down haiku 101"],
    ["failures are paid for too", [ran("sonnet", 30, 0, 1_000), ran("haiku", 190, 10, 900)], null],
    ["its cost is not known", [sonnet, ran("haiku", 40, 0, null)], null],
    ["the present cost is not known", [ran("sonnet", 40, 0, null), ran("haiku", 40, 0, 1)], null],
    ["the present one has too few", [ran("sonnet", 19, 0, 1_000), ran("haiku", 40, 0, 100)], null],
    ["the cheapest of several", [sonnet, ran("haiku", 40, 0, 100), ran("mini", 40, 0, 50)], "down mini 950"],
    ["never to a model without a name", [sonnet, ran("", 40, 0, 1)], null],
    [
      "of another agent or type",
      [sonnet, { ...ran("a", 40, 0, 1), agent: "codex" }, { ...ran("b", 40, 0, 1), type: "ui" }],
      null,
    ],
  ])("%s", (_what, classes, found) => {
    expect(move(...classes)).toBe(found);
  });
});

describe("up", () => {
  const failing = ran("sonnet", 14, 16, 1_000);
  test.each<[string, ModelClass[], string | null]>([
    ["surely better, for what it costs", [failing, ran("opus", 30, 0, 5_000)], "up opus -2857"],
    ["better and cheaper", [failing, ran("opus", 30, 0, 1_000)], "up opus 1143"],
    ["its cost is not known", [failing, ran("opus", 30, 0, null)], "up opus null"],
    ["perhaps better", [failing, ran("opus", 18, 6, 1_000)], null],
    [
      "the present one may be above the bound",
      [ran("sonnet", 17, 3, 1_000), ran("opus", 400, 0, 2_000)],
      null,
    ],
    ["a cheap one that fails too", [failing, ran("haiku", 14, 16, 1)], null],
  ])("%s", (_what, classes, found) => {
    expect(move(...classes)).toBe(found);
  });
});

test("costs of failed attempts are of those that completed", () => {
  expect(costPerCompleted(ran("x", 10, 10, 100))).toBe(200);
  expect(costPerCompleted(ran("x", 0, 30, 100))).toBeNull();
  expect(costPerCompleted(ran("x", 19, 0, 100))).toBeNull();
});

it("suggests nothing that is not measured, surely good enough and worth it, whatever the figures", () => {
  const count = fc.integer({ min: 0, max: 300 });
  const oneClass = fc
    .tuple(
      fc.constantFrom("sonnet", "haiku", "opus", ""),
      count,
      count,
      fc.option(fc.integer({ min: 0, max: 10_000 })),
    )
    .map(([model, completed, failed, each]) => ran(model, completed, failed, each));
  fc.assert(
    fc.property(fc.uniqueArray(oneClass, { selector: ({ model }) => model }), (classes) => {
      const found = modelMove(PRESENT, classes);
      if (found === null) return;
      const { direction, from, to, savedNanoUsd } = found;
      expect([from.model, to.model === from.model || to.model === ""]).toEqual(["sonnet", false]);
      expect(Math.min(from.ended, to.ended)).toBeGreaterThanOrEqual(20);
      expect(direction === "up").toBe(successOf(from).high < 0.85);
      if (direction === "up") expect(successOf(to).low).toBeGreaterThan(successOf(from).high);
      else expect(savedNanoUsd).toBeGreaterThanOrEqual(0);
      if (direction === "down") expect(successOf(to).low).toBeGreaterThanOrEqual(0.85);
    }),
    { numRuns: 300 },
  );
});
