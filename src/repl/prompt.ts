/** The prompt: one line being typed, its history and completion, and a place above it where anything may be printed. */
import { createInterface, type Interface } from "node:readline";
import { Keyboard, type TerminalInput } from "./keyboard.ts";
import { BRACKETED_PASTE_OFF, BRACKETED_PASTE_ON, printAbove } from "./screen.ts";

export interface PromptParts {
  readonly input: TerminalInput;
  readonly output: NodeJS.WritableStream;
  history(): string[];
  complete(line: string): Promise<[string[], string]>;
  /** What is typed in place of a pasted text. */
  onPaste(text: string): string;
  onLine(line: string): void;
  onInterrupt(): void;
  /** Ctrl+D, or the terminal has gone. */
  onEnd(): void;
}

/** Lines kept while something else owns the terminal. */
const heldLinesMax = 500;

export class Prompt {
  readonly #parts: PromptParts;
  #open: { readonly rl: Interface; readonly keyboard: Keyboard } | null = null;
  /** Does the prompt stand there, waiting for a line? */
  #ready = false;
  #held: string[] | null = null;

  constructor(parts: PromptParts) {
    this.#parts = parts;
  }

  /** Takes the terminal. Two line editors on one terminal would double the keys, so `close` before anything else asks. */
  open(): void {
    if (this.#open !== null) return;
    const { input, output, history, complete, onPaste } = this.#parts;
    const keyboard = new Keyboard(input, onPaste);
    const rl = createInterface({
      input: keyboard.keys,
      output,
      terminal: true,
      prompt: "> ",
      history: history(),
      completer: (line: string, done: (error: null, offers: [string[], string]) => void) =>
        void complete(line).then((offers) => done(null, offers)),
    });
    this.#open = { rl, keyboard };
    rl.on("line", (line) => this.#entered(line));
    rl.on("SIGINT", () => this.#parts.onInterrupt());
    rl.on("close", () => this.#closed(rl));
    output.write(BRACKETED_PASTE_ON);
    this.release();
  }

  /** Gives the terminal back, in its own mode. */
  close(): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    this.#ready = false;
    open.rl.close();
    open.keyboard.close();
    this.#parts.output.write(BRACKETED_PASTE_OFF);
  }

  /** Shows the prompt for the next line. */
  ready(): void {
    if (this.#open === null) return;
    this.#ready = true;
    this.#open.rl.prompt(true);
  }

  print(lines: readonly string[]): void {
    if (lines.length === 0) return;
    if (this.#held !== null) this.#held = [...this.#held, ...lines].slice(-heldLinesMax);
    else if (this.#open !== null && this.#ready) printAbove(this.#open.rl, this.#parts.output, lines);
    else this.#parts.output.write(`\r\u001b[J${lines.join("\r\n")}\r\n`);
  }

  /** Keeps what is printed from now on until `release`: something else draws. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const lines = this.#held ?? [];
    this.#held = null;
    this.print(lines);
  }

  get isBlank(): boolean {
    return (this.#open?.rl.line ?? "") === "";
  }

  clearLine(): void {
    this.#open?.rl.write(null, { ctrl: true, name: "e" });
    this.#open?.rl.write(null, { ctrl: true, name: "u" });
  }

  /** Keys go to `take` instead of the line, until null. */
  captureKeys(take: ((keys: string) => void) | null): void {
    this.#open?.keyboard.capture(take);
  }

  #entered(line: string): void {
    this.#ready = false;
    this.#parts.onLine(line);
  }

  #closed(rl: Interface): void {
    if (this.#open?.rl !== rl) return;
    this.close();
    this.#parts.output.write("\n");
    this.#parts.onEnd();
  }
}
