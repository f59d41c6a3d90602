/**
 * Pasted texts that stand in the line as `[paste 1: 12 lines]`. The line stays short and every byte of the text
 * is kept; what the line says is put together when it is entered.
 */

/** Pastes remembered, so that a line from the history can be sent again. */
const pastesMax = 16;
/** A paste of one line up to this long is typed as it is. */
const plainMaxChars = 400;

/** What would end the line being typed (some separators do), act in the terminal, or stand there unseen. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

export class Pastes {
  readonly #texts = new Map<number, string>();
  #next = 1;

  /** What to type in place of the text. */
  take(text: string): string {
    // One line copied with its end is still one line, and Enter is the person's to press.
    const line = text.replace(/\n$/, "");
    if (line.length <= plainMaxChars && !UNSEEN.test(line)) return line;
    const number = this.#next++;
    this.#texts.set(number, line);
    if (this.#texts.size > pastesMax) this.#texts.delete(number - pastesMax);
    const lines = line.split("\n").length;
    return `[paste ${number}: ${lines > 1 ? `${lines} lines` : `${line.length} characters`}]`;
  }

  /** The line with its pasted texts in place. */
  expand(line: string): string {
    return line.replace(/\[paste (\d{1,9}): [\d]+ (?:lines|characters)\]/g, (mark, number: string) => {
      return this.#texts.get(Number(number)) ?? mark;
    });
  }
}
