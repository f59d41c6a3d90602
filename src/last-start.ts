/**
 * What a start found of the time before it, kept in the ledger: how the last manager ended, and each attempt that was
 * in flight. It is written before anything is settled, so that a start that dies in the middle is told by the next one.
 * An unknown outcome pauses the dispatch; what is told stays told until a person resumes.
 */
import type { Ledger } from "./ledger/ledger.ts";
import { attemptOf } from "./ledger/ledger.ts";
import { readBootId } from "./machine-clock.ts";
import type { RecoveryReport } from "./recovery.ts";
import type { Found } from "./reports/recap.ts";

/** An attempt that was in flight. */
export interface AttemptFound {
  readonly taskId: number;
  readonly attemptId: string;
  /** null: the start was not over yet. */
  readonly found: Found | null;
}

export interface LastStart {
  readonly atMs: number;
  /** How the manager before ended; nothing = there was none. */
  readonly before: "nothing" | "left" | "killed";
  readonly rebooted: boolean;
  /** When it was last known to live. */
  readonly lastSeenMs: number | null;
  readonly attempts: readonly AttemptFound[];
  /** The reason this start paused the dispatch for; null = it did not. */
  readonly pausedBecause: string | null;
}

/** What the running (or last) manager says of itself. */
interface ManagerNote {
  readonly bootId: string | null;
  readonly leftAtMs: number | null;
}

const START = "last start";
const MANAGER = "manager";
/** Attempts that are kept for being told; more than workers can have in hand at once. */
const keptMax = 1_000;

/** What the last start found; null = no manager ever started here. */
export function lastStart(ledger: Ledger): LastStart | null {
  const start = read(ledger, START) as LastStart | null;
  return start !== null && Array.isArray(start.attempts) ? start : null;
}

/** Did this start pause the dispatch, and is it still paused for that? */
export function pausedByStart(ledger: Ledger): boolean {
  const because = lastStart(ledger)?.pausedBecause ?? null;
  return because !== null && ledger.settings.get("paused") === because;
}

function managerNote(ledger: Ledger): ManagerNote | null {
  return read(ledger, MANAGER) as ManagerNote | null;
}

/** Before anything is settled: notes what is in flight, and that this manager runs. */
export function beginStart(ledger: Ledger, atMs: number): void {
  const note = managerNote(ledger);
  const earlier = lastStart(ledger);
  const untold =
    earlier !== null && (earlier.attempts.some(({ found }) => found === null) || pausedByStart(ledger));
  const inFlight = ledger.tasks
    .open()
    .map((task) => ({ taskId: task.id, attemptId: attemptOf(task), found: null }));
  const open = new Set(inFlight.map(({ attemptId }) => attemptId));
  const carried = untold ? earlier.attempts.filter(({ attemptId }) => !open.has(attemptId)) : [];
  const bootId = readBootId();
  const attempts = [...carried, ...inFlight].slice(-keptMax);
  const start: LastStart = {
    atMs,
    before: note === null ? "nothing" : note.leftAtMs === null ? "killed" : "left",
    rebooted: note?.bootId != null && bootId !== null && note.bootId !== bootId,
    lastSeenMs: note?.leftAtMs ?? ledger.lastMoveMs(),
    attempts,
    pausedBecause: untold ? earlier.pausedBecause : null,
  };
  // Where this start finds nothing new, the one that is not told to its end stays what is told.
  write(ledger, START, untold && inFlight.length === 0 ? { ...earlier, attempts } : start);
  write(ledger, MANAGER, { bootId, leftAtMs: null } satisfies ManagerNote);
}

/** After everything was settled as far as it can be: notes what became of it. Returns whether dispatch was paused for it. */
export function endStart(ledger: Ledger, report: RecoveryReport): boolean {
  const start = lastStart(ledger);
  if (start === null) return false;
  const asks = new Set(report.asks);
  const attempts = start.attempts.map((attempt) =>
    attempt.found === null ? { ...attempt, found: foundOf(attempt, asks, ledger) } : attempt,
  );
  const news = attempts.filter((_attempt, at) => start.attempts[at]?.found === null);
  const because = pauseReason(news, ledger);
  const pauses = because !== null && ledger.settings.get("paused") === null;
  // Paused first: a start that dies in between is told again, and pauses for it again.
  if (pauses) ledger.settings.set("paused", because);
  write(ledger, START, { ...start, attempts, pausedBecause: pauses ? because : start.pausedBecause });
  return pauses;
}

/** The manager leaves by itself. */
export function noteLeft(ledger: Ledger, atMs: number): void {
  const note = managerNote(ledger);
  write(ledger, MANAGER, { bootId: note?.bootId ?? null, leftAtMs: atMs } satisfies ManagerNote);
}

function foundOf({ taskId, attemptId }: AttemptFound, asks: ReadonlySet<number>, ledger: Ledger): Found {
  const outcome = ledger.attempts.byId(attemptId)?.outcome ?? null;
  if (outcome === "lost") return "lost";
  if (outcome === "not typed") return "queued";
  if (outcome !== null) return "ended";
  return asks.has(taskId) ? "uncertain" : "goes-on";
}

function tasks(number: number): string {
  return number === 1 ? "1 task" : `${number} tasks`;
}

/** Null: every outcome is known, or the task itself asked to be tried again. */
function pauseReason(attempts: readonly AttemptFound[], ledger: Ledger): string | null {
  const lost = attempts.filter(
    ({ taskId, found }) => found === "lost" && ledger.tasks.byId(taskId)?.state.name === "lost",
  ).length;
  const uncertain = attempts.filter(({ found }) => found === "uncertain").length;
  const parts = [
    ...(lost > 0 ? [`${tasks(lost)} lost`] : []),
    ...(uncertain > 0 ? [`${tasks(uncertain)} with an uncertain delivery`] : []),
  ];
  if (parts.length === 0) return null;
  return `${parts.join(" and ")}: \`recap\` tells`;
}

function write(ledger: Ledger, name: string, value: LastStart | ManagerNote): void {
  ledger.settings.set(name, JSON.stringify(value));
}

/** What we wrote ourselves; anything else (a damaged row) is as good as nothing. */
function read(ledger: Ledger, name: string): object | null {
  try {
    const value: unknown = JSON.parse(ledger.settings.get(name) ?? "null");
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
