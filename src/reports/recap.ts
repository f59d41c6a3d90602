/** The morning after: what ran when the manager ended, what became of it, and what waits for a person. */
import type { TaskStateName } from "../tasks/task.ts";
import { cut, fitLines, oneLine } from "./cells.ts";
import type { Figure } from "./figure.ts";
import { heading, labelled, noticeLines, wrapWords } from "./lines.ts";
import { costOf, count, taskCount, tokensOf, unknownUsageWords } from "./numbers.ts";
import { paintFor, type Painter } from "./paint.ts";
import { arrow, lineWidth, type Paper } from "./paper.ts";
import { dateAndMinute, duration } from "./times.ts";

/** What a start found of an attempt that was in flight. */
export type Found = "ended" | "goes-on" | "uncertain" | "lost" | "queued";

export interface RecapModel {
  /** When the manager this tells of started; null = none ever did. */
  readonly startedAtMs: number | null;
  /** How the one before it ended; nothing = there was none. */
  readonly before: "nothing" | "left" | "killed";
  readonly rebooted: boolean;
  /** When the one before was last known to live. */
  readonly lastSeenMs: number | null;
  /** Why dispatch is paused now; null = it is not. */
  readonly paused: string | null;
  /** It is paused because of what is told here. */
  readonly pausedHere: boolean;
  readonly tasks: readonly RecapTask[];
  /** Every question that waits for a person now. */
  readonly asking: readonly RecapQuestion[];
  /** Tasks that wait in the queue, held ones included. */
  readonly waiting: number;
  readonly tokens: Figure;
  /** Nano-dollars. */
  readonly cost: Figure;
  readonly unknownUsageTasks: number;
  readonly survivors: readonly SurvivorRow[];
}

/** One attempt that was in flight. Texts may stand in it as they came. */
export interface RecapTask {
  readonly id: number;
  readonly found: Found;
  /** What became of the task since. */
  readonly state: TaskStateName;
  /** Why it failed or was lost; empty when there is nothing to say. */
  readonly reason: string;
  readonly worker: string;
  readonly text: string;
  /** It was typed and has ended: what it used is booked. */
  readonly over: boolean;
  readonly tokens: Figure;
  readonly cost: Figure;
}

export interface RecapQuestion {
  readonly taskId: number;
  /** What a person types for its worker, e.g. w2. */
  readonly alias: string;
  readonly question: string;
}

/** A process that outlived its worker. */
export interface SurvivorRow {
  readonly pid: number;
  readonly program: string;
  readonly worker: string;
  /** The task last typed there; null = none. */
  readonly taskId: number | null;
}

/** Rows of one kind that are listed; the others are counted. */
const SHOWN_MAX = 20;

/** Is there anything a person should see before going on? */
export function recapIsNews(model: RecapModel): boolean {
  return model.tasks.length > 0 || model.survivors.length > 0;
}

/** Draws it on one screen. */
export function renderRecap(model: RecapModel, paper: Paper): string[] {
  const paint = paintFor(paper);
  const of = (...kinds: readonly Found[]): RecapTask[] =>
    model.tasks.filter(({ found }) => kinds.includes(found));
  const lines = [
    ...heading("RECAP", [whenWords(model, paper)], "  ", paper),
    ...noticeLines(pauseNotice(model), paper),
    ...labelled("Before:", beforeWords(model, paper), paper),
    ...labelled("In flight:", flightWords(model), paper),
    ...(model.tasks.some(({ over }) => over) ? usedLines(model, paper) : []),
    ...labelled("Queue:", `${taskCount(model.waiting)} ${model.waiting === 1 ? "waits" : "wait"}`, paper),
    ...section("Lost: look at what it did, then `retry N`", of("lost"), paint.bad, paper),
    ...section(
      "Delivery uncertain: `attach`, look, then Enter or `cancel N`",
      of("uncertain"),
      paint.loud,
      paper,
    ),
    ...questionLines(model.asking, paper),
    ...section("Ended while no manager ran", of("ended"), paint.title, paper),
    ...section("Goes on", of("goes-on"), paint.title, paper),
    ...section("Back in the queue, nothing was typed", of("queued"), paint.title, paper),
    ...survivorLines(model.survivors, paper),
  ];
  return fitLines(lines, paper);
}

function whenWords({ startedAtMs }: RecapModel, paper: Paper): string {
  return startedAtMs === null ? "no manager ran yet" : `manager started ${dateAndMinute(startedAtMs, paper)}`;
}

function pauseNotice({ paused }: RecapModel): string[] {
  return paused === null ? [] : [`Dispatch is paused${paused === "" ? "" : `: ${paused}`} (resume to go on)`];
}

function beforeWords({ before, rebooted, lastSeenMs, startedAtMs }: RecapModel, paper: Paper): string {
  if (before === "nothing") return "no manager ran before";
  const how = before === "left" ? "the manager left" : "the manager was killed";
  const reboot = rebooted ? ", the machine was started anew" : "";
  if (lastSeenMs === null || startedAtMs === null) return how + reboot;
  const last = before === "left" ? "" : ", last heard of";
  return `${how}${last} ${dateAndMinute(lastSeenMs, paper)}${reboot}; away ${duration(startedAtMs - lastSeenMs)}`;
}

function flightWords({ tasks }: RecapModel): string {
  if (tasks.length === 0) return "nothing";
  const kinds: readonly [Found, string][] = [
    ["ended", "ended meanwhile"],
    ["goes-on", "go on"],
    ["queued", "back in the queue"],
    ["uncertain", "uncertain"],
    ["lost", "lost"],
  ];
  const parts = kinds.flatMap(([kind, words]) => {
    const n = tasks.filter(({ found }) => found === kind).length;
    return n === 0 ? [] : [`${count(n)} ${n === 1 && kind === "goes-on" ? "goes on" : words}`];
  });
  return `${taskCount(tasks.length)}: ${parts.join(", ")}`;
}

function usedLines({ tokens, cost, unknownUsageTasks }: RecapModel, paper: Paper): string[] {
  const simulated = tokens.source === "simulated" ? " (simulated: nothing was spent)" : "";
  return [
    ...labelled("Ended ones:", `${tokensOf(tokens)} tokens, ${costOf(cost)}${simulated}`, paper),
    ...(unknownUsageTasks > 0
      ? labelled("", `(n/a) ${unknownUsageWords(unknownUsageTasks)}: booked at what was held for them`, paper)
      : []),
  ];
}

function section(title: string, tasks: readonly RecapTask[], paint: Painter, paper: Paper): string[] {
  if (tasks.length === 0) return [];
  const shown = tasks.slice(0, SHOWN_MAX);
  const more = tasks.length - shown.length;
  return [
    "",
    ...wrapWords("", `${title}:`, paper).map((line) => paint(line)),
    ...shown.flatMap((task) => taskLines(task, paper)),
    ...(more > 0 ? [`  and ${count(more)} more`] : []),
  ];
}

function taskLines(task: RecapTask, paper: Paper): string[] {
  const width = lineWidth(paper);
  const reason = oneLine(task.reason);
  const used = task.over ? `  ${usageWords(task)}` : "";
  const why = reason === "" ? "" : ` (${cut(reason, width, paper)})`;
  return [
    ...wrapWords("  ", `#${task.id} ${task.state}${why} on ${oneLine(task.worker)}${used}`, paper),
    `      ${cut(oneLine(task.text), width - 6, paper)}`,
  ];
}

function usageWords({ tokens, cost }: RecapTask): string {
  return tokens.value === null ? "usage n/a" : `${tokensOf(tokens)} tokens, ${costOf(cost)}`;
}

function questionLines(asking: readonly RecapQuestion[], paper: Paper): string[] {
  if (asking.length === 0) return [];
  const paint = paintFor(paper);
  const rows = asking.slice(0, SHOWN_MAX).flatMap(({ taskId, alias, question }) => {
    const asks = cut(oneLine(question), lineWidth(paper) * 2, paper);
    return wrapWords(
      "  ",
      `#${taskId} ${asks}  ${arrow(paper)} answer ${alias} ... | attach ${alias}`,
      paper,
    );
  });
  const more = asking.length - Math.min(asking.length, SHOWN_MAX);
  return ["", paint.loud("Waits for you:"), ...rows, ...(more > 0 ? [`  and ${count(more)} more`] : [])];
}

function survivorLines(survivors: readonly SurvivorRow[], paper: Paper): string[] {
  if (survivors.length === 0) return [];
  const shown = survivors.slice(0, SHOWN_MAX);
  const more = survivors.length - shown.length;
  return [
    "",
    ...wrapWords("", "Outlived their worker and may still work (`survivors --end` ends them):", paper).map(
      (line) => paintFor(paper).warn(line),
    ),
    ...shown.map((row) => `  ${survivorLine(row)}`),
    ...(more > 0 ? [`  and ${count(more)} more`] : []),
  ];
}

/** `pid 4711 (node) of concurrent_worker2, task #5` */
export function survivorLine({ pid, program, worker, taskId }: SurvivorRow): string {
  const task = taskId === null ? "" : `, task #${taskId}`;
  return `pid ${pid} (${oneLine(program)}) of ${oneLine(worker)}${task}`;
}
