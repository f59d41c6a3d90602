/** Assembles what `status` shows. */
import type { DispatchMode, StatusModel, WorkerLevel } from "../reports/status-model.ts";
import type { LimitRow } from "../reports/limits-table.ts";
import { PRIORITIES } from "../tasks/priority.ts";
import { admits, worstLevel, type Level } from "../throttle/levels.ts";
import { STATES_AT_WORK } from "../tasks/task.ts";
import { isBudget } from "../throttle/limits.ts";
import { contextWords } from "../roster/context-budget.ts";
import { limitRows } from "./limit-rows.ts";
import { aliasOf, type OverviewSources } from "./sources.ts";
import { endedTasks, spendOf, totalsOf } from "./spend-figures.ts";
import { telemetryState } from "./telemetry.ts";
import { workerRows } from "./worker-rows.ts";

/** Conversations near or over their context budget. */
function contextNotices({ ledger }: OverviewSources): string[] {
  return ledger.contexts.all().map((stand) => `${aliasOf(stand.worker)}: ${contextWords(stand)}`);
}

/** Open findings are told until somebody has seen them. */
function findingNotices({ config, ledger }: OverviewSources): string[] {
  const open = config.roster === null ? 0 : ledger.findings.openCount();
  return open === 0
    ? []
    : [`${open === 1 ? "1 finding is" : `${open} findings are`} open: \`findings\` shows what to do`];
}

export function statusModel(sources: OverviewSources): StatusModel {
  const { ledger, throttle } = sources;
  const nowMs = sources.now();
  const counts = ledger.tasks.counts();
  const ended = endedTasks(ledger, null);
  const totals = totalsOf(ledger, null);
  const spent = spendOf(totals);
  const simulated = totals.filter((row) => row.source === "simulated");
  const limits = limitRows(sources);
  const inHand = STATES_AT_WORK.reduce((sum, state) => sum + (counts.get(state) ?? 0), 0);
  return {
    nowMs,
    upMs: sources.startedAtMs === null ? null : nowMs - sources.startedAtMs,
    mode: modeOf(sources),
    notices: [...sources.notices(), ...contextNotices(sources), ...findingNotices(sources)],
    queue: {
      queued: counts.get("queued") ?? 0,
      held: counts.get("held") ?? 0,
      running: inHand,
      failed: ended.failed,
      lost: ended.lost,
    },
    completed: ended.completed,
    tokens: spent.tokens,
    cost: spent.cost,
    unknownUsageTasks: ended.unknown,
    simulated:
      simulated.length === 0
        ? null
        : {
            tokens: simulated.reduce((sum, row) => sum + row.tokens, 0),
            nanoUsd: simulated.reduce((sum, row) => sum + row.nano, 0),
          },
    telemetry: telemetryState(sources),
    level: throttle.effectiveLevel(null, nowMs),
    limits: limits.filter(
      ({ scope, level }) => scope.kind !== "worker" && (!isBudget(scope) || level !== "NONE"),
    ),
    workers: workerRows(sources),
    workerLevels: sources.workers().map((worker) => workerLevel(worker.name, limits, sources)),
  };
}

export function modeOf(sources: OverviewSources): DispatchMode {
  if (sources.startedAtMs === null) return { kind: "offline" };
  const fault = sources.storageFault();
  if (fault !== null) return { kind: "stopped", reason: fault };
  const paused = sources.ledger.settings.get("paused");
  if (paused !== null) return { kind: "paused", reason: paused === "" ? null : paused };
  return sources.auto() ? { kind: "auto", tickMs: sources.config.auto.tickMs } : { kind: "manual" };
}

function workerLevel(name: string, limits: readonly LimitRow[], sources: OverviewSources): WorkerLevel {
  const own = limits.filter((row) => row.scope.kind === "worker" && row.scope.name === name);
  const level = own.reduce<Level>((worst, row) => worstLevel(worst, row.level), "NONE");
  const effective = worstLevel(level, sources.throttle.effectiveLevel(null, sources.now()));
  return {
    worker: name,
    alias: aliasOf(name),
    level,
    hour: own.find((row) => row.unit === "tokens" && row.window === "hour") ?? null,
    day: own.find((row) => row.unit === "tokens" && row.window === "day") ?? null,
    admits: PRIORITIES.filter((priority) => admits(effective, priority)),
  };
}
