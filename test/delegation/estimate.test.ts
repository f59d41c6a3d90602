import fc from "fast-check";
import { expect, test } from "vitest";
import { promptTokens } from "../../src/delegation/estimate.ts";

test.each([
  ["35 characters", "x".repeat(35), 1_008],
  ["4,000 characters", "x".repeat(4_000), 2_000],
  ["no text", "", 1_000],
  ["three characters are no token yet", "abc", 1_000],
  ["a character outside the basic plane counts once", "😀".repeat(35), 1_008],
  ["an accent of its own is a code point of its own", "e\u0301".repeat(4), 1_002],
  ["a lone surrogate counts once", "\ud83d".repeat(8), 1_002],
])("S2-12: %s", (_name, text, tokens) => {
  expect(promptTokens(text)).toBe(tokens);
});

test("the overhead can be set", () => {
  expect(promptTokens("x".repeat(400), 0)).toBe(100);
});

test("any text counts as many code points as iterating it gives", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(promptTokens(text, 7)).toBe(Math.floor([...text].length / 4) + 7);
    }),
  );
});
