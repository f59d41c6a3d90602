/**
 * Blocks of five hours, in which Claude's plans count: a block begins with the hour of its first response and a new
 * one begins five hours later, or after five hours without any. It is a guess from what was recorded; the provider
 * tells the true window only to the agent.
 */
import type { UsageCell } from "../metering/usage-cells.ts";
import { sumCells, type UsageSums } from "./usage-periods.ts";

const hourMs = 3_600_000;
const blockMs = 5 * hourMs;

export interface UsageBlock extends UsageSums {
  readonly id: string;
  readonly startTime: string;
  readonly endTime: string;
  /** When the last response was; null for a gap. */
  readonly actualEndTime: string | null;
  readonly isActive: boolean;
  /** Nothing was recorded between `startTime` and `endTime`. */
  readonly isGap: boolean;
  readonly modelsUsed: readonly string[];
  /** Of an active block: what it uses a minute and an hour, from its first response to its last. */
  readonly burnRate: { readonly tokensPerMinute: number; readonly costPerHour: number } | null;
  /** Of an active block: where it ends if it goes on like this. */
  readonly projection: {
    readonly totalTokens: number;
    readonly totalCost: number;
    readonly remainingMinutes: number;
  } | null;
}

interface OpenBlock {
  readonly startMs: number;
  readonly firstMs: number;
  readonly cells: UsageCell[];
  lastMs: number;
}

/** Blocks and the gaps between them, in order of time. Responses without a date are in none. */
export function usageBlocks(cells: readonly UsageCell[], nowMs: number): UsageBlock[] {
  const blocks: UsageBlock[] = [];
  let open: OpenBlock | null = null;
  for (const cell of [...cells].sort((a, b) => (a.firstMs ?? 0) - (b.firstMs ?? 0))) {
    const { firstMs, lastMs } = cell;
    if (firstMs === null || lastMs === null) continue;
    if (open !== null && firstMs - open.startMs <= blockMs && firstMs - open.lastMs <= blockMs) {
      open.cells.push(cell);
      open.lastMs = Math.max(open.lastMs, lastMs);
      continue;
    }
    if (open !== null) {
      blocks.push(blockOf(open, nowMs));
      if (firstMs - open.lastMs > blockMs) blocks.push(gap(open.lastMs + blockMs, firstMs));
    }
    open = { startMs: Math.floor(firstMs / hourMs) * hourMs, firstMs, lastMs, cells: [cell] };
  }
  return open === null ? blocks : [...blocks, blockOf(open, nowMs)];
}

function blockOf({ startMs, firstMs, lastMs, cells }: OpenBlock, nowMs: number): UsageBlock {
  const endMs = startMs + blockMs;
  const isActive = nowMs < endMs && nowMs - lastMs < blockMs;
  const sums = sumCells(cells);
  const burn = isActive ? burnOf(sums, lastMs - firstMs, endMs - nowMs) : null;
  return {
    id: iso(startMs),
    startTime: iso(startMs),
    endTime: iso(endMs),
    actualEndTime: iso(lastMs),
    isActive,
    isGap: false,
    ...sums,
    modelsUsed: [...new Set(cells.flatMap(({ model }) => (model === null ? [] : [model])))].sort(),
    burnRate: burn?.burnRate ?? null,
    projection: burn?.projection ?? null,
  };
}

/** null when everything happened at one moment: there is no rate then. */
function burnOf(
  { totalTokens, costNanoUsd }: UsageSums,
  spanMs: number,
  restMs: number,
): Pick<UsageBlock, "burnRate" | "projection"> | null {
  if (spanMs <= 0) return null;
  const tokensPerMinute = totalTokens / (spanMs / 60_000);
  const cost = (costNanoUsd ?? 0) / 1e9;
  const costPerHour = cost / (spanMs / hourMs);
  const remainingMinutes = restMs / 60_000;
  return {
    burnRate: { tokensPerMinute, costPerHour },
    projection: {
      totalTokens: Math.round(totalTokens + tokensPerMinute * remainingMinutes),
      totalCost: cost + costPerHour * (remainingMinutes / 60),
      remainingMinutes: Math.round(remainingMinutes),
    },
  };
}

function gap(fromMs: number, toMs: number): UsageBlock {
  return {
    id: `gap-${iso(fromMs)}`,
    startTime: iso(fromMs),
    endTime: iso(toMs),
    actualEndTime: null,
    isActive: false,
    isGap: true,
    ...sumCells([]),
    modelsUsed: [],
    burnRate: null,
    projection: null,
  };
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
