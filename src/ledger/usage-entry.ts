/** How a record becomes a booking: counted for the limits, priced by the table, and marked with its source. */
import { limitTokens, NO_USAGE, type UsageRecord, type UsageSource } from "../metering/usage.ts";
import { dearestCostNanoUsd, responseCostNanoUsd, type PriceTable } from "../metering/prices.ts";
import type { TaskType } from "../tasks/task.ts";
import type { UsageEntry } from "./spend-rows.ts";

/** Whom a booking is for. */
export interface EntryOwner {
  readonly attemptId: string | null;
  readonly taskId: number | null;
  readonly worker: string;
  readonly agent: string;
  readonly model: string | null;
  /** Agent of the roster it was for. Left out = nobody of it. */
  readonly member?: string | null;
  readonly type: TaskType | null;
}

export interface EntryRules {
  readonly prices: PriceTable;
  readonly countCacheReads: boolean;
}

/** One recorded response as a booking. An unknown model costs null and is held to the dearest price for limits. */
export function recordedEntry(
  record: UsageRecord,
  owner: EntryOwner,
  source: UsageSource,
  rules: EntryRules,
  atMs: number,
): UsageEntry {
  const model = record.model ?? owner.model;
  const cost = model === null ? null : responseCostNanoUsd(record.usage, model, rules.prices, atMs);
  return {
    ...owner,
    key: `${owner.agent}:${record.key}`,
    model,
    limitModel: owner.model ?? record.model,
    atMs,
    source,
    usage: record.usage,
    bookedTokens: limitTokens(record.usage, rules.countCacheReads),
    bookedNanoUsd: cost ?? dearestCostNanoUsd(record.usage, rules.prices),
    costNanoUsd: cost,
    priceTable: rules.prices.id,
    sessionId: record.sessionId,
    cliVersion: record.cliVersion,
    flags: record.flags,
  };
}

/** What is booked when nobody can say what was used: the held amount, marked unknown, never nothing. */
export function unknownEntry(
  owner: EntryOwner & { readonly attemptId: string },
  held: { tokens: number; nanoUsd: number },
  rules: EntryRules,
  atMs: number,
): UsageEntry {
  return {
    ...owner,
    key: `held:${owner.attemptId}`,
    limitModel: owner.model,
    atMs,
    source: "unknown",
    usage: NO_USAGE,
    bookedTokens: held.tokens,
    bookedNanoUsd: held.nanoUsd,
    costNanoUsd: null,
    priceTable: rules.prices.id,
    sessionId: null,
    cliVersion: null,
    flags: [],
  };
}
