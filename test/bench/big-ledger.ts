/** A ledger as it looks after a long time: a million usages of the last weeks, booked with all that is kept of them. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { openDatabase } from "../../src/ledger/database.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { homeFolder } from "./bench-app.ts";

export interface BigLedger {
  readonly stateDir: string;
  end(): void;
}

export function ledgerOf(stateDir: string): string {
  return join(stateDir, "ledger.sqlite");
}

/** `count` usages, evenly over the last 30 days, of 10 workers, 3 models and 4 types. */
export function bigLedger(count: number): BigLedger {
  const stateDir = homeFolder("disk");
  const file = ledgerOf(stateDir);
  Ledger.open(file).close();
  const db = openDatabase(file);
  db.pragma("synchronous = OFF");
  db.transaction(() => {
    db.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < @count)
       INSERT INTO usage (key, worker, agent, model, limit_model, type, at_ms, source, input, cache_read,
         cache_write_5m, cache_write_1h, output, reasoning, booked_tokens, booked_nano, cost_nano, price_table, flags)
       SELECT 'k' || i, 'concurrent_worker' || (1 + i % 10), 'claude', model, model,
         CASE i % 4 WHEN 0 THEN 'ui' WHEN 1 THEN 'coding' WHEN 2 THEN 'documentation' ELSE 'analysis' END,
         @nowMs - CAST((@count - i) * (30.0 * 86400000 / @count) AS INTEGER), 'actual', 700, 5000, 0, 0, 300, 0,
         1000, 6600000, 6600000, 'list', ''
       FROM (SELECT i, CASE i % 3 WHEN 0 THEN 'haiku' WHEN 1 THEN 'sonnet' ELSE 'opus' END AS model FROM n)`,
    ).run({ count, nowMs: Date.now() });
    db.exec(
      `INSERT INTO spend_total SELECT worker, model, type, source, sum(input), sum(cache_read), sum(cache_write_5m),
         sum(output), sum(booked_tokens), sum(cost_nano), 0 FROM usage GROUP BY 1, 2, 3, 4;
       INSERT INTO outcome_total SELECT worker, type, 'completed', source, count(*), 60000 * count(*) FROM usage GROUP BY 1, 2, 4;`,
    );
  })();
  db.close();
  return { stateDir, end: () => rmSync(stateDir, { recursive: true, force: true }) };
}
