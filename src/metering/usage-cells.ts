/**
 * Usage summed by agent, project, session, model and quarter of an hour: small, and fine enough for the days of any
 * time zone. Costs are of the single response (long prompts have other prices), and are summed here.
 */
import { priceInForce, type PriceTable } from "./prices.ts";
import { costOfResponse, type PriceInForce } from "./response-cost.ts";
import { NO_USAGE, totalTokens, type CompletenessFlag, type Usage, type UsageRecord } from "./usage.ts";

const quarterMs = 15 * 60_000;
const dayMs = 86_400_000;

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

type Open<T> = { -readonly [Key in keyof T]: T[Key] };
type OpenCell = Open<Omit<UsageCell, "usage">> & { readonly usage: Open<Usage> };

/** The cell of the last record: the next one is mostly of the same. */
interface Last {
  readonly cell: OpenCell;
  readonly quarter: number;
}

/** Adds records up; `project` is the folder of their session. */
export class CellSums {
  /** By agent and session, then by project, model and quarter: few of each, so that keys stay short. */
  readonly #sessions = new Map<string, Map<string, OpenCell>>();
  readonly #prices: PriceTable;
  #last: Last | null = null;
  /** By model and day: prices change with the day. */
  readonly #inForce = new Map<string, Map<number, PriceInForce | null>>();

  constructor(prices: PriceTable) {
    this.#prices = prices;
  }

  add(agent: string, record: UsageRecord, project: string | null): void {
    const cell = this.#cellOf(agent, record, project);
    const { atMs, usage, flags } = record;
    const cost = record.statedNanoUsd ?? this.#costOf(record);
    cell.responses++;
    addTo(cell.usage, usage);
    if (cost === null) cell.unpricedTokens += totalTokens(usage);
    else cell.nanoUsd += cost;
    if (atMs !== null) {
      if (cell.firstMs === null || atMs < cell.firstMs) cell.firstMs = atMs;
      if (cell.lastMs === null || atMs > cell.lastMs) cell.lastMs = atMs;
    }
    if (flags.some((flag) => !cell.flags.includes(flag)))
      cell.flags = [...new Set([...cell.flags, ...flags])].sort();
  }

  cells(): UsageCell[] {
    return [...this.#sessions.values()].flatMap((cells) => [...cells.values()]);
  }

  #cellOf(agent: string, record: UsageRecord, project: string | null): OpenCell {
    const { sessionId, model, atMs } = record;
    // The moment a quarter begins at is looked up: its cell is another one.
    const quarter = atMs === null || atMs % quarterMs === 0 ? Number.NaN : Math.floor(atMs / quarterMs);
    const last = this.#last;
    if (last?.quarter === quarter) {
      const { cell } = last;
      if (
        cell.session === sessionId &&
        cell.model === model &&
        cell.agent === agent &&
        cell.project === project
      )
        return cell;
    }
    const cell = this.#lookUp(agent, record, project);
    this.#last = { cell, quarter };
    return cell;
  }

  #lookUp(agent: string, { sessionId, model, atMs }: UsageRecord, project: string | null): OpenCell {
    const session = `${agent}\n${sessionId ?? ""}`;
    let cells = this.#sessions.get(session);
    if (cells === undefined) {
      cells = new Map();
      this.#sessions.set(session, cells);
    }
    const key = `${quarterOf(atMs)} ${model ?? ""}\n${project ?? ""}`;
    let cell = cells.get(key);
    if (cell === undefined) {
      cell = {
        ...{ agent, project, session: sessionId, model, firstMs: atMs, lastMs: atMs },
        ...{ responses: 0, usage: { ...NO_USAGE }, nanoUsd: 0, unpricedTokens: 0, flags: [] },
      };
      cells.set(key, cell);
    }
    return cell;
  }

  #costOf({ usage, model, atMs }: UsageRecord): number | null {
    if (model === null) return null;
    const day = atMs === null ? -1 : Math.floor(atMs / dayMs);
    const byDay = this.#inForce.get(model) ?? new Map<number, PriceInForce | null>();
    this.#inForce.set(model, byDay);
    let inForce = byDay.get(day);
    if (inForce === undefined) {
      inForce = priceInForce(model, this.#prices, atMs);
      byDay.set(day, inForce);
    }
    return inForce === null ? null : costOfResponse(usage, inForce);
  }
}

function addTo(sum: Open<Usage>, usage: Usage): void {
  sum.inputTokens += usage.inputTokens;
  sum.cacheReadTokens += usage.cacheReadTokens;
  sum.cacheWrite5mTokens += usage.cacheWrite5mTokens;
  sum.cacheWrite1hTokens += usage.cacheWrite1hTokens;
  sum.outputTokens += usage.outputTokens;
  sum.reasoningTokens += usage.reasoningTokens;
  if (usage.webSearches !== undefined) sum.webSearches = (sum.webSearches ?? 0) + usage.webSearches;
}

/**
 * The very moment a quarter begins is a cell of its own: a five-hour block still holds the moment it ends, and the
 * next day begins with it.
 */
function quarterOf(atMs: number | null): string {
  if (atMs === null) return "";
  return `${Math.floor(atMs / quarterMs)}${atMs % quarterMs === 0 ? "!" : ""}`;
}
