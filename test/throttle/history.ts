/**
 * Random histories of a busy manager, played against the throttle and against plain arrays that know what the
 * agents really used. What a ledger would have kept stands in rows; a crash throws the throttle away and builds it
 * anew from those rows. `P1` to `P8` are the properties; a wrong variant must break one of them.
 */
import fc from "fast-check";
import type { Priority } from "../../src/tasks/priority.ts";
import { priorityRank } from "../../src/tasks/priority.ts";
import { Calendar, windowBounds } from "../../src/throttle/calendar.ts";
import { wantedReservation } from "../../src/throttle/extension.ts";
import { LedgerClock } from "../../src/throttle/ledger-clock.ts";
import { admits, levelOf, worstLevel, type Level } from "../../src/throttle/levels.ts";
import {
  limitId,
  parseLimitId,
  spendIn,
  type Limit,
  type MemberGroups,
  type Scope,
  type Spend,
  type SpendSubject,
  type WindowForm,
} from "../../src/throttle/limits.ts";
import {
  Throttle,
  type AdmissionRequest,
  type Booking,
  type Reservation,
  type ThrottlePolicy,
} from "../../src/throttle/throttle.ts";

/** `right`, or a way to get it wrong that the properties must notice. */
export type Variant =
  | "right"
  | "no-holds"
  | "timed-holds"
  | "holds-in-memory"
  | "check-then-insert"
  | "summed-usage"
  | "double-count";

export type Step =
  | { readonly do: "submit"; readonly who: number; readonly priority: Priority; readonly spend: Spend }
  | { readonly do: "pass"; readonly probe: boolean }
  | { readonly do: "type"; readonly which: number; readonly how: "ok" | "refused" | "lost" }
  | {
      readonly do: "use";
      readonly which: number;
      readonly spend: Spend;
      readonly lateMs: number;
      /** Its first sighting shows only a part of it, in percent. */
      readonly firstPercent: number;
      /** How often it is seen again. */
      readonly again: number;
    }
  | { readonly do: "settle"; readonly which: number; readonly unknown: boolean }
  | { readonly do: "cancel" | "retry" | "extend"; readonly which: number }
  | { readonly do: "foreign"; readonly who: number; readonly spend: Spend }
  | { readonly do: "replay"; readonly sightings: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "clock"; readonly byMs: number }
  | { readonly do: "zone"; readonly to: string }
  | { readonly do: "limit"; readonly which: number; readonly percent: number }
  | { readonly do: "form"; readonly which: number }
  | { readonly do: "crash" };

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
// The evening before a day of 25 hours, so that histories run through it.
const beginMs = Date.parse("2026-10-24T19:20:00Z");
const timedHoldMs = 20 * minute;
const openMax = 6;
const NOTHING: Spend = { tokens: 0, nanoUsd: 0 };

const subjects: readonly SpendSubject[] = [
  { worker: "w1", agent: "claude", model: "sonnet" },
  { worker: "w1", agent: "claude", model: "haiku", member: "react" },
  { worker: "w2", agent: "codex", model: null },
];

const limits: readonly Limit[] = [
  limitOf("tokens/hour", 1_000, "rolling"),
  limitOf("tokens/day", 2_500, "calendar"),
  limitOf("cost/hour", 900, "calendar"),
  limitOf("cost/month", 5_000, "rolling"),
  limitOf("worker tokens/hour", 700, "rolling"),
  limitOf("worker w2 tokens/hour", 400, "rolling"),
  limitOf("model cost/day", 600, "calendar"),
  limitOf("agent claude tokens/day", 1_800, "rolling"),
  limitOf("department * cost/week", 1_500, "calendar"),
];

/** One that stands in two departments counts in each. */
export function groupsOf(member: string): MemberGroups | null {
  return member === "react" ? { tier: "execution", departments: ["web", "quality"] } : null;
}

const amountTo = (max: number): fc.Arbitrary<number> =>
  fc.oneof({ weight: 9, arbitrary: fc.nat(max) }, { weight: 1, arbitrary: fc.constant(0) });
const spend = (tokensMax: number, nanoUsdMax: number): fc.Arbitrary<Spend> =>
  fc.record({ tokens: amountTo(tokensMax), nanoUsd: amountTo(nanoUsdMax) });
const priority = fc.constantFrom<Priority>("low", "normal", "normal", "high", "critical");
const which = fc.nat(7);
const who = fc.nat(subjects.length - 1);
const one = <K extends Step["do"]>(what: K): fc.Arbitrary<K> => fc.constant(what);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 7,
    arbitrary: fc.record({
      do: one("submit"),
      who,
      priority,
      spend: fc.oneof(
        { weight: 12, arbitrary: spend(350, 250) },
        { weight: 1, arbitrary: spend(2_000, 1_500) },
      ),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: one("pass"), probe: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: one("type"),
      which,
      how: fc.constantFrom<"ok" | "refused" | "lost">("ok", "ok", "ok", "ok", "refused", "lost"),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: one("use"),
      which,
      spend: spend(300, 200),
      lateMs: fc.oneof(
        { weight: 5, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.nat(90 * minute) },
      ),
      firstPercent: fc.constantFrom(100, 100, 100, 0, 40),
      again: fc.constantFrom(0, 0, 1, 3),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: one("settle"), which, unknown: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("cancel" as const, "retry" as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: one("extend"), which }) },
  { weight: 1, arbitrary: fc.record({ do: one("foreign"), who, spend: spend(150, 100) }) },
  { weight: 1, arbitrary: fc.record({ do: one("replay"), sightings: fc.integer({ min: 1, max: 9 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: one("wait"), ms: fc.oneof(fc.nat(40 * minute), fc.nat(9 * hour)) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: one("clock"), byMs: fc.constantFrom(day, -hour, 5 * minute, -minute) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: one("zone"),
      to: fc.constantFrom("Europe/Berlin", "America/New_York", "Asia/Tokyo", "Pacific/Apia"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: one("limit"), which, percent: fc.constantFrom(0, 30, 100, 150) }) },
  { weight: 1, arbitrary: fc.record({ do: one("form"), which }) },
  { weight: 2, arbitrary: fc.record({ do: one("crash") }) },
);

export const steps = fc.array(step, { minLength: 20, maxLength: 70, size: "max" });

export const policies: fc.Arbitrary<ThrottlePolicy> = fc.record({
  limits: fc.constant(limits),
  timeZone: fc.constant("Europe/Berlin"),
  criticalHeadroomPercent: fc.constantFrom(0, 5, 5, 20),
  pauseAt: fc.constantFrom<Level | null>(null, null, "WARNING", "HARD"),
  hardStop: fc.boolean(),
  oversized: fc.constantFrom("run", "run", "ask", "refuse"),
  countSimulated: fc.constant(true),
});

interface TaskRow {
  readonly id: number;
  readonly priority: Priority;
  readonly subject: SpendSubject;
  readonly spend: Spend;
  state: "queued" | "reserved" | "running" | "ended" | "done";
  attempts: number;
}

/** What an agent really used, and how much of it went beyond its reservation. */
interface Truth {
  readonly atMs: number;
  readonly subject: SpendSubject;
  readonly spend: Spend;
  readonly overrun: Spend;
}

/** A reservation as the ledger keeps it, and what its agent has used of it. */
interface Open {
  readonly task: TaskRow;
  readonly reservation: Reservation;
  used: Spend;
}

/** One response as the agent's record shows it, now or again. */
interface Sighting {
  readonly key: string;
  readonly subject: SpendSubject;
  readonly attemptId: string | null;
  readonly atMs: number;
  readonly spend: Spend;
}

interface Sums {
  readonly used: number;
  readonly held: number;
  readonly overrun: number;
}

interface Binding {
  readonly id: string;
  /** Name of the limit it comes from. */
  readonly from: string;
  readonly scope: Scope;
}

/** Plays one history; throws an Error that names the property at the first step that breaks one. */
export class History {
  readonly seen = {
    admitted: 0,
    oversized: 0,
    headroom: 0,
    deferred: 0,
    probed: 0,
    owed: 0,
    grown: 0,
    overran: 0,
    retried: 0,
    refused: 0,
    lost: 0,
    crashes: 0,
  };
  /** Every decision, in order: what a crash must not change. */
  readonly decisions: string[] = [];
  readonly #policy: ThrottlePolicy;
  readonly #variant: Variant;
  readonly #tasks: TaskRow[] = [];
  readonly #open = new Map<string, Open>();
  readonly #rows = new Map<string, Booking>();
  readonly #sightings: Sighting[] = [];
  readonly #truth: Truth[] = [];
  /** How far a limit was passed when it was lowered or took another window: that is no admission's fault. */
  readonly #excused = new Map<string, number>();
  readonly #criticalWent = new Set<string>();
  readonly #clock = new LedgerClock({ wallMs: beginMs, monotonicMs: 0 });
  readonly #limits = new Map(limits.map((limit) => [limitId(limit), limit]));
  #calendar: Calendar;
  #throttle: Throttle;
  #wallMs = beginMs;
  #bootMs = 0;

  constructor(policy: ThrottlePolicy, variant: Variant) {
    this.#policy = policy;
    this.#variant = variant;
    this.#calendar = new Calendar(policy.timeZone);
    this.#throttle = this.#restored();
  }

  play(history: readonly Step[]): void {
    for (const one of history) {
      this.#take(one);
      const sums = this.#allSums();
      this.#checkBound(sums);
      if (figuresAreRight.has(this.#variant)) this.#checkFigures(sums);
    }
    this.#drain();
  }

  get #nowMs(): number {
    return this.#clock.read(this.#wallMs, this.#bootMs);
  }

  #take(one: Step): void {
    switch (one.do) {
      case "submit": {
        const { priority: taskPriority, spend: reserve } = one;
        const facts = { priority: taskPriority, subject: subjectAt(one.who), spend: reserve };
        this.#tasks.push({ id: this.#tasks.length + 1, ...facts, state: "queued", attempts: 0 });
        return undefined;
      }
      case "pass":
        return this.#pass(one.probe);
      case "type":
        return this.#type(one.which, one.how);
      case "use":
        return this.#use(one);
      case "settle": {
        const attemptId = this.#openId(one.which, "running");
        return attemptId === null ? undefined : this.#settle(attemptId, one.unknown, "done");
      }
      case "cancel":
        return this.#cancel(one.which);
      case "retry": {
        const ended = pick(this.#tasksIn("ended"), one.which);
        if (ended === null) return undefined;
        this.seen.retried += 1;
        ended.state = "queued";
        return undefined;
      }
      case "extend":
        return this.#extend(one.which);
      case "foreign":
        return this.#sight({
          key: `f${this.#sightings.length}`,
          subject: subjectAt(one.who),
          attemptId: null,
          atMs: this.#nowMs,
          spend: one.spend,
        });
      case "replay":
        return this.#replay(one.sightings);
      case "wait":
        this.#wallMs += one.ms;
        this.#bootMs += one.ms;
        return undefined;
      case "clock":
        this.#wallMs += one.byMs;
        return undefined;
      case "zone":
        this.#calendar = this.#calendar.movedTo(one.to, this.#nowMs);
        this.#throttle = this.#restored();
        return undefined;
      case "limit":
      case "form":
        return this.#changeLimit(one);
      case "crash":
        this.seen.crashes += 1;
        this.#throttle = this.#restored();
        return undefined;
      default:
        return one satisfies never;
    }
  }

  // ── admission ───────────────────────────────────────────────────────────────────────────────────

  /** Goes through the waiting tasks in order, as a pass of the manager does. */
  #pass(probe: boolean): void {
    if (this.#variant === "timed-holds") this.#dropOldHolds();
    const blockedLimits = new Set<string>();
    const late: (() => void)[] = [];
    for (const task of this.#waiting()) {
      if (this.#open.size + late.length >= openMax) break;
      const attemptId = `a${task.id}-${task.attempts + 1}`;
      const { subject, priority: taskPriority, spend: reserve } = task;
      const request = { attemptId, subject, priority: taskPriority, spend: reserve, blockedLimits };
      const admission = this.#throttle.admit(request, this.#nowMs);
      this.decisions.push(
        `${attemptId} ${admission.kind} ${"limitId" in admission ? admission.limitId : ""}`,
      );
      if (admission.kind === "deferred") {
        this.seen.deferred += 1;
        if (!admission.oversized) blockedLimits.add(admission.limitId);
        if (probe && admission.untilMs !== null && this.#variant === "right")
          this.#probe({ ...request, blockedLimits: new Set() }, admission.untilMs);
        continue;
      }
      if (admission.kind === "refused") continue;
      check(
        reserve.tokens + reserve.nanoUsd === 0 || bindings(subject).every(({ id }) => !blockedLimits.has(id)),
        "P6: nobody overtakes at a limit where an earlier one waits",
      );
      this.seen.admitted += 1;
      this.seen.oversized += admission.oversized ? 1 : 0;
      this.seen.headroom += admission.headroomUsed ? 1 : 0;
      const { reservation } = admission;
      if (this.#variant === "check-then-insert") late.push(() => this.#reserve(task, reservation));
      else this.#reserve(task, reservation);
    }
    for (const reserve of late) reserve();
  }

  /** Waiting tasks by priority, then first come first served: a task that was retried has its old place. */
  #waiting(): readonly TaskRow[] {
    return this.#tasksIn("queued").toSorted(
      (a, b) => priorityRank(b.priority) - priorityRank(a.priority) || a.id - b.id,
    );
  }

  #reserve(task: TaskRow, reservation: Reservation): void {
    const { subject, priority: taskPriority } = task;
    const spends = task.spend.tokens + task.spend.nanoUsd > 0;
    if (spends && this.#variant === "right") this.#checkLevels(subject, taskPriority);
    task.state = "reserved";
    task.attempts += 1;
    this.#open.set(reservation.attemptId, { task, reservation, used: NOTHING });
    if (this.#variant !== "no-holds") this.#throttle.reserve(reservation);
    if (spends) this.#checkAdmission(subject, taskPriority);
  }

  /** P5: no admission while a level, the pause or the hard stop closes a window for its priority. */
  #checkLevels(subject: SpendSubject, taskPriority: Priority): void {
    const { pauseAt } = this.#policy;
    for (const binding of bindings(subject)) {
      const { amount, unit } = this.#limitOf(binding);
      const { used, held } = this.#sums(binding);
      const level = levelOf(used + held, amount);
      const paused = pauseAt !== null && taskPriority !== "critical" && worstLevel(level, pauseAt) === level;
      check(admits(level, taskPriority) && !paused, "P5: nothing goes into a closed window");
      const stopped = this.#policy.hardStop && unit === "cost" && amount !== null && used + held >= amount;
      check(!stopped, "P5: nothing passes the hard stop");
    }
  }

  /** P1 (I1): in truth, used + held + owed stay within the amount (a critical task: the headroom) of all it touches. */
  #checkAdmission(subject: SpendSubject, taskPriority: Priority): void {
    for (const binding of bindings(subject)) {
      const { used, held } = this.#sums(binding);
      if (taskPriority === "critical") this.#criticalWent.add(binding.id);
      const owed = this.#owed(binding);
      const cap = this.#cap(binding, taskPriority === "critical");
      check(used + held + owed <= cap, "I1: an admission fits every window");
    }
  }

  /** A deferral's moment is right: not a millisecond before, and then surely, if nothing else happens. */
  #probe(request: AdmissionRequest, untilMs: number): void {
    this.seen.probed += 1;
    const alone = this.#restored();
    check(untilMs > this.#nowMs, "P5: a deferral ends in the future");
    check(alone.admit(request, untilMs - 1).kind === "deferred", "P5: a deferral does not end early");
    check(alone.admit(request, untilMs).kind === "admitted", "P5: a deferral ends when it says");
  }

  // ── the way of an attempt ───────────────────────────────────────────────────────────────────────

  #type(index: number, how: Extract<Step, { do: "type" }>["how"]): void {
    const attemptId = this.#openId(index, "reserved");
    const open = attemptId === null ? undefined : this.#open.get(attemptId);
    if (attemptId === null || open === undefined) return;
    if (how === "ok") {
      open.task.state = "running";
    } else if (how === "lost") {
      this.seen.lost += 1;
      this.#settle(attemptId, true, "ended");
    } else {
      this.seen.refused += 1;
      this.#close(attemptId, "queued");
    }
  }

  #cancel(index: number): void {
    const task = pick(
      this.#tasks.filter(({ state }) => state === "queued" || state === "reserved" || state === "running"),
      index,
    );
    if (task === null) return;
    const attemptId = `a${task.id}-${task.attempts}`;
    if (task.state === "queued") task.state = "ended";
    else if (task.state === "reserved") this.#close(attemptId, "ended");
    else this.#settle(attemptId, false, "ended");
  }

  #use({ which: index, spend: whole, lateMs, firstPercent, again }: Extract<Step, { do: "use" }>): void {
    const attemptId = this.#openId(index, "running");
    const open = attemptId === null ? undefined : this.#open.get(attemptId);
    if (attemptId === null || open === undefined) return;
    const { subject, sinceMs } = open.reservation;
    const part = {
      tokens: Math.floor((whole.tokens * firstPercent) / 100),
      nanoUsd: Math.floor((whole.nanoUsd * firstPercent) / 100),
    };
    // Nothing is used before the attempt began.
    const atMs = Math.max(sinceMs, this.#nowMs - lateMs);
    const sighting = { key: `u${this.#sightings.length}`, subject, attemptId, atMs, spend: whole };
    this.#sight({ ...sighting, spend: part });
    this.#sight(sighting);
    for (let times = 0; times < again; times += 1) this.#sight(sighting);
  }

  /** Seen now: the row of its key grows to the larger counters, from its first sighting on. */
  #sight(sighting: Sighting): void {
    this.#sightings.push(sighting);
    const { subject, attemptId } = sighting;
    const key = this.#variant === "summed-usage" ? `${sighting.key}#${this.#sightings.length}` : sighting.key;
    const row = this.#rows.get(key);
    const atMs = row?.atMs ?? sighting.atMs;
    const before = row?.spend ?? NOTHING;
    const after = larger(before, sighting.spend);
    const growth = difference(after, before);
    this.#rows.set(key, { atMs, subject, spend: after, attemptId, simulated: false });
    const twice = this.#variant === "double-count" && row !== undefined;
    if (key === sighting.key) this.#happened(sighting, atMs, growth);
    if (growth.tokens + growth.nanoUsd === 0 && !twice) return;
    if (row !== undefined) this.seen.grown += 1;
    const spent = twice ? sighting.spend : growth;
    this.#throttle.book({ atMs, subject, spend: spent, attemptId, simulated: false });
  }

  /** What really was used more than before, and how much of it beyond the reservation. */
  #happened({ attemptId, subject }: Sighting, atMs: number, growth: Spend): void {
    const open = attemptId === null ? undefined : this.#open.get(attemptId);
    const rest = open === undefined ? NOTHING : restOf(open);
    const overrun = difference(larger(growth, rest), rest);
    if (attemptId !== null && overrun.tokens + overrun.nanoUsd > 0) this.seen.overran += 1;
    if (open !== undefined) open.used = sum(open.used, growth);
    this.#truth.push({ atMs, subject, spend: growth, overrun });
  }

  /** P8: what was told before, told again, changes nothing. */
  #replay(count: number): void {
    const before = this.#figures();
    for (const sighting of this.#sightings.slice(-count)) this.#sight(sighting);
    if (this.#variant === "right")
      check(this.#figures() === before, "P8: an event told twice changes nothing");
  }

  #extend(index: number): void {
    const attemptId = this.#openId(index, "running");
    const open = attemptId === null ? undefined : this.#open.get(attemptId);
    if (attemptId === null || open === undefined || this.#variant !== "right") return;
    const wanted = wantedReservation(open.reservation.spend, open.used);
    if (wanted === null) return;
    const plan = this.#throttle.planExtension(attemptId, wanted, this.#nowMs);
    if (plan.owed.tokens + plan.owed.nanoUsd > 0) this.seen.owed += 1;
    const reservation = { ...open.reservation, spend: plan.reserved, owed: plan.owed };
    this.#open.set(attemptId, { ...open, reservation });
    this.#throttle.extend(attemptId, plan);
  }

  #settle(attemptId: string, unknown: boolean, state: TaskRow["state"]): void {
    const open = this.#open.get(attemptId);
    if (open === undefined) return;
    if (unknown) {
      const { subject } = open.reservation;
      this.#sight({ key: `held:${attemptId}`, subject, attemptId, atMs: this.#nowMs, spend: restOf(open) });
    }
    this.#close(attemptId, state);
  }

  /** Ends the reservation, exactly once. */
  #close(attemptId: string, state: TaskRow["state"]): void {
    const open = this.#open.get(attemptId);
    if (open === undefined) return;
    open.task.state = state;
    this.#open.delete(attemptId);
    if (this.#variant !== "right") return this.#settleIfHeld(attemptId);
    this.#throttle.settle(attemptId);
    let again = false;
    try {
      this.#throttle.settle(attemptId);
      again = true;
    } catch {
      // The second settlement must fail.
    }
    return check(!again, "an attempt settles exactly once");
  }

  /** The wrong variants lose holds, so that there may be nothing to settle. */
  #settleIfHeld(attemptId: string): void {
    try {
      this.#throttle.settle(attemptId);
    } catch {
      return;
    }
  }

  #dropOldHolds(): void {
    for (const [attemptId, { reservation }] of this.#open) {
      if (this.#nowMs - reservation.sinceMs > timedHoldMs) this.#settleIfHeld(attemptId);
    }
  }

  #changeLimit(one: Extract<Step, { do: "limit" | "form" }>): void {
    const base = limits[one.which % limits.length];
    const limit = base === undefined ? undefined : this.#limits.get(limitId(base));
    if (base === undefined || limit === undefined) return;
    const amount = one.do === "limit" ? Math.floor(((base.amount ?? 0) * one.percent) / 100) : limit.amount;
    const form = one.do === "form" ? (limit.form === "rolling" ? "calendar" : "rolling") : limit.form;
    this.#limits.set(limitId(base), { ...limit, amount, form });
    this.#throttle.setLimits([...this.#limits.values()]);
    for (const binding of everyBinding.filter(({ from }) => from === limitId(base))) {
      const { used, held } = this.#sums(binding);
      this.#excused.set(binding.id, used + held);
    }
  }

  // ── what must hold ──────────────────────────────────────────────────────────────────────────────

  /** P2 (I2): at every moment, used + held exceeds the amount by no more than what ran over its reservation. */
  #checkBound(sums: ReadonlyMap<string, Sums>): void {
    for (const binding of everyBinding) {
      const { used, held, overrun } = sumsOf(sums, binding.id);
      const allowed = Math.max(
        this.#cap(binding, this.#criticalWent.has(binding.id)),
        this.#excused.get(binding.id) ?? 0,
      );
      check(used + held <= allowed + overrun, "I2: overshoot is bounded by the overruns");
    }
  }

  /** P3: the throttle's figures are those of the plain arrays, for every limit on every scope it knows. */
  #checkFigures(sums: ReadonlyMap<string, Sums>): void {
    for (const row of this.#throttle.standings(this.#nowMs)) {
      const { used, held } = sumsOf(sums, row.limitId);
      check(row.used >= 0 && row.held >= 0 && row.owed >= 0, "no figure is below zero");
      check(row.used === used, "P3: used is what was really used, each response once");
      check(row.held === held, "P3: held is what open attempts may still use");
    }
    for (const subject of subjects) {
      const worst = bindings(subject).reduce<Level>((level, binding) => {
        const { used, held } = sumsOf(sums, binding.id);
        return worstLevel(level, levelOf(used + held, this.#limitOf(binding).amount));
      }, "NONE");
      const level = this.#throttle.effectiveLevel(subject, this.#nowMs);
      check(level === worst, "the effective level is the worst");
    }
  }

  /** P3 and P4 once all has ended; P5: with empty windows every task that fits goes, the first first. */
  #drain(): void {
    for (const attemptId of [...this.#open.keys()]) this.#settle(attemptId, false, "done");
    this.#checkFigures(this.#allSums());
    for (const { held, owed } of this.#throttle.standings(this.#nowMs))
      check(held === 0 && owed === 0, "P4: after settlement nothing is held");
    const told = [...this.#rows.values()].reduce((total, row) => sum(total, row.spend), NOTHING);
    const truth = this.#truth.reduce((total, entry) => sum(total, entry.spend), NOTHING);
    check(told.tokens === truth.tokens && told.nanoUsd === truth.nanoUsd, "P3: each response once");
    if (this.#variant !== "right") return;
    while (this.#startable().length > 0) {
      const waiting = this.#waiting().length;
      // The longest window is a month of 31 days, and a day more when the zone changed.
      this.#take({ do: "wait", ms: 34 * day });
      this.#pass(false);
      check(this.#waiting().length < waiting, "P5: what fits an empty window goes");
      for (const attemptId of [...this.#open.keys()]) this.#settle(attemptId, false, "done");
    }
  }

  /** Waiting tasks that an empty window has room for. */
  #startable(): readonly TaskRow[] {
    const asks = this.#policy.oversized !== "run";
    return this.#waiting().filter(({ spend: reserve, subject, priority: taskPriority }) =>
      bindings(subject).every((binding) => {
        const { unit, amount } = this.#limitOf(binding);
        const fits = spendIn(reserve, unit) <= this.#cap(binding, taskPriority === "critical");
        return reserve.tokens + reserve.nanoUsd === 0 || (amount !== 0 && (fits || !asks));
      }),
    );
  }

  #figures(): string {
    return JSON.stringify(
      this.#throttle.standings(this.#nowMs).map(({ used, held, owed }) => [used, held, owed]),
    );
  }

  #restored(): Throttle {
    const { zone: timeZone, carried: carriedWindows } = this.#calendar;
    const throttle = new Throttle({
      ...this.#policy,
      groupsOf,
      limits: [...this.#limits.values()],
      timeZone,
      carriedWindows,
    });
    const forgets = this.#variant === "holds-in-memory" || this.#variant === "no-holds";
    const reservations = forgets ? [] : [...this.#open.values()].map(({ reservation }) => reservation);
    throttle.restore({ bookings: [...this.#rows.values()], reservations }, this.#nowMs);
    return throttle;
  }

  #tasksIn(state: TaskRow["state"]): readonly TaskRow[] {
    return this.#tasks.filter((task) => task.state === state);
  }

  #openId(index: number, state: TaskRow["state"]): string | null {
    return pick(
      [...this.#open].flatMap(([attemptId, { task }]) => (task.state === state ? [attemptId] : [])),
      index,
    );
  }

  #limitOf({ from }: Binding): Limit {
    const limit = this.#limits.get(from);
    if (limit === undefined) throw new Error(`a limit nobody asked for: ${from}`);
    return limit;
  }

  #cap(binding: Binding, critical: boolean): number {
    const amount = this.#limitOf(binding).amount ?? Number.POSITIVE_INFINITY;
    return critical ? amount + Math.floor((amount * this.#policy.criticalHeadroomPercent) / 100) : amount;
  }

  #allSums(): ReadonlyMap<string, Sums> {
    return new Map(everyBinding.map((binding) => [binding.id, this.#sums(binding)]));
  }

  #owed(binding: Binding): number {
    const { unit } = this.#limitOf(binding);
    return [...this.#open.values()].reduce((total, { reservation: { owed = NOTHING, subject } }) => {
      return isIn(binding.scope, subject) ? total + spendIn(owed, unit) : total;
    }, 0);
  }

  #sums(binding: Binding): Sums {
    const { window, form, unit } = this.#limitOf(binding);
    const { startMs, endMs } = windowBounds(window, form, this.#calendar, this.#nowMs);
    let [used, held, overrun] = [0, 0, 0];
    for (const entry of this.#truth) {
      const inside = endMs === null ? entry.atMs > startMs : entry.atMs >= startMs && entry.atMs < endMs;
      if (!inside || !isIn(binding.scope, entry.subject)) continue;
      used += spendIn(entry.spend, unit);
      overrun += spendIn(entry.overrun, unit);
    }
    for (const open of this.#open.values())
      if (isIn(binding.scope, open.reservation.subject)) held += spendIn(restOf(open), unit);
    return { used, held, overrun };
  }
}

/** Variants that keep their holds: their figures must be right, if what they count is. */
const figuresAreRight: ReadonlySet<Variant> = new Set(["right", "double-count", "summed-usage"]);

function limitOf(id: string, amount: number, form: WindowForm): Limit {
  return { ...parseLimitId(id), form, amount };
}

function subjectAt(index: number): SpendSubject {
  const subject = subjects[index];
  if (subject === undefined) throw new RangeError(`no subject ${index}`);
  return subject;
}

function pick<T>(from: readonly T[], index: number): T | null {
  return from[index % Math.max(1, from.length)] ?? null;
}

function isIn(scope: Scope, subject: SpendSubject): boolean {
  return !("name" in scope) || namesIn(scope.kind, subject).includes(scope.name);
}

/** What a subject is called in limits of this kind. */
function namesIn(kind: Scope["kind"], subject: SpendSubject): readonly string[] {
  const { worker, agent, model, member = null } = subject;
  const groups = member === null ? null : groupsOf(member);
  const names = {
    ...{ worker: [worker], agent: [agent], model: [model], member: [member] },
    ...{ tier: [groups?.tier ?? null], department: groups?.departments ?? [] },
  };
  return kind in names ? names[kind as keyof typeof names].filter((name) => name !== null) : [];
}

const bindingsOf = new Map(subjects.map((subject) => [subject, bindingLimits(subject)]));
const everyBinding = [
  ...new Map([...bindingsOf.values()].flat().map((binding) => [binding.id, binding])).values(),
];

function bindings(subject: SpendSubject): readonly Binding[] {
  return bindingsOf.get(subject) ?? [];
}

/** Worked out the slow and plain way: a limit for each name binds unless one for the name itself stands beside it. */
function bindingLimits(subject: SpendSubject): readonly Binding[] {
  return limits.flatMap((limit): Binding[] => {
    const { scope } = limit;
    const from = limitId(limit);
    if (!("name" in scope)) return [{ id: from, from, scope }];
    return namesIn(scope.kind, subject).flatMap((name) => {
      if (scope.name !== "*" && scope.name !== name) return [];
      const own: Scope = { kind: scope.kind, name };
      const id = limitId({ ...limit, scope: own });
      const replaced = scope.name === "*" && limits.some((other) => limitId(other) === id);
      return replaced ? [] : [{ id, from, scope: own }];
    });
  });
}

function sumsOf(sums: ReadonlyMap<string, Sums>, id: string): Sums {
  const found = sums.get(id);
  if (found === undefined) throw new Error(`a limit nobody asked for: ${id}`);
  return found;
}

function restOf({ reservation, used }: Open): Spend {
  return difference(larger(reservation.spend, used), used);
}

function sum(a: Spend, b: Spend): Spend {
  return { tokens: a.tokens + b.tokens, nanoUsd: a.nanoUsd + b.nanoUsd };
}

function difference(a: Spend, b: Spend): Spend {
  return { tokens: a.tokens - b.tokens, nanoUsd: a.nanoUsd - b.nanoUsd };
}

function larger(a: Spend, b: Spend): Spend {
  return { tokens: Math.max(a.tokens, b.tokens), nanoUsd: Math.max(a.nanoUsd, b.nanoUsd) };
}

function check(holds: boolean, property: string): void {
  if (!holds) throw new Error(property);
}
