/**
 * What a start does with what was in flight when the manager ended, before anything is dispatched. The witness of
 * a typing is an option of the pane itself: it lives and dies with the agent, so it is asked, never guessed.
 */
import type { Engine } from "./engine.ts";
import type { AttemptRow } from "./ledger/attempt-rows.ts";
import { attemptOf, type Ledger } from "./ledger/ledger.ts";
import { workKind, type Task } from "./tasks/task.ts";
import type { AttemptInHand } from "./workers/attempt-in-hand.ts";
import type { PaneIdentity } from "./workers/tmux/pane-identity.ts";
import { samePane } from "./workers/tmux/pane-identity.ts";
import type { WorkerPool } from "./workers/pool.ts";
import type { Worker } from "./workers/worker.ts";

export interface RecoveryReport {
  readonly backInQueue: number[];
  readonly goneOn: number[];
  /** Their agents died; the spool may still tell how they ended. */
  readonly inDoubt: number[];
  readonly asks: number[];
  readonly lost: number[];
}

export interface RecoveryParts {
  readonly ledger: Ledger;
  readonly engine: Engine;
  readonly pool: Pick<WorkerPool, "all">;
  /** The agent must be seen to take up what was typed. */
  awaitAcceptance(worker: Worker, attempt: AttemptInHand): void;
}

/** Settles every task that was in a worker's hands. Workers were restored to the pool before. */
export async function recover(parts: RecoveryParts): Promise<RecoveryReport> {
  const report: RecoveryReport = { backInQueue: [], goneOn: [], inDoubt: [], asks: [], lost: [] };
  for (const worker of parts.pool.all()) await learnLastTyped(worker, parts.ledger);
  for (const task of parts.ledger.tasks.open()) {
    const verdict = await recoverTask(task, parts);
    report[verdict].push(task.id);
  }
  return report;
}

/** What was typed last is known to the pane, even when the manager ended before it could write it down. */
async function learnLastTyped(worker: Worker, ledger: Ledger): Promise<void> {
  const { pane, state, record } = worker;
  if (pane === null || state.name === "dead") return;
  const lastAttempt = (await worker.terminal.witness(pane))?.attemptId ?? "";
  const attempt = lastAttempt === record.lastAttempt ? null : ledger.attempts.byId(lastAttempt);
  if (attempt?.worker !== worker.name) return;
  const task = ledger.tasks.byId(attempt.task_id);
  const last = task === null ? {} : { lastType: workKind(task.assignment), lastCwd: task.draft.cwd };
  worker.remember({ lastAttempt, ...last });
}

/** Called once the spool has been read: attempts of dead agents whose end nobody told are lost. */
export async function giveUpDead(pool: Pick<WorkerPool, "all">): Promise<void> {
  for (const worker of pool.all()) {
    if (worker.state.name === "dead" && worker.attempt !== null)
      await worker.end({ kind: "lost", reason: AGENT_GONE }, "process", AGENT_GONE);
  }
}

const AGENT_GONE = "its agent was gone when the manager started again";
const NOT_TYPED = "the manager ended before it was typed";

async function recoverTask(task: Task, parts: RecoveryParts): Promise<keyof RecoveryReport> {
  const { ledger, engine, pool } = parts;
  const attemptId = attemptOf(task);
  if (task.state.name === "reserved") {
    engine.notTyped(task, NOT_TYPED);
    return "backInQueue";
  }
  const attempt = ledger.attempts.byId(attemptId);
  const workerName = "worker" in task.state ? task.state.worker : "";
  const worker = pool.all().find((candidate) => candidate.name === workerName);
  const intended = attempt?.pane == null ? null : (JSON.parse(attempt.pane) as PaneIdentity);
  const pane = worker?.pane ?? null;
  if (
    attempt === null ||
    worker === undefined ||
    pane === null ||
    intended === null ||
    !samePane(pane, intended)
  ) {
    engine.declareLost(task, AGENT_GONE);
    return "lost";
  }
  if (worker.state.name === "dead") {
    takeUpAgain(worker, task, attempt);
    return "inDoubt";
  }
  const witness = await worker.terminal.witness(pane);
  const typed = witness !== null && witness.attemptId === attemptId;
  if (typed) {
    // Told to go on just before the end: the mark of that stands on the pane.
    const told = attempt.resume_mark !== null && witness.mark !== attempt.resume_mark;
    const taken = takeUpAgain(worker, task, attempt, told ? "typed" : phaseOf(task, attempt));
    engine.takeUpAgain(task, told);
    if (taken.phase === "typed") parts.awaitAcceptance(worker, taken);
    return "goneOn";
  }
  if (
    task.state.name === "dispatching" &&
    witness !== null &&
    witness.attemptId === (attempt?.previous_attempt ?? "")
  ) {
    engine.notTyped(task, NOT_TYPED);
    return "backInQueue";
  }
  takeUpAgain(worker, task, attempt, "typed");
  worker.asks(
    "delivery uncertain: something else was typed into this pane",
    "typing",
    "the pane's witness names another attempt",
  );
  return "asks";
}

function phaseOf(task: Task, row: AttemptRow): AttemptInHand["phase"] {
  if (task.state.name === "parked") return "parked";
  return row.accepted_at_ms === null ? "typed" : "accepted";
}

function takeUpAgain(worker: Worker, task: Task, row: AttemptRow, phase = phaseOf(task, row)): AttemptInHand {
  const attempt: AttemptInHand = {
    id: row.id,
    taskId: task.id,
    paste: null,
    phase,
    marks: new Map(),
    cancelling: row.cancel_at_ms !== null,
    capped: phase === "parked" && row.cap_state !== null,
    question: task.state.name === "needs-input" ? task.state.question : null,
  };
  worker.resume(attempt);
  return attempt;
}
