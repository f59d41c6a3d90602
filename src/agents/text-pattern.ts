/**
 * Patterns a person writes into the configuration: plain text in which `*` stands for any text. No regular
 * expressions: a pattern is held against whatever an agent prints, and none can be made to take long.
 */

/** Longest line that is looked at; what is longer matches nothing. */
export const lineMaxChars = 4_096;

/** Is the whole line what the pattern says? Blanks at the end of either do not count. */
export function matchesPattern(pattern: string, line: string): boolean {
  const text = line.trimEnd();
  if (text.length > lineMaxChars) return false;
  const [head = "", ...pieces] = pattern.trimEnd().split("*");
  const tail = pieces.pop();
  if (tail === undefined) return text === head;
  if (!text.startsWith(head) || text.length < head.length + tail.length || !text.endsWith(tail)) return false;
  const end = text.length - tail.length;
  let at = head.length;
  for (const piece of pieces) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
