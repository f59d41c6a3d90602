/** What the doctor is told of this process: its clocks, its terminal, its database. */
import { performance } from "node:perf_hooks";
import { harmlessEnvironment, processEnvironment, type Config } from "./config.ts";
import type { DoctorRequest } from "./doctor.ts";
import { hasWalResetBug, sqliteVersion, type Db } from "./ledger/database.ts";

export function doctorRequest(config: Config, database: Db): DoctorRequest {
  const { isTTY, columns, rows } = process.stdout;
  return {
    config,
    env: processEnvironment(),
    helperEnv: harmlessEnvironment(),
    nodeVersion: process.version,
    terminal: { isTerminal: isTTY === true, columns: columns ?? 80, rows: rows ?? 24 },
    clock: () => ({ wallMs: Date.now(), monotonicMs: performance.now() }),
    ledgerCheck: () => ({
      sqliteVersion: sqliteVersion(database),
      journalMode: String(database.pragma("journal_mode", { simple: true })),
      synchronous: Number(database.pragma("synchronous", { simple: true })),
      walResetBug: hasWalResetBug(sqliteVersion(database)),
    }),
  };
}
