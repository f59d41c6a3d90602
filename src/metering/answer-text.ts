/** Answers are told by a signal and written in blocks: the same words, but not always the same white space. */

/** The text without its white space, for comparing. */
export function squeezed(text: string): string {
  return text.replace(/\s+/g, "");
}
