/**
 * Which free workers may take a task, best first. Pure. One into which the last task could not be typed comes last (a
 * draft may stand in its composer for hours). A worker that needs no new start goes first (a start costs the prompt
 * cache), then one whose last task was alike (its context serves again), then the one that has spent
 * least, so that load spreads evenly.
 */
import type { WorkerOffer } from "./distributor.ts";
import { workKind, type Task } from "../tasks/task.ts";

/** What is known of a free worker. */
export interface Candidate {
  readonly worker: string;
  readonly agent: string;
  readonly model: string | null;
  readonly adopted: boolean;
  readonly cwd: string;
  readonly lastType: string | null;
  readonly lastCwd: string | null;
  /** Tokens it booked so far, or anything that grows with its load. */
  readonly load: number;
  /** The last task it was given could not be typed. */
  readonly refusedLast: boolean;
}

/** The candidates that may take the task, best first. The order of equals is the order they came in. */
export function chooseWorkers(task: Task, candidates: readonly Candidate[]): WorkerOffer[] {
  return candidates
    .filter((candidate) => suits(task, candidate))
    .map((candidate) => ({ candidate, rank: rankOf(task, candidate) }))
    .sort((a, b) => compareRanks(a.rank, b.rank))
    .map(({ candidate, rank }) => ({
      worker: candidate.worker,
      agent: candidate.agent,
      model: candidate.adopted ? candidate.model : (task.assignment.model ?? candidate.model),
      because: reasonOf(rank),
    }));
}

function suits(task: Task, candidate: Candidate): boolean {
  const forced = task.draft.worker;
  if (forced !== null) return forced === candidate.worker;
  if (candidate.agent !== task.assignment.agent) return false;
  // A session a person started cannot be started anew with another model or folder.
  return !candidate.adopted || candidate.agent === "shell" || candidate.cwd === task.draft.cwd;
}

/** Compared from the first to the last; smaller is better. */
type Rank = readonly [refusedLast: number, needsStart: number, unlike: number, load: number];

function rankOf(task: Task, candidate: Candidate): Rank {
  const { model } = task.assignment;
  const otherModel = model !== null && candidate.model !== model;
  const otherFolder = candidate.cwd !== task.draft.cwd;
  const needsStart = !candidate.adopted && candidate.agent !== "shell" && (otherModel || otherFolder);
  const alike = candidate.lastType === workKind(task.assignment) && candidate.lastCwd === task.draft.cwd;
  return [candidate.refusedLast ? 1 : 0, needsStart ? 1 : 0, alike ? 0 : 1, candidate.load];
}

function compareRanks(a: Rank, b: Rank): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3];
}

function reasonOf(rank: Rank): string {
  if (rank[1] === 1) return "free, needs a new start for this model or folder";
  return rank[2] === 0 ? "free, its last task was alike" : "free, right model and folder";
}
