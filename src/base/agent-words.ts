/** What an agent says (a question, an answer, an error), as it is kept and shown: text alone, and no keys in it. */
import { plainWords } from "./plain-text.ts";
import { redacted } from "./redact.ts";

/** Without control sequences, and with `[redacted: …]` in place of keys of the usual forms. */
export function agentWords(words: string): string {
  return redacted(plainWords(words));
}
