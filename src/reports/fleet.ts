/**
 * The agents at a glance, with what is left of the day's budget, and what the same agents would use today if each were
 * woken by a clock instead of by work. That comparison is an assumption, and is therefore shown with its number.
 */
import { looksADay, tokensALook } from "../activation/simulate.ts";
import type { Figure } from "./figure.ts";
import { count } from "./numbers.ts";
import type { SimulatedPart, StatusModel } from "./status-model.ts";
import type { WorkerRow } from "./workers-table.ts";

/** Tokens of one look: the middle of what it is said to cost. */
const tokensPerLook = (tokensALook.low + tokensALook.high) / 2;

export interface FleetRow extends WorkerRow {
  /** `active`: has something in hand or asks; `dormant`: waits, and costs nothing. */
  readonly activity: "active" | "dormant" | "limited" | "dead";
  /** Tokens of today, where a limit counts them. */
  readonly todayTokens: number | null;
}

export interface FleetModel {
  readonly nowMs: number;
  readonly rows: readonly FleetRow[];
  readonly totals: { readonly done: number; readonly tokens: Figure; readonly cost: Figure };
  /** Of the limit on everybody's tokens of a day; null: there is none. */
  readonly budget: {
    readonly limit: number;
    readonly used: number;
    readonly held: number;
    readonly left: number;
  } | null;
  readonly efficiency: Efficiency | null;
  /** What of all this comes from rehearsals; null: nothing. */
  readonly simulated: SimulatedPart | null;
}

export interface Efficiency {
  readonly usedTokens: number;
  readonly baselineTokens: number;
  /** 1 - used / baseline; below zero when more was used. */
  readonly share: number;
  /** What the baseline is, in one sentence. */
  readonly baseline: string;
}

export function fleetModel(status: StatusModel): FleetModel {
  const day = status.limits.find(
    ({ scope, unit, window }) => scope.kind === "global" && unit === "tokens" && window === "day",
  );
  const rows = status.workers.map((worker) => rowOf(worker, status));
  return {
    nowMs: status.nowMs,
    rows,
    totals: {
      done: rows.reduce((sum, { done }) => sum + done, 0),
      tokens: status.tokens,
      cost: status.cost,
    },
    budget:
      day === undefined || day.limit === null
        ? null
        : {
            limit: day.limit,
            used: day.used,
            held: day.held,
            left: Math.max(0, day.limit - day.used - day.held),
          },
    efficiency: day === undefined || rows.length === 0 ? null : efficiencyOf(day.used, rows.length),
    simulated: status.simulated,
  };
}

function rowOf(worker: WorkerRow, status: StatusModel): FleetRow {
  const level = status.workerLevels.find((one) => one.worker === worker.name);
  return { ...worker, activity: activityOf(worker), todayTokens: level?.day?.used ?? null };
}

function activityOf({ state }: WorkerRow): FleetRow["activity"] {
  switch (state) {
    case "idle":
    case "starting":
      return "dormant";
    case "busy":
    case "needs-input":
      return "active";
    case "limited":
    case "dead":
      return state;
    default:
      return state satisfies never;
  }
}

/** Against agents that look for work by the clock for a whole day. */
export function efficiencyOf(usedTokens: number, agents: number): Efficiency {
  const baselineTokens = agents * looksADay.both * tokensPerLook;
  return {
    usedTokens,
    baselineTokens,
    share: 1 - usedTokens / baselineTokens,
    baseline: `${agents} agents that look for messages every 15 s and for work every 30 s all day: ${count(looksADay.both)} looks of each, ${tokensPerLook} tokens a look (an assumption, not a measurement)`,
  };
}

/** Cut, not rounded: while anything is used it is never all. */
export function efficiencyPercent({ share }: Efficiency): number {
  return Math.floor(share * 1_000) / 10;
}
