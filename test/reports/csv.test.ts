import { expect, test } from "vitest";
import { csvLines } from "../../src/reports/csv.ts";

test.each([
  ["plain", "plain"],
  ['a "b", c', '"a ""b"", c"'],
  ["two\nlines", '"two\nlines"'],
  ["=cmd()", "'=cmd()"],
  ["+1", "'+1"],
  ["-1+2", "'-1+2"],
  ["@SUM(A1)", "'@SUM(A1)"],
  [" =1", "' =1"],
  ["\t=1", "'\t=1"],
  ["\r=1", '"\'\r=1"'],
  ["a=b", "a=b"],
])("%j is the cell %j", (text, cell) => {
  expect(csvLines([text], [])).toEqual([cell]);
});

test("numbers stay numbers, and what is not known is empty", () => {
  expect(csvLines(["a", "b", "c"], [[-1, null, 0.5]])).toEqual(["a,b,c", "-1,,0.5"]);
});
