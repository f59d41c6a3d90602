/** Whom a target names, and what a wake's task must say to reach them. */
import { CtmError } from "../base/errors.ts";
import type { Config } from "../config.ts";
import type { WorkerRecord } from "../ledger/worker-rows.ts";
import { memberOf } from "../roster/roster.ts";
import { TASK_TYPES, type TaskDraft } from "../tasks/task.ts";

export interface AddressParts {
  readonly config: Config;
  /** The workers there are now. */
  workers(): readonly WorkerRecord[];
}

/**
 * A worker by its name or its short one, an agent of the roster, or a kind of agent, in this order. A worker is reached in
 * the conversation it is in. CtmError `not-found`.
 */
export function addressOf(target: string | null, { config, workers }: AddressParts): Partial<TaskDraft> {
  if (target === null) return {};
  const number = /^(?:w|worker|concurrent_worker)(\d{1,3})$/i.exec(target)?.[1];
  const name = number === undefined ? target : `concurrent_worker${Number(number)}`;
  const worker = workers().find((one) => one.name === name);
  if (worker !== undefined) return { worker: name, ...conversationOf(worker) };
  if (number !== undefined) return { worker: name };
  const roster = config.roster?.roster ?? null;
  if (roster !== null && memberOf(roster, target) !== null) return { as: target };
  if (Object.hasOwn(config.agents, target)) return { agent: target };
  throw new CtmError(
    "not-found",
    `nobody here is called ${target}: no worker, agent of the roster or kind of agent`,
  );
}

/** Its next task goes on in its conversation when it is of the same type and folder. */
function conversationOf({ lastType, lastCwd }: WorkerRecord): Partial<TaskDraft> {
  const type = TASK_TYPES.find((known) => known === lastType) ?? null;
  return { ...(type === null ? {} : { type }), ...(lastCwd === null ? {} : { cwd: lastCwd }) };
}
