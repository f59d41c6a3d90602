/**
 * The gates between an event and its prompt, in their order: expired → filter → debounce → batch → mode → cooldown →
 * rate → focus → budget → limits → delivery. Critical events pass debounce, batch and cooldown; a budget or limit they
 * do not pass by themselves. Everything here is decided from what is handed in: nothing is remembered between calls.
 */
import { priorityRank } from "../tasks/priority.ts";
import type { Envelope, Json } from "./envelope.ts";
import { failing, fieldOf, typeMatches } from "./filter.ts";
import { chainDepthMax, type Trigger } from "./trigger.ts";
import { isAtWork, isWaiting, type Gate, type Wake, type WakeState } from "./wake.ts";

/** What a trigger makes of an event before anything is waited for. */
export type Judgement =
  /** It is of a type this trigger does not look at. */
  | { readonly kind: "passed-over" }
  | { readonly kind: "ends"; readonly outcome: "expired" | "filtered" | "dead"; readonly reason: string }
  | {
      readonly kind: "taken";
      readonly lane: string;
      readonly target: string | null;
      /** null = never. */
      readonly expiresMs: number | null;
    };

/** An event as it came in: `depth` wakes led to it. */
export interface Arrival {
  readonly event: Envelope;
  readonly depth: number;
}

/** The type of the ticks of schedules; the subject names the trigger. */
export const TICK = "schedule.tick";
/** Longest name of a lane. */
const laneMaxChars = 200;

export function judge(trigger: Trigger, { event, depth }: Arrival, nowMs: number): Judgement {
  if (!looksAt(trigger, event)) return { kind: "passed-over" };
  const expiresMs = expiryOf(trigger, event, nowMs);
  if (expiresMs !== null && expiresMs <= nowMs)
    return { kind: "ends", outcome: "expired", reason: "it came after its own expiry" };
  const why = trigger.filter === null ? null : failing(trigger.filter, event);
  if (why !== null) return { kind: "ends", outcome: "filtered", reason: why };
  if (depth > chainDepthMax)
    return { kind: "ends", outcome: "dead", reason: `a loop: ${depth} wakes in a row caused it` };
  const target = trigger.wake === "target" ? event.target : trigger.wake;
  if (target === null && trigger.wake === "target")
    return { kind: "ends", outcome: "filtered", reason: "it names no target" };
  return { kind: "taken", lane: laneOf(trigger, event, target), target, expiresMs };
}

function looksAt(trigger: Trigger, event: Envelope): boolean {
  if (trigger.schedule !== null && event.type === TICK) return event.subject === trigger.name;
  return trigger.on.some((pattern) => typeMatches(pattern, event.type));
}

function expiryOf({ ttlMs }: Trigger, { expiresMs, timeMs }: Envelope, nowMs: number): number | null {
  // What is said to come from the future begins to age now.
  const ages = ttlMs === null ? null : Math.min(timeMs ?? nowMs, nowMs) + ttlMs;
  if (ages === null || expiresMs === null) return ages ?? expiresMs;
  return Math.min(ages, expiresMs);
}

function laneOf({ batch, wake }: Trigger, event: Envelope, target: string | null): string {
  const by = batch?.by == null ? "" : textOf(fieldOf(event, batch.by));
  const whom = wake === "target" ? (target ?? "") : "";
  return [whom, by]
    .filter((part) => part !== "")
    .join(" ")
    .slice(0, laneMaxChars);
}

function textOf(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Where an event that was taken goes: into a wake that still gathers or waits, or into one of its own. */
export type Place =
  | { readonly kind: "joins"; readonly wakeId: number }
  | { readonly kind: "opens"; readonly state: WakeState };

/** `lane`: the wakes of its lane that have not ended, oldest first. */
export function placeOf(trigger: Trigger, critical: boolean, lane: readonly Wake[]): Place {
  if (critical) return { kind: "opens", state: "ready" };
  const usual = lane.filter((wake) => isWaiting(wake) && wake.priority !== "critical");
  const gathers = trigger.debounce !== null || trigger.batch !== null;
  const open = usual.find((wake) => (gathers ? mayGather(trigger, wake) : mayJoin(wake)));
  if (open !== undefined) return { kind: "joins", wakeId: open.id };
  if (trigger.debounce !== null) return { kind: "opens", state: "debounce" };
  if (trigger.batch !== null) return { kind: "opens", state: "batch" };
  const last = usual.at(-1);
  if (last !== undefined && usual.length >= waitingMax(trigger)) return { kind: "joins", wakeId: last.id };
  return { kind: "opens", state: "ready" };
}

function mayGather({ batch }: Trigger, { state, events }: Wake): boolean {
  return state === "debounce" || (state === "batch" && events < (batch?.max ?? 1));
}

/** It waits where all that wait become one. */
function mayJoin({ state, gate, attempts }: Wake): boolean {
  return state === "ready" && attempts === 0 && (gate === "cooldown" || gate === "rate" || gate === "paused");
}

/** How many wakes of a lane may wait behind one that is at work; what is beyond becomes one with the last. */
function waitingMax({ mode, depth }: Trigger): number {
  return mode === "queued" ? depth : 1;
}

/** What holds a wake back. */
export interface Wait {
  readonly untilMs: number | null;
  readonly reason: string;
}

/** What the gates need to know of the world. */
export interface World {
  /** The trigger was paused by a person. */
  readonly paused: boolean;
  /** When the lane's last wake was claimed, whatever became of it. */
  lastClaimMs(lane: string): number | null;
  /** Claims of the trigger, newest first: as many as its rate counts. */
  readonly claimsMs: readonly number[];
  /** A person is at the worker it would go to. */
  focus(wake: Wake): Wait | null;
  /** The trigger's own budget is used up. */
  readonly budget: Wait | null;
  /** The throttle, or an account, would not let its task go now. */
  limit(wake: Wake): Wait | null;
}

export type Step =
  /** It goes on gathering in another way, or is ready. */
  | { readonly kind: "becomes"; readonly wakeId: number; readonly state: "batch" | "ready" }
  | { readonly kind: "waits"; readonly wakeId: number; readonly gate: Gate; readonly wait: Wait }
  | { readonly kind: "gathers"; readonly wakeId: number; readonly untilMs: number }
  | { readonly kind: "merges"; readonly wakeId: number; readonly into: number }
  | { readonly kind: "claims"; readonly wakeId: number; readonly replaces: readonly number[] };

/** What happens to the wakes of one trigger now. `wakes`: those that have not ended, oldest first. */
export function plan(trigger: Trigger, wakes: readonly Wake[], world: World, nowMs: number): readonly Step[] {
  const gathered = wakes.map((wake) => gathering(trigger, wake, nowMs));
  const steps = gathered.flatMap(({ steps: own }) => own);
  const ready = gathered
    .filter(({ wake }) => wake.state === "ready")
    .map(({ wake }) => wake)
    .sort((a, b) => priorityRank(b.priority) - priorityRank(a.priority) || a.id - b.id);
  const atWork = wakes.filter((wake) => isAtWork(wake));
  return [...steps, ...new Pass(trigger, world, nowMs, atWork).go(ready)];
}

/** What each gate would say of a wake that is ready now. */
export function verdictsOf(
  trigger: Trigger,
  wakes: readonly Wake[],
  wake: Wake,
  world: World,
  nowMs: number,
): readonly { readonly gate: Gate; readonly wait: Wait | null }[] {
  const atWork = wakes.filter((one) => isAtWork(one));
  return new Pass(trigger, world, nowMs, atWork).verdicts(wake);
}

/** Debounce, then batch: the steps that are due now, and the wake as it stands then. */
function gathering(trigger: Trigger, wake: Wake, nowMs: number): { wake: Wake; steps: Step[] } {
  const { id: wakeId } = wake;
  if (wake.state === "debounce") {
    const { periodMs, maxMs } = trigger.debounce ?? { periodMs: 0, maxMs: 0 };
    const untilMs = Math.min(wake.lastMs + periodMs, wake.firstMs + maxMs);
    if (untilMs > nowMs) return { wake, steps: [{ kind: "gathers", wakeId, untilMs }] };
    const state = trigger.batch === null ? "ready" : "batch";
    const on = gathering(trigger, { ...wake, state, sinceMs: nowMs }, nowMs);
    return { wake: on.wake, steps: [{ kind: "becomes", wakeId, state }, ...on.steps] };
  }
  if (wake.state !== "batch") return { wake, steps: [] };
  const { max, timeoutMs } = trigger.batch ?? { max: 1, timeoutMs: 0 };
  const untilMs = wake.sinceMs + timeoutMs;
  if (wake.events < max && untilMs > nowMs) return { wake, steps: [{ kind: "gathers", wakeId, untilMs }] };
  return {
    wake: { ...wake, state: "ready", sinceMs: nowMs },
    steps: [{ kind: "becomes", wakeId, state: "ready" }],
  };
}

/** One look at the wakes that are ready, in their order. What one of them does is known to those behind it. */
class Pass {
  readonly #trigger: Trigger;
  readonly #world: World;
  readonly #nowMs: number;
  readonly #atWork: Wake[];
  readonly #claimsMs: number[];
  readonly #lastClaims = new Map<string, number>();
  /** Of each lane the wakes that wait, as far as they were looked at. */
  readonly #waiting = new Map<string, { wake: Wake; gate: Gate }[]>();

  constructor(trigger: Trigger, world: World, nowMs: number, atWork: readonly Wake[]) {
    this.#trigger = trigger;
    this.#world = world;
    this.#nowMs = nowMs;
    this.#atWork = [...atWork];
    this.#claimsMs = [...world.claimsMs];
  }

  go(ready: readonly Wake[]): Step[] {
    return ready.map((wake) => this.#step(wake));
  }

  #step(wake: Wake): Step {
    const { id: wakeId, lane } = wake;
    const held = this.#gate(wake);
    if (held === null) {
      const replaces = this.#trigger.mode === "restart" ? this.#ofLane(lane).map(({ id }) => id) : [];
      this.#atWork.push({ ...wake, state: "claimed" });
      this.#claimsMs.unshift(this.#nowMs);
      this.#lastClaims.set(lane, this.#nowMs);
      return { kind: "claims", wakeId, replaces };
    }
    const before = this.#waiting.get(lane) ?? [];
    const into = this.#mergesInto(wake, held.gate, before);
    if (into !== null) return { kind: "merges", wakeId, into };
    this.#waiting.set(lane, [...before, { wake, gate: held.gate }]);
    return { kind: "waits", wakeId, ...held };
  }

  /** At cooldown and rate those that wait become one; at the other gates what is beyond the depth. */
  #mergesInto(wake: Wake, gate: Gate, before: readonly { wake: Wake; gate: Gate }[]): number | null {
    // One that was tried before keeps its own task.
    if (wake.priority === "critical" || wake.attempts > 0) return null;
    const usual = before.filter((one) => one.wake.priority !== "critical" && one.wake.attempts === 0);
    const last = usual.at(-1);
    if (last === undefined) return null;
    const together = gate === "cooldown" || gate === "rate";
    if (together && last.gate === gate) return last.wake.id;
    return usual.length >= waitingMax(this.#trigger) ? last.wake.id : null;
  }

  /** The first gate that holds it; null: it may go. */
  #gate(wake: Wake): { gate: Gate; wait: Wait } | null {
    for (const { gate, ask } of this.#asks(wake)) {
      const wait = ask();
      if (wait !== null) return { gate, wait };
    }
    return null;
  }

  /** What each gate says of it, whatever the one before said. */
  verdicts(wake: Wake): { gate: Gate; wait: Wait | null }[] {
    return this.#asks(wake).map(({ gate, ask }) => ({ gate, wait: ask() }));
  }

  #asks(wake: Wake): readonly { readonly gate: Gate; readonly ask: () => Wait | null }[] {
    const world = this.#world;
    const paused = { untilMs: null, reason: "its trigger is paused" };
    const tried = { untilMs: wake.notBeforeMs, reason: wake.reason ?? "its delivery failed before" };
    return [
      { gate: "paused", ask: () => (world.paused ? paused : null) },
      { gate: "retry", ask: () => ((wake.notBeforeMs ?? 0) > this.#nowMs ? tried : null) },
      { gate: "mode", ask: () => this.#modeHolds(wake.lane) },
      { gate: "cooldown", ask: () => this.#cools(wake) },
      { gate: "rate", ask: () => this.#rateHolds() },
      { gate: "focus", ask: () => world.focus(wake) },
      { gate: "budget", ask: () => world.budget },
      { gate: "limit", ask: () => world.limit(wake) },
    ];
  }

  #ofLane(lane: string): Wake[] {
    return this.#atWork.filter((wake) => wake.lane === lane);
  }

  #modeHolds(lane: string): Wait | null {
    const { mode, depth } = this.#trigger;
    if (mode === "restart") return null;
    const atWork = this.#ofLane(lane);
    if (atWork.length < (mode === "parallel" ? depth : 1)) return null;
    const names = atWork.map(({ id, taskId }) => `${id}${taskId === null ? "" : ` (task ${taskId})`}`);
    return { untilMs: null, reason: `wake ${names.join(", ")} is at work` };
  }

  #cools(wake: Wake): Wait | null {
    const { cooldownMs } = this.#trigger;
    if (wake.priority === "critical" || cooldownMs === 0 || wake.attempts > 0) return null;
    const lastMs = this.#lastClaims.get(wake.lane) ?? this.#world.lastClaimMs(wake.lane);
    const untilMs = (lastMs ?? Number.NEGATIVE_INFINITY) + cooldownMs;
    return untilMs > this.#nowMs ? { untilMs, reason: "its trigger cools down" } : null;
  }

  #rateHolds(): Wait | null {
    const { rate } = this.#trigger;
    if (rate === null) return null;
    const oldest = this.#claimsMs[rate.count - 1];
    if (oldest === undefined || oldest + rate.perMs <= this.#nowMs) return null;
    return { untilMs: oldest + rate.perMs, reason: `${rate.count} wakes in this time are all it may have` };
  }
}

/** How long a delivery that failed so often waits: doubled each time, within a quarter more or less by chance (0 to 1). */
export function retryDelayMs({ retry }: Trigger, attempts: number, chance: number): number {
  const plainMs = Math.min(3_600_000, retry.firstDelayMs * 2 ** Math.min(Math.max(0, attempts - 1), 12));
  return Math.round(plainMs * (0.75 + chance / 2));
}
