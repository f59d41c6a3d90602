/** A captured screen, made easy to read: no colours, no trailing blanks, no empty tail. */

// Colour and style only: a capture holds no other escape sequence.
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what a colour looks like.
const STYLE = /\u001b\[[0-9;:]*m/g;

/** The lines of a capture without styles and trailing blanks; blank lines at the end are dropped. */
export function screenLines(lines: readonly string[]): readonly string[] {
  const plain = lines.map((line) =>
    line
      .replace(STYLE, "")
      .replace(/\u00a0/g, " ")
      .trimEnd(),
  );
  return plain.slice(0, plain.findLastIndex((line) => line !== "") + 1);
}

/** The last `count` lines that are not blank, in their order. */
export function lastTextLines(lines: readonly string[], count: number): readonly string[] {
  return lines.filter((line) => line.trim() !== "").slice(-count);
}
