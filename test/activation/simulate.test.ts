import { expect, it } from "vitest";
import { simulateDay } from "../../src/activation/simulate.ts";

it("a day by events and by polling, from its assumptions", () => {
  const day = simulateDay(3);
  expect(day.looksAnAgent).toEqual({ poll: 5_760, work: 2_880, both: 8_640 });
  expect(day.eventTokens).toBe(106_500);
  expect(day.pollingTokens).toEqual({ low: 2_592_000, high: 5_184_000 });
  expect(day.spared.low).toBeCloseTo(0.9589, 4);
  expect(day.spared.high).toBeCloseTo(0.9795, 4);
  expect(day.heartbeatTokens).toBe(0);
  expect(day.parts.reduce((hours, { fromHour, toHour }) => hours + toHour - fromHour, 0)).toBe(24);
  expect(day.parts.reduce((sum, { polling }) => sum + polling.low, 0)).toBeCloseTo(2_592_000, 5);
});
