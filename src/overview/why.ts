/** Assembles why a task waits, and which sign decided what state a worker is in. */
import type { Deferral } from "../admissions.ts";
import { isAdoptedName } from "../delegation/adopted-route.ts";
import type { TaskHold, TaskWhy, WorkerWhy } from "../reports/why.ts";
import type { Task } from "../tasks/task.ts";
import type { AccountPark } from "../throttle/account-parking.ts";
import { levelOf } from "../throttle/levels.ts";
import type { Worker } from "../workers/worker.ts";
import type { OverviewSources } from "./sources.ts";
import { workerRow } from "./worker-rows.ts";

/** What the caller found out about a waiting task. */
export interface WaitingFacts {
  /** The throttle's word, asked just now; null = it would let it go. */
  readonly deferral: Deferral | null;
  /** Workers that run its agent at all, free or not. */
  readonly fitting: number;
  readonly free: number;
  /** Why the first of them takes no task although its agent waits; null = none is so. */
  readonly withheld: string | null;
  readonly auto: boolean;
  readonly pausedBecause: string | null;
  /** Of a task that is parked for its account; null for any other, also for one that waits at its cap. */
  readonly parkedFor: ParkedFor | null;
}

export interface ParkedFor {
  readonly account: string;
  /** null: the account is free again. */
  readonly park: AccountPark | null;
}

export function taskWhy(task: Task, facts: WaitingFacts, sources: OverviewSources): TaskWhy {
  if (task.state.name === "parked" && facts.parkedFor !== null) {
    const { holds, advice } = parkedHold(task.state.worker, facts.parkedFor, facts, sources);
    return { taskId: task.id, state: task.state, holds, ahead: null, advice };
  }
  if (task.state.name !== "queued")
    return { taskId: task.id, state: task.state, holds: null, ahead: null, advice: adviceFor(task) };
  const holds = holdOf(task, facts, sources);
  return {
    taskId: task.id,
    state: task.state,
    holds,
    ahead: sources.ledger.tasks.ahead(task),
    advice: [...waitingAdvice(task, facts), ...routeAdvice(task)],
  };
}

/** When the conversation of a parked task goes on, and what a person can do about it. */
function parkedHold(
  worker: string,
  { account, park }: ParkedFor,
  { pausedBecause }: WaitingFacts,
  sources: OverviewSources,
): { holds: TaskHold; advice: string[] } {
  const hold = (reason: string, untilMs: number | null, advice: string) => {
    const limitId = park === null ? null : `account ${account}`;
    return { holds: { reason, limitId, level: null, untilMs }, advice: [advice] };
  };
  const because =
    park === null ? `account ${account} is free again` : `account ${account} is parked: ${park.message}`;
  if (!sources.config.accounts.autoResume)
    return hold(
      `${because}; nothing is told to go on (accounts.autoResume)`,
      null,
      `attach ${worker} puts you into its terminal: whatever you say there lets it go on`,
    );
  if (pausedBecause !== null) return hold(`${because}; dispatch is paused`, null, "resume lets it go on");
  if (park === null)
    return hold(`${because}; those that wait for it are told in turn`, null, "watch shows it");
  return hold(because, park.untilMs, `accounts free ${account} lets it go on now`);
}

/** The first thing in the way, in the order in which a person would have to remove them. */
function holdOf(task: Task, facts: WaitingFacts, sources: OverviewSources): TaskHold | null {
  if (task.state.name !== "queued") return null;
  const { holdReason, notBeforeMs } = task.state;
  const plain = (reason: string, untilMs: number | null = null): TaskHold => ({
    reason,
    limitId: null,
    level: null,
    untilMs,
  });
  if (holdReason !== null) return plain(`held: ${holdReason}`);
  const fault = sources.storageFault();
  if (fault !== null) return plain(fault);
  if (facts.pausedBecause !== null)
    return plain(`dispatch is paused${facts.pausedBecause === "" ? "" : `: ${facts.pausedBecause}`}`);
  if (sources.startedAtMs === null) return plain("no manager runs");
  if (notBeforeMs !== null && notBeforeMs > sources.now())
    return plain("it could not be typed and waits a moment before the next try", notBeforeMs);
  if (facts.fitting === 0)
    return plain(
      task.draft.worker === null
        ? `no worker runs agent ${task.assignment.agent}`
        : `no worker is named ${task.draft.worker}`,
    );
  if (facts.deferral !== null) {
    const { reason, limitId, untilMs } = facts.deferral;
    const standing = sources.throttle.standings(sources.now()).find((row) => row.limitId === limitId);
    const level = standing === undefined ? null : levelOf(standing.used + standing.held, standing.limit);
    return { reason, limitId, level, untilMs };
  }
  if (facts.free === 0) return plain(facts.withheld ?? "every worker that could take it is busy");
  if (!facts.auto) return plain("auto mode is off");
  return null;
}

function waitingAdvice(task: Task, facts: WaitingFacts): string[] {
  if (task.state.name === "queued" && task.state.holdReason !== null)
    return [`release ${task.id} lets it go`];
  if (facts.pausedBecause !== null) return ["resume lets dispatch go on"];
  if (facts.fitting === 0 && task.draft.worker !== null)
    return ["spawn starts further workers, numbered in turn; workers lists those that run"];
  if (facts.fitting === 0) return [`spawn --agent ${task.assignment.agent} starts a worker that can take it`];
  if (facts.deferral !== null) return ["throttle shows the limits; limits raise lifts one for a while"];
  return facts.auto ? [] : ["auto dispatches as workers become free; distribute makes one pass now"];
}

function routeAdvice({ assignment: { route, model } }: Task): string[] {
  return isAdoptedName(route) ? [`its model ${model} is of an adopted route: routes shows why`] : [];
}

function adviceFor(task: Task): string[] {
  switch (task.state.name) {
    case "needs-input":
      return [
        `answer ${task.state.worker} … answers it; attach ${task.state.worker} puts you into its terminal`,
      ];
    case "failed":
    case "lost":
      return [`retry ${task.id} puts it back in the queue`];
    default:
      return [];
  }
}

export function workerWhy(worker: Worker, sources: OverviewSources): WorkerWhy {
  return {
    worker: workerRow(worker, sources),
    decided: worker.evidence.decided,
    signs: worker.evidence.all(),
  };
}
