/** Models for the tests of the views: one busy morning, in the prices of a flat table. */
import type { BatchModel } from "../../src/reports/batch-summary.ts";
import { type Figure, figureOf } from "../../src/reports/figure.ts";
import type { LimitRow } from "../../src/reports/limits-table.ts";
import type { MetricsModel, MetricsRow } from "../../src/reports/metrics-model.ts";
import type { Paper } from "../../src/reports/paper.ts";
import type { RouteModel } from "../../src/reports/route.ts";
import type { StatusModel, WorkerLevel } from "../../src/reports/status-model.ts";
import type { AttemptDetails } from "../../src/reports/task-details.ts";
import type { ThrottleModel } from "../../src/reports/throttle-model.ts";
import type { WorkerRow } from "../../src/reports/workers-table.ts";
import { PRIORITIES } from "../../src/tasks/priority.ts";
import type { Assignment, Task, TaskDraft, TaskState } from "../../src/tasks/task.ts";
import { levelOf } from "../../src/throttle/levels.ts";
import { scopeId, type LimitUnit, type Scope, type WindowName } from "../../src/throttle/limits.ts";

export const nowMs = Date.UTC(2026, 1, 13, 10, 42, 7);
const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const untilHourMs = 17 * minuteMs + 53_000;
const untilDayMs = 13 * hourMs + untilHourMs;
const untilMonthMs = 15 * dayMs + untilDayMs;

/** Paper of a colour terminal, unless told otherwise. */
export function paper(columns: number, changes: Partial<Paper> = {}): Paper {
  return { columns, colour: true, unicode: true, nowMs, timeZone: "UTC", ...changes };
}

/** Paper of a pipe, a file, or a terminal with NO_COLOR. */
export function plainPaper(columns: number): Paper {
  return paper(columns, { colour: false, unicode: false });
}

export function actual(value: number): Figure {
  return figureOf(value, "actual");
}

export function nano(usd: number): number {
  return Math.round(usd * 1e9);
}

interface RowFacts {
  readonly scope?: Scope;
  readonly unit: LimitUnit;
  readonly window: WindowName;
  readonly limit: number | null;
  readonly used: number;
  readonly held?: number;
  readonly burnPerHour?: number;
  readonly runsOutAtMs?: number | null;
}

export function limitRow(facts: RowFacts): LimitRow {
  const { scope = { kind: "global" }, unit, window, limit, used, held = 0 } = facts;
  const untilMs = { hour: untilHourMs, day: untilDayMs, week: untilMonthMs, month: untilMonthMs }[window];
  const subject = scopeId(scope);
  return {
    limitId: `${subject} ${unit}/${window}`,
    scope,
    unit,
    window,
    form: window === "hour" ? "rolling" : "calendar",
    limit,
    used,
    usedSource: "actual",
    held,
    owed: 0,
    level: levelOf(used + held, limit),
    startMs: nowMs + untilMs - { hour: hourMs, day: dayMs, week: 7 * dayMs, month: 28 * dayMs }[window],
    endMs: nowMs + untilMs,
    resetsAtMs: nowMs + untilMs,
    burnPerHour: facts.burnPerHour ?? (unit === "tokens" ? 69_319 : nano(0.208)),
    runsOutAtMs: facts.runsOutAtMs ?? null,
    raised: null,
  };
}

export function worker(n: number, changes: Partial<WorkerRow> = {}): WorkerRow {
  return {
    name: `concurrent_worker${n}`,
    alias: `w${n}`,
    agent: "claude",
    model: null,
    state: "idle",
    sinceMs: nowMs - minuteMs,
    because: "Stop: the turn ended",
    untilMs: null,
    question: null,
    draining: false,
    coordinates: false,
    adopted: false,
    simulated: false,
    done: 0,
    failed: 0,
    tokens: actual(0),
    cost: actual(0),
    contextPercent: null,
    task: null,
    ...changes,
  };
}

const USED = [15_234, 18_542, 14_747] as const;
const COSTS = [nano(0.045702), nano(0.055626), nano(0.044241)] as const;
const TOTAL_COST = nano(0.145569);

export function statusModel(changes: Partial<StatusModel> = {}): StatusModel {
  return {
    nowMs,
    upMs: 42 * minuteMs + 7_000,
    mode: { kind: "auto", tickMs: 10_000 },
    notices: [],
    queue: { queued: 0, held: 0, running: 1, failed: 0, lost: 0 },
    completed: 12,
    tokens: actual(48_523),
    cost: actual(TOTAL_COST),
    unknownUsageTasks: 0,
    simulated: null,
    telemetry: null,
    level: "NONE",
    limits: [
      limitRow({ unit: "tokens", window: "hour", limit: 500_000, used: 48_523 }),
      limitRow({ unit: "tokens", window: "day", limit: 5_000_000, used: 48_523 }),
      limitRow({ unit: "cost", window: "hour", limit: nano(5), used: TOTAL_COST }),
      limitRow({ unit: "cost", window: "day", limit: nano(50), used: TOTAL_COST }),
      limitRow({ unit: "cost", window: "month", limit: nano(1000), used: TOTAL_COST }),
    ],
    workers: statusWorkers(),
    workerLevels: USED.map((used, index) => workerLevel(index + 1, used)),
    ...changes,
  };
}

function statusWorkers(): WorkerRow[] {
  const [first, second, third] = USED.map(actual);
  const [firstCost, secondCost, thirdCost] = COSTS.map(actual);
  const task = {
    id: 13,
    text: "Implement authentication with refresh tokens",
    startedAtMs: nowMs - 2 * minuteMs - 14_000,
    tokens: actual(3_120),
    cost: actual(nano(0.0094)),
  };
  return [
    worker(1, { done: 4, tokens: first, cost: firstCost, contextPercent: 11.4 }),
    worker(2, {
      state: "busy",
      model: "sonnet",
      done: 5,
      tokens: second,
      cost: secondCost,
      contextPercent: 38,
      task,
    }),
    worker(3, { done: 3, tokens: third, cost: thirdCost, contextPercent: 9.9 }),
  ];
}

function workerLevel(n: number, used: number): WorkerLevel {
  const scope: Scope = { kind: "worker", name: `concurrent_worker${n}` };
  return {
    worker: `concurrent_worker${n}`,
    alias: `w${n}`,
    level: "NONE",
    hour: limitRow({ scope, unit: "tokens", window: "hour", limit: 100_000, used }),
    day: limitRow({ scope, unit: "tokens", window: "day", limit: 1_000_000, used }),
    admits: PRIORITIES,
  };
}

export function metricsModel(changes: Partial<MetricsModel> = {}): MetricsModel {
  return {
    nowMs,
    sinceMs: Date.UTC(2026, 1, 13, 10, 0, 0),
    prices: "2026-02-01",
    notices: [],
    total: metricsRow("all", 12, 48_523, TOTAL_COST, 321_000),
    workers: [
      metricsRow("concurrent_worker1", 4, USED[0], COSTS[0], 190_000),
      metricsRow("concurrent_worker2", 5, USED[1], COSTS[1], 242_000),
      metricsRow("concurrent_worker3", 3, USED[2], COSTS[2], 321_000),
    ],
    tasksBySource: { actual: 11, estimated: 1, simulated: 0, unknown: 0 },
    inputTokens: actual(35_907),
    outputTokens: actual(12_616),
    cacheReadTokens: actual(0),
    cacheWriteTokens: actual(0),
    coordinatorTokens: actual(0),
    noCoordinator: false,
    coordinatedTokens: actual(48_523),
    external: [],
    models: [
      { model: "sonnet", tokens: actual(48_523), cost: actual(TOTAL_COST) },
      { model: "haiku", tokens: actual(0), cost: actual(0) },
      { model: "opus", tokens: actual(0), cost: actual(0) },
    ],
    types: [
      { type: "ui", tasks: 0, tokens: actual(0) },
      { type: "coding", tasks: 9, tokens: actual(36_112) },
      { type: "documentation", tasks: 0, tokens: actual(0) },
      { type: "analysis", tasks: 3, tokens: actual(12_411) },
    ],
    delegating: true,
    saving: { uniformModel: "sonnet", uniformNanoUsd: TOTAL_COST, savedNanoUsd: 0, estimated: false },
    ...changes,
  };
}

export function metricsRow(
  name: string,
  completed: number,
  tokens: number,
  cost: number,
  p95Ms: number,
): MetricsRow {
  return {
    worker: name,
    completed,
    failed: 0,
    measured: completed,
    tokens: actual(tokens),
    cost: actual(cost),
    p95Ms,
    overheadTokens: actual(0),
  };
}

export function throttleModel(changes: Partial<ThrottleModel> = {}): ThrottleModel {
  const at = (hour: number, minute: number) => Date.UTC(2026, 1, 13, hour, minute);
  const perWorker = (n: number): Scope => ({ kind: "worker", name: `concurrent_worker${n}` });
  return {
    nowMs,
    limits: [
      limitRow({ unit: "tokens", window: "hour", limit: 500_000, used: 289_700 }),
      limitRow({ unit: "tokens", window: "day", limit: 5_000_000, used: 1_902_114 }),
      limitRow({ unit: "cost", window: "hour", limit: nano(5), used: nano(4.62), runsOutAtMs: at(10, 46) }),
      limitRow({ unit: "cost", window: "day", limit: nano(50), used: nano(18.2) }),
      limitRow({
        unit: "cost",
        window: "month",
        limit: nano(1000),
        used: nano(812.55),
        runsOutAtMs: Date.UTC(2026, 1, 17, 9),
      }),
      hourRow(perWorker(1), 99_000, at(10, 43)),
      limitRow({ scope: perWorker(1), unit: "tokens", window: "day", limit: 1_000_000, used: 410_200 }),
      hourRow(perWorker(2), 91_300, at(10, 51)),
      hourRow(perWorker(3), 99_400, at(10, 42)),
    ],
    windows: [],
    external: [],
    nextResetAtMs: nowMs + untilHourMs,
    runs: [
      { worker: "concurrent_worker1", alias: "w1", admits: ["high", "critical"] },
      { worker: "concurrent_worker2", alias: "w2", admits: ["normal", "high", "critical"] },
      { worker: "concurrent_worker3", alias: "w3", admits: ["critical"] },
    ],
    heldByPriority: { low: 4, normal: 2, high: 0, critical: 0 },
    notices: [],
    ...changes,
  };
}

function hourRow(scope: Scope, used: number, runsOutAtMs: number): LimitRow {
  return limitRow({ scope, unit: "tokens", window: "hour", limit: 100_000, used, runsOutAtMs });
}

/** A waiting task; `draft`, `assignment` and `state` may be laid over. */
export function task(
  id: number,
  changes: {
    readonly draft?: Partial<TaskDraft>;
    readonly assignment?: Partial<Assignment>;
    readonly state?: TaskState;
  } = {},
): Task {
  return {
    id,
    draft: {
      text: "Fix the login form",
      priority: "normal",
      cwd: "/home/ada/shop",
      type: null,
      model: null,
      agent: null,
      worker: null,
      as: null,
      key: null,
      holdReason: null,
      retryLost: false,
      cap: null,
      origin: "argv",
      ...changes.draft,
    },
    assignment: {
      type: "coding",
      complexity: "medium",
      route: "codex",
      agent: "claude",
      model: "sonnet",
      estimateTokens: 1_004,
      member: null,
      reserveTokens: 18_000,
      reserveNanoUsd: nano(0.08),
      reserveBasis: "first-request floor of claude",
      ...changes.assignment,
    },
    state: changes.state ?? { name: "queued", holdReason: null, notBeforeMs: null },
    attempts: 0,
    createdAtMs: nowMs - 5 * minuteMs,
  };
}

export function attempt(changes: Partial<AttemptDetails> = {}): AttemptDetails {
  return {
    number: 1,
    worker: "concurrent_worker2",
    agent: "claude",
    model: "sonnet",
    reservedAtMs: nowMs - 4 * minuteMs,
    typedAtMs: nowMs - 4 * minuteMs + 1_000,
    endedAtMs: nowMs - minuteMs,
    outcome: "completed",
    answer: null,
    tokens: actual(18_542),
    cost: actual(nano(0.0556)),
    usage: null,
    flags: [],
    pricedBy: ["list@2026-11-23"],
    telemetry: null,
    ...changes,
  };
}

export function batchModel(changes: Partial<BatchModel> = {}): BatchModel {
  return {
    total: 12,
    completed: 3,
    failed: 1,
    lost: 1,
    cancelled: 0,
    running: 3,
    queued: 4,
    held: 2,
    tokens: actual(48_523),
    cost: actual(TOTAL_COST),
    unknownUsageTasks: 0,
    simulated: false,
    startedAtMs: nowMs - 2 * minuteMs - 14_000,
    endedAtMs: null,
    failures: [],
    attention: [],
    ...changes,
  };
}

export function routeModel(changes: Partial<RouteModel> = {}): RouteModel {
  return {
    type: "documentation",
    confidence: 0.919,
    reasons: ["leading verb: write", "word: documentation"],
    complexity: "simple",
    route: "haiku",
    agent: "claude",
    model: "haiku",
    estimateTokens: 1_007,
    member: null,
    reserveTokens: 18_000,
    reserveNanoUsd: nano(0.02),
    reserveBasis: "first-request floor of claude",
    costNanoUsd: nano(0.004),
    alternatives: [
      { model: "sonnet", nanoUsd: nano(0.012) },
      { model: "mystery", nanoUsd: null },
    ],
    ...changes,
  };
}
