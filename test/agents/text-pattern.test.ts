import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lineMaxChars, matchesPattern } from "../../src/agents/text-pattern.ts";

describe("a pattern", () => {
  test.each([
    ["done", "done", true],
    ["done", "done  ", true],
    ["done ", "done", true],
    ["done", "is done", false],
    ["done", "done it", false],
    ["done*", "done", true],
    ["done*", "done it", true],
    ["*done", "is done", true],
    ["a*a", "a", false],
    ["a*a", "aa", true],
    ["a*b*c", "a-b-c", true],
    ["a*b*c", "a-c-b", false],
    ["a*bc*c", "a-bc", false],
    ["(x+)+$", "(x+)+$", true],
    ["(x+)+$", "xx", false],
  ])("%j and the line %j: %s", (pattern, line, matches) => {
    expect(matchesPattern(pattern, line)).toBe(matches);
  });

  test("says the same as the regular expression it stands for", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "*", ".", "+"), maxLength: 12 });
    fc.assert(
      fc.property(word, word, (pattern, line) => {
        const source = pattern.split("*").map((piece) => piece.replace(/[.+]/g, "\\$&"));
        expect(matchesPattern(pattern, line)).toBe(new RegExp(`^${source.join(".*")}$`).test(line));
      }),
    );
  });

  test("holds a hostile line against a hostile pattern without going back again and again", () => {
    expect(matchesPattern(`${"*a".repeat(99)}*b`, "a".repeat(lineMaxChars))).toBe(false);
    expect(matchesPattern("*", "a".repeat(lineMaxChars + 1))).toBe(false);
  });
});
