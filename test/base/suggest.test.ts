import { expect, test } from "vitest";
import { nearest } from "../../src/base/suggest.ts";

test.each([
  ["staus", ["start", "status", "stop"], "status"],
  ["wokrers", ["worker", "workers"], "workers"],
  ["COUNT", ["count"], "count"],
  ["xyz", ["count", "agent"], null],
  ["", ["a"], null],
  ["x".repeat(10_000), ["x"], null],
])("%j is nearest to %j: %j", (word, candidates, near) => {
  expect(nearest(word, candidates)).toBe(near);
});
