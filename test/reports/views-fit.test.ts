/** Whatever stands in a model: no line is wider than the paper, and nothing but our own colours escapes. */
import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, test } from "vitest";
import { batchProgress, renderBatchSummary } from "../../src/reports/batch-summary.ts";
import { renderDoctor } from "../../src/reports/doctor.ts";
import { figureOf, UNKNOWN } from "../../src/reports/figure.ts";
import { renderLimits } from "../../src/reports/limits-table.ts";
import { renderMetrics } from "../../src/reports/metrics.ts";
import type { Paper } from "../../src/reports/paper.ts";
import { renderRecap } from "../../src/reports/recap.ts";
import { renderRoute } from "../../src/reports/route.ts";
import { renderStatus } from "../../src/reports/status.ts";
import { renderTaskDetails } from "../../src/reports/task-details.ts";
import { renderTasks } from "../../src/reports/tasks-table.ts";
import { renderThrottle } from "../../src/reports/throttle.ts";
import { renderWorkerWhy, renderTaskWhy } from "../../src/reports/why.ts";
import { renderWorkers, type WorkerStateName } from "../../src/reports/workers-table.ts";
import * as models from "./models.ts";

const { nowMs } = models;

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({ unit: "grapheme", maxLength: 120 }),
  fc.constantFrom(
    "\u001b[31mred\u001b[0m and \u001b]0;title\u0007more",
    "日本語のタスク".repeat(20),
    "👨‍👩‍👧‍👦 ⚠️ 👍🏽 🇩🇪 1️⃣ ☑️".repeat(8),
    "one\ntwo\rthree\tfour\u2028five",
    "x".repeat(3_000),
    "שלום \u202etxt.exe",
    "e\u0301".repeat(90),
    "",
  ),
);
const anyNumber = fc.oneof(fc.nat(2_000_000), fc.nat(Number.MAX_SAFE_INTEGER));
const anyFigure = fc.oneof(
  fc.constant(UNKNOWN),
  fc
    .tuple(anyNumber, fc.constantFrom("actual", "estimated", "simulated"))
    .map(([value, source]) => figureOf(value, source)),
);
const anyMoment = fc.integer({ min: nowMs - 1e11, max: nowMs + 1e11 });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });

const anyRow = fc
  .record({
    scope: fc.oneof(
      fc.constant({ kind: "global" } as const),
      fc.record({ kind: fc.constantFrom("worker", "model", "agent"), name: anyText }),
    ),
    unit: fc.constantFrom("tokens", "cost"),
    window: fc.constantFrom("hour", "day", "month"),
    limit: maybe(anyNumber),
    used: anyNumber,
    held: fc.oneof(fc.constant(0), anyNumber),
    burnPerHour: anyNumber,
    runsOutAtMs: maybe(anyMoment),
  })
  .map((facts) => models.limitRow(facts));

const anyWorker = fc
  .record({
    name: anyText,
    alias: fc.oneof(fc.constant("w1"), anyText),
    model: maybe(anyText),
    agent: anyText,
    state: fc.constantFrom<WorkerStateName>("starting", "idle", "busy", "needs-input", "limited", "dead"),
    because: anyText,
    question: maybe(anyText),
    untilMs: maybe(anyMoment),
    draining: fc.boolean(),
    simulated: fc.boolean(),
    done: anyNumber,
    tokens: anyFigure,
    cost: anyFigure,
    contextPercent: maybe(fc.double({ min: 0, max: 100, noNaN: true })),
    task: maybe(
      fc.record({ id: fc.nat(), text: anyText, startedAtMs: anyMoment, tokens: anyFigure, cost: anyFigure }),
    ),
  })
  .map((changes) => models.worker(1, changes));

const anyPaper: fc.Arbitrary<Paper> = fc.record({
  columns: fc.integer({ min: 60, max: 160 }),
  colour: fc.boolean(),
  unicode: fc.boolean(),
  nowMs: fc.constant(nowMs),
  timeZone: fc.constantFrom("UTC", "America/Sao_Paulo", "Asia/Kolkata"),
});

const some = <T>(value: fc.Arbitrary<T>) => fc.array(value, { maxLength: 4 });

interface Parts {
  readonly text: string;
  readonly texts: readonly string[];
  readonly rows: ReturnType<typeof models.limitRow>[];
  readonly workers: ReturnType<typeof models.worker>[];
  readonly a: ReturnType<typeof figureOf>;
  readonly b: ReturnType<typeof figureOf>;
  readonly n: number;
}

const anyParts: fc.Arbitrary<Parts> = fc.record({
  text: anyText,
  texts: some(anyText),
  rows: some(anyRow),
  workers: some(anyWorker),
  a: anyFigure,
  b: anyFigure,
  n: anyNumber,
});

const VIEWS: Record<string, (parts: Parts, paper: Paper) => readonly string[]> = {
  status: ({ texts, rows, workers, a, b, n, text }, paper) => {
    const workerLevels = rows.map((row) => ({
      worker: text,
      alias: text,
      level: row.level,
      hour: row,
      day: null,
      admits: ["high"] as const,
    }));
    const mode = { kind: "paused", reason: text } as const;
    const queue = { queued: n, held: n, running: n, failed: n, lost: n };
    const simulated = { tokens: n, nanoUsd: n };
    const changes = { notices: texts, limits: rows, workers, workerLevels, tokens: a, cost: b, completed: n };
    return renderStatus(
      models.statusModel({ ...changes, mode, queue, simulated, unknownUsageTasks: n }),
      paper,
    );
  },
  metrics: ({ texts, text, a, b, n }, paper) => {
    const row = { ...models.metricsRow(text, n, 0, 0, n), tokens: a, cost: b, failed: n, overheadTokens: b };
    const saving = { uniformModel: text, uniformNanoUsd: n, savedNanoUsd: -n, estimated: true };
    const uses = texts.map((model) => ({ model, tokens: a, cost: b }));
    const tasksBySource = { actual: n, estimated: n, simulated: n, unknown: n };
    const total = { ...row, worker: "all" };
    const changes = {
      notices: texts,
      prices: text,
      workers: [row, row],
      total,
      models: uses,
      saving,
      tasksBySource,
    };
    return renderMetrics(models.metricsModel({ ...changes, inputTokens: a, coordinatorTokens: b }), paper);
  },
  throttle: ({ texts, rows, n }, paper) => {
    const runs = texts.map((alias) => ({ worker: alias, alias, admits: ["low", "high"] as const }));
    const heldByPriority = { low: n, normal: n, high: 0, critical: n };
    return renderThrottle(
      models.throttleModel({ notices: texts, limits: rows, runs, heldByPriority }),
      paper,
    );
  },
  limits: ({ rows, text }, paper) => {
    const raised = { standardAmount: null, untilMs: nowMs + 1e6, reason: text };
    return renderLimits(
      rows.map((row) => ({ ...row, raised })),
      paper,
    );
  },
  workers: ({ workers }, paper) => renderWorkers(workers, paper),
  tasks: ({ texts, n }, paper) => {
    const tasks = texts.map((text) =>
      models.task(n, { draft: { text, worker: text }, assignment: { model: text } }),
    );
    return renderTasks(tasks, paper);
  },
  details: ({ text, a, b, n }, paper) => {
    const task = models.task(n, {
      draft: { text, cwd: text, key: text, origin: text, model: text },
      assignment: { reserveBasis: text, route: text, agent: text },
      state: { name: "failed", attemptId: null, endedAtMs: nowMs, reason: text, exitCode: n },
    });
    const attempts = [models.attempt({ worker: text, outcome: text, answer: text, tokens: a, cost: b })];
    return renderTaskDetails(
      {
        task,
        attempts,
        waitsFor: text,
        reported: [],
        escalations: [{ atMs: n, level: 3, member: text, reason: text }],
      },
      paper,
    );
  },
  "why task": ({ text, texts, n }, paper) => {
    const holds = { reason: text, limitId: text, level: "HARD", untilMs: nowMs } as const;
    const state = {
      name: "needs-input",
      attemptId: "a",
      worker: text,
      question: text,
      sinceMs: nowMs,
    } as const;
    return renderTaskWhy({ taskId: n, state, holds, ahead: n, advice: texts }, paper);
  },
  "why worker": ({ text, texts, workers }, paper) => {
    const signs = texts.map((says) => ({ source: text, says, atMs: nowMs }));
    return workers.flatMap((worker) => renderWorkerWhy({ worker, decided: signs[0] ?? null, signs }, paper));
  },
  recap: ({ text, texts, a, b, n }, paper) => {
    const kinds = ["ended", "goes-on", "uncertain", "lost", "queued"] as const;
    const tasks = texts.map((reason, at) => {
      const found = kinds[at % kinds.length] ?? "lost";
      return {
        id: n,
        found,
        state: "lost" as const,
        reason,
        worker: text,
        text,
        over: true,
        tokens: a,
        cost: b,
      };
    });
    const model = {
      ...{ startedAtMs: nowMs, before: "killed" as const, rebooted: true, lastSeenMs: n, paused: text },
      ...{ pausedHere: true, tasks, waiting: n, tokens: a, cost: b, unknownUsageTasks: n },
      asking: texts.map((question) => ({ taskId: n, alias: "w1", question })),
      survivors: texts.map((program) => ({ pid: n, program, worker: text, taskId: n })),
    };
    return renderRecap(model, paper);
  },
  batch: ({ text, texts, workers, a, b, n }, paper) => {
    const failures = texts.map((reason) => ({ id: n, state: "failed" as const, reason, text }));
    const model = models.batchModel({
      failures,
      attention: workers,
      tokens: a,
      cost: b,
      queued: n,
      unknownUsageTasks: n,
    });
    return [batchProgress(model, paper), ...renderBatchSummary(model, paper)];
  },
  route: ({ text, texts, n }, paper) => {
    const alternatives = texts.map((model) => ({ model, nanoUsd: n }));
    return renderRoute(
      models.routeModel({ reasons: texts, reserveBasis: text, route: text, model: text, alternatives }),
      paper,
    );
  },
  doctor: ({ text, texts }, paper) => {
    const checks = texts.map((found) => ({ name: text, verdict: "warn" as const, found, remedy: text }));
    return renderDoctor({ checks }, paper);
  },
};

/** A select-graphic-rendition sequence, the only one we write. */
// oxlint-disable-next-line no-control-regex
const OUR_COLOURS = /\u001b\[\d+m/g;

describe("every view fits its paper", () => {
  test.each(Object.keys(VIEWS))("%s", (name) => {
    const view = VIEWS[name];
    fc.assert(
      fc.property(anyParts, anyPaper, (parts, paper) => {
        for (const line of view?.(parts, paper) ?? []) {
          const bare = line.replace(OUR_COLOURS, "");
          expect(stringWidth(bare)).toBeLessThanOrEqual(paper.columns);
          expect(bare).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
          if (!paper.colour) expect(line).toBe(bare);
        }
      }),
      { numRuns: 150 },
    );
  });
});
