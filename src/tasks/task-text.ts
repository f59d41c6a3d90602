/** What a task's text may be. It is stored as it will be typed: what cannot be typed is refused, not altered. */
import { CtmError } from "../base/errors.ts";
import { taskTextMaxBytes } from "../base/limits.ts";
import { typedText } from "../base/typed-text.ts";

/**
 * The text as it is kept: line ends become line feeds, everything else stays byte for byte. Throws CtmError `usage`
 * for an empty text, one over the size limit, and one with control characters (they would be keys in a terminal).
 */
export function taskText(raw: string): string {
  if (raw.trim() === "") throw new CtmError("usage", "the task has no text");
  const bytes = Buffer.byteLength(raw);
  if (bytes > taskTextMaxBytes) {
    throw new CtmError("usage", `the task's text has ${bytes} bytes; ${taskTextMaxBytes} at most`, [
      "Put it into a file and let the task name the file.",
    ]);
  }
  const { text, removed } = typedText(raw);
  if (removed > 0) {
    const found = removed === 1 ? "a character" : `${removed} characters`;
    throw new CtmError(
      "usage",
      `the task's text holds ${found} that cannot be typed into a terminal: ${firstUntypable(raw)}`,
    );
  }
  return text;
}

/** Names the first character at fault, e.g. `U+001B at character 12`. */
function firstUntypable(raw: string): string {
  let at = 0;
  for (const character of raw.replace(/\r\n?/g, "\n")) {
    at += 1;
    if (typedText(character).removed > 0) {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
      return `U+${code} at character ${at}`;
    }
  }
  return "a control character";
}
