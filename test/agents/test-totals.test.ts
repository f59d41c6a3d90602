import fc from "fast-check";
import { expect, test } from "vitest";
import { testTotals } from "../../src/agents/test-totals.ts";

const CARGO =
  "test result: FAILED. 2 passed; 1 failed; 4 ignored; 0 measured; 0 filtered out; finished in 0.01s";

test.each([
  [
    "Vitest",
    " Test Files  1 failed | 2 passed (3)\n      Tests  2 failed | 118 passed | 1 skipped (121)\n",
    118,
    120,
  ],
  [
    "Vitest in colours",
    "\u001b[2m      Tests \u001b[22m \u001b[1m\u001b[32m47 passed\u001b[39m\u001b[22m\u001b[90m (47)\u001b[39m",
    47,
    47,
  ],
  [
    "Jest",
    "Test Suites: 1 failed, 1 total\nTests:       1 failed, 2 skipped, 118 passed, 121 total\nTime: 1 s",
    118,
    119,
  ],
  ["pytest", "F.\n=========== 3 failed, 118 passed, 1 skipped in 12.30s ===========", 118, 121],
  ["pytest -q", "118 passed, 2 warnings in 0.12s", 118, 118],
  ["pytest, for long", "= 1 passed in 75.00s (0:01:15) =", 1, 1],
  ["cargo, all its parts", `running 3 tests\n${CARGO}\n\nrunning 5 tests\n${CARGO}\n`, 4, 6],
  ["nothing passed", "Tests:       2 failed, 2 total", 0, 2],
])("%s", (_name, output, passed, of) => {
  expect(testTotals(output)).toEqual({ passed, of });
});

test.each([
  ["no summary", "all tests passed"],
  ["words in a sentence", "I think 118 passed and 3 failed"],
  ["a summary in the middle of a line", "He wrote: Tests:       118 passed, 118 total"],
  ["two runs", "Tests:  1 passed, 1 total\nTests:  2 passed, 2 total"],
  ["two runners", `Tests:  1 passed, 1 total\n${CARGO}`],
  ["no tests", "Tests:  3 skipped, 3 total"],
  ["none that ended", "====== 3 errors in 0.10s ======"],
  ["a line that is cut", "Tests:       118 passed, 1"],
])("%s tells nothing", (_name, output) => {
  expect(testTotals(output)).toBeNull();
});

test("whatever is printed, it answers at once, and never more passed than there were", () => {
  const word = fc.constantFrom(
    " ",
    "=",
    "Tests:",
    "1 passed",
    "2 failed",
    ", ",
    " | ",
    " in 0.1s",
    "(3)",
    "\n",
    "total",
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 200 }), (words) => {
      const totals = testTotals(words.join(""));
      expect(totals === null || totals.passed <= totals.of).toBe(true);
    }),
  );
  expect(testTotals("1 passed, ".repeat(100_000))).toBeNull();
});
