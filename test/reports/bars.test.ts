import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bar } from "../../src/reports/bars.ts";
import { paper, plainPaper } from "./models.ts";

describe("bars", () => {
  test.each([
    [0, 0, 100, "[----------]"],
    [9, 0, 100, "[----------]"],
    [10, 0, 100, "[#---------]"],
    [99, 0, 100, "[#########-]"],
    [100, 0, 100, "[##########]"],
    [250, 0, 100, "[##########]"],
    [30, 25, 100, "[###++-----]"],
    [30, 70, 100, "[###+++++++]"],
    [30, 69, 100, "[###++++++-]"],
    [30, 500, 100, "[###+++++++]"],
    [5, 0, 0, "[##########]"],
    [5, 5, null, "[----------]"],
  ])("%i used and %i held of %s", (used, held, limit, expected) => {
    expect(bar(used, held, limit, 10, plainPaper(80))).toBe(expected);
  });

  test("on Unicode paper", () => {
    expect(bar(30, 25, 100, 10, paper(80))).toBe("[███▒▒░░░░░]");
  });

  test("full means 100 % or more, and the width never changes", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1 }),
        fc.integer({ min: 1, max: 60 }),
        (used, held, limit, inner) => {
          const drawn = bar(used, held, limit, inner, plainPaper(80));
          expect(drawn).toHaveLength(inner + 2);
          expect(drawn.includes("-")).toBe(used + held < limit);
          expect(drawn.slice(1, -1) === "#".repeat(inner)).toBe(used >= limit);
        },
      ),
    );
  });
});
