/**
 * The keys on their way from the terminal to the line editor. A bracketed paste is taken out of the stream as a
 * whole, so that its lines never run as commands; while something else owns the screen, keys go there instead.
 */
import { PassThrough } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { taskTextMaxBytes } from "../base/limits.ts";

const PASTE_BEGIN = "\u001b[200~";
const PASTE_END = "\u001b[201~";
/** A mark may come in two pieces; a lone Escape is let through after this. */
const splitMarkWaitMs = 40;

export type TerminalInput = NodeJS.ReadableStream & {
  isTTY?: boolean;
  setRawMode?(on: boolean): unknown;
};

/** What readline reads. It looks like a terminal, because it stands for one. */
class KeyStream extends PassThrough {
  readonly isTTY = true;
  readonly #input: TerminalInput;

  constructor(input: TerminalInput) {
    super();
    this.#input = input;
  }

  setRawMode(on: boolean): this {
    this.#input.setRawMode?.(on);
    return this;
  }
}

export class Keyboard {
  /** For one readline interface. */
  readonly keys: KeyStream;
  readonly #input: TerminalInput;
  readonly #onPaste: (text: string) => string;
  readonly #utf8 = new StringDecoder("utf8");
  #waiting = "";
  #paste: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #captured: ((keys: string) => void) | null = null;

  /** `onPaste` says what is typed in place of a paste. */
  constructor(input: TerminalInput, onPaste: (text: string) => string) {
    this.#input = input;
    this.#onPaste = onPaste;
    this.keys = new KeyStream(input);
    input.on("data", this.#take);
    input.resume();
  }

  /** Keys go to `take` until it is called with null. */
  capture(take: ((keys: string) => void) | null): void {
    this.#captured = take;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#input.off("data", this.#take);
    this.#input.pause();
  }

  readonly #take = (bytes: Buffer | string): void => {
    const text = typeof bytes === "string" ? bytes : this.#utf8.write(bytes);
    if (this.#captured !== null) return this.#captured(text);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waiting += text;
    this.#drain();
  };

  #drain(): void {
    for (;;) {
      const mark = this.#paste === null ? PASTE_BEGIN : PASTE_END;
      const at = this.#waiting.indexOf(mark);
      if (at < 0) break;
      this.#pass(this.#waiting.slice(0, at));
      this.#waiting = this.#waiting.slice(at + mark.length);
      if (this.#paste === null) this.#paste = "";
      else this.#endPaste();
    }
    const kept = beginningOf(this.#paste === null ? PASTE_BEGIN : PASTE_END, this.#waiting);
    this.#pass(this.#waiting.slice(0, this.#waiting.length - kept));
    this.#waiting = this.#waiting.slice(this.#waiting.length - kept);
    if (kept > 0 && this.#paste === null) this.#timer = setTimeout(() => this.#letThrough(), splitMarkWaitMs);
  }

  #letThrough(): void {
    this.#timer = null;
    this.#pass(this.#waiting);
    this.#waiting = "";
  }

  #pass(text: string): void {
    if (text === "") return;
    if (this.#paste === null) this.keys.write(text);
    // Beyond the longest text of a task nothing is kept; the task is refused for its length then.
    else if (this.#paste.length <= taskTextMaxBytes) this.#paste += text;
  }

  #endPaste(): void {
    const text = (this.#paste ?? "").replace(/\r\n?/g, "\n");
    this.#paste = null;
    if (text !== "") this.keys.write(this.#onPaste(text));
  }
}

/** How many characters at the end of `text` could be the beginning of `mark`. */
function beginningOf(mark: string, text: string): number {
  for (let length = Math.min(mark.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(mark.slice(0, length))) return length;
  }
  return 0;
}
