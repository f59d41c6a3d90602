/** A failed turn of a declared agent: all that is known of it is a sentence. */
import type { TurnFailure } from "./adapter.ts";
import { failureOfText } from "./failure-text.ts";

const messageMaxChars = 2_000;

/** What kind of failure it is, is told from its words. */
export function declaredFailure(words: string): TurnFailure {
  const message = words.slice(0, messageMaxChars);
  return { kind: "turn-failed", failure: failureOfText(message), message, resetsAtMs: null };
}
