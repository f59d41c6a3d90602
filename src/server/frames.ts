/**
 * Messages as lines of JSON, both ways. A message too long for one line travels in parts, so that every line and
 * every whole message has a bound, whatever the other side sends.
 */
import { StringDecoder } from "node:string_decoder";
import { CtmError } from "../base/errors.ts";
import { messageMaxBytes } from "../base/limits.ts";

/** Longest message in all its parts: the largest batch of tasks, as JSON. */
export const wholeMessageMaxBytes = 160 * 1024 * 1024;
/** Characters of one part: in JSON at most six bytes each, which still fits a line. */
const partChars = 512 * 1024;

/** The message as one or more lines, each ended by a newline. Throws CtmError `usage` when it is too long. */
export function encodeMessage(message: unknown): string {
  const text = JSON.stringify(message);
  if (text.length <= partChars) return `${text}\n`;
  if (Buffer.byteLength(text) > wholeMessageMaxBytes) {
    throw new CtmError("usage", `a message may have at most ${wholeMessageMaxBytes} bytes`);
  }
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += partChars) {
    const piece = text.slice(at, at + partChars);
    lines.push(JSON.stringify(at + partChars < text.length ? { part: piece } : { last: piece }));
  }
  return `${lines.join("\n")}\n`;
}

/** Bytes in, whole messages out. Throws CtmError `usage` for a line or message too long, or one that is no JSON. */
export class MessageDecoder {
  readonly #utf8 = new StringDecoder("utf8");
  /** The line that has not ended yet, in pieces: only new text is searched for its end. */
  #line: string[] = [];
  #lineChars = 0;
  #parts: string[] = [];
  #partsChars = 0;

  push(bytes: Buffer): unknown[] {
    const [first = "", ...others] = this.#utf8.write(bytes).split("\n");
    const whole: unknown[] = [];
    this.#append(first);
    for (const next of others) {
      whole.push(...this.#wholeOf(this.#line.join("")));
      this.#line = [];
      this.#lineChars = 0;
      this.#append(next);
    }
    return whole;
  }

  #append(text: string): void {
    this.#line.push(text);
    this.#lineChars += text.length;
    if (this.#lineChars > messageMaxBytes) throw tooLong();
  }

  #wholeOf(line: string): unknown[] {
    if (line.trim() === "") return [];
    const value = parseJson(line);
    const { part, last } = value as { part?: unknown; last?: unknown };
    if (typeof part === "string") {
      this.#keep(part);
      return [];
    }
    if (typeof last !== "string") return [value];
    this.#keep(last);
    const whole = this.#parts.join("");
    this.#parts = [];
    this.#partsChars = 0;
    return [parseJson(whole)];
  }

  #keep(part: string): void {
    this.#partsChars += part.length;
    if (this.#partsChars > wholeMessageMaxBytes) throw tooLong();
    this.#parts.push(part);
  }
}

function parseJson(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CtmError("usage", "a line on the socket is not JSON");
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new CtmError("usage", "a line on the socket is not a JSON object");
}

function tooLong(): CtmError {
  return new CtmError("usage", `a line on the socket is longer than ${messageMaxBytes} bytes`);
}
