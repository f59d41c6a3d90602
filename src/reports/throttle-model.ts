/** What `throttle` shows, as plain data. */
import type { Priority } from "../tasks/priority.ts";
import type { LimitRow } from "./limits-table.ts";
import type { ProviderWindowRow } from "./provider-windows.ts";

export interface ThrottleModel {
  readonly nowMs: number;
  /** Global rows first, then workers, models and agents. */
  readonly limits: readonly LimitRow[];
  /** The providers' own windows, by account. */
  readonly windows: readonly ProviderWindowRow[];
  /** What your own sessions used of these agents in the last hour and day, as limits on agents count it. */
  readonly external: readonly ExternalNow[];
  /** The next moment at which time alone changes a row; null = none. */
  readonly nextResetAtMs: number | null;
  readonly runs: readonly WorkerAdmission[];
  /** Tasks that wait because of a limit, by priority. */
  readonly heldByPriority: Readonly<Record<Priority, number>>;
  /** What a person must know, e.g. a pause level or used headroom. One sentence each. */
  readonly notices: readonly string[];
}

export interface ExternalNow {
  readonly agent: string;
  readonly account: string;
  readonly hourTokens: number;
  readonly dayTokens: number;
  /** Tokens that limits on the agent keep free for what is not seen yet. */
  readonly keptTokens: number;
}

export interface WorkerAdmission {
  readonly worker: string;
  readonly alias: string;
  readonly admits: readonly Priority[];
}
