/** What was reported of attempts, as rows: all of it, with its source. The newest of a kind counts. */
import type { Report, ReportKind } from "../hierarchy/reports.ts";
import type { Db } from "./database.ts";

interface ReportRow {
  attempt_id: string;
  kind: ReportKind;
  value: number;
  of_n: number;
  at_ms: number;
  source: Report["source"];
}

/** Most reports of one attempt that are kept. */
export const reportsMax = 1_000;

export class ReportRows {
  readonly #db: Db;
  readonly #ofAttempt;

  constructor(db: Db) {
    this.#db = db;
    this.#ofAttempt = db.prepare<[string], ReportRow>(
      "SELECT * FROM report WHERE attempt_id = ? ORDER BY id",
    );
  }

  /** Inside a transaction. */
  add(attemptId: string, { kind, value, of, atMs, source }: Report): void {
    this.#db
      .prepare("INSERT INTO report (attempt_id, kind, value, of_n, at_ms, source) VALUES (?, ?, ?, ?, ?, ?)")
      .run(attemptId, kind, value, of, atMs, source);
  }

  /** All of them, oldest first. */
  ofAttempt(attemptId: string): Report[] {
    return this.#ofAttempt.all(attemptId).map(reportOf);
  }

  /** What counts for an attempt: the newest of each kind. */
  countedFor(attemptId: string): Report[] {
    return [...new Map(this.ofAttempt(attemptId).map((report) => [report.kind, report])).values()];
  }

  /** The same for every attempt that reported anything. */
  counted(): ReadonlyMap<string, Report[]> {
    const found = new Map<string, Map<ReportKind, Report>>();
    for (const row of this.#db.prepare<[], ReportRow>("SELECT * FROM report ORDER BY id").iterate()) {
      const kinds = found.get(row.attempt_id) ?? new Map<ReportKind, Report>();
      found.set(row.attempt_id, kinds.set(row.kind, reportOf(row)));
    }
    return new Map([...found].map(([attemptId, kinds]) => [attemptId, [...kinds.values()]]));
  }
}

function reportOf({ kind, value, of_n, at_ms, source }: ReportRow): Report {
  return { kind, value, of: of_n, atMs: at_ms, source };
}
