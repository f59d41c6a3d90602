/** The keys in raw terminal input, bracketed pastes taken whole. Pure: the unfinished tail is handed back. */

export type Key =
  | { readonly kind: "text"; readonly text: string; readonly pasted: boolean }
  | { readonly kind: "enter" | "escape" | "interrupt" | "end-of-input" | "clear-line" | "backspace" };

export interface KeyReading {
  readonly keys: readonly Key[];
  /** Bytes that may go on in the next piece: hand them in again before it. */
  readonly rest: string;
}

const PASTE_BEGIN = "\u001b[200~";
const PASTE_END = "\u001b[201~";
// biome-ignore lint/suspicious/noControlCharactersInRegex: this is what a key's escape sequence looks like.
const SEQUENCE = /^\u001b(?:\[[0-9;?<>=]*[ -/]*[@-~]|O[ -~])/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the beginning of such a sequence.
const SEQUENCE_BEGUN = /^\u001b(?:\[[0-9;?<>=]*[ -/]*|O)?$/;

const CONTROLS: Readonly<Record<string, Key>> = {
  "\r": { kind: "enter" },
  "\n": { kind: "enter" },
  "\u0003": { kind: "interrupt" },
  "\u0004": { kind: "end-of-input" },
  "\u0015": { kind: "clear-line" },
  "\u007f": { kind: "backspace" },
  "\b": { kind: "backspace" },
};

/** Reads all complete keys of `input`. A lone Escape at its end stays in `rest`: only time tells it from a sequence. */
export function readKeys(input: string): KeyReading {
  const keys: Key[] = [];
  let at = 0;
  while (at < input.length) {
    const tail = input.slice(at);
    if (tail.startsWith(PASTE_BEGIN)) {
      const end = tail.indexOf(PASTE_END, PASTE_BEGIN.length);
      if (end < 0) return { keys, rest: tail };
      keys.push({
        kind: "text",
        text: tail.slice(PASTE_BEGIN.length, end).replace(/\r\n?/g, "\n"),
        pasted: true,
      });
      at += end + PASTE_END.length;
    } else if (tail[0] === "\u001b") {
      if (SEQUENCE_BEGUN.test(tail)) return { keys, rest: tail };
      const sequence = SEQUENCE.exec(tail)?.[0];
      if (sequence === undefined) keys.push({ kind: "escape" });
      at += sequence?.length ?? 1;
    } else {
      const length = textLength(tail);
      const control = CONTROLS[tail[0] ?? ""];
      if (length > 0) keys.push({ kind: "text", text: tail.slice(0, length), pasted: false });
      else if (control !== undefined) keys.push(control);
      at += Math.max(length, 1);
    }
  }
  return { keys, rest: "" };
}

/** What an unfinished tail means when nothing followed it: a lone Escape is the Escape key. */
export function settleKeys(rest: string): KeyReading {
  return rest === "\u001b" ? { keys: [{ kind: "escape" }], rest: "" } : { keys: [], rest };
}

function textLength(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: printable text ends where a control character stands.
  const end = text.search(/[\u0000-\u001f\u007f]/);
  return end < 0 ? text.length : end;
}
