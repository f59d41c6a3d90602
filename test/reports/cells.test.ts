import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import {
  cellWidth,
  cut,
  fitLines,
  harmlessLines,
  oneLine,
  padLeft,
  padRight,
} from "../../src/reports/cells.ts";
import { paper, plainPaper } from "./models.ts";

const anyText = fc.string({ unit: "binary", maxLength: 80 });

describe("cells", () => {
  test.each([
    ["abc", 3],
    ["日本語", 6],
    ["🟢 NONE", 7],
    ["é", 1],
    ["█░…→", 4],
    ["\u001b[31mred\u001b[39m", 3],
  ])("%j is %i wide", (text, width) => {
    expect(cellWidth(text)).toBe(width);
    expect(cellWidth(text)).toBe(width);
  });

  test.each([
    ["abcdef", 4, "abc…"],
    ["abcd", 4, "abcd"],
    ["日本語", 5, "日本…"],
    ["日本語", 4, "日…"],
    ["🟢🟢", 3, "🟢…"],
    ["abc", 1, "…"],
    ["abc", 0, ""],
  ])("%j cut to %i", (text, width, expected) => {
    expect(cut(text, width, paper(80))).toBe(expected);
  });

  test("ASCII paper marks a cut with ~", () => {
    expect(cut("abcdef", 4, plainPaper(80))).toBe("abc~");
  });

  test.each([
    ["a\nb\r\nc\td", "a b c d"],
    ["\u001b[31mred\u001b[0m \u001b]0;title\u0007x", "red x"],
    ["a\rb", "a b"],
    ["x\u0000y\u0007z\u009b", "xyz"],
    ["a\u202eb\u200bc\u{feff}", "a[hidden]b[hidden]c[hidden]"],
    ["do it\u{e0069}\u{e0067}\u{e006e}", "do it[hidden]"],
    ["a\ufe01\ufe02\u{e0100}b", "a[hidden]b"],
    ["\u3164\u115f", "[hidden]"],
    ["🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}", "🏴"],
    ["\u200fשלום\u200e", "שלום"],
    ["⚠\u{fe0f} 👨\u200d👩\u200d👧 👍🏽", "⚠ 👨👩👧 👍"],
    ["\ud800x", "\u{fffd}x"],
    ["e\u0301\u0301\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301"],
    ["  spaces   inside  ", "spaces inside"],
  ])("%j as one harmless line is %j", (text, expected) => {
    expect(oneLine(text)).toBe(expected);
  });

  test("any text becomes one line without control or format characters", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(oneLine(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      }),
    );
  });

  test("any text is cut to the width asked for", () => {
    fc.assert(
      fc.property(anyText, fc.nat(30), (text, width) => {
        expect(stringWidth(cut(oneLine(text), width, paper(80)))).toBeLessThanOrEqual(width);
      }),
    );
  });

  test("a megabyte is cut without reading it all", () => {
    expect(oneLine("x".repeat(1_000_000))).toHaveLength(2_000);
  });

  test("padding counts cells, not characters", () => {
    expect(padRight("日本", 6)).toBe("日本  ");
    expect(padLeft("日本", 6)).toBe("  日本");
    expect(padRight("toolong", 3)).toBe("toolong");
  });

  test("lines of a text are kept apart and counted", () => {
    expect(harmlessLines("a\r\nb\rc\nd", 10)).toEqual(["a", "b", "c", "d"]);
    expect(harmlessLines("\u001b[2Ja\n\tb", 10)).toEqual(["a", " b"]);
    expect(harmlessLines("a\nb\nc", 2)).toEqual(["a", "b", "[more not shown]"]);
    expect(harmlessLines("a\nb", 2)).toEqual(["a", "b"]);
  });

  test("a line that is too wide loses its colours and its end", () => {
    const long = `\u001b[31m${"x".repeat(90)}\u001b[39m`;
    expect(fitLines([long, "ok"], paper(80))).toEqual([`${"x".repeat(79)}…`, "ok"]);
  });
});
