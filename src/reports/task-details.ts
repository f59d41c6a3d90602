/** Everything known of one task: `show N`. */
import type { CompletenessFlag, Usage } from "../metering/usage.ts";
import { reporterWords, reportedWords, type Report } from "../hierarchy/reports.ts";
import { levelWords, type Escalation } from "../roster/escalation.ts";
import { isCap } from "../tasks/cap.ts";
import type { AssignedMember, Task, TaskState } from "../tasks/task.ts";
import { capWords } from "../throttle/task-cap.ts";
import { cut, fitLines, harmlessLines, oneLine } from "./cells.ts";
import type { Figure } from "./figure.ts";
import { heading, labelled } from "./lines.ts";
import { costOf, count, dollars, tokensOf } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { lineWidth, type Paper } from "./paper.ts";
import { counterWords, telemetryLines, type TelemetryDetails } from "./telemetry.ts";
import { dateAndTime, duration, shortMoment, span } from "./times.ts";
import { modelCell, nameCell } from "./workers-table.ts";

export interface TaskDetails {
  readonly task: Task;
  /** Oldest first. */
  readonly attempts: readonly AttemptDetails[];
  /** What it waits for, in one sentence; null when it does not wait. */
  readonly waitsFor: string | null;
  /** Each time it was handed up, oldest first. */
  readonly escalations: readonly Escalation[];
  /** What is said of its last attempt. */
  readonly reported: readonly Report[];
}

/** One attempt: whom it was given to and what came of it. */
export interface AttemptDetails {
  /** 1, 2, 3, … */
  readonly number: number;
  readonly worker: string;
  readonly agent: string;
  readonly model: string | null;
  readonly reservedAtMs: number;
  /** null: nothing was typed. */
  readonly typedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** How it ended, with its reason; null = it goes on. */
  readonly outcome: string | null;
  /** What the agent said at its end. */
  readonly answer: string | null;
  readonly tokens: Figure;
  /** Nano-dollars. */
  readonly cost: Figure;
  /** The raw counters behind the tokens; null when there is no record. */
  readonly usage: Usage | null;
  readonly flags: readonly CompletenessFlag[];
  /** Ids of the price tables behind the cost; empty where it is not known. */
  readonly pricedBy: readonly string[];
  /** What the agent itself told of it; null: it was not asked to. */
  readonly telemetry: TelemetryDetails | null;
}

function escalationWords({ atMs, level, member, reason }: Escalation, paper: Paper): string {
  const whom = member === null ? "" : `, ${nameCell(member, paper)}`;
  return `${levelWords(level)}${whom}: ${oneLine(reason)} (${shortMoment(atMs, paper.nowMs, paper)})`;
}

function memberWords({ id, preamble }: AssignedMember, paper: Paper): string {
  const told = preamble === null ? "" : ` (typed before the text: ${oneLine(preamble)})`;
  return `${nameCell(id, paper)}${told}`;
}

const TEXT_LINES_MAX = 200;
const ANSWER_LINES_MAX = 20;

const FLAG_WORDS: Record<CompletenessFlag, string> = {
  "output-under-recorded": "the agent's record may hold too few output tokens",
  "compaction-unseen": "a compaction of the conversation may be missing from the record",
  "beyond-record": "with what its agent states beside its record, as of a compaction",
  "unpriced-model": "the price of its model is not known",
};

/** Draws one task. */
export function renderTaskDetails(details: TaskDetails, paper: Paper): string[] {
  const { task } = details;
  const lines = [
    ...heading(`TASK ${task.id}`, [`created ${dateAndTime(task.createdAtMs, paper)}`], "  ", paper),
    ...factLines(details, paper),
    "",
    ...block(task.draft.text, TEXT_LINES_MAX, paper),
    ...details.attempts.flatMap((attempt) => ["", ...attemptLines(attempt, paper)]),
  ];
  return fitLines(lines, paper);
}

function factLines({ task, waitsFor, escalations, reported }: TaskDetails, paper: Paper): string[] {
  const { draft, assignment } = task;
  const forced = [
    ...(draft.type === null ? [] : [`type ${draft.type}`]),
    ...(draft.model === null ? [] : [`model ${modelCell(draft.model, paper)}`]),
    ...(draft.agent === null ? [] : [`agent ${nameCell(draft.agent, paper)}`]),
    ...(draft.worker === null ? [] : [`worker ${nameCell(draft.worker, paper)}`]),
    ...(draft.as === null ? [] : [`as ${nameCell(draft.as, paper)}`]),
  ];
  const route = `${nameCell(assignment.route, paper)}: ${nameCell(assignment.agent, paper)}, model ${modelCell(assignment.model, paper)}`;
  return [
    ...labelled("State:", taskStateWords(task.state, paper), paper),
    ...(waitsFor === null ? [] : labelled("Waits for:", oneLine(waitsFor), paper)),
    ...labelled("Priority:", draft.priority, paper),
    ...labelled("Type:", `${assignment.type}, ${assignment.complexity}`, paper),
    ...labelled("Route:", route, paper),
    ...(assignment.member === null ? [] : labelled("As:", memberWords(assignment.member, paper), paper)),
    ...(forced.length === 0 ? [] : labelled("Forced:", forced.join(", "), paper)),
    ...labelled("Estimate:", `~${count(assignment.estimateTokens)} tokens`, paper),
    ...labelled("Reserves:", reserveWords(task), paper),
    ...(isCap(draft.cap) ? labelled("Cap:", capWords(draft.cap), paper) : []),
    ...escalations.slice(-5).flatMap((step) => labelled("Escalated:", escalationWords(step, paper), paper)),
    ...reported.flatMap((report) =>
      labelled("Reported:", `${reportedWords(report)} (${reporterWords(report.source)})`, paper),
    ),
    ...labelled("Folder:", oneLine(draft.cwd), paper),
    ...labelled("From:", oneLine(draft.origin), paper),
    ...(draft.key === null ? [] : labelled("Key:", oneLine(draft.key), paper)),
    ...(draft.retryLost ? labelled("If lost:", "retried by itself", paper) : []),
  ];
}

function reserveWords({ assignment }: Task): string {
  const amounts = `${count(assignment.reserveTokens)} tokens, ${dollars(assignment.reserveNanoUsd, 4)}`;
  return `${amounts} (${oneLine(assignment.reserveBasis)})`;
}

/** A state in words, with its reason, worker or question. */
export function taskStateWords(state: TaskState, paper: Paper): string {
  switch (state.name) {
    case "queued": {
      if (state.holdReason !== null) return `held: ${oneLine(state.holdReason)}`;
      const until =
        state.notBeforeMs === null
          ? ""
          : `, not before ${shortMoment(state.notBeforeMs, paper.nowMs, paper)}`;
      return `queued${until}`;
    }
    case "reserved":
    case "dispatching":
      return `${state.name} for ${nameCell(state.worker, paper)}`;
    case "dispatched":
      return `${state.name} to ${nameCell(state.worker, paper)} ${span(paper.nowMs - state.typedAtMs)} ago`;
    case "running":
      return `${state.name} on ${nameCell(state.worker, paper)} for ${span(paper.nowMs - state.startedAtMs)}`;
    case "needs-input":
      return `${state.name} on ${nameCell(state.worker, paper)}: ${oneLine(state.question)}`;
    case "parked":
      return `${state.name} on ${nameCell(state.worker, paper)} for ${span(paper.nowMs - state.sinceMs)}: ${oneLine(state.reason)}`;
    case "completed":
      return `completed ${dateAndTime(state.endedAtMs, paper)}${exitWords(state.exitCode)}`;
    case "failed":
      return `failed ${dateAndTime(state.endedAtMs, paper)}${exitWords(state.exitCode)}: ${oneLine(state.reason)}`;
    case "lost":
      return `lost ${dateAndTime(state.endedAtMs, paper)}: ${oneLine(state.reason)}`;
    case "cancelled":
      return `cancelled ${dateAndTime(state.endedAtMs, paper)}`;
    default:
      return state satisfies never;
  }
}

function exitWords(exitCode: number | null): string {
  return exitCode === null ? "" : ` with exit code ${exitCode}`;
}

function attemptLines(attempt: AttemptDetails, paper: Paper): string[] {
  const { title } = paintFor(paper);
  const by = `${nameCell(attempt.worker, paper)} (${nameCell(attempt.agent, paper)}, model ${modelCell(attempt.model, paper)})`;
  const typed =
    attempt.typedAtMs === null ? "nothing was typed" : `typed ${dateAndTime(attempt.typedAtMs, paper)}`;
  return [
    title(`Attempt ${attempt.number}`),
    ...labelled("Worker:", by, paper),
    ...labelled("Begun:", `${dateAndTime(attempt.reservedAtMs, paper)}, ${typed}`, paper),
    ...labelled("Outcome:", outcomeWords(attempt), paper),
    ...labelled("Used:", usedWords(attempt), paper),
    ...telemetryLines(attempt.telemetry, attempt.endedAtMs !== null, paper),
    ...(attempt.pricedBy.length === 0
      ? []
      : labelled("Priced by:", attempt.pricedBy.map(oneLine).join(", "), paper)),
    ...attempt.flags.flatMap((flag) => labelled("Note:", FLAG_WORDS[flag], paper)),
    ...(attempt.answer === null ? [] : ["  Answer:", ...block(attempt.answer, ANSWER_LINES_MAX, paper)]),
  ];
}

function outcomeWords({ outcome, typedAtMs, reservedAtMs, endedAtMs }: AttemptDetails): string {
  if (outcome === null) return "goes on";
  const took = endedAtMs === null ? "" : ` after ${duration(endedAtMs - (typedAtMs ?? reservedAtMs))}`;
  // `failed: the reason`: the time stands with the word it belongs to.
  const [, word = outcome, reason = ""] = /^([a-z-]+)(: .*)$/su.exec(outcome) ?? [];
  return `${oneLine(word)}${took}${oneLine(reason)}`;
}

/** Both figures with their source, and the counters of the record. */
function usedWords({ tokens, cost, usage }: AttemptDetails): string {
  const source = tokens.source === "simulated" ? " (simulated: nothing was spent)" : "";
  const sums = `${tokensOf(tokens)} tokens, ${costOf(cost)}${source}`;
  return usage === null ? sums : `${sums}: ${counterWords(usage)}`;
}

function block(text: string, linesMax: number, paper: Paper): string[] {
  const width = lineWidth(paper) - 4;
  return harmlessLines(text, linesMax).map((line) => `    ${cut(line, width, paper)}`.trimEnd());
}
