import { describe, expect, test } from "vitest";
import { atStops, heading, labelled, noticeLines, wrapParts, wrapWords } from "../../src/reports/lines.ts";
import { plainPaper } from "./models.ts";

const sheet = plainPaper(60);

describe("lines", () => {
  test("a heading sets its facts at the right edge and leaves out what has no room from the left", () => {
    expect(heading("TITLE", ["one", "two"], "  ", sheet)).toEqual([
      `TITLE${" ".repeat(47)}one  two`,
      "=".repeat(60),
    ]);
    expect(heading("T".repeat(50), ["one", "two more", "three"], "  ", sheet)[0]).toBe(
      `${"T".repeat(50)}     three`,
    );
    expect(heading("T".repeat(58), ["one"], "  ", sheet)[0]).toBe("T".repeat(58));
  });

  test("parts begin at their stops, two cells apart at least, and go on below", () => {
    expect(atStops(["a", "b"], [0, 5], sheet)).toEqual(["a    b"]);
    expect(atStops(["abcdef", "b"], [0, 5], sheet)).toEqual(["abcdef  b"]);
    expect(atStops(["a", "b".repeat(60), "c"], [2, 5, 20], sheet)).toEqual([
      "  a",
      `  ${"b".repeat(60)}`,
      "  c",
    ]);
  });

  test("parts wrap between parts, under the end of their lead", () => {
    const parts = ["x".repeat(30), "y".repeat(30)];
    expect(wrapParts("Runs: ", parts, " | ", sheet)).toEqual([`Runs: ${parts[0]}`, `      ${parts[1]}`]);
    expect(wrapParts("Runs: ", ["a", "b"], " | ", sheet)).toEqual(["Runs: a | b"]);
  });

  test("words wrap; one that is longer than the line is cut", () => {
    expect(wrapWords("- ", `${"a".repeat(40)} ${"b".repeat(40)}`, sheet)).toEqual([
      `- ${"a".repeat(40)}`,
      `  ${"b".repeat(40)}`,
    ]);
    expect(wrapWords("- ", "c".repeat(100), sheet)).toEqual([`- ${"c".repeat(57)}~`]);
  });

  test("a long lead keeps a line of its own rather than losing the text", () => {
    const lead = `${"l".repeat(40)}: `;
    expect(wrapWords(lead, "w".repeat(30), sheet)).toEqual([
      lead.trimEnd(),
      `${" ".repeat(20)}${"w".repeat(30)}`,
    ]);
  });

  test("labels and notices", () => {
    expect(labelled("State:", "idle", sheet)).toEqual(["  State:        idle"]);
    expect(noticeLines(["one\ntwo"], sheet)).toEqual(["! one two"]);
  });
});
