/** How the screen of a declared agent reads: its composer, and the question it may ask. */
import type { AgentEvent, ScreenReading } from "./adapter.ts";
import type { DeclaredConversation } from "./declared-agent.ts";
import { readDeclaredStream } from "./declared-stream.ts";
import { lastTextLines, screenLines } from "./screen-lines.ts";
import { matchesPattern } from "./text-pattern.ts";

/** A question stands among so many lines above the foot of the screen. */
const questionLines = 3;

/** Reads a capture of the whole visible screen. */
export function readDeclaredScreen(captured: readonly string[], agent: DeclaredConversation): ScreenReading {
  const shown = lastTextLines(screenLines(captured), captured.length);
  const above = shown.slice(0, Math.max(0, shown.length - agent.footerLines));
  const body = above.slice(-questionLines);
  const last = body.at(-1) ?? "";
  const { asks, composer } = agent;
  if (asks?.kind === "pattern") {
    const question = body.findLast((line) => matchesPattern(asks.pattern, line.trim()));
    if (question !== undefined) return { state: "dialog", text: question.trim(), because: question.trim() };
  }
  if (matchesPattern(composer, last))
    return { state: "idle", text: null, because: last, ended: endAbove(above.slice(0, -1), agent) };
  if (matchesPattern(`${composer.trimEnd()}*`, last))
    return { state: "draft", text: last.trim(), because: "text in the composer" };
  const because = last.trim() || "an empty screen";
  // Where nothing else tells that it took a prompt up, a composer that is gone does.
  return { state: agent.accepted === null && last !== "" ? "busy" : "unknown", text: null, because };
}

/** What was printed below the last prompt: the end of that turn, if it is told by a printed line. */
function endAbove(lines: readonly string[], agent: DeclaredConversation): AgentEvent | null {
  const { composer } = agent;
  const promptAt = lines.findLastIndex((line) => matchesPattern(`${composer.trimEnd()}*`, line));
  const turn = lines.slice(promptAt + 1).join("\n");
  return readDeclaredStream(`${turn}\n`, { ...agent, ready: null, accepted: null }).events.at(-1) ?? null;
}
