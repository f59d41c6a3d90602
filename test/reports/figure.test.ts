import { describe, expect, test } from "vitest";
import { figureOf, sumFigures, UNKNOWN } from "../../src/reports/figure.ts";

const actual = figureOf(10, "actual");
const simulated = figureOf(20, "simulated");
const estimated = figureOf(30, "estimated");

describe("figures", () => {
  test.each([
    ["nothing", [], { value: 0, source: "actual" }, 0],
    ["actual only", [actual, actual], { value: 20, source: "actual" }, 0],
    ["a simulated part", [actual, simulated], { value: 30, source: "simulated" }, 0],
    ["an estimated part", [actual, simulated, estimated], { value: 60, source: "estimated" }, 0],
    ["an unknown part", [actual, UNKNOWN], { value: 10, source: "actual" }, 1],
    ["unknown only", [UNKNOWN, UNKNOWN], { value: null, source: "unknown" }, 2],
  ] as const)("sum of %s", (_name, figures, figure, unknownCount) => {
    expect(sumFigures(figures)).toEqual({ figure, unknownCount });
  });

  test("without a value a figure is unknown, and an unknown one has no value", () => {
    expect(figureOf(null, "actual")).toEqual(UNKNOWN);
    expect(figureOf(0, "unknown")).toEqual(UNKNOWN);
  });
});
