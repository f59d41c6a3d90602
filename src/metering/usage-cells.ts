/**
 * Usage summed by agent, project, session, model and quarter of an hour: small, and fine enough for the days of any
 * time zone. Costs are of the single response (long prompts have other prices), and are summed here.
 */
import { responseCostNanoUsd, type PriceTable } from "./prices.ts";
import {
  addUsage,
  NO_USAGE,
  totalTokens,
  type CompletenessFlag,
  type Usage,
  type UsageRecord,
} from "./usage.ts";

const quarterMs = 15 * 60_000;

export interface UsageCell {
  readonly agent: string;
  readonly project: string | null;
  readonly session: string | null;
  readonly model: string | null;
  /** Moments of the first and the last response; null = none of them says when it was. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  readonly responses: number;
  readonly usage: Usage;
  /** Sum of the costs that are known. */
  readonly nanoUsd: number;
  /** Tokens whose cost is not known. */
  readonly unpricedTokens: number;
  readonly flags: readonly CompletenessFlag[];
}

/** Adds records of one agent up; `projectOf` tells the folder of a session. */
export class CellSums {
  readonly #cells = new Map<string, { -readonly [Key in keyof UsageCell]: UsageCell[Key] }>();
  readonly #prices: PriceTable;

  constructor(prices: PriceTable) {
    this.#prices = prices;
  }

  add(agent: string, record: UsageRecord, project: string | null): void {
    const { sessionId, model, atMs, usage } = record;
    const key = `${agent}\n${project ?? ""}\n${sessionId ?? ""}\n${model ?? ""}\n${quarterOf(atMs)}`;
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = {
        ...{ agent, project, session: sessionId, model, firstMs: atMs, lastMs: atMs },
        ...{ responses: 0, usage: NO_USAGE, nanoUsd: 0, unpricedTokens: 0, flags: [] },
      };
      this.#cells.set(key, cell);
    }
    const cost =
      record.statedNanoUsd ?? (model === null ? null : responseCostNanoUsd(usage, model, this.#prices, atMs));
    cell.responses++;
    cell.usage = addUsage(cell.usage, usage);
    cell.nanoUsd += cost ?? 0;
    if (cost === null) cell.unpricedTokens += totalTokens(usage);
    if (atMs !== null) {
      cell.firstMs = Math.min(cell.firstMs ?? atMs, atMs);
      cell.lastMs = Math.max(cell.lastMs ?? atMs, atMs);
    }
    if (record.flags.some((flag) => !cell.flags.includes(flag)))
      cell.flags = [...new Set([...cell.flags, ...record.flags])].sort();
  }

  cells(): UsageCell[] {
    return [...this.#cells.values()];
  }
}

/**
 * The very moment a quarter begins is a cell of its own: a five-hour block still holds the moment it ends, and the
 * next day begins with it.
 */
function quarterOf(atMs: number | null): string {
  if (atMs === null) return "";
  return `${Math.floor(atMs / quarterMs)}${atMs % quarterMs === 0 ? "!" : ""}`;
}
