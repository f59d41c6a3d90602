/** What the doctor is told of this process: its clocks, its terminal, its database. */
import { performance } from "node:perf_hooks";
import { harmlessEnvironment, processEnvironment, type Config } from "./config.ts";
import type { DoctorRequest, LedgerFacts } from "./doctor.ts";
import { hasWalResetBug, sqliteVersion, type Db } from "./ledger/database.ts";

/** `openLedger` gives the open database, or throws what keeps it from being opened. */
export function doctorRequest(config: Config, openLedger: () => Db): DoctorRequest {
  const { isTTY, columns, rows } = process.stdout;
  return {
    config,
    env: processEnvironment(),
    helperEnv: harmlessEnvironment(),
    nodeVersion: process.version,
    terminal: { isTerminal: isTTY === true, columns: columns ?? 80, rows: rows ?? 24 },
    clock: () => ({ wallMs: Date.now(), monotonicMs: performance.now() }),
    ledgerCheck: () => ledgerFacts(openLedger()),
  };
}

function ledgerFacts(database: Db): LedgerFacts {
  return {
    sqliteVersion: sqliteVersion(database),
    journalMode: String(database.pragma("journal_mode", { simple: true })),
    synchronous: Number(database.pragma("synchronous", { simple: true })),
    walResetBug: hasWalResetBug(sqliteVersion(database)),
  };
}
