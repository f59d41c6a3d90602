/** `tally`: how a set of tasks stands, and what it has used. Also how a batch sums itself up, some ids at a time. */
import * as z from "zod";
import type { App } from "../app.ts";
import { renderBatchSummary, type BatchFailure, type BatchModel } from "../reports/batch-summary.ts";
import { sumFigures } from "../reports/figure.ts";
import type { TaskDetails } from "../reports/task-details.ts";
import { STATES_AT_WORK, type Task } from "../tasks/task.ts";
import { defineCommand } from "./command.ts";
import { taskId } from "./words.ts";

/** Tasks of one call: each is read whole, and the manager must not be kept from its work. */
export const tallyIdsMax = 500;

const schema = z.strictObject({
  ids: z
    .array(taskId)
    .min(1, "name at least one task")
    .max(tallyIdsMax, `at most ${tallyIdsMax} tasks at once`),
});

export const tally = defineCommand<z.output<typeof schema>, BatchModel>({
  name: "tally",
  group: "Views",
  summary: "Sum up some tasks: how they ended, their tokens and cost",
  arguments: [{ name: "ids", kind: "task", required: true, many: true }],
  examples: ["tally 7 8 9"],
  needs: "ledger",
  schema,
  run: (app, { ids }) => tallyOf(app, [...new Set(ids)]),
  render: (model, paper) => renderBatchSummary(model, paper),
});

/** One tally of several, for sets too large for one call. */
export function mergeTallies(tallies: readonly BatchModel[]): BatchModel {
  const sum = (of: (tally: BatchModel) => number): number =>
    tallies.reduce((total, tally) => total + of(tally), 0);
  const ends = tallies.map(({ endedAtMs }) => endedAtMs);
  return {
    total: sum(({ total }) => total),
    completed: sum(({ completed }) => completed),
    failed: sum(({ failed }) => failed),
    lost: sum(({ lost }) => lost),
    cancelled: sum(({ cancelled }) => cancelled),
    running: sum(({ running }) => running),
    queued: sum(({ queued }) => queued),
    held: sum(({ held }) => held),
    tokens: sumFigures(tallies.map(({ tokens }) => tokens)).figure,
    cost: sumFigures(tallies.map(({ cost }) => cost)).figure,
    unknownUsageTasks: sum(({ unknownUsageTasks }) => unknownUsageTasks),
    simulated: tallies.some(({ simulated }) => simulated),
    startedAtMs: tallies.reduce(
      (first, { startedAtMs }) => Math.min(first, startedAtMs),
      Number.POSITIVE_INFINITY,
    ),
    endedAtMs: ends.reduce<number | null>(
      (last, at) => (last === null || at === null ? null : Math.max(last, at)),
      0,
    ),
    failures: tallies.flatMap(({ failures }) => failures),
    attention: [],
  };
}

function tallyOf(app: App, ids: readonly number[]): BatchModel {
  return mergeTallies(ids.map((id) => tallyOfOne(app.taskDetails(id))));
}

function tallyOfOne({ task, attempts }: TaskDetails): BatchModel {
  const { state } = task;
  const is = (...names: readonly string[]): number => (names.includes(state.name) ? 1 : 0);
  const tokens = sumFigures(attempts.map((attempt) => attempt.tokens));
  const cost = sumFigures(attempts.map((attempt) => attempt.cost));
  return {
    total: 1,
    completed: is("completed"),
    failed: is("failed"),
    lost: is("lost"),
    cancelled: is("cancelled"),
    running: is(...STATES_AT_WORK),
    queued: is("queued"),
    held: state.name === "queued" && state.holdReason !== null ? 1 : 0,
    tokens: tokens.figure,
    cost: cost.figure,
    unknownUsageTasks: tokens.unknownCount + cost.unknownCount > 0 ? 1 : 0,
    simulated: attempts.some((attempt) => attempt.tokens.source === "simulated"),
    startedAtMs: task.createdAtMs,
    endedAtMs: "endedAtMs" in state ? state.endedAtMs : null,
    failures: failureOf(task),
    attention: [],
  };
}

function failureOf({ id, state, draft }: Task): BatchFailure[] {
  if (state.name !== "failed" && state.name !== "lost" && state.name !== "cancelled") return [];
  return [
    { id, state: state.name, reason: "reason" in state ? state.reason : "", text: draft.text.slice(0, 400) },
  ];
}
