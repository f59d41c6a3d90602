/**
 * What is kept of all invocations of one subject: sums that one more invocation changes by itself, so that nothing is
 * ever counted again. Durations are counted apart (`duration-buckets.ts`), for a percentile is no sum.
 */
import { withReported, type ReportedSums, type ReportedValue } from "./reports.ts";
import type { Invocation } from "./invocation.ts";

export interface Aggregate {
  readonly invocations: number;
  readonly succeeded: number;
  /** Failed or lost. Those that were cancelled are neither. */
  readonly failed: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Invocations whose tokens are known; the sums are of these. */
  readonly tokensKnown: number;
  readonly costNanoUsd: number;
  readonly costKnown: number;
  readonly durations: number;
  readonly durationMs: number;
  readonly shortestMs: number | null;
  readonly longestMs: number | null;
  /** How many ended at escalation level 1, 2, 3, 4. */
  readonly levels: readonly [number, number, number, number];
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  /** Conversation of the newest invocation, and tokens of all that ran in it one after the other. */
  readonly session: string | null;
  readonly sessionTokens: number;
  /** Number of the first of these. A conversation may come back: what ran in it before that is none of them. */
  readonly sessionFrom: number;
  /** Numbers of the newest invocations, oldest first. */
  readonly recent: readonly number[];
  /** What was reported of them. */
  readonly reported: ReportedSums;
}

export const NO_AGGREGATE: Aggregate = Object.freeze({
  invocations: 0,
  succeeded: 0,
  failed: 0,
  inputTokens: 0,
  outputTokens: 0,
  tokensKnown: 0,
  costNanoUsd: 0,
  costKnown: 0,
  durations: 0,
  durationMs: 0,
  shortestMs: null,
  longestMs: null,
  levels: [0, 0, 0, 0] as const,
  firstMs: null,
  lastMs: null,
  session: null,
  sessionTokens: 0,
  sessionFrom: 0,
  recent: [],
  reported: {},
});

/** Newest tasks that are shown with the figures. */
export const recentMax = 20;

/** With one more invocation; `seq` is its number, `reported` what counts of what was reported of it. */
export function withInvocation(
  sums: Aggregate,
  one: Invocation,
  seq: number,
  reported: readonly ReportedValue[] = [],
): Aggregate {
  const { durationMs } = one;
  const money = addedMoney(one, 1);
  const goesOn = isSame(sums.session, one.sessionId);
  return {
    invocations: sums.invocations + 1,
    succeeded: sums.succeeded + (one.outcome === "completed" ? 1 : 0),
    failed: sums.failed + (one.outcome === "failed" || one.outcome === "lost" ? 1 : 0),
    ...plus(sums, money),
    durations: sums.durations + (durationMs === null ? 0 : 1),
    durationMs: sums.durationMs + (durationMs ?? 0),
    shortestMs: lesser(sums.shortestMs, durationMs),
    longestMs: greater(sums.longestMs, durationMs),
    levels: withLevel(sums.levels, one.escalation),
    firstMs: lesser(sums.firstMs, one.startedAtMs),
    lastMs: greater(sums.lastMs, one.startedAtMs),
    session: one.sessionId,
    sessionTokens: tokensOf(one) + (goesOn ? sums.sessionTokens : 0),
    sessionFrom: goesOn ? sums.sessionFrom : seq,
    recent: [...sums.recent, seq].slice(-recentMax),
    reported: reported.reduce((sum, value) => withReported(sum, null, value), sums.reported),
  };
}

/** With what became known of an invocation, of this number, later: its usage grew, or its price changed. */
export function withCorrection(
  sums: Aggregate,
  before: Invocation,
  after: Invocation,
  seq: number,
): Aggregate {
  const without = { ...sums, ...plus(sums, addedMoney(before, -1)) };
  const inSession = isSame(sums.session, after.sessionId) && seq >= sums.sessionFrom;
  return {
    ...without,
    ...plus(without, addedMoney(after, 1)),
    sessionTokens: sums.sessionTokens + (inSession ? tokensOf(after) - tokensOf(before) : 0),
  };
}

type Money = Pick<Aggregate, "inputTokens" | "outputTokens" | "tokensKnown" | "costNanoUsd" | "costKnown">;

function addedMoney({ inputTokens, outputTokens, costNanoUsd }: Invocation, sign: 1 | -1): Money {
  return {
    inputTokens: sign * (inputTokens ?? 0),
    outputTokens: sign * (outputTokens ?? 0),
    tokensKnown: inputTokens === null || outputTokens === null ? 0 : sign,
    costNanoUsd: sign * (costNanoUsd ?? 0),
    costKnown: costNanoUsd === null ? 0 : sign,
  };
}

function plus(a: Money, b: Money): Money {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    tokensKnown: a.tokensKnown + b.tokensKnown,
    costNanoUsd: a.costNanoUsd + b.costNanoUsd,
    costKnown: a.costKnown + b.costKnown,
  };
}

function withLevel(levels: Aggregate["levels"], level: number): Aggregate["levels"] {
  const [one, two, three, four] = levels;
  const at = (own: number): number => (level === own ? 1 : 0);
  return [one + at(1), two + at(2), three + at(3), four + at(4)];
}

function tokensOf({ inputTokens, outputTokens }: Invocation): number {
  return (inputTokens ?? 0) + (outputTokens ?? 0);
}

/** A conversation nobody knows is none that goes on. */
function isSame(a: string | null, b: string | null): boolean {
  return a !== null && a === b;
}

function lesser(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}

function greater(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}
