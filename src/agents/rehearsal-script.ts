/**
 * What the rehearsal agent does with a prompt: read from directives such as [[say:done]] or [[delay:500]] in the
 * text itself, else a short answer after a short while. The same text always gives the same turn.
 */
import type { FailureClass } from "./adapter.ts";

export interface RehearsalTurn {
  /** Time until the answer, failure or death, milliseconds. */
  readonly delayMs: number;
  readonly answer: string;
  /** Asked before the delay begins; null = nothing is asked. */
  readonly question: string | null;
  readonly failure: FailureClass | null;
  /** For quota-exhausted: how long until the pretended limit resets, milliseconds. */
  readonly resetsInMs: number;
  /** The process ends with this code instead of answering; null = it lives on. */
  readonly exitCode: number | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  /** In so many responses, evenly over the delay, the usage is recorded; 1 = at the end. */
  readonly responses: number;
}

const FAILURES: Readonly<Record<string, FailureClass>> = {
  limit: "quota-exhausted",
  rate: "rate-limited",
  overloaded: "overloaded",
  credit: "out-of-credit",
  login: "not-logged-in",
  invalid: "invalid-request",
};

const responsesMax = 1_000;
const tokensMax = 1_000_000_000;
const delayMaxMs = 24 * 3_600_000;
const defaultResetMs = 3_600_000;

/** Reads one prompt. Unknown directives are passed over; numbers are bounded. */
export function planTurn(prompt: string): RehearsalTurn {
  const directives = new Map<string, string>();
  for (const [, name = "", value = ""] of prompt.matchAll(/\[\[([a-z]{1,20}):([^\]]{0,10000})\]\]/g)) {
    directives.set(name, value.trim());
  }
  const number = (name: string, max: number) => boundedInteger(directives.get(name), max);
  const answer = directives.get("say") ?? `Rehearsed: ${firstWords(prompt)}`;
  const failure = directives.get("err");
  return {
    delayMs: number("delay", delayMaxMs) ?? defaultDelayMs(prompt),
    answer,
    question: directives.get("ask") ?? null,
    failure: failure === undefined ? null : (FAILURES[failure] ?? "unknown"),
    resetsInMs: (number("reset", delayMaxMs / 1_000) ?? defaultResetMs / 1_000) * 1_000,
    exitCode: number("die", 255),
    inputTokens: number("in", tokensMax) ?? 20 + Math.ceil(prompt.length / 4),
    outputTokens: number("out", tokensMax) ?? 5 + 2 * answer.split(/\s+/).length,
    cacheReadTokens: number("cache", tokensMax) ?? 0,
    responses: Math.max(1, number("responses", responsesMax) ?? 1),
  };
}

function boundedInteger(text: string | undefined, max: number): number | null {
  return text !== undefined && /^\d{1,12}$/.test(text) ? Math.min(Number(text), max) : null;
}

/** 300 to 1,299 ms, from the text alone: long enough to see, short enough to try things out. */
function defaultDelayMs(prompt: string): number {
  let hash = 0;
  for (const character of prompt) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 1_000;
  return 300 + hash;
}

function firstWords(prompt: string): string {
  const words = prompt
    .replace(/\[\[[^\]]*\]\]/g, " ")
    .trim()
    .split(/\s+/)
    .slice(0, 12)
    .join(" ");
  return words.slice(0, 100) || "done";
}
