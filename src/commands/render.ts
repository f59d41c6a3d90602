/** Short answers of commands that change something: one line a task, saying what became of it. */
import type { DispatchState, Submission } from "../app.ts";
import { likeWords } from "../reports/alike.ts";
import { cut, oneLine } from "../reports/cells.ts";
import { count } from "../reports/numbers.ts";
import type { Paper } from "../reports/paper.ts";
import { shortMoment } from "../reports/times.ts";
import type { Task } from "../tasks/task.ts";

/** `Queued #7 (high, coding, codex/sonnet, ~1,008 tokens): Fix the login` */
export function submissionLines(submission: Submission, paper: Paper): string[] {
  const { task, created, like } = submission;
  const lead = created ? "Queued" : "Already there by its key:";
  const line = fit(`${lead} #${task.id} (${traitsOf(task)}): ${oneLine(task.draft.text)}`, paper);
  if (!created) return [line];
  const further = [like === null ? null : likeWords(like, paper), submission.waitsFor];
  return [line, ...further.flatMap((words) => (words === null ? [] : [fit(`  ${words}`, paper)]))];
}

/** `#7 is cancelled: Fix the login`, with what a person needs to know of the state. */
export function taskLine(task: Task, paper: Paper): string {
  return fit(`#${task.id} ${stateWords(task, paper)}: ${oneLine(task.draft.text)}`, paper);
}

export function taskLines(tasks: readonly Task[], paper: Paper): string[] {
  return tasks.map((task) => taskLine(task, paper));
}

/** How the dispatch stands, in one line. */
export function dispatchLine(state: DispatchState): string {
  const auto = `Auto mode is ${state.auto ? "on" : "off"}`;
  if (!state.paused) return `${auto}; dispatch is not paused.`;
  return `${auto}; dispatch is paused${state.pauseReason === null ? "" : ` (${oneLine(state.pauseReason)})`}.`;
}

/** One line of at most the paper's width. */
export function fit(line: string, paper: Paper): string {
  return cut(line, paper.columns, paper);
}

function traitsOf({ draft, assignment }: Task): string {
  const agent = assignment.model === null ? assignment.agent : `${assignment.agent}/${assignment.model}`;
  const held = draft.holdReason === null ? [] : [`held: ${oneLine(draft.holdReason)}`];
  const estimate = `~${count(assignment.estimateTokens)} tokens`;
  const member = assignment.member === null ? [] : [`as ${assignment.member.id}`];
  return [draft.priority, assignment.type, ...member, agent, estimate, ...held].join(", ");
}

function stateWords({ state, draft }: Task, paper: Paper): string {
  switch (state.name) {
    case "queued": {
      if (state.holdReason !== null) return `is held (${oneLine(state.holdReason)})`;
      const wait =
        state.notBeforeMs === null ? "" : ` until ${shortMoment(state.notBeforeMs, paper.nowMs, paper)}`;
      return `waits${wait} with priority ${draft.priority}`;
    }
    case "failed":
    case "lost":
      return `is ${state.name} (${oneLine(state.reason)})`;
    case "needs-input":
      return `needs input on ${state.worker}`;
    case "parked":
      return `is parked on ${state.worker} (${oneLine(state.reason)})`;
    case "reserved":
    case "dispatching":
    case "dispatched":
    case "running":
      return `is ${state.name} on ${state.worker}`;
    case "completed":
    case "cancelled":
      return `is ${state.name}`;
    default:
      return state satisfies never;
  }
}
