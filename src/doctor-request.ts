/** What the doctor is told of this process: its clocks, its terminal, its database. */
import { performance } from "node:perf_hooks";
import { harmlessEnvironment, processEnvironment, type Config } from "./config.ts";
import type { DoctorRequest, LedgerFacts } from "./doctor.ts";
import { RedisDesk } from "./redis-desk.ts";
import { hasWalResetBug, sqliteVersion, type Db } from "./ledger/database.ts";

/**
 * `openLedger` gives the open database, or throws what keeps it from being opened; `fault` says why it takes no writes
 * now, where the manager found that out.
 */
export function doctorRequest(
  config: Config,
  openLedger: () => Db,
  survivors: DoctorRequest["survivors"],
  fault: () => string | null = () => null,
  telemetry: DoctorRequest["telemetry"] = () => null,
  redis: DoctorRequest["redis"] = () => new RedisDesk(config.redis).model(),
): DoctorRequest {
  const { isTTY, columns, rows } = process.stdout;
  return {
    config,
    env: processEnvironment(),
    helperEnv: harmlessEnvironment(),
    nodeVersion: process.version,
    terminal: { isTerminal: isTTY === true, columns: columns ?? 80, rows: rows ?? 24 },
    clock: () => ({ wallMs: Date.now(), monotonicMs: performance.now() }),
    survivors,
    telemetry,
    redis,
    ledgerCheck: () => ledgerFacts(openLedger(), fault()),
  };
}

function ledgerFacts(database: Db, fault: string | null): LedgerFacts {
  return {
    fault,
    sqliteVersion: sqliteVersion(database),
    journalMode: String(database.pragma("journal_mode", { simple: true })),
    synchronous: Number(database.pragma("synchronous", { simple: true })),
    walResetBug: hasWalResetBug(sqliteVersion(database)),
  };
}
