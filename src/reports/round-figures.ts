/** What dispatch rounds come to: tokens of agents and of coordinators, the share between them, and sums by phase. */
import type { CoordinationPart, RoundOrigin } from "../rounds/round.ts";
import { sumFigures, UNKNOWN, type Figure } from "./figure.ts";

/** Tokens of coordinators, by what they were used for. */
export type CoordinatorTokens = Readonly<Record<CoordinationPart, Figure>>;

export interface RoundFigures {
  readonly name: string;
  readonly workspace: string;
  readonly phase: string | null;
  readonly notes: string | null;
  readonly origin: RoundOrigin;
  /** 2026-02-13, in the zone of the limits. */
  readonly day: string;
  readonly startedAtMs: number;
  /** null: it is still open. */
  readonly overAtMs: number | null;
  /** From its beginning to its end, or to now; null = not known. */
  readonly wallMs: number | null;
  /** null where only the figures of another log are known. */
  readonly tasks: RoundTasks | null;
  /** Workers its tasks were given to; null = not known. */
  readonly agents: number | null;
  /** Most of them at work at once. */
  readonly agentsAtOnce: number | null;
  readonly agentTokens: Figure;
  /** All of a coordinator's tokens. */
  readonly coordinatorTokens: Figure;
  /** null: it is not known what they were used for. */
  readonly coordinatorParts: CoordinatorTokens | null;
  /** No model coordinated: its tokens are 0 because there were none to use. */
  readonly noCoordinator: boolean;
  /** Inside the agents' tokens: text that was put before or into prompts by the program; always an estimate. */
  readonly glueTokens: Figure;
  readonly tests: { readonly passed: number; readonly of: number } | null;
}

export interface RoundTasks {
  readonly total: number;
  readonly completed: number;
  /** Failed, lost or cancelled. */
  readonly otherwise: number;
}

/** Rounds of one phase together: the share is taken over all their tokens, so that large rounds weigh more. */
export interface PhaseFigures {
  /** null: rounds that were given no phase. */
  readonly phase: string | null;
  readonly rounds: number;
  readonly agentTokens: Figure;
  readonly coordinatorTokens: Figure;
  readonly noCoordinator: boolean;
  /** Workers of its rounds whose tokens are known, each round's for itself; null = not known of one. */
  readonly agents: number | null;
  /** Rounds whose tokens are not known and in none of the sums. */
  readonly unknown: number;
}

/** One phase against the first. */
export interface PhaseChange {
  readonly phase: string | null;
  readonly baseline: string | null;
  readonly share: Share;
  readonly baselineShare: Share;
  /** -0.813: the share is 81.3 % smaller. */
  readonly relative: number;
  readonly rounds: number;
  readonly baselineRounds: number;
  /** Agents a round on the average, where both are known and differ. */
  readonly agentsDiffer: { readonly now: number; readonly before: number } | null;
}

/** A part and its whole, never a rounded quotient. */
export interface Share {
  readonly part: number;
  readonly whole: number;
  readonly source: Figure["source"];
}

/** Coordinator tokens of all tokens; null where one of them is not known, or there are none. */
export function overheadOf(figures: Pick<RoundFigures, "agentTokens" | "coordinatorTokens">): Share | null {
  return shareOf(figures.coordinatorTokens, figures.agentTokens);
}

/** The strict share: what the program put into prompts counts as coordination too. */
export function strictOverheadOf(
  figures: Pick<RoundFigures, "agentTokens" | "coordinatorTokens" | "glueTokens">,
): Share | null {
  const { agentTokens, coordinatorTokens, glueTokens } = figures;
  const share = shareOf(coordinatorTokens, agentTokens);
  if (share === null || glueTokens.value === null || agentTokens.value === null) return null;
  // An estimate may come out larger than what was counted.
  const glue = Math.min(glueTokens.value, agentTokens.value);
  return { ...share, part: share.part + glue, source: glue === 0 ? share.source : "estimated" };
}

function shareOf(part: Figure, rest: Figure): Share | null {
  if (part.value === null || rest.value === null || part.value + rest.value === 0) return null;
  return { part: part.value, whole: part.value + rest.value, source: sumFigures([part, rest]).figure.source };
}

/** Sums by phase, in the order in which the phases begin. */
export function phasesOf(rounds: readonly RoundFigures[]): PhaseFigures[] {
  const found = new Map<string | null, RoundFigures[]>();
  for (const round of rounds) found.set(round.phase, [...(found.get(round.phase) ?? []), round]);
  return [...found].map(([phase, own]) => pooled(phase, own));
}

function pooled(phase: string | null, rounds: readonly RoundFigures[]): PhaseFigures {
  // A round of which only one side is known would move the share.
  const known = rounds.filter(
    ({ agentTokens, coordinatorTokens }) => agentTokens.value !== null && coordinatorTokens.value !== null,
  );
  const sum = (pick: (round: RoundFigures) => Figure): Figure =>
    known.length === 0 ? UNKNOWN : sumFigures(known.map(pick)).figure;
  return {
    phase,
    rounds: rounds.length,
    agentTokens: sum(({ agentTokens }) => agentTokens),
    coordinatorTokens: sum(({ coordinatorTokens }) => coordinatorTokens),
    noCoordinator: rounds.every(({ noCoordinator }) => noCoordinator),
    agents: known.reduce<number | null>(
      (total, { agents }) => (total === null || agents === null ? null : total + agents),
      0,
    ),
    unknown: rounds.length - known.length,
  };
}

/**
 * Each later phase against the first that has a share: what the share itself changed by, with how many rounds it rests
 * on. Where no model coordinated there is nothing to compare, nor with a rehearsal, nor without a phase's name.
 */
export function changesOf(phases: readonly PhaseFigures[]): PhaseChange[] {
  const shared = phases.flatMap((phase) => {
    const share = overheadOf(phase);
    const isComparable = phase.phase !== null && !phase.noCoordinator && share?.source !== "simulated";
    return share === null || !isComparable ? [] : [{ phase, share }];
  });
  const [first, ...later] = shared;
  if (first === undefined || first.share.part === 0) return [];
  return later.map(({ phase, share }) => ({
    phase: phase.phase,
    baseline: first.phase.phase,
    share,
    baselineShare: first.share,
    relative: share.part / share.whole / (first.share.part / first.share.whole) - 1,
    rounds: knownOf(phase),
    baselineRounds: knownOf(first.phase),
    agentsDiffer: agentsDiffer(phase, first.phase),
  }));
}

function agentsDiffer(now: PhaseFigures, before: PhaseFigures): PhaseChange["agentsDiffer"] {
  if (now.agents === null || before.agents === null) return null;
  const each = { now: now.agents / knownOf(now), before: before.agents / knownOf(before) };
  return each.now === each.before ? null : each;
}

function knownOf({ rounds, unknown }: PhaseFigures): number {
  return rounds - unknown;
}
