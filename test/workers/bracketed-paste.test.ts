import { expect, test } from "vitest";
import { bracketedPasteIn } from "../../src/workers/bracketed-paste.ts";

const ESC = "\u001b";

test.each([
  ["", null],
  ["plain 2004h", null],
  [`${ESC}[?2004h`, true],
  [`${ESC}[?2004l`, false],
  [`${ESC}[?2004h text ${ESC}[?2004l`, false],
  [`${ESC}[?2004l text ${ESC}[?2004h`, true],
  [`${ESC}[?1000;2004h`, true],
  [`${ESC}[?2004;1h`, true],
  [`${ESC}[?12004h`, null],
  [`${ESC}[2004h`, null],
  [`${ESC}[?2004h${ESC}c`, false],
  [`${ESC}[?2004h${ESC}[?25l${ESC}[?25h`, true],
])("%j says %s", (output, expected) => {
  expect(bracketedPasteIn(output)).toBe(expected);
});
