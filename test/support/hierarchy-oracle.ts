/**
 * What the hierarchy must come to, reckoned anew from tasks, attempts, usage, escalations and reports as they stand in
 * the ledger: other SQL, other arithmetic (fractions of big integers), and nothing that the product keeps of it.
 */
import type Database from "better-sqlite3";
import type { Roster } from "../../src/roster/roster.ts";

/** One attempt that has ended and was begun. */
export interface RawAttempt {
  readonly id: string;
  readonly taskId: number;
  readonly member: string | null;
  readonly outcome: string;
  readonly began: number;
  readonly typed: number | null;
  readonly ended: number;
  readonly session: string | null;
  readonly level: number;
  readonly tokens: number | null;
  readonly output: number | null;
  readonly cost: number | null;
}

type Db = InstanceType<typeof Database>;

/** In the order in which they ended. */
export function rawAttempts(db: Db): RawAttempt[] {
  return db
    .prepare<[], RawAttempt>(
      `SELECT attempt.id, attempt.task_id AS taskId, task.member, attempt.outcome, coalesce(attempt.typed_at_ms, attempt.reserved_at_ms) AS began,
        attempt.typed_at_ms AS typed, attempt.ended_at_ms AS ended, attempt.session_id AS session,
        (SELECT coalesce(max(up.level), 0) FROM escalation AS up WHERE up.task_id = task.id AND up.at_ms < attempt.ended_at_ms) AS level,
        CASE WHEN count(usage.key) = 0 THEN 0 WHEN max(usage.source = 'unknown') THEN NULL ELSE sum(usage.booked_tokens) END AS tokens,
        CASE WHEN count(usage.key) = 0 THEN 0 WHEN max(usage.source = 'unknown') THEN NULL ELSE sum(usage.output) END AS output,
        CASE WHEN count(usage.key) = 0 THEN 0 WHEN max(usage.source = 'unknown') OR max(usage.cost_nano IS NULL) THEN NULL ELSE sum(usage.cost_nano) END AS cost
       FROM attempt JOIN task ON task.id = attempt.task_id LEFT JOIN usage ON usage.attempt_id = attempt.id
       WHERE attempt.ended_at_ms IS NOT NULL AND NOT (attempt.outcome = 'cancelled' AND attempt.typed_at_ms IS NULL)
       GROUP BY attempt.id ORDER BY attempt.ended_at_ms, attempt.rowid`,
    )
    .all();
}

/** Every file there must be, by its name below the folder of metrics, with its text to the byte. */
export function expectedFiles(db: Db, roster: Roster): Record<string, string> {
  const told = reportsOf(db);
  const crossed = crossingsOf(db);
  const groups = new Map<
    string,
    { head: object; maxTokens: number | null; kind: string; all: RawAttempt[] }
  >();
  const place = (
    name: string,
    kind: string,
    head: object,
    maxTokens: number | null,
    one: RawAttempt,
  ): void => {
    const group = groups.get(name) ?? { head, maxTokens, kind, all: [] };
    group.all.push(one);
    groups.set(name, group);
  };
  for (const one of rawAttempts(db)) {
    const member = roster.members.find(({ id }) => id === one.member);
    if (member !== undefined) {
      const { id, name, model, tier, departments } = member;
      const { maxTokens } = roster.tiers[tier];
      const head = { agent_id: id, agent_name: name, model, tier, department: departments[0] ?? null };
      place(`agents/${id}.json`, "agent", head, maxTokens, one);
      place(`tiers/${tier}-tier.json`, "tier", { tier }, maxTokens, one);
      for (const department of departments) {
        const title = roster.departments.find((known) => known.id === department)?.name;
        const facts = { department_id: department, department_name: title };
        place(`departments/${department}-department.json`, "department", facts, null, one);
      }
    }
    place("system.json", "system", {}, null, one);
  }
  const texts = [...groups].map(([name, { head, maxTokens, kind, all }]) => {
    const metrics = metricsOf(all, told, crossed, maxTokens, kind === "agent");
    return [name, `${JSON.stringify({ ...head, metrics }, null, 2)}\n`] as const;
  });
  return Object.fromEntries(texts.sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface Crossing {
  readonly member: string;
  readonly kind: string;
}

/** Each time a conversation came near its context budget, or over it. */
function crossingsOf(db: Db): Crossing[] {
  return db.prepare<[], Crossing>("SELECT member, kind FROM context_event").all();
}

interface Told {
  readonly kind: string;
  readonly value: number;
  readonly of: number;
}

/** The newest word of each kind on each attempt. */
function reportsOf(db: Db): Map<string, Told[]> {
  const rows = db
    .prepare<[], Told & { attempt: string }>(
      `SELECT attempt_id AS attempt, kind, value, of_n AS "of" FROM report AS said
       WHERE NOT EXISTS (SELECT 1 FROM report AS later
         WHERE later.attempt_id = said.attempt_id AND later.kind = said.kind AND later.id > said.id)`,
    )
    .all();
  return grouped(rows, ({ attempt }) => attempt);
}

function metricsOf(
  all: readonly RawAttempt[],
  told: ReadonlyMap<string, readonly Told[]>,
  crossed: readonly Crossing[],
  maxTokens: number | null,
  isAgent: boolean,
): object {
  const succeeded = all.filter(({ outcome }) => outcome === "completed").length;
  const failed = all.filter(({ outcome }) => outcome === "failed" || outcome === "lost").length;
  const known = all.filter(({ tokens }) => tokens !== null);
  const priced = all.filter(({ cost }) => cost !== null);
  const [tokens, output, cost] = [sum(known, "tokens"), sum(known, "output"), sum(priced, "cost")];
  const took = all.flatMap(({ typed, ended }) => (typed === null ? [] : [ended - typed]));
  const inOrder = took.toSorted((a, b) => a - b);
  const began = all.map((one) => one.began).sort((a, b) => a - b);
  const [first = 0, last = 0] = [began[0], began.at(-1)];
  const of = (kind: string): Told[] =>
    all.flatMap(({ id }) => told.get(id)?.filter((one) => one.kind === kind) ?? []);
  const counted = (kind: string): number | null => (of(kind).length === 0 ? null : sum(of(kind), "value"));
  const levels = (level: number): number => all.filter((one) => one.level === level).length;
  const quality = of("quality");
  const own = new Set(all.map(({ member }) => member));
  const crossings = (kind: string): number | null =>
    known.length === 0 ? null : crossed.filter((one) => one.kind === kind && own.has(one.member)).length;
  return {
    summary: {
      total_invocations: all.length,
      successful_tasks: succeeded,
      failed_tasks: failed,
      success_rate: rounded(succeeded, succeeded + failed, 3),
      total_tokens_input: known.length === 0 ? null : tokens - output,
      total_tokens_output: known.length === 0 ? null : output,
      total_tokens: known.length === 0 ? null : tokens,
      avg_tokens_per_task: known.length === 0 ? null : (tokens - (tokens % known.length)) / known.length,
      total_cost: priced.length === 0 ? null : rounded(cost, 1e9, 4),
      avg_cost_per_task: rounded(cost, 1e9 * priced.length, 4),
    },
    performance: {
      avg_completion_time_seconds: rounded(sum(took), 1_000 * took.length, 1),
      p95_completion_time_seconds: rounded(
        inOrder[Math.ceil((took.length * 95) / 100) - 1] ?? 0,
        took.length && 1_000,
        1,
      ),
      min_completion_time_seconds: rounded(inOrder[0] ?? 0, took.length && 1_000, 1),
      max_completion_time_seconds: rounded(inOrder.at(-1) ?? 0, took.length && 1_000, 1),
    },
    quality: {
      self_recovery_count: levels(1) + (counted("recovered") ?? 0),
      peer_consultation_count: levels(2) + (counted("consulted") ?? 0),
      coordinator_escalation_count: levels(3),
      human_escalation_count: levels(4),
      test_pass_rate: rounded(sum(of("tests"), "value"), sum(of("tests"), "of"), 3),
      code_review_rejections: counted("rejected"),
      avg_quality_score: rounded(sum(quality, "value"), 1_000 * quality.length, 2),
    },
    budget: {
      budget_warnings: crossings("near"),
      budget_overruns: crossings("full"),
      max_tokens_in_session: maxTokens,
      current_session_tokens: isAgent ? sessionTokens(all) : null,
    },
    timeline: {
      first_invocation: moment(first),
      last_invocation: moment(last),
      session_duration_minutes: (last - first - ((last - first) % 60_000)) / 60_000,
    },
    recent_tasks: all
      .slice(-20)
      .reverse()
      .map((one) => ({
        task_id: `T${one.taskId < 100 ? `00${one.taskId}`.slice(-3) : one.taskId}`,
        timestamp: moment(one.began),
        status: { completed: "success", failed: "failure" }[one.outcome] ?? one.outcome,
        tokens_input: one.tokens === null || one.output === null ? null : one.tokens - one.output,
        tokens_output: one.output,
        cost: one.cost === null ? null : rounded(one.cost, 1e9, 4),
        duration_seconds: one.typed === null ? null : rounded(one.ended - one.typed, 1_000, 1),
        escalation_level: one.level,
      })),
  };
}

/** Of the conversation of the newest: all that ran in it one after the other. */
function sessionTokens(all: readonly RawAttempt[]): number | null {
  const session = all.at(-1)?.session ?? null;
  if (session === null) return null;
  const other = all.findLastIndex((one) => one.session !== session);
  return sum(all.slice(other + 1), "tokens");
}

function grouped<K, T>(all: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one)) ?? [];
    group.push(one);
    groups.set(keyOf(one), group);
  }
  return groups;
}

function sum(numbers: readonly number[]): number;
function sum<K extends string>(rows: readonly Readonly<Record<K, number | null>>[], name: K): number;
function sum(rows: readonly (number | Readonly<Record<string, number | null>>)[], name = ""): number {
  return rows.reduce<number>((total, row) => total + (typeof row === "number" ? row : (row[name] ?? 0)), 0);
}

/** A fraction to so many decimals, halves upwards; null: of nothing. */
function rounded(part: number, whole: number, decimals: number): number | null {
  if (whole === 0) return null;
  const unit = 10n ** BigInt(decimals);
  return Number((2n * BigInt(part) * unit + BigInt(whole)) / (2n * BigInt(whole))) / Number(unit);
}

function moment(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}

type Fraction = readonly [bigint, bigint];

/** Is a / b above or below the bound, exactly at it, or is there nothing to compare? */
type Side = "below" | "at" | "above" | null;

function sideOf(part: bigint, whole: bigint, percent: bigint): Side {
  const [a, b] = [part * 100n, whole * percent];
  return a < b ? "below" : a === b ? "at" : "above";
}

/** What the six rules must find now, and which of their bounds a figure stood exactly at. */
export interface RulesLook {
  readonly found: ReadonlySet<string>;
  readonly atBounds: readonly string[];
}

/** Rules T1 to T6 by the text they are told in. `open`: what they found at the look before this one. */
export function rulesLook(db: Db, roster: Roster, open: ReadonlySet<string>, nowMs: number): RulesLook {
  const found = new Set<string>();
  const atBounds: string[] = [];
  const attempts = rawAttempts(db);
  const ofAgent = grouped(attempts, ({ member }) => member);
  const judge = (key: string, part: bigint, whole: bigint, first: bigint, back: bigint, bad: Side): void => {
    const bound = open.has(key) ? back : first;
    const side = sideOf(part, whole, bound);
    if (side === "at") atBounds.push(`${key.slice(0, 2)} ${bound}%`);
    if (side === bad) found.add(key);
  };
  for (const { id } of roster.members) {
    const own = ofAgent.get(id) ?? [];
    const ended = own.filter(({ outcome }) => outcome !== "cancelled");
    const succeeded = own.filter(({ outcome }) => outcome === "completed");
    const handed = own.filter(({ level }) => level >= 3);
    if (ended.length >= 20)
      judge(`T2 ${id}`, BigInt(succeeded.length), BigInt(ended.length), 85n, 88n, "below");
    if (own.length >= 20) judge(`T3 ${id}`, BigInt(handed.length), BigInt(own.length), 15n, 12n, "above");
  }
  for (const { id, departments } of roster.members) {
    const own = costPerTask(ofAgent.get(id));
    for (const department of own === null ? [] : departments) {
      const others = roster.members
        .filter((other) => other.id !== id && other.departments.includes(department))
        .map((other) => costPerTask(ofAgent.get(other.id)))
        .filter((one) => one !== null);
      let total: Fraction = [0n, 1n];
      for (const [cost, tasks] of others) total = [total[0] * tasks + cost * total[1], total[1] * tasks];
      if (own === null || others.length === 0 || total[0] === 0n) continue;
      judge(`T1 ${id}`, own[0] * total[1] * BigInt(others.length), own[1] * total[0], 120n, 110n, "above");
    }
  }
  for (const [subject, spent, budget] of spendings(db, roster, attempts, nowMs))
    judge(subject, BigInt(spent), BigInt(budget), 110n, 100n, "above");
  for (const { task, member, output } of openTasks(db)) {
    const tier = roster.members.find(({ id }) => id === member)?.tier;
    if (tier === undefined) continue;
    const side = sideOf(BigInt(output), BigInt(roster.tiers[tier].retainedTokens), 100n);
    if (side === "at") atBounds.push("T6 100%");
    if (side === "above") found.add(`T6 #${task}`);
  }
  return { found, atBounds };
}

/** Cost and number of what is priced; null: of fewer than five. */
function costPerTask(all: readonly RawAttempt[] = []): Fraction | null {
  const priced = all.filter(({ cost }) => cost !== null);
  return priced.length < 5 ? null : [BigInt(sum(priced, "cost")), BigInt(priced.length)];
}

function spendings(
  db: Db,
  roster: Roster,
  attempts: readonly RawAttempt[],
  nowMs: number,
): [string, number, number][] {
  const day = new Date(nowMs).toISOString().slice(0, 10);
  const monday = Date.parse(day) - ((new Date(nowMs).getUTCDay() + 6) % 7) * 86_400_000;
  const begins = { day: Date.parse(day), week: monday, month: Date.parse(`${day.slice(0, 7)}-01`) };
  const windows = Object.entries(begins) as [keyof typeof begins, number][];
  const standing = new Map(roster.members.map(({ id, departments }) => [id, departments]));
  const ofDepartments = roster.departments.flatMap(({ id, budget }) =>
    windows.map(([window, fromMs]) => {
      const own = attempts.filter(
        ({ member, began }) => began >= fromMs && (standing.get(member ?? "") ?? []).includes(id),
      );
      return [`T4 ${id} by ${window}`, sum(own, "cost"), budget.nanoUsd[window]] as const;
    }),
  );
  const booked = db.prepare<[number, number], { nano: number | null }>(
    "SELECT sum(booked_nano) AS nano FROM usage WHERE source <> 'simulated' AND at_ms BETWEEN ? AND ?",
  );
  const ofAll = windows.map(
    ([window, fromMs]) =>
      [
        `T5 system by ${window}`,
        booked.get(fromMs, nowMs)?.nano ?? 0,
        roster.budget.nanoUsd[window],
      ] as const,
  );
  return [...ofDepartments, ...ofAll].flatMap(([subject, spent, budget]) =>
    budget === null ? [] : [[subject, spent, budget]],
  );
}

function openTasks(db: Db): { task: number; member: string; output: number }[] {
  return db
    .prepare<[], { task: number; member: string; output: number }>(
      `SELECT task.id AS task, task.member, coalesce(sum(usage.output), 0) AS output
       FROM task JOIN usage ON usage.attempt_id = task.attempt_id
       WHERE state NOT IN ('queued', 'completed', 'failed', 'cancelled', 'lost') AND task.member IS NOT NULL GROUP BY task.id`,
    )
    .all();
}
