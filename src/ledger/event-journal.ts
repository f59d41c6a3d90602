/**
 * The journal of events: what was taken stands on the disk before anybody is told so, with what its triggers made of it
 * in the same commit. A wake is changed by these verbs alone, and each event ends in exactly one outcome a trigger.
 */
import type { Envelope } from "../activation/envelope.ts";
import { judge, placeOf, type Step } from "../activation/gates.ts";
import type { Trigger } from "../activation/trigger.ts";
import { isAtWork, isWaiting, wakeOfChain, type Wake } from "../activation/wake.ts";
import { CtmError } from "../base/errors.ts";
import type { FaultPoint } from "../faults/fault-point.ts";
import { priorityRank, type Priority } from "../tasks/priority.ts";
import type { TaskStateName } from "../tasks/task.ts";
import type { Db, Transaction } from "./database.ts";
import { EventRows, type KeptEvent } from "./event-rows.ts";
import { OpenLanes } from "./open-lanes.ts";
import { SettingRows } from "./setting-rows.ts";
import { commitPoint, written } from "./storage-fault.ts";
import { WakeRows } from "./wake-rows.ts";

/** Most events that may wait at once. */
export const heldEventsMax = 200_000;

/** An event as it comes in. */
export interface Incoming {
  readonly event: Envelope;
  /** Does it carry text from outside? */
  readonly foreign: boolean;
  readonly via: string;
  /** What it is known by when it comes again, beside its id, and until when. */
  readonly keys: readonly { readonly key: string; readonly untilMs: number }[];
}

export interface Taken {
  readonly seq: number;
  readonly duplicate: boolean;
}

/** A task became something. */
export interface TaskMove {
  readonly seq: number;
  readonly atMs: number;
  readonly taskId: number;
  readonly to: TaskStateName;
}

const TAKE = commitPoint("event.commit");
const MOVE = commitPoint("wake.commit");
const CLAIM = commitPoint("wake-claim.commit");
const SUBMIT = commitPoint("wake-submit.commit");
const ACK = commitPoint("wake-ack.commit");
const END = commitPoint("wake-end.commit");
const PRUNE = commitPoint("event-prune.commit");

export class EventJournal {
  readonly events: EventRows;
  readonly wakes: WakeRows;
  readonly #db: Db;
  readonly #settings: SettingRows;
  readonly #waitingCount;
  #inTransaction: Transaction<(act: () => unknown) => unknown> | null = null;

  constructor(db: Db, settings: SettingRows) {
    this.#db = db;
    this.#settings = settings;
    this.events = new EventRows(db);
    this.wakes = new WakeRows(db);
    this.#waitingCount = db.prepare<[], { n: number }>(
      "SELECT coalesce(sum(events), 0) AS n FROM wake WHERE ended_ms IS NULL AND state IN ('debounce', 'batch', 'ready')",
    );
  }

  /** The newest move of any task; 0 = none. */
  lastMoveSeq(): number {
    const sql = "SELECT coalesce(max(seq), 0) AS seq FROM move";
    return this.#db.prepare<[], { seq: number }>(sql).get()?.seq ?? 0;
  }

  /** The newest task; 0 = none. */
  lastTaskId(): number {
    const sql = "SELECT coalesce(max(id), 0) AS id FROM task";
    return this.#db.prepare<[], { id: number }>(sql).get()?.id ?? 0;
  }

  /** Moves of tasks behind this one, oldest first. */
  movesAfter(seq: number, limit: number): readonly TaskMove[] {
    const sql = `SELECT seq, at_ms AS atMs, task_id AS taskId, to_state AS "to" FROM move WHERE seq > ? ORDER BY seq LIMIT ?`;
    return this.#db.prepare<[number, number], TaskMove>(sql).all(seq, limit);
  }

  /** How many events wait. */
  get waiting(): number {
    return this.#waitingCount.get()?.n ?? 0;
  }

  /**
   * Takes events, all or none, with a mark of how far their source was read. Throws CtmError `refused` when too many wait
   * already, `ledger` when the disk does not take them.
   */
  take(
    incoming: readonly Incoming[],
    triggers: readonly Trigger[],
    nowMs: number,
    mark: { readonly name: string; readonly value: string } | null = null,
  ): Taken[] {
    return this.#transaction(TAKE, () => {
      if (incoming.length > 0 && this.waiting + incoming.length > heldEventsMax)
        throw new CtmError("refused", `${this.waiting} events wait; more than ${heldEventsMax} are not kept`);
      if (mark !== null) this.#settings.set(mark.name, mark.value);
      const lanes = new OpenLanes(this.wakes, nowMs);
      const taken = incoming.map((one) => this.#takeOne(one, triggers, lanes, nowMs));
      lanes.write();
      return taken;
    });
  }

  #takeOne(
    { event, foreign, via, keys }: Incoming,
    triggers: readonly Trigger[],
    lanes: OpenLanes,
    nowMs: number,
  ): Taken {
    for (const { key } of keys) {
      const seq = this.events.byKey(event.source, key, nowMs);
      if (seq === null) continue;
      this.events.cameAgain(seq);
      return { seq, duplicate: true };
    }
    const cause = wakeOfChain(event.correlation);
    const causedBy = cause === null ? null : lanes.byId(cause);
    const depth = causedBy === null ? 0 : causedBy.depth + 1;
    const kept = { event, depth, foreign, via, acceptedMs: nowMs };
    const seq = this.events.insert(kept);
    for (const { key, untilMs } of keys) this.events.addKey(event.source, key, seq, untilMs);
    const given = { ...kept, seq, duplicates: 0 };
    const looked = triggers.filter((trigger) => this.#give(given, trigger, lanes, nowMs));
    if (looked.length === 0) {
      const fate = { eventSeq: seq, trigger: "", wakeId: null, expiresMs: null };
      this.events.addFate({ ...fate, outcome: "filtered", reason: "no trigger looks at such events" });
    }
    return { seq, duplicate: false };
  }

  /** False: the trigger does not look at such events. */
  #give(kept: KeptEvent, trigger: Trigger, lanes: OpenLanes, nowMs: number): boolean {
    const judged = judge(trigger, kept, nowMs);
    const fate = { eventSeq: kept.seq, trigger: trigger.name };
    switch (judged.kind) {
      case "passed-over":
        return false;
      case "ends": {
        const { outcome, reason } = judged;
        this.events.addFate({ ...fate, wakeId: null, outcome, reason, expiresMs: null });
        return true;
      }
      case "taken": {
        const wakeId = placeIn(lanes, kept, trigger, judged, nowMs);
        const { expiresMs } = judged;
        this.events.addFate({ ...fate, wakeId, outcome: "held", reason: null, expiresMs });
        return true;
      }
      default:
        return judged satisfies never;
    }
  }

  /** Does what the gates decided. */
  follow(steps: readonly Step[], nowMs: number): void {
    if (steps.length === 0) return;
    const commit = steps.some(({ kind }) => kind === "claims") ? CLAIM : MOVE;
    this.#transaction(commit, () => steps.forEach((step) => this.#step(step, nowMs)));
  }

  #step(step: Step, nowMs: number): void {
    const wake = this.wakes.byId(step.wakeId);
    if (wake === null || !isWaiting(wake)) return;
    switch (step.kind) {
      case "becomes":
        return this.wakes.write({ ...wake, state: step.state, sinceMs: nowMs, untilMs: null }, nowMs);
      case "gathers":
        return this.wakes.write({ ...wake, untilMs: step.untilMs }, nowMs);
      case "waits": {
        const { untilMs, reason } = step.wait;
        return this.wakes.write({ ...wake, gate: step.gate, untilMs, reason }, nowMs);
      }
      case "merges":
        return this.#merge(wake, step.into, nowMs);
      case "claims": {
        const claimed = { ...wake, state: "claimed" as const, attempts: wake.attempts + 1, claimedMs: nowMs };
        const free = { gate: null, untilMs: null, reason: null, notBeforeMs: null, sinceMs: nowMs };
        this.wakes.write({ ...claimed, ...free }, nowMs);
        for (const replaced of step.replaces) this.#replace(replaced, wake.id, nowMs);
        return;
      }
      default:
        step satisfies never;
    }
  }

  /** Its events are another's from now on. */
  #merge(wake: Wake, into: number, nowMs: number): void {
    const other = this.wakes.byId(into);
    if (other === null) return;
    this.events.move(wake.id, into);
    this.wakes.write(joined(other, wake), nowMs);
    const reason = `its events went to wake ${into}`;
    this.wakes.write({ ...wake, state: "merged", sinceMs: nowMs, reason, gate: null, untilMs: null }, nowMs);
  }

  /** A later wake takes its place: what was not taken up yet goes to that one. */
  #replace(wakeId: number, by: number, nowMs: number): void {
    const wake = this.wakes.byId(wakeId);
    if (wake !== null && isAtWork(wake) && wake.ackedMs === null) this.#merge(wake, by, nowMs);
  }

  /** It is a task now. */
  submitted(wakeId: number, taskId: number, nowMs: number): void {
    this.#transaction(SUBMIT, () => {
      const wake = this.wakes.byId(wakeId);
      if (wake?.state === "claimed")
        this.wakes.write({ ...wake, state: "submitted", taskId, sinceMs: nowMs }, nowMs);
    });
  }

  /** Why a submitted wake's task does not run yet. */
  waitsWith(wakeId: number, reason: string | null, nowMs: number): void {
    const wake = this.wakes.byId(wakeId);
    if (wake?.state !== "submitted" || wake.reason === reason) return;
    this.#transaction(MOVE, () => this.wakes.write({ ...wake, reason }, nowMs));
  }

  /** Its agent took it up; once. */
  acked(wakeId: number, nowMs: number): void {
    this.#transaction(ACK, () => {
      const wake = this.wakes.byId(wakeId);
      if (wake === null || wake.ackedMs !== null || !isAtWork(wake)) return;
      this.events.delivered(wakeId);
      this.wakes.write(
        { ...wake, state: "delivered", ackedMs: nowMs, sinceMs: nowMs, reason: null, untilMs: null },
        nowMs,
      );
    });
  }

  /** Its task has ended after it was taken up. */
  done(wakeId: number, nowMs: number): void {
    this.#transaction(END, () => {
      const wake = this.wakes.byId(wakeId);
      if (wake !== null && isAtWork(wake))
        this.wakes.write({ ...wake, state: "done", sinceMs: nowMs }, nowMs);
    });
  }

  /** Its delivery failed: it waits for another, or is put aside. */
  failed(
    wakeId: number,
    reason: string,
    again: { readonly notBeforeMs: number } | null,
    nowMs: number,
  ): void {
    this.#transaction(END, () => {
      const wake = this.wakes.byId(wakeId);
      if (wake === null || wake.ackedMs !== null) return;
      const ready = { ...wake, sinceMs: nowMs, reason };
      if (again !== null) {
        const untilMs = again.notBeforeMs;
        return this.wakes.write(
          { ...ready, state: "ready", gate: "retry", untilMs, notBeforeMs: untilMs },
          nowMs,
        );
      }
      this.events.end(wakeId, "dead", reason);
      this.wakes.write({ ...ready, state: "dead", gate: null, untilMs: null }, nowMs);
    });
  }

  /** A wake that was put aside waits again, as if it were new. CtmError `illegal-move` when it was not. */
  revive(wakeId: number, nowMs: number): void {
    this.#transaction(MOVE, () => {
      const wake = this.#aside(wakeId);
      this.events.revive(wakeId);
      const fresh = { state: "ready" as const, attempts: 0, notBeforeMs: null, gate: null, untilMs: null };
      this.wakes.write({ ...wake, ...fresh, reason: null, sinceMs: nowMs }, nowMs);
    });
  }

  /** A wake that was put aside is given up. CtmError `illegal-move` when it was not. */
  drop(wakeId: number, nowMs: number): void {
    this.#transaction(MOVE, () =>
      this.wakes.write({ ...this.#aside(wakeId), state: "dropped", sinceMs: nowMs }, nowMs),
    );
  }

  /** An event without a wake that was put aside is given up. */
  dropEvent(seq: number): void {
    this.#transaction(MOVE, () => this.events.drop(seq));
  }

  #aside(wakeId: number): Wake {
    const wake = this.wakes.byId(wakeId);
    if (wake === null) throw new CtmError("not-found", `there is no wake ${wakeId}`);
    if (wake.state !== "dead") throw new CtmError("illegal-move", `wake ${wakeId} was not put aside`);
    return wake;
  }

  /** Ends what waited too long. */
  expire(nowMs: number): void {
    const next = this.events.nextExpiryMs();
    if (next === null || next > nowMs) return;
    this.#transaction(END, () => {
      for (const [wakeId, count] of this.events.expire(nowMs)) {
        const wake = this.wakes.byId(wakeId);
        if (wake === null) continue;
        const events = wake.events - count;
        const over = {
          state: "expired" as const,
          reason: "its events waited too long",
          gate: null,
          untilMs: null,
        };
        this.wakes.write({ ...wake, events, ...(events > 0 ? {} : over) }, nowMs);
      }
    });
  }

  /** Forgets what ended long ago. Returns how many events. */
  prune(beforeMs: number, nowMs: number): number {
    if (!this.events.hasOld(beforeMs, nowMs)) return 0;
    return this.#transaction(PRUNE, () => this.events.prune(beforeMs, nowMs));
  }

  #transaction<T>(commit: FaultPoint, body: () => T): T {
    return written(commit, () => {
      // Made once: making one costs as much as a small write.
      this.#inTransaction ??= this.#db.transaction((act: () => unknown) => act());
      return this.#inTransaction.immediate(body) as T;
    });
  }
}

/** Puts an event into a wake of its lane. Returns the wake's id. */
function placeIn(
  lanes: OpenLanes,
  { event, foreign, depth }: KeptEvent,
  trigger: Trigger,
  { lane, target }: { readonly lane: string; readonly target: string | null },
  nowMs: number,
): number {
  const priority = trigger.priority ?? event.priority;
  const open = lanes.of(trigger.name, lane);
  const place = placeOf(trigger, priority === "critical", open);
  const own = { priority, foreign, depth, events: 1, firstMs: nowMs, lastMs: nowMs };
  if (place.kind === "joins") {
    const into = open.find(({ id }) => id === place.wakeId);
    if (into !== undefined) lanes.change(joined(into, own));
    return place.wakeId;
  }
  return lanes.add({
    ...own,
    ...{ trigger: trigger.name, lane, target, state: place.state, sinceMs: nowMs },
    ...{ gate: null, untilMs: null, reason: null, notBeforeMs: null },
    ...{ attempts: 0, taskId: null, claimedMs: null, ackedMs: null },
  });
}

type Carried = Pick<Wake, "priority" | "foreign" | "depth" | "events" | "firstMs" | "lastMs">;

/** A wake with what another one carries. */
function joined(wake: Wake, more: Carried): Wake {
  return {
    ...wake,
    priority: higher(wake.priority, more.priority),
    foreign: wake.foreign || more.foreign,
    depth: Math.max(wake.depth, more.depth),
    events: wake.events + more.events,
    firstMs: Math.min(wake.firstMs, more.firstMs),
    lastMs: Math.max(wake.lastMs, more.lastMs),
  };
}

function higher(a: Priority, b: Priority): Priority {
  return priorityRank(a) >= priorityRank(b) ? a : b;
}
