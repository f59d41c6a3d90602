import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { typedText } from "../../src/base/typed-text.ts";

const ESC = "\u001b";
// Texts rich in what matters: escapes, line ends, C1, halves of pairs, beside any unit of UTF-16.
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ESC,
        `${ESC}[201~`,
        "\u009b",
        "\r\n",
        "\r",
        "\n",
        "\t",
        "\u007f",
        "\u0000",
        "\ud83d",
        "\ude00",
        "é",
        "אב",
      ),
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    ),
  )
  .map((parts) => parts.join(""));

describe("text to be typed", () => {
  test.each([
    ["plain;", "plain;", 0],
    ["a\r\nb\rc\nd\te", "a\nb\nc\nd\te", 0],
    [`hi${ESC}[201~\rrm -rf ~\r`, "hi[201~\nrm -rf ~\n", 1],
    ["a\u009b201~b", "a201~b", 1],
    ["nul\u0000 bell\u0007 del\u007f", "nul bell del", 3],
    ["\u000b\u000c", "", 2],
    ["👩‍💻 שלום \u202e", "👩‍💻 שלום \u202e", 0],
    ["lone \ud83d half", "lone \ufffd half", 1],
    ["", "", 0],
  ])("%j becomes %j", (raw, text, removed) => {
    expect(typedText(raw)).toEqual({ text, removed });
  });

  test("A-09 no control character but tab and line feed survives, whatever the text", () => {
    fc.assert(
      fc.property(hostile, (raw) => {
        const { text } = typedText(raw);
        expect(
          [...text].every((c) => c === "\n" || c === "\t" || (c >= " " && !(c >= "\u007f" && c <= "\u009f"))),
        ).toBe(true);
        expect(Buffer.from(text, "utf8").toString("utf8")).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  test("doing it again changes nothing, and text without controls is left alone", () => {
    fc.assert(
      fc.property(hostile, (raw) => {
        const { text } = typedText(raw);
        expect(typedText(text)).toEqual({ text, removed: 0 });
      }),
      { numRuns: 2_000 },
    );
  });
});
