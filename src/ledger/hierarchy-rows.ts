/**
 * Invocations as rows, and the sums kept of them by agent, department, tier and system. Both change in the transaction
 * that ends an attempt or books usage for it; nothing is summed up again. Without a roster nothing is written here.
 */
import { NO_AGGREGATE, withCorrection, withInvocation, type Aggregate } from "../hierarchy/aggregate.ts";
import { coarseTenths, percentileTenths, tenthsOf, type Counted } from "../hierarchy/duration-buckets.ts";
import { subjectsOf, type Invocation, type Subject, type SubjectKind } from "../hierarchy/invocation.ts";
import { withReported, type ReportedValue } from "../hierarchy/reports.ts";
import type { EscalationLevel } from "../roster/escalation.ts";
import type { Tier } from "../roster/roster.ts";
import type { Db } from "./database.ts";

interface InvocationRow {
  seq: number;
  attempt_id: string;
  task_id: number;
  member: string | null;
  tier: Tier | null;
  departments: string;
  model: string | null;
  outcome: Invocation["outcome"];
  started_at_ms: number;
  ended_at_ms: number;
  input: number | null;
  output: number | null;
  cost_nano: number | null;
  duration_ms: number | null;
  escalation: EscalationLevel;
  session_id: string | null;
}

/** What an invocation is known to have used. */
export type InvocationUsage = Pick<Invocation, "inputTokens" | "outputTokens" | "costNanoUsd">;

/** Invocations read at once. */
const pageRows = 2_000;

export class HierarchyRows {
  readonly #db: Db;
  readonly #byAttempt;
  readonly #insert;
  readonly #setUsage;
  readonly #sums;
  readonly #saveSums;
  readonly #count;
  readonly #coarse;
  readonly #fine;
  readonly #bySeq;
  #any: boolean;
  /** Whose sums were written since it was asked last. Of a commit that failed it may name some too many. */
  #changed = new Map<string, Subject>();

  constructor(db: Db) {
    this.#db = db;
    this.#byAttempt = db.prepare<[string], InvocationRow>("SELECT * FROM invocation WHERE attempt_id = ?");
    this.#insert = db.prepare(
      `INSERT INTO invocation (attempt_id, task_id, member, tier, departments, model, outcome, started_at_ms, ended_at_ms,
        input, output, cost_nano, duration_ms, escalation, session_id)
       VALUES (@attemptId, @taskId, @member, @tier, @departments, @model, @outcome, @startedAtMs, @endedAtMs,
        @inputTokens, @outputTokens, @costNanoUsd, @durationMs, @escalation, @sessionId)`,
    );
    this.#setUsage = db.prepare(
      "UPDATE invocation SET input = ?, output = ?, cost_nano = ? WHERE attempt_id = ?",
    );
    this.#sums = db.prepare<[string, string], { sums: string }>(
      "SELECT sums FROM hierarchy_sums WHERE kind = ? AND id = ?",
    );
    this.#saveSums = db.prepare(
      "INSERT INTO hierarchy_sums VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET sums = excluded.sums",
    );
    this.#count = db.prepare(
      "INSERT INTO hierarchy_duration VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
    );
    const counted = (range: string): string =>
      `SELECT bucket, n FROM hierarchy_duration WHERE kind = @kind AND id = @id AND ${range} ORDER BY bucket DESC`;
    this.#coarse = db.prepare<Subject, Counted>(counted("width = 1"));
    this.#fine = db.prepare<Subject & { from: number; to: number }, Counted>(
      counted("width = 0 AND bucket >= @from AND bucket < @to"),
    );
    this.#bySeq = db.prepare<[number], InvocationRow>("SELECT * FROM invocation WHERE seq = ?");
    this.#any = db.prepare("SELECT 1 FROM invocation LIMIT 1").get() !== undefined;
  }

  /** Has anything been counted here, so that later usage may change it? */
  get any(): boolean {
    return this.#any;
  }

  /** Counts an ended attempt. Inside the transaction that ends it. */
  book(one: Invocation, reported: readonly ReportedValue[] = []): void {
    const { lastInsertRowid } = this.#insert.run({ ...one, departments: JSON.stringify(one.departments) });
    this.#any = true;
    this.#addToSums(one, Number(lastInsertRowid), reported);
  }

  /** Takes what is known now of an attempt's usage, if it was counted. Inside the transaction that books the usage. */
  correct(attemptId: string, usage: InvocationUsage): void {
    const row = this.#byAttempt.get(attemptId);
    if (row === undefined) return;
    const before = invocationOf(row);
    const after = { ...before, ...usage };
    this.#setUsage.run(usage.inputTokens, usage.outputTokens, usage.costNanoUsd, attemptId);
    for (const subject of subjectsOf(before))
      this.#save(subject, withCorrection(this.sums(subject), before, after, row.seq));
  }

  /** What is known of these beside their sums has changed. */
  touched(of: Pick<Invocation, "member" | "tier" | "departments">): void {
    for (const { kind, id } of subjectsOf(of))
      if (this.#sums.get(kind, id) !== undefined) this.#changed.set(`${kind} ${id}`, { kind, id });
  }

  /** Takes what is reported of an attempt instead of before, if it was counted. Inside a transaction. */
  reported(attemptId: string, before: ReportedValue | null, after: ReportedValue): void {
    const row = this.#byAttempt.get(attemptId);
    if (row === undefined) return;
    for (const subject of subjectsOf(invocationOf(row))) {
      const sums = this.sums(subject);
      this.#save(subject, { ...sums, reported: withReported(sums.reported, before, after) });
    }
  }

  sums({ kind, id }: Subject): Aggregate {
    const row = this.#sums.get(kind, id);
    return row === undefined ? NO_AGGREGATE : { ...NO_AGGREGATE, ...(JSON.parse(row.sums) as Aggregate) };
  }

  /** 95th percentile of the durations, in tenths of a second. */
  p95Tenths(subject: Subject, total: number): number | null {
    return percentileTenths(total, 950, this.#coarse.all(subject), (coarse) =>
      this.#fine.all({ ...subject, from: coarse * coarseTenths, to: (coarse + 1) * coarseTenths }),
    );
  }

  /** These invocations, in this order. */
  bySeq(numbers: readonly number[]): Invocation[] {
    return numbers.flatMap((seq) => {
      const row = this.#bySeq.get(seq);
      return row === undefined ? [] : [invocationOf(row)];
    });
  }

  /** What tasks of a department that began at or after a moment have cost, as far as it is known. */
  departmentCost(department: string, fromMs: number): number {
    const sql = `SELECT total(cost_nano) AS nano FROM invocation
      WHERE started_at_ms >= ? AND EXISTS (SELECT 1 FROM json_each(departments) WHERE value = ?)`;
    return this.#db.prepare<[number, string], { nano: number }>(sql).get(fromMs, department)?.nano ?? 0;
  }

  /** Whose figures changed since this was asked last. */
  takeChanged(): Subject[] {
    const changed = [...this.#changed.values()];
    this.#changed = new Map();
    return changed;
  }

  /** Whom anything was counted for. */
  subjects(): Subject[] {
    return this.#db
      .prepare<[], { kind: SubjectKind; id: string }>("SELECT kind, id FROM hierarchy_sums ORDER BY kind, id")
      .all();
  }

  /** All invocations that began at or after a moment, in the order they were counted, page by page. */
  *since(fromMs: number): Generator<{ readonly seq: number; readonly invocation: Invocation }> {
    const page = this.#db.prepare<[number, number, number], InvocationRow>(
      "SELECT * FROM invocation WHERE seq > ? AND started_at_ms >= ? ORDER BY seq LIMIT ?",
    );
    for (let after = 0; ; ) {
      const rows = page.all(after, fromMs, pageRows);
      for (const row of rows) yield { seq: row.seq, invocation: invocationOf(row) };
      if (rows.length < pageRows) return;
      after = rows.at(-1)?.seq ?? after;
    }
  }

  /** Makes all sums anew from the invocations. Inside a transaction. */
  rebuild(
    reports: ReadonlyMap<string, readonly ReportedValue[]>,
    usageOf: ((attemptId: string) => InvocationUsage) | null = null,
  ): void {
    this.#db.prepare("DELETE FROM hierarchy_sums").run();
    this.#db.prepare("DELETE FROM hierarchy_duration").run();
    const kept = new Map<string, Rebuilt>();
    for (const { seq, invocation } of this.since(Number.MIN_SAFE_INTEGER)) {
      const usage = usageOf?.(invocation.attemptId) ?? invocation;
      const one = { ...invocation, ...usage };
      if (usageOf !== null)
        this.#setUsage.run(one.inputTokens, one.outputTokens, one.costNanoUsd, one.attemptId);
      for (const subject of subjectsOf(one)) {
        const key = `${subject.kind} ${subject.id}`;
        const known = kept.get(key) ?? { subject, sums: NO_AGGREGATE, tenths: new Map<number, number>() };
        known.sums = withInvocation(known.sums, one, seq, reports.get(one.attemptId));
        if (one.durationMs !== null) addTo(known.tenths, tenthsOf(one.durationMs), 1);
        kept.set(key, known);
      }
    }
    for (const rebuilt of kept.values()) this.#saveRebuilt(rebuilt);
  }

  #saveRebuilt({ subject, sums, tenths }: Rebuilt): void {
    this.#save(subject, sums);
    const coarse = new Map<number, number>();
    for (const [fine, n] of tenths) {
      this.#count.run(subject.kind, subject.id, 0, fine, n);
      addTo(coarse, Math.floor(fine / coarseTenths), n);
    }
    for (const [bucket, n] of coarse) this.#count.run(subject.kind, subject.id, 1, bucket, n);
  }

  #countOne({ kind, id }: Subject, fine: number): void {
    this.#count.run(kind, id, 0, fine, 1);
    this.#count.run(kind, id, 1, Math.floor(fine / coarseTenths), 1);
  }

  #addToSums(one: Invocation, seq: number, reported: readonly ReportedValue[]): void {
    for (const subject of subjectsOf(one)) {
      this.#save(subject, withInvocation(this.sums(subject), one, seq, reported));
      if (one.durationMs !== null) this.#countOne(subject, tenthsOf(one.durationMs));
    }
  }

  #save({ kind, id }: Subject, sums: Aggregate): void {
    this.#changed.set(`${kind} ${id}`, { kind, id });
    this.#saveSums.run(kind, id, JSON.stringify(sums));
  }
}

/** What a subject comes to while all is counted again. */
interface Rebuilt {
  readonly subject: Subject;
  sums: Aggregate;
  /** How many invocations took so many tenths of a second. */
  readonly tenths: Map<number, number>;
}

function addTo(counts: Map<number, number>, key: number, more: number): void {
  counts.set(key, (counts.get(key) ?? 0) + more);
}

function invocationOf(row: InvocationRow): Invocation {
  return {
    attemptId: row.attempt_id,
    taskId: row.task_id,
    member: row.member,
    tier: row.tier,
    departments: JSON.parse(row.departments) as string[],
    model: row.model,
    outcome: row.outcome,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    inputTokens: row.input,
    outputTokens: row.output,
    costNanoUsd: row.cost_nano,
    durationMs: row.duration_ms,
    escalation: row.escalation,
    sessionId: row.session_id,
  };
}
