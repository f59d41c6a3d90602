/** The workers as the views show them. */
import type { WorkerRow, WorkerTask } from "../reports/workers-table.ts";
import type { Worker } from "../workers/worker.ts";
import { aliasOf, type OverviewSources } from "./sources.ts";
import { attemptFigures, endedTasks, spendOf, totalsOf } from "./spend-figures.ts";

export function workerRows(sources: OverviewSources): WorkerRow[] {
  return sources.workers().map((worker) => workerRow(worker, sources));
}

export function workerRow(worker: Worker, sources: OverviewSources): WorkerRow {
  const { record, state, name } = worker;
  const ended = endedTasks(sources.ledger, name);
  const spent = spendOf(totalsOf(sources.ledger, name));
  return {
    name,
    alias: aliasOf(name),
    agent: record.agent,
    model: record.model,
    state: state.name,
    sinceMs: state.sinceMs,
    because: worker.evidence.decided?.says ?? "",
    untilMs: state.name === "limited" ? state.untilMs : state.name === "dead" ? state.restartAtMs : null,
    question: state.name === "needs-input" ? state.question : null,
    draining: record.draining,
    coordinates: sources.ledger.coordinators.isOne(name),
    adopted: record.adopted,
    simulated: sources.traits(record.agent).simulated,
    done: ended.completed,
    failed: ended.failed + ended.lost,
    tokens: spent.tokens,
    cost: spent.cost,
    contextPercent: null,
    task: taskInHand(worker, sources),
  };
}

function taskInHand(worker: Worker, { ledger, traits }: OverviewSources): WorkerTask | null {
  const { attempt } = worker;
  if (attempt === null) return null;
  const task = ledger.tasks.byId(attempt.taskId);
  if (task === null) return null;
  const { spends } = traits(worker.record.agent);
  const figures = attemptFigures(ledger.spend.ofAttempt(attempt.id), { ended: false, spends });
  const since = "startedAtMs" in task.state ? task.state.startedAtMs : worker.state.sinceMs;
  return { id: task.id, text: task.draft.text.slice(0, 400), startedAtMs: since, ...figures };
}
