/**
 * Text fit to be typed into a terminal. A control character in it would be a key: an escape could end a bracketed
 * paste and turn the rest into commands, a carriage return would send it half-written.
 */

export interface TypedText {
  readonly text: string;
  /** How many characters were taken out or replaced. Line ends that were only rewritten do not count. */
  readonly removed: number;
}

// C0 without tab and line feed, DEL, C1, and halves of surrogate pairs that stand alone.
// oxlint-disable-next-line no-control-regex
const UNTYPABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|\p{Surrogate}/gu;

/**
 * Line ends become line feeds, control characters other than tab and line feed go, lone surrogates become U+FFFD.
 * Nothing else changes: an escape sequence loses its escape and stays as the harmless rest of its letters.
 */
export function typedText(raw: string): TypedText {
  let removed = 0;
  const text = raw.replace(/\r\n?/g, "\n").replace(UNTYPABLE, (found) => {
    removed += 1;
    return found >= "\ud800" ? "\ufffd" : "";
  });
  return { text, removed };
}

/** Halves of characters that stand alone become U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}
