/** Assembles the recap: what the last start found, and how it stands now. */
import { redacted } from "../base/redact.ts";
import { lastStart, pausedByStart, type AttemptFound } from "../last-start.ts";
import { sumFigures, UNKNOWN } from "../reports/figure.ts";
import type { RecapModel, RecapQuestion, RecapTask, SurvivorRow } from "../reports/recap.ts";
import type { Survivor } from "../workers/survivors.ts";
import { aliasOf, type OverviewSources } from "./sources.ts";
import { taskDetails } from "./task-details.ts";

export function recapModel(survivors: readonly Survivor[], sources: OverviewSources): RecapModel {
  const { ledger } = sources;
  const start = lastStart(ledger);
  const tasks = (start?.attempts ?? []).flatMap((attempt) => recapTask(attempt, sources) ?? []);
  const over = tasks.filter(({ over }) => over);
  const tokens = sumFigures(over.map((task) => task.tokens));
  return {
    startedAtMs: start?.atMs ?? null,
    before: start?.before ?? "nothing",
    rebooted: start?.rebooted ?? false,
    lastSeenMs: start?.lastSeenMs ?? null,
    paused: ledger.settings.get("paused"),
    pausedHere: pausedByStart(ledger),
    tasks,
    asking: questions(sources),
    waiting: ledger.tasks.counts().get("queued") ?? 0,
    tokens: tokens.figure,
    cost: sumFigures(over.map((task) => task.cost)).figure,
    unknownUsageTasks: tokens.unknownCount,
    survivors: survivors.map((survivor) => survivorRow(survivor, sources)),
  };
}

/** null: the task is gone, or the start has not come to it. */
function recapTask({ taskId, attemptId, found }: AttemptFound, sources: OverviewSources): RecapTask | null {
  const { ledger } = sources;
  const row = ledger.attempts.byId(attemptId);
  if (row === null || found === null || ledger.tasks.byId(taskId) === null) return null;
  const { task, attempts } = taskDetails(taskId, null, sources);
  const attempt = attempts.find(({ number }) => number === row.n);
  const { state } = task;
  return {
    id: taskId,
    found,
    state: state.name,
    reason: "reason" in state ? state.reason : "",
    worker: row.worker,
    over: row.typed_at_ms !== null && row.ended_at_ms !== null,
    // A manager prints it where it logs: no key of a task goes along.
    text: redacted(task.draft.text.slice(0, 1_000)).slice(0, 400),
    tokens: attempt?.tokens ?? UNKNOWN,
    cost: attempt?.cost ?? UNKNOWN,
  };
}

function questions({ ledger }: OverviewSources): RecapQuestion[] {
  return ledger.tasks.open().flatMap(({ id, state }) => {
    if (state.name !== "needs-input") return [];
    return [{ taskId: id, alias: aliasOf(state.worker), question: state.question }];
  });
}

/** A launch is named after its worker: `concurrent-worker2-1f…` is one of concurrent_worker2. */
export function survivorRow({ pid, program, launchId }: Survivor, { ledger }: OverviewSources): SurvivorRow {
  const worker = launchId.replace(/-[0-9a-f]+$/, "").replaceAll("-", "_");
  return { pid, program, worker, taskId: ledger.attempts.lastTaskOf(launchId) };
}
