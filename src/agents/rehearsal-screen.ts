/** What the rehearsal agent shows, and how its screen reads: the two stand together so that they cannot drift. */
import type { ScreenReading } from "./adapter.ts";
import { screenLines } from "./screen-lines.ts";

/** On every screen, so that nobody takes it for a model. */
export const REHEARSAL_BANNER = "rehearsal: nothing is sent to any model, nothing is spent";

const COMPOSER = "❯ ";
const STATUS = "rehearsal · ";
const IDLE = `${STATUS}idle`;
const BUSY = `${STATUS}working · esc to interrupt`;
const ASKING = `${STATUS}asks · 1 yes · 2 no · esc to cancel`;
const LIMITED = `${STATUS}limit reached`;
const INTERRUPTED = "Interrupted · what should be done instead?";

export interface RehearsalView {
  readonly mode: "idle" | "busy" | "asking" | "limited";
  readonly model: string;
  /** Finished lines of the conversation, oldest first. */
  readonly transcript: readonly string[];
  readonly interrupted: boolean;
  readonly question: string | null;
  readonly composer: string;
  readonly columns: number;
  readonly rows: number;
}

/** The whole screen, exactly `rows` lines: banner, conversation, composer between two rules, status. */
export function drawRehearsal(view: RehearsalView): readonly string[] {
  const columns = Math.max(view.columns, 20);
  const rule = "─".repeat(columns);
  const composer = (COMPOSER + view.composer)
    .split("\n")
    .flatMap((line) => folded(line, columns))
    .slice(-8);
  const asked = view.question === null ? [] : ["", view.question, "❯ 1. Yes", "  2. No"];
  const notes = view.interrupted ? [`  ⎿  ${INTERRUPTED}`] : [];
  const body = [...view.transcript.slice(-200), ...notes, ...asked].flatMap((line) => folded(line, columns));
  const foot = [
    rule,
    ...(view.mode === "asking" ? [] : [...composer, rule]),
    statusLine(view.mode).slice(0, columns),
  ];
  const head = [...folded(REHEARSAL_BANNER, columns), `model: ${view.model}`.slice(0, columns), ""];
  const room = Math.max(view.rows - head.length - foot.length, 0);
  const shown = room === 0 ? [] : body.slice(-room);
  return [...head, ...shown, ...Array<string>(room - shown.length).fill(""), ...foot].slice(-view.rows);
}

/** Reads a capture of such a screen. Anything that does not end in a known status line is unknown. */
export function readRehearsalScreen(captured: readonly string[]): ScreenReading {
  const lines = screenLines(captured);
  const status = lines.at(-1) ?? "";
  if (!lines.some((line) => line.startsWith(REHEARSAL_BANNER.slice(0, 20))) || !status.startsWith(STATUS)) {
    return { state: "unknown", text: null, because: status };
  }
  const rules = lines.flatMap((line, at) => (/^─{10,}$/.test(line) ? [at] : []));
  if (status === ASKING) {
    const above = lines.slice(0, rules.at(-1)).filter((line) => line !== "");
    return { state: "dialog", text: above.at(-3) ?? null, because: ASKING };
  }
  if (status === BUSY) return { state: "busy", text: null, because: BUSY };
  const [top = 0, bottom = 0] = rules.slice(-2);
  const composer = lines
    .slice(top + 1, bottom)
    .join("\n")
    .slice(COMPOSER.length)
    .trim();
  if (composer !== "") return { state: "draft", text: composer, because: "text in the composer" };
  if (status.startsWith(LIMITED)) return { state: "limited", text: null, because: status };
  if (status !== IDLE) return { state: "unknown", text: null, because: status };
  const last = lines.slice(0, top).findLast((line) => line !== "") ?? "";
  return last.endsWith(INTERRUPTED)
    ? { state: "interrupted", text: null, because: INTERRUPTED }
    : { state: "idle", text: null, because: IDLE };
}

function statusLine(mode: RehearsalView["mode"]): string {
  switch (mode) {
    case "idle":
      return IDLE;
    case "busy":
      return BUSY;
    case "asking":
      return ASKING;
    case "limited":
      return LIMITED;
    default:
      return mode satisfies never;
  }
}

/** A line cut into pieces of at most `columns` characters, control characters made visible as blanks. */
function folded(line: string, columns: number): readonly string[] {
  const plain = [...line.replace(/\p{Cc}/gu, " ")];
  const pieces: string[] = [];
  for (let at = 0; at < plain.length; at += columns) pieces.push(plain.slice(at, at + columns).join(""));
  return pieces.length === 0 ? [""] : pieces;
}
