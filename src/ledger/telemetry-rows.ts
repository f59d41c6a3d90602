/**
 * What agents told of their responses by telemetry, as rows of their own: held against what is booked, never in a sum
 * or a limit. A response belongs to the attempt that its launch had in hand at its moment.
 */
import type { ToldResponse } from "../metering/otlp-usage.ts";
import type { Usage } from "../metering/usage.ts";
import type { AttemptRow } from "./attempt-rows.ts";
import type { Db } from "./database.ts";
import { usageOfRow, type StoredCounters } from "./stored-counters.ts";
import { commitPoint, written } from "./storage-fault.ts";

const TOLD = commitPoint("telemetry.commit");

/** Most responses of one launch that are kept. */
export const toldResponsesMax = 100_000;
/** The latest launches, in which the last response is looked for. */
const launchesLookedAt = 200;

/** What was told of one attempt. */
export interface ToldUsage {
  readonly responses: number;
  readonly usage: Usage;
  /** What the agent reckons all of them cost; null = it did not say so of each. */
  readonly costNanoUsd: number | null;
  /** What the responses were for, in the agent's words, the most frequent first. */
  readonly sources: readonly { readonly source: string; readonly responses: number }[];
}

interface SumRow extends StoredCounters {
  responses: number;
  nano: number | null;
  priced: number;
}

export class TelemetryRows {
  readonly #db: Db;
  readonly #launch;
  readonly #insert;
  readonly #count;
  readonly #agent;

  constructor(db: Db) {
    this.#db = db;
    this.#launch = db.prepare(
      "INSERT INTO telemetry_launch (launch_id, agent) VALUES (?, ?) ON CONFLICT DO NOTHING",
    );
    this.#insert = db.prepare(
      `INSERT INTO telemetry (launch_id, key, at_ms, session_id, model, source, input, cache_read, cache_write_5m,
        cache_write_1h, output, reasoning, cost_nano)
       VALUES (@launchId, @key, @atMs, @sessionId, @model, @source, @inputTokens, @cacheReadTokens, @cacheWrite5mTokens,
        @cacheWrite1hTokens, @outputTokens, @reasoningTokens, @costNanoUsd)
       ON CONFLICT DO NOTHING`,
    );
    this.#count = db.prepare("UPDATE telemetry_launch SET responses = responses + ? WHERE launch_id = ?");
    this.#agent = db.prepare<[string], { agent: string; responses: number }>(
      "SELECT agent, responses FROM telemetry_launch WHERE launch_id = ?",
    );
  }

  /** An agent is about to be started with its telemetry pointed at us. */
  addLaunch(launchId: string, agent: string): void {
    written(TOLD, () => this.#launch.run(launchId, agent));
  }

  /** The agent of a launch that was asked to tell; null = it was not. */
  agentOf(launchId: string): string | null {
    return this.#agent.get(launchId)?.agent ?? null;
  }

  /** Keeps what is new of these. Returns how many there was no room for. */
  add(launchId: string, told: readonly ToldResponse[]): number {
    return written(TOLD, () => this.#db.transaction(() => this.#addAll(launchId, told)).immediate());
  }

  #addAll(launchId: string, told: readonly ToldResponse[]): number {
    const room = toldResponsesMax - (this.#agent.get(launchId)?.responses ?? toldResponsesMax);
    const kept = told.slice(0, Math.max(0, room));
    let added = 0;
    for (const { usage, ...response } of kept)
      added += this.#insert.run({ launchId, ...response, ...usage }).changes;
    this.#count.run(added, launchId);
    return told.length - kept.length;
  }

  /** When the last response was that was told of; null = none. Launches of long ago tell nothing more. */
  lastMs(): number | null {
    return (
      this.#db
        .prepare<[number], number | null>(
          `SELECT max(last) FROM (
            SELECT (SELECT max(at_ms) FROM telemetry WHERE telemetry.launch_id = told.launch_id) AS last
            FROM telemetry_launch AS told WHERE responses > 0 ORDER BY rowid DESC LIMIT ?)`,
        )
        .pluck()
        .get(launchesLookedAt) ?? null
    );
  }

  /** What was told of an attempt; null = its agent was not asked to tell. */
  ofAttempt({ launch_id, intent_at_ms, ended_at_ms }: AttemptRow): ToldUsage | null {
    if (launch_id === null || intent_at_ms === null || this.agentOf(launch_id) === null) return null;
    const span = [launch_id, intent_at_ms, ended_at_ms ?? Number.MAX_SAFE_INTEGER] as const;
    const sum = this.#db
      .prepare<[string, number, number], SumRow>(
        `SELECT count(*) AS responses, total(input) AS input, total(cache_read) AS cache_read,
          total(cache_write_5m) AS cache_write_5m, total(cache_write_1h) AS cache_write_1h, total(output) AS output,
          total(reasoning) AS reasoning, sum(cost_nano) AS nano, count(cost_nano) AS priced
         FROM telemetry WHERE launch_id = ? AND at_ms BETWEEN ? AND ?`,
      )
      .get(...span);
    if (sum === undefined) return null;
    const sources = this.#db
      .prepare<[string, number, number], { source: string; responses: number }>(
        `SELECT source, count(*) AS responses FROM telemetry
         WHERE launch_id = ? AND at_ms BETWEEN ? AND ? AND source IS NOT NULL
         GROUP BY source ORDER BY responses DESC, source LIMIT 20`,
      )
      .all(...span);
    return { ...sumOf(sum), sources };
  }
}

function sumOf(row: SumRow): Omit<ToldUsage, "sources"> {
  return {
    responses: row.responses,
    usage: usageOfRow(row),
    costNanoUsd: row.priced === row.responses ? row.nano : null,
  };
}
