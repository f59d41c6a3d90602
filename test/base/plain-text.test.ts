import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { plainText } from "../../src/base/plain-text.ts";

const ESC = "\u001b";

describe("terminal output as plain text", () => {
  test.each([
    ["colours", `${ESC}[1;31mred${ESC}[0m`, "red"],
    ["cursor and modes", `${ESC}[?2004h${ESC}[2J${ESC}[10;5Hat`, "at"],
    ["title and clipboard", `${ESC}]0;t\u0007a${ESC}]52;c;Zm9v${ESC}\\b`, "ab"],
    ["hyperlink", `${ESC}]8;;http://x/${ESC}\\link${ESC}]8;;${ESC}\\`, "link"],
    ["DCS, APC, PM, SOS", `${ESC}Pq#0${ESC}\\a${ESC}_G${ESC}\\b${ESC}^p${ESC}\\c${ESC}Xs${ESC}\\d`, "abcd"],
    ["C1 forms", "\u009b31mred\u009d0;t\u009c.", "red."],
    ["charset, keypad, reset", `${ESC}(Ba${ESC}=b${ESC}cc`, "abc"],
    ["an unterminated string ends with its line", `${ESC}]0;evil\nnext`, "\nnext"],
    ["a lone escape at the end", `x${ESC}`, "x"],
    ["a half sequence at the end", `x${ESC}[12`, "x"],
    ["line ends", "a\r\nb\r\r\nc\n", "a\nb\nc\n"],
    ["a rewritten line shows its last version", "10%\r50%\r100%\ndone", "100%\ndone"],
    ["backspace and bell", "a\bb\u0007c", "abc"],
    ["tabs, wide and right-to-left text stay", "a\t漢字 שלום 👩‍💻", "a\t漢字 שלום 👩‍💻"],
  ])("%s", (_name, output, plain) => {
    expect(plainText(output)).toBe(plain);
  });

  const hostile = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          ESC,
          "[",
          "]",
          "P",
          "\\",
          "\u0007",
          "\r",
          "\n",
          "\u009d",
          "\u009b",
          "\u009c",
          "0",
          ";",
          "m",
        ),
        fc.string(),
      ),
    )
    .map((parts) => parts.join(""));

  test("A-13 no control character but tab and line feed survives; doing it again changes nothing", () => {
    fc.assert(
      fc.property(hostile, (output) => {
        const plain = plainText(output);
        // oxlint-disable-next-line no-control-regex
        expect(plain).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
        expect(plainText(plain)).toBe(plain);
      }),
      { numRuns: 2_000 },
    );
  });

  test("its time grows with the text and no faster", () => {
    // A quadratic pattern needs hours for each of these: the test would run into the runner's limit.
    for (const unit of ["a", ESC, `${ESC}[`, `${ESC}]`, "\u009d", "\r", "\u009b1;"]) {
      expect(plainText(unit.repeat(2_000_000)).includes(ESC)).toBe(false);
    }
  });
});
