/**
 * Drawing on a terminal that a person types into: text above the prompt without touching the line being typed,
 * and pictures in place. Everything is one write between the marks of a synchronised update.
 */
import type { Interface } from "node:readline";

const BEGIN = "\u001b[?2026h";
const END = "\u001b[?2026l";
export const BRACKETED_PASTE_ON = "\u001b[?2004h";
export const BRACKETED_PASTE_OFF = "\u001b[?2004l";
export const ALTERNATE_ON = "\u001b[?1049h\u001b[?25l";
export const ALTERNATE_OFF = "\u001b[?25h\u001b[?1049l";

type Output = Pick<NodeJS.WritableStream, "write">;

/** Prints lines above the prompt; the line being typed, its cursor and its wrapping stay as they are. */
export function printAbove(rl: Interface, output: Output, lines: readonly string[]): void {
  const { rows } = rl.getCursorPos();
  const up = rows > 0 ? `\u001b[${rows}A` : "";
  output.write(`${BEGIN}${up}\r\u001b[0J${lines.map((line) => `${line}\r\n`).join("")}`);
  // readline counts from where its prompt began; that is here now.
  (rl as unknown as { prevRows: number }).prevRows = 0;
  rl.prompt(true);
  output.write(END);
}

/** One picture over the last: home, each line cleared to its end, then everything below. */
export function frame(lines: readonly string[], rows: number): string {
  const shown = lines.slice(0, Math.max(1, rows - 1));
  return `${BEGIN}\u001b[H${shown.map((line) => `${line}\u001b[K`).join("\r\n")}\u001b[J${END}`;
}
