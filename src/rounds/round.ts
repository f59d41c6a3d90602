/**
 * A dispatch round: tasks that were given out together, under the name of a workspace and in a phase of the project.
 * What a coordinator used is laid to a round, and to a part of it, by the moment it was used at.
 */

/** What a coordinator does in a round: before its first task is typed, until its last one has ended, and after. */
export const COORDINATION_PARTS = ["setup", "monitoring", "review"] as const;
export type CoordinationPart = (typeof COORDINATION_PARTS)[number];

/** `person`: begun and ended by its name. `batch`: it ends with its tasks. `import`: figures of another log. */
export type RoundOrigin = "person" | "batch" | "import";

export interface Round {
  readonly id: number;
  /** Unique among the rounds. */
  readonly name: string;
  readonly workspace: string;
  readonly phase: string | null;
  readonly notes: string | null;
  readonly origin: RoundOrigin;
  readonly startedAtMs: number;
  /** When it was said to be over; null = it was not. */
  readonly endedAtMs: number | null;
}

/** What happened in a round, as far as coordination is laid to it. */
export interface RoundCourse extends Round {
  /** Its first task was typed; null = none yet. */
  readonly firstTypedAtMs: number | null;
  /** Its last task ended; null = it has none, or one has not ended. */
  readonly lastEndedAtMs: number | null;
}

/** What belongs to a moment in time. */
export interface RoundPlace {
  readonly round: number;
  readonly part: CoordinationPart;
}

/** Nobody says when the review of a batch is over: it is taken for over after this. */
export const batchReviewMaxMs = 3_600_000;

/** From when on nothing more is laid to a round; null = it is open. */
export function closedAtMs(round: RoundCourse): number | null {
  if (round.origin === "import") return round.startedAtMs;
  if (round.endedAtMs !== null || round.origin === "person") return round.endedAtMs;
  return round.lastEndedAtMs === null ? null : round.lastEndedAtMs + batchReviewMaxMs;
}

/** When its work was over: as it was said, or with the last task of a batch; null = it is not over. */
export function overAtMs(round: RoundCourse): number | null {
  return round.origin === "batch" ? (round.endedAtMs ?? round.lastEndedAtMs) : round.endedAtMs;
}

/** The part of a round that a moment falls into. */
export function partAt(round: RoundCourse, atMs: number): CoordinationPart {
  if (round.firstTypedAtMs === null || atMs < round.firstTypedAtMs) return "setup";
  return round.lastEndedAtMs !== null && atMs >= round.lastEndedAtMs ? "review" : "monitoring";
}

/**
 * The round a moment belongs to: of those that were open, the one begun last (of two at once, the later one). Null:
 * none was open. So each moment counts once, however rounds overlap.
 */
export function placeOf(rounds: readonly RoundCourse[], atMs: number): RoundPlace | null {
  let found: RoundCourse | null = null;
  for (const round of rounds) {
    const closed = closedAtMs(round);
    if (round.startedAtMs > atMs || (closed !== null && atMs >= closed)) continue;
    if (found === null || isLater(round, found)) found = round;
  }
  return found === null ? null : { round: found.id, part: partAt(found, atMs) };
}

function isLater(a: RoundCourse, b: RoundCourse): boolean {
  return a.startedAtMs > b.startedAtMs || (a.startedAtMs === b.startedAtMs && a.id > b.id);
}

/** A stretch of time in which one attempt was at work. */
export interface Stretch {
  readonly fromMs: number;
  /** null: it still is. */
  readonly untilMs: number | null;
}

/** Most stretches that overlap anywhere. One that ends when another begins does not overlap it. */
export function mostAtOnce(stretches: readonly Stretch[]): number {
  const steps = stretches
    .filter(({ fromMs, untilMs }) => untilMs === null || untilMs > fromMs)
    .flatMap(({ fromMs, untilMs }) => [
      { atMs: fromMs, by: 1 },
      ...(untilMs === null ? [] : [{ atMs: untilMs, by: -1 }]),
    ])
    .sort((a, b) => a.atMs - b.atMs || a.by - b.by);
  let now = 0;
  let most = 0;
  for (const { by } of steps) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}
