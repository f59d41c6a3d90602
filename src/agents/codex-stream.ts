/**
 * The states Codex writes into the terminal stream: ESC ] 7501 ; state=…:app=codex … ST. Only `error` is taken: it is
 * the one end of a turn that no hook tells. The others would come a second time, and late.
 */
import type { AgentEvent, StreamReading } from "./adapter.ts";

const BEGIN = "\u001b]7501;";
/** Longest sequence waited for; anything longer is none of Codex's. */
const sequenceMaxChars = 4_096;

/** Reads complete sequences; what may be the beginning of one is handed back as `rest`. */
export function readCodexStream(chunk: string): StreamReading {
  const events: AgentEvent[] = [];
  let at = 0;
  for (;;) {
    const begin = chunk.indexOf(BEGIN, at);
    if (begin < 0) return { events, rest: begunAtEnd(chunk.slice(at)) };
    const body = chunk.slice(begin + BEGIN.length, begin + BEGIN.length + sequenceMaxChars);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: BEL, or ESC and a backslash, end such a sequence.
    const end = body.search(/\u0007|\u001b\\/);
    if (end < 0 && body.length < sequenceMaxChars) return { events, rest: chunk.slice(begin) };
    if (end >= 0 && isError(body.slice(0, end))) events.push(API_ERROR);
    at = begin + BEGIN.length + Math.max(end, 0);
  }
}

const API_ERROR: AgentEvent = {
  kind: "turn-failed",
  failure: "unknown",
  message: "Codex reports an error.",
  resetsAtMs: null,
};

function isError(body: string): boolean {
  const parts = body.split(":");
  return parts.includes("state=error") && parts.includes("app=codex");
}

function begunAtEnd(text: string): string {
  for (let length = Math.min(BEGIN.length - 1, text.length); length > 0; length--) {
    if (BEGIN.startsWith(text.slice(-length))) return text.slice(-length);
  }
  return "";
}
