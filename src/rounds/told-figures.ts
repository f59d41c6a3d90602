/** Figures of a round as a written log tells them: what is marked with `~` there is an estimate here too. */
import type { UsageSource } from "../metering/usage.ts";

export interface ToldTokens {
  readonly value: number;
  readonly source: Exclude<UsageSource, "unknown">;
}

/** What a log says of a round; null = it does not say. */
export interface ToldFigures {
  readonly agents: number | null;
  readonly agentTokens: ToldTokens | null;
  readonly coordinatorTokens: ToldTokens | null;
  /** The log says that no coordinator was a model. */
  readonly noCoordinator: boolean;
  readonly wallMs: number | null;
  readonly tests: { readonly passed: number; readonly of: number } | null;
}

export interface ToldRound {
  readonly name: string;
  /** Its own day, 2026-02-12. */
  readonly day: string;
  readonly workspace: string | null;
  readonly phase: string | null;
  readonly notes: string | null;
  readonly figures: ToldFigures;
  /** The share it was written down with, as it stands there; null = none. */
  readonly overheadWords: string | null;
}
