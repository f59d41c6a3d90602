/** The marks of a declared agent in its raw terminal output: lines it prints, and OSC sequences. */
import type { AgentEvent, StreamReading } from "./adapter.ts";
import type { DeclaredConversation, Mark } from "./declared-agent.ts";
import { declaredFailure } from "./declared-failure.ts";
import { matchesPattern } from "./text-pattern.ts";

/** Longest unfinished line that is kept. */
const restMaxChars = 16_384;

// biome-ignore lint/suspicious/noControlCharactersInRegex: an OSC sequence ends with BEL, or ESC and a backslash.
const TOKEN = /\u001b\]([^\u0007\u001b\n]{0,4096})(?:\u0007|\u001b\\)|\n/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours, cursor moves and the like.
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|[ -/]*[0-Z\\^-~])/g;

/** Reads complete lines and sequences, in their order; an unfinished tail is handed back. */
export function readDeclaredStream(chunk: string, agent: DeclaredConversation): StreamReading {
  const events: AgentEvent[] = [];
  let [line, at] = ["", 0];
  for (const match of chunk.matchAll(TOKEN)) {
    line += chunk.slice(at, match.index);
    at = match.index + match[0].length;
    const event =
      match[0] === "\n"
        ? eventOf("pattern", shownOf(line), agent)
        : eventOf("osc", (match[1] ?? "").trim(), agent);
    if (event !== null) events.push(event);
    if (match[0] === "\n") line = "";
  }
  return { events, rest: (line + chunk.slice(at)).slice(-restMaxChars) };
}

/** The line as it stands at its end: without escapes, and what a carriage return wrote over left out. */
function shownOf(line: string): string {
  const plain = line.replace(ESCAPES, "").trimEnd();
  return plain.slice(plain.lastIndexOf("\r") + 1);
}

function eventOf(kind: "osc" | "pattern", text: string, agent: DeclaredConversation): AgentEvent | null {
  const told = (mark: Mark | null) => mark?.kind === kind && matchesPattern(mark.pattern, text);
  const nowhere = { sessionId: null, recordPath: null };
  if (told(agent.failed)) return declaredFailure(text);
  if (told(agent.done)) return { kind: "turn-ended", answer: null, ...nowhere };
  // A question that is printed is read from the screen: there it is seen to be gone again, too.
  if (kind === "osc" && told(agent.asks)) return { kind: "asks", question: text };
  if (told(agent.accepted)) return { kind: "accepted", prompt: null, ...nowhere };
  return told(agent.ready) ? { kind: "ready", ...nowhere } : null;
}
