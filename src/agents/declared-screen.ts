/** How the screen of a declared agent reads: its composer, and the question it may ask. */
import type { ScreenReading } from "./adapter.ts";
import type { DeclaredConversation } from "./declared-agent.ts";
import { lastTextLines, screenLines } from "./screen-lines.ts";
import { matchesPattern } from "./text-pattern.ts";

/** A question stands among so many lines above the foot of the screen. */
const questionLines = 3;

/** Reads a capture of the whole visible screen. */
export function readDeclaredScreen(captured: readonly string[], agent: DeclaredConversation): ScreenReading {
  const lines = lastTextLines(screenLines(captured), questionLines + agent.footerLines);
  const body = lines.slice(0, lines.length - agent.footerLines);
  const last = body.at(-1) ?? "";
  const { asks, composer } = agent;
  if (asks?.kind === "pattern") {
    const question = body.findLast((line) => matchesPattern(asks.pattern, line.trim()));
    if (question !== undefined) return { state: "dialog", text: question.trim(), because: question.trim() };
  }
  if (matchesPattern(composer, last)) return { state: "idle", text: null, because: last };
  if (matchesPattern(`${composer.trimEnd()}*`, last))
    return { state: "draft", text: last.trim(), because: "text in the composer" };
  const because = last.trim() || "an empty screen";
  // Where nothing else tells that it took a prompt up, a composer that is gone does.
  return { state: agent.accepted === null && last !== "" ? "busy" : "unknown", text: null, because };
}
