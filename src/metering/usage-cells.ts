/**
 * Usage summed by agent, project, session, model and quarter of an hour: small, and fine enough for the days of any
 * time zone. Costs are of the single response (long prompts have other prices), and are summed here.
 */
import { priceInForce, type PriceTable } from "./prices.ts";
import { costOfResponse, type PriceInForce } from "./response-cost.ts";
import {
  NO_USAGE,
  totalTokens,
  type CompletenessFlag,
  type Open,
  type Usage,
  type UsageRecord,
} from "./usage.ts";

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

/** A cell that is still added to. Its project is told last. */
export interface CellToBe extends Open<Omit<UsageCell, "agent" | "project" | "usage">> {
  readonly usage: Open<Usage>;
  /** Holds something that is to be added up anew. */
  stale: boolean;
}

const NOTHING_YET = {
  firstMs: null,
  lastMs: null,
  responses: 0,
  nanoUsd: 0,
  unpricedTokens: 0,
  flags: [],
  stale: false,
} satisfies Partial<CellToBe>;

/** Adds up the records of one agent. */
export class CellSums {
  readonly #agent: string;
  /** By session, then by quarter: a cell for each model. */
  readonly #sessions = new Map<string | null, Map<number, CellToBe[]>>();
  readonly #prices: PriceTable;
  /** The session of the last record: the next one is mostly of the same. */
  #last: { readonly session: string | null; readonly quarters: Map<number, CellToBe[]> } | null = null;
  /** By model and day: prices change with the day. */
  readonly #inForce = new Map<string, Map<number, PriceInForce | null>>();

  constructor(agent: string, prices: PriceTable) {
    this.#agent = agent;
    this.#prices = prices;
  }

  /** The cell a record belongs to. */
  cellOf({ sessionId, model, atMs }: UsageRecord): CellToBe {
    const quarters = this.#quartersOf(sessionId);
    const quarter = quarterOf(atMs);
    let cells = quarters.get(quarter);
    if (cells === undefined) {
      cells = [];
      quarters.set(quarter, cells);
    }
    for (const cell of cells) if (cell.model === model) return cell;
    const cell: CellToBe = { session: sessionId, model, ...NOTHING_YET, usage: { ...NO_USAGE } };
    cells.push(cell);
    return cell;
  }

  /** Adds a record to its cell. */
  addTo(cell: CellToBe, record: UsageRecord): void {
    const { atMs, usage, flags } = record;
    const cost = record.statedNanoUsd ?? this.#costOf(record);
    cell.responses++;
    addUsageTo(cell.usage, usage);
    if (cost === null) cell.unpricedTokens += totalTokens(usage);
    else cell.nanoUsd += cost;
    if (atMs !== null) {
      if (cell.firstMs === null || atMs < cell.firstMs) cell.firstMs = atMs;
      if (cell.lastMs === null || atMs > cell.lastMs) cell.lastMs = atMs;
    }
    if (flags.some((flag) => !cell.flags.includes(flag)))
      cell.flags = [...new Set([...cell.flags, ...flags])].sort();
  }

  /** Empties the cells that are to be added up anew. */
  clearStale(): void {
    for (const cell of this.#all()) {
      if (!cell.stale) continue;
      Object.assign(cell, NOTHING_YET, { stale: true });
      delete cell.usage.webSearches;
      Object.assign(cell.usage, NO_USAGE);
    }
  }

  /** `projectOf`: the folder a session worked in. */
  cells(projectOf: (session: string | null) => string | null): UsageCell[] {
    return this.#all()
      .filter(({ responses }) => responses > 0)
      .map((cell) => ({
        agent: this.#agent,
        project: projectOf(cell.session),
        session: cell.session,
        model: cell.model,
        firstMs: cell.firstMs,
        lastMs: cell.lastMs,
        responses: cell.responses,
        usage: cell.usage,
        nanoUsd: cell.nanoUsd,
        unpricedTokens: cell.unpricedTokens,
        flags: cell.flags,
      }));
  }

  #all(): CellToBe[] {
    return [...this.#sessions.values()].flatMap((quarters) => [...quarters.values()].flat());
  }

  #quartersOf(session: string | null): Map<number, CellToBe[]> {
    if (this.#last?.session === session) return this.#last.quarters;
    let quarters = this.#sessions.get(session);
    if (quarters === undefined) {
      quarters = new Map();
      this.#sessions.set(session, quarters);
    }
    this.#last = { session, quarters };
    return quarters;
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

function addUsageTo(sum: Open<Usage>, usage: Usage): void {
  sum.inputTokens += usage.inputTokens;
  sum.cacheReadTokens += usage.cacheReadTokens;
  sum.cacheWrite5mTokens += usage.cacheWrite5mTokens;
  sum.cacheWrite1hTokens += usage.cacheWrite1hTokens;
  sum.outputTokens += usage.outputTokens;
  sum.reasoningTokens += usage.reasoningTokens;
  if (usage.webSearches !== undefined) sum.webSearches = (sum.webSearches ?? 0) + usage.webSearches;
}

/**
 * Twice the number of the quarter. The very moment it begins at is a cell of its own, by one more: a five-hour block still
 * holds the moment it ends, and the next day begins with it.
 */
function quarterOf(atMs: number | null): number {
  if (atMs === null) return Number.NaN;
  return 2 * Math.floor(atMs / quarterMs) + (atMs % quarterMs === 0 ? 1 : 0);
}
