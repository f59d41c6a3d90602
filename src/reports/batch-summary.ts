/** A batch on its way (one line) and at its end (a summary with what did not complete). */
import { bar } from "./bars.ts";
import { cut, fitLines, oneLine } from "./cells.ts";
import type { Figure } from "./figure.ts";
import { heading, labelled, wrapWords } from "./lines.ts";
import { costOf, count, taskCount, tokensOf, unknownUsageWords } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { lineWidth, tick, type Paper } from "./paper.ts";
import { duration } from "./times.ts";
import { attentionLines, type WorkerRow } from "./workers-table.ts";

export interface BatchModel {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
  readonly lost: number;
  readonly cancelled: number;
  readonly running: number;
  /** Waiting, held ones included. */
  readonly queued: number;
  readonly held: number;
  readonly tokens: Figure;
  /** Nano-dollars. */
  readonly cost: Figure;
  /** Ended tasks whose usage nobody knows; not in the two sums. */
  readonly unknownUsageTasks: number;
  /** Any of it is a rehearsal's. */
  readonly simulated: boolean;
  readonly startedAtMs: number;
  /** null while it runs. */
  readonly endedAtMs: number | null;
  /** Every task that did not complete. */
  readonly failures: readonly BatchFailure[];
  /** Workers a person should look at now. */
  readonly attention: readonly WorkerRow[];
}

export interface BatchFailure {
  readonly id: number;
  readonly state: "failed" | "lost" | "cancelled";
  /** Empty when there is none. */
  readonly reason: string;
  readonly text: string;
}

const BAR_CELLS = 12;
const FAILURES_SHOWN_MAX = 50;

/** The line that shows how far it is; what has no room is left out from the end. */
export function batchProgress(model: BatchModel, paper: Paper): string {
  const ended = endedTasks(model);
  const parts = [
    `${bar(ended, 0, model.total, BAR_CELLS, paper)} ${count(ended)}/${count(model.total)} ended`,
    ...(model.failed + model.lost > 0 ? [`${count(model.failed + model.lost)} failed`] : []),
    `${count(model.running)} running`,
    `${count(model.queued)} waiting${model.held > 0 ? ` (${count(model.held)} held)` : ""}`,
    duration((model.endedAtMs ?? paper.nowMs) - model.startedAtMs),
    `${tokensOf(model.tokens)} tokens${model.simulated ? " (simulated)" : ""}`,
    costOf(model.cost),
  ];
  let line = "";
  for (const part of parts) {
    const longer = line === "" ? part : `${line}  ${part}`;
    if (longer.length > lineWidth(paper)) break;
    line = longer;
  }
  return line;
}

/** What needs a person while the batch runs; nothing when all is well. */
export function batchAttention(model: BatchModel, paper: Paper): string[] {
  return attentionLines(model.attention, paper);
}

/** Draws the end of a batch. */
export function renderBatchSummary(model: BatchModel, paper: Paper): string[] {
  const took = duration((model.endedAtMs ?? paper.nowMs) - model.startedAtMs);
  const lines = [
    ...heading("BATCH SUMMARY", [`${taskCount(model.total)} in ${took}`], "  ", paper),
    ...labelled("Completed:", `${count(model.completed)} of ${count(model.total)}`, paper),
    ...(model.failed > 0 ? labelled("Failed:", count(model.failed), paper) : []),
    ...(model.lost > 0 ? labelled("Lost:", count(model.lost), paper) : []),
    ...(model.cancelled > 0 ? labelled("Cancelled:", count(model.cancelled), paper) : []),
    ...leftLines(model, paper),
    ...labelled("Tokens:", tokensOf(model.tokens), paper),
    ...labelled("Cost:", costOf(model.cost), paper),
    ...sourceLines(model, paper),
    ...failureLines(model, paper),
  ];
  return fitLines(lines, paper);
}

function endedTasks(model: BatchModel): number {
  return model.completed + model.failed + model.lost + model.cancelled;
}

function leftLines(model: BatchModel, paper: Paper): string[] {
  const left = model.total - endedTasks(model);
  return left > 0 ? labelled("Not ended:", `${count(left)} (they stay queued or go on)`, paper) : [];
}

function sourceLines(model: BatchModel, paper: Paper): string[] {
  const { unknownUsageTasks, simulated } = model;
  return [
    ...(simulated ? wrapWords("  ", "(simulated) a rehearsal's figures: nothing was spent", paper) : []),
    ...(unknownUsageTasks > 0
      ? wrapWords("  ", `(n/a) ${unknownUsageWords(unknownUsageTasks)}: not in these sums`, paper)
      : []),
  ].map((line) => paintFor(paper).warn(line));
}

function failureLines(model: BatchModel, paper: Paper): string[] {
  const { good, bad } = paintFor(paper);
  const complete = model.completed === model.total;
  if (model.failures.length === 0) return complete ? [good(`  ${tick(paper)} every task completed`)] : [];
  const shown = model.failures.slice(0, FAILURES_SHOWN_MAX);
  const more = model.failures.length - shown.length;
  return [
    "",
    ...shown.flatMap((failure) => failureWords(failure, paper)).map((line) => bad(line)),
    ...(more > 0 ? [`  and ${count(more)} more`] : []),
  ];
}

function failureWords(failure: BatchFailure, paper: Paper): string[] {
  const width = lineWidth(paper);
  const reason = oneLine(failure.reason);
  const why = reason === "" ? "" : `: ${cut(reason, width, paper)}`;
  const first = wrapWords("  ", `#${failure.id} ${failure.state}${why}`, paper);
  return [...first, `      ${cut(oneLine(failure.text), width - 6, paper)}`];
}
