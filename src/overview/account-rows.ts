/** The accounts as they stand, for the views. */
import type { AccountBook } from "../account-book.ts";
import { attemptOf } from "../ledger/ledger.ts";
import type { AccountRow } from "../reports/accounts-table.ts";
import type { ProviderWindowRow } from "../reports/provider-windows.ts";
import { usedNow, windowLevel } from "../throttle/provider-windows.ts";
import type { OverviewSources } from "./sources.ts";

/** The windows of all accounts that say something now, for `throttle`. */
export function providerWindowRows(rows: readonly AccountRow[]): ProviderWindowRow[] {
  return rows.flatMap(({ account, reservePercent, windows }) =>
    windows.map((window) => ({ account, reservePercent, ...window })),
  );
}

/** Accounts that are named, that a worker runs with, or that are parked; by name. */
export function accountRows(accounts: AccountBook, sources: OverviewSources): AccountRow[] {
  const { config, ledger } = sources;
  const nowMs = sources.now();
  const workers = sources.workers().filter(({ adapter }) => adapter.traits.spends);
  // One that waits at its own cap does not wait for its account.
  const parkedTasks = ledger.tasks
    .open()
    .filter((task) => task.state.name === "parked" && ledger.attempts.capState(attemptOf(task)) === null);
  const names = new Set([
    ...Object.keys(config.accounts.named),
    ...workers.map(({ record }) => record.account),
    ...ledger.accounts.parks().keys(),
  ]);
  return [...names].sort().map((account) => {
    const reservePercent = accounts.reservePercent(account);
    const own = new Set(workers.filter(({ record }) => record.account === account).map(({ name }) => name));
    return {
      account,
      workers: own.size,
      park: accounts.parkOf(account),
      waiting: parkedTasks.filter(({ state }) => "worker" in state && own.has(state.worker)).length,
      reservePercent,
      windows: accounts.windows(account).map((window) => ({
        window: window.window,
        usedPermille: usedNow(window, nowMs),
        resetsAtMs: window.resetsAtMs,
        level: windowLevel(window, reservePercent, nowMs),
      })),
    };
  });
}
