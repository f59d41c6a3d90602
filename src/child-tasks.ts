/**
 * Tasks that an agent submits from inside its own: children of the task it has in hand. What they may be is bounded by
 * depth, number and budget, whatever the agent asks for, and they are never more urgent than their parent.
 */
import { CtmError } from "./base/errors.ts";
import { labelMaxChars } from "./base/limits.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { launchOfKey } from "./report-key.ts";
import type { TaskCap } from "./tasks/cap.ts";
import { isFinal, type Task, type TaskDraft, type TaskType } from "./tasks/task.ts";

/** A child of a child of a child has no children. */
export const childDepthMax = 3;
/** Children of one task, and all that descend from one that a person or program submitted. */
export const childrenMax = 20;
export const descendantsMax = 60;
/** What a child may use where its parent has no cap of its own. */
const childTokensMax = 500_000;

export interface ChildWish {
  readonly text: string;
  readonly type: TaskType | null;
  /** What it may use at most; null = as much as it is let. */
  readonly cap: TaskCap | null;
  readonly key: string | null;
  /** The word of the worker's environment. */
  readonly word: string | null;
}

/** A child as it goes into the queue, and where it stands in its family. */
export interface ChildDraft {
  readonly draft: TaskDraft;
  readonly parentId: number;
  readonly rootId: number;
  readonly depth: number;
}

/** CtmError `refused` beyond a bound or for a word nobody here made, `not-found` where no task is in hand. */
export function childOf(wish: ChildWish, ledger: Ledger): ChildDraft {
  const parent = taskInHand(wish.word, ledger);
  const place = ledger.children.placeOf(parent.id);
  const { rootId } = place;
  const depth = place.depth + 1;
  if (depth > childDepthMax)
    throw new CtmError(
      "refused",
      `task ${parent.id} is ${place.depth} below its first: ${childDepthMax} at most`,
    );
  const { ofParent, ofRoot } = ledger.children.counts(parent.id, rootId);
  if (ofParent >= childrenMax)
    throw new CtmError("refused", `task ${parent.id} has ${ofParent} children: no more are taken`);
  if (ofRoot >= descendantsMax)
    throw new CtmError("refused", `${ofRoot} tasks descend from task ${rootId}: no more are taken`);
  const { priority, cwd, cap } = parent.draft;
  // A key of its parent's own: an agent could else name, and so be told of, a task that is none of its family.
  const key = wish.key === null ? null : `child:${parent.id}:${wish.key}`.slice(0, labelMaxChars);
  const own = { text: wish.text, type: wish.type, cap: boundedCap(wish.cap, cap), key, priority, cwd };
  const forced = { model: null, agent: null, worker: null, as: null, holdReason: null, retryLost: false };
  return { draft: { ...own, ...forced, origin: `task ${parent.id}` }, parentId: parent.id, rootId, depth };
}

function taskInHand(word: string | null, ledger: Ledger): Task {
  if (word === null)
    throw new CtmError("usage", "a child is submitted from inside a worker alone: use `add`");
  const launchId = launchOfKey(ledger, word);
  if (launchId === null)
    throw new CtmError("refused", "the word in CTM_REPORT was not made here: nothing was queued");
  const worker = ledger.workers.all().find((known) => known.launchId === launchId);
  const attempt = worker === undefined ? null : ledger.attempts.byId(worker.lastAttempt);
  const task = attempt === null ? null : ledger.task(attempt.task_id);
  const isInHand = task !== null && "attemptId" in task.state && task.state.attemptId === attempt?.id;
  if (task === null || !isInHand || isFinal(task.state.name))
    throw new CtmError("not-found", "this worker has no task in hand: there is none to be a child of");
  return task;
}

/** As much as was asked for, and never more than the parent may use itself. */
function boundedCap(asked: TaskCap | null, parent: TaskCap | null): TaskCap {
  const most = { tokens: parent?.tokens ?? childTokensMax, nanoUsd: parent?.nanoUsd ?? null };
  const least = (own: number | null, bound: number | null): number | null =>
    own === null ? bound : bound === null ? own : Math.min(own, bound);
  return {
    tokens: least(asked?.tokens ?? null, most.tokens),
    nanoUsd: least(asked?.nanoUsd ?? null, most.nanoUsd),
  };
}
