/** Puts the part together that wakes agents for events. */
import { CtmError } from "../base/errors.ts";
import type { Config } from "../config.ts";
import { deferralOf, fittingWorkers } from "../deferral.ts";
import type { Engine } from "../engine.ts";
import type { FactBus } from "../events/bus.ts";
import type { KeptWrites } from "../kept-writes.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Wait } from "../activation/gates.ts";
import type { Wake } from "../activation/wake.ts";
import type { Assignment, Task, TaskDraft } from "../tasks/task.ts";
import type { Worker } from "../workers/worker.ts";
import { addressOf } from "./addresses.ts";
import { groupOf } from "./groups.ts";
import { EventDesk } from "./event-desk.ts";
import { Orchestrator } from "./orchestrator.ts";
import { allTriggers } from "./own-triggers.ts";

export interface EventParts {
  readonly config: Config;
  readonly ledger: Ledger;
  readonly bus: FactBus;
  readonly kept: KeptWrites;
  readonly engine: Engine;
  /** null: there is no manager here, and events are only taken. */
  readonly workers: (() => readonly Worker[]) | null;
  delegate(draft: TaskDraft): Assignment;
  now(): number;
  trouble(error: unknown): void;
}

export interface OpenEvents {
  readonly desk: EventDesk;
  readonly orchestrator: Orchestrator;
}

export function openEvents(parts: EventParts): OpenEvents {
  const { config, ledger, bus, kept, engine, now, trouble } = parts;
  const triggers = allTriggers(config.triggers);
  const workers = (): readonly Worker[] => parts.workers?.() ?? [];
  const records = () => ledger.workers.all();
  const limit = (wake: Wake): Wait | null => limitOf(wake, orchestrator, { ...parts, engine, workers });
  const orchestrator: Orchestrator = new Orchestrator({
    ...{ ledger, bus, kept, triggers, now, trouble, limit },
    timeZone: config.throttle.timeZone,
    dedupeHours: config.events.dedupeHours,
    keepDays: config.events.keepDays,
    drives: parts.workers !== null,
    cwd: config.workers.cwd,
    address: (target) => addressOf(target, { config, workers: records }),
    focus: () => null,
    chance: () => Math.random(),
    tasks: {
      submit: (draft) => {
        const [added] = engine.submit([{ ...draft, cap: draft.cap ?? config.throttle.taskCap }]);
        if (added === undefined) throw new Error("one draft came to no task");
        return added.task;
      },
      retry: (id, cause) => engine.retry(id, cause),
      cancel: (id) => engine.cancel(id),
      task: (id) => ledger.task(id),
    },
  });
  const group = (target: string): readonly string[] => groupOf(target, { config, workers: records });
  return { desk: new EventDesk({ ledger, kept, orchestrator, triggers, group, now, trouble }), orchestrator };
}

/** What the throttle says of the task a wake would become. */
function limitOf(
  wake: Wake,
  { deliveries }: Orchestrator,
  { engine, delegate, workers, now }: EventParts & { readonly workers: () => readonly Worker[] },
): Wait | null {
  try {
    const draft = deliveries.draftOf(wake);
    const state = { name: "queued", holdReason: null, notBeforeMs: null } as const;
    const task: Task = { id: 0, draft, assignment: delegate(draft), state, attempts: 0, createdAtMs: now() };
    return deferralOf(engine, task, fittingWorkers(workers(), task));
  } catch (error) {
    // Whom it names may be nobody: its delivery fails with that reason.
    if (error instanceof CtmError) return null;
    throw error;
  }
}
