/** What the views are assembled from. Reading them changes nothing. */
import type { Config } from "../config.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { PriceTable } from "../metering/prices.ts";
import type { RaiseInForce } from "../throttle/limit-changes.ts";
import type { Throttle } from "../throttle/throttle.ts";
import type { Worker } from "../workers/worker.ts";

export interface OverviewSources {
  readonly config: Config;
  readonly ledger: Ledger;
  readonly throttle: Throttle;
  readonly prices: PriceTable;
  /** Empty when no manager runs. */
  workers(): readonly Worker[];
  raises(): readonly RaiseInForce[];
  traits(agent: string): { readonly spends: boolean; readonly simulated: boolean };
  /** null: no manager runs. */
  readonly startedAtMs: number | null;
  auto(): boolean;
  notices(): readonly string[];
  /** Why nothing can be written, and so nothing dispatched, in one sentence; null: all is well. */
  storageFault(): string | null;
  now(): number;
}

/** `w2` for concurrent_worker2; an adopted session with a name of its own keeps it. */
export function aliasOf(worker: string): string {
  const short = /^concurrent_worker(\d+)$/.exec(worker);
  return short === null ? worker : `w${short[1]}`;
}
