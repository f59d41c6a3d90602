import { expect, test } from "vitest";
import { renderThrottle } from "../../src/reports/throttle.ts";
import { nowMs, plainPaper, throttleModel } from "./models.ts";

const five = {
  account: "claude",
  window: "five_hour",
  usedPermille: 770,
  reservePercent: 20,
  resetsAtMs: nowMs + 90 * 60_000,
  level: "HARD",
} as const;
const week = { ...five, window: "seven_day", usedPermille: 5, resetsAtMs: null, level: "NONE" } as const;

test("the providers' windows stand below the limits, with what is kept for the person", () => {
  const lines = renderThrottle(throttleModel({ windows: [five, week] }), plainPaper(80));
  const first = lines.findIndex((line) => line.includes("begins anew"));
  expect(lines.slice(first, first + 3).map((line) => line.replace(/ +/g, " "))).toEqual([
    " provider window used for you level begins anew",
    " account claude five_hour 77.0% 20% HARD 12:12 (1h30m)",
    " account claude seven_day 0.5% 20% NONE -",
  ]);
  for (const columns of [60, 80, 120])
    for (const line of renderThrottle(throttleModel({ windows: [five, week] }), plainPaper(columns)))
      expect(line.length).toBeLessThanOrEqual(columns);
});

test("nothing is said where no provider has said anything", () => {
  expect(renderThrottle(throttleModel(), plainPaper(80)).join("\n")).not.toContain("provider");
});
