/** JSON as it is printed: the same data for a program, and nothing in it that a terminal would obey. */

// JSON itself escapes only what is below U+0020: C1 controls are escape sequences to some terminals, and what
// reorders or hides text would let a value look like another.
// oxlint-disable-next-line no-control-regex
const UNSEEN = /[\u007f-\u009f\u2028\u2029\p{Cf}]/gu;

/** One line of JSON in which every control and format character is written as `\uXXXX`. */
export function jsonText(value: unknown): string {
  return (JSON.stringify(value) ?? "null").replace(UNSEEN, (found) =>
    found
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}
