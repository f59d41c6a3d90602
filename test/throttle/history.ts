/**
 * Random histories of a busy manager, played against the throttle and against plain arrays that know what the
 * agents really used. A crash throws the throttle away and builds it anew from the rows a ledger would have kept.
 */
import fc from "fast-check";
import { Calendar, windowBounds } from "../../src/throttle/calendar.ts";
import type { Priority } from "../../src/tasks/priority.ts";
import {
  limitId,
  parseLimitId,
  spendIn,
  type Limit,
  type Scope,
  type Spend,
  type SpendSubject,
  type WindowForm,
} from "../../src/throttle/limits.ts";
import { levelOf, worstLevel, type Level } from "../../src/throttle/levels.ts";
import {
  Throttle,
  type Booking,
  type Reservation,
  type ThrottlePolicy,
} from "../../src/throttle/throttle.ts";

/** `right`, or one of four ways to get it wrong that the properties must notice. */
export type Variant = "right" | "timed-holds" | "holds-in-memory" | "no-holds" | "double-count";

export type Step =
  | {
      readonly do: "admit";
      readonly who: number;
      readonly priority: Priority;
      readonly spend: Spend;
      readonly probe: boolean;
    }
  | {
      readonly do: "use";
      readonly which: number;
      readonly spend: Spend;
      readonly lateMs: number;
      readonly repeated: boolean;
    }
  | { readonly do: "settle"; readonly which: number; readonly unknown: boolean }
  | { readonly do: "extend"; readonly which: number; readonly spend: Spend }
  | { readonly do: "foreign"; readonly who: number; readonly spend: Spend }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "crash" };

const minute = 60_000;
const zone = "Europe/Berlin";
// The evening before a day of 25 hours, so that histories run through it.
const beginMs = Date.parse("2026-10-24T19:20:00Z");
const timedHoldMs = 20 * minute;

const subjects: readonly SpendSubject[] = [
  { worker: "w1", agent: "claude", model: "sonnet" },
  { worker: "w1", agent: "claude", model: "haiku" },
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
];

const amountTo = (max: number): fc.Arbitrary<number> =>
  fc.oneof({ weight: 9, arbitrary: fc.nat(max) }, { weight: 1, arbitrary: fc.constant(0) });
const spend = (tokensMax: number, nanoUsdMax: number): fc.Arbitrary<Spend> =>
  fc.record({ tokens: amountTo(tokensMax), nanoUsd: amountTo(nanoUsdMax) });
const priority = fc.constantFrom<Priority>("low", "normal", "normal", "high", "critical");
const whichOpen = fc.nat(5);
const who = fc.nat(subjects.length - 1);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("admit"),
      who,
      priority,
      spend: fc.oneof(
        { weight: 9, arbitrary: spend(350, 250) },
        { weight: 1, arbitrary: spend(2_000, 1_500) },
      ),
      probe: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("use"),
      which: whichOpen,
      spend: spend(300, 200),
      lateMs: fc.oneof(
        { weight: 5, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.nat(90 * minute) },
      ),
      repeated: fc.nat(3).map((n) => n === 0),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("settle"), which: whichOpen, unknown: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("extend"), which: whichOpen, spend: spend(200, 150) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("foreign"), who, spend: spend(150, 100) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("wait"),
      ms: fc.oneof(fc.nat(40 * minute), fc.nat(9 * 60 * minute)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crash") }) },
);

export const steps = fc.array(step, { minLength: 1, maxLength: 50, size: "max" });

export const policies: fc.Arbitrary<ThrottlePolicy> = fc.record({
  limits: fc.constant(limits),
  timeZone: fc.constant(zone),
  criticalHeadroomPercent: fc.constantFrom(0, 5, 5, 20),
  pauseAt: fc.constantFrom<Level | null>(null, null, "WARNING", "HARD"),
  hardStop: fc.boolean(),
  oversized: fc.constantFrom("run", "run", "ask", "refuse"),
  countSimulated: fc.constant(true),
});

/** What an agent really used, and how much of it went beyond its reservation. */
interface Truth {
  readonly atMs: number;
  readonly subject: SpendSubject;
  readonly spend: Spend;
  readonly overrun: Spend;
}

interface Open {
  readonly subject: SpendSubject;
  readonly sinceMs: number;
  reserved: Spend;
  used: Spend;
}

interface Sums {
  readonly used: number;
  readonly held: number;
  readonly overrun: number;
}

/** Plays one history; throws an Error that names the property at the first step that breaks one. */
export class History {
  readonly #policy: ThrottlePolicy;
  readonly #variant: Variant;
  readonly #truth: Truth[] = [];
  readonly #open = new Map<string, Open>();
  readonly #bookings: Booking[] = [];
  readonly #reservations = new Map<string, Reservation>();
  readonly #criticalWent = new Set<string>();
  readonly seen = { admitted: 0, oversized: 0, headroom: 0, deferred: 0, probed: 0, crashes: 0 };
  #throttle: Throttle;
  #nowMs = beginMs;
  #attempts = 0;

  constructor(policy: ThrottlePolicy, variant: Variant) {
    this.#policy = policy;
    this.#variant = variant;
    this.#throttle = this.#restored();
  }

  play(history: readonly Step[]): void {
    for (const one of history) {
      this.#take(one);
      const sums = this.#allSums();
      this.#checkBound(sums);
      if (this.#variant === "right" || this.#variant === "double-count") this.#checkFigures(sums);
    }
    for (const attemptId of [...this.#open.keys()]) this.#settle(attemptId, false);
    this.#checkFigures(this.#allSums());
    for (const row of this.#throttle.standings(this.#nowMs))
      check(row.held === 0, "after settlement nothing is held");
  }

  #take(one: Step): void {
    switch (one.do) {
      case "admit":
        return this.#admit(one);
      case "use":
        return this.#use(one);
      case "settle": {
        const attemptId = this.#openId(one.which);
        return attemptId === null ? undefined : this.#settle(attemptId, one.unknown);
      }
      case "extend":
        return this.#extend(one.which, one.spend);
      case "foreign": {
        const subject = subjectAt(one.who);
        this.#truth.push({ atMs: this.#nowMs, subject, spend: one.spend, overrun: one.spend });
        return this.#book({
          atMs: this.#nowMs,
          subject,
          spend: one.spend,
          attemptId: null,
          simulated: false,
        });
      }
      case "wait":
        this.#nowMs += one.ms;
        return undefined;
      case "crash":
        this.seen.crashes += 1;
        this.#throttle = this.#restored();
        return undefined;
      default:
        return one satisfies never;
    }
  }

  #admit(one: Extract<Step, { do: "admit" }>): void {
    if (this.#variant === "timed-holds") this.#dropOldHolds();
    const attemptId = `a${(this.#attempts += 1)}`;
    const request = { attemptId, subject: subjectAt(one.who), priority: one.priority, spend: one.spend };
    const admission = this.#throttle.admit(request, this.#nowMs);
    if (admission.kind === "deferred") {
      this.seen.deferred += 1;
      if (one.probe && admission.untilMs !== null && this.#variant === "right")
        this.#probe(request, admission.untilMs);
      return;
    }
    if (admission.kind === "refused") return;
    const { reservation, oversized, headroomUsed } = admission;
    this.seen.admitted += 1;
    this.seen.oversized += oversized ? 1 : 0;
    this.seen.headroom += headroomUsed ? 1 : 0;
    this.#reservations.set(attemptId, reservation);
    if (this.#variant !== "no-holds") this.#throttle.reserve(reservation);
    const nothing = { tokens: 0, nanoUsd: 0 };
    this.#open.set(attemptId, {
      subject: request.subject,
      sinceMs: this.#nowMs,
      reserved: reservation.spend,
      used: nothing,
    });
    if (one.spend.tokens + one.spend.nanoUsd > 0) this.#checkAdmission(request.subject, one.priority);
  }

  /** I1: in truth, used + held stays within the amount (a critical task: the headroom) of every limit touched. */
  #checkAdmission(subject: SpendSubject, taskPriority: Priority): void {
    for (const { id, limit, scope } of bindings(subject)) {
      const { used, held } = this.#sums(limit, scope);
      if (taskPriority === "critical") this.#criticalWent.add(id);
      check(
        used + held <= this.#cap(limit, taskPriority === "critical"),
        "I1: an admission fits every window",
      );
    }
  }

  /** I2: at every moment, used + held exceeds the amount by no more than what ran over its reservation. */
  #checkBound(sums: ReadonlyMap<string, Sums>): void {
    for (const { id, limit } of everyBinding) {
      const { used, held, overrun } = sumsOf(sums, id);
      const cap = this.#cap(limit, this.#criticalWent.has(id));
      check(used + held <= cap + overrun, "I2: overshoot is bounded by the overruns");
    }
  }

  /** The throttle's figures are those of the plain arrays, for every limit on every scope it knows. */
  #checkFigures(sums: ReadonlyMap<string, Sums>): void {
    for (const row of this.#throttle.standings(this.#nowMs)) {
      const { used, held } = sumsOf(sums, row.limitId);
      check(row.used >= 0 && row.held >= 0, "no figure is below zero");
      check(row.used === used, "used is what was really used, each response once");
      check(row.held === held, "held is what open attempts may still use");
    }
    for (const subject of subjects) {
      const worst = bindings(subject).reduce<Level>((level, { id, limit }) => {
        const { used, held } = sumsOf(sums, id);
        return worstLevel(level, levelOf(used + held, limit.amount));
      }, "NONE");
      check(
        this.#throttle.effectiveLevel(subject, this.#nowMs) === worst,
        "the effective level is the worst",
      );
    }
  }

  /** A deferral's moment is right: not a millisecond before, and then surely, if nothing else happens. */
  #probe(request: Parameters<Throttle["admit"]>[0], untilMs: number): void {
    this.seen.probed += 1;
    const alone = this.#restored();
    check(untilMs > this.#nowMs, "a deferral ends in the future");
    check(alone.admit(request, untilMs - 1).kind === "deferred", "a deferral does not end early");
    check(alone.admit(request, untilMs).kind === "admitted", "a deferral ends when it says");
  }

  #use({ which, spend: used, lateMs, repeated }: Extract<Step, { do: "use" }>): void {
    const attemptId = this.#openId(which);
    const open = attemptId === null ? undefined : this.#open.get(attemptId);
    if (open === undefined) return;
    // Nothing is used before the attempt began.
    const atMs = Math.max(open.sinceMs, this.#nowMs - lateMs);
    const rest = restOf(open);
    const overrun = {
      tokens: Math.max(0, used.tokens - rest.tokens),
      nanoUsd: Math.max(0, used.nanoUsd - rest.nanoUsd),
    };
    open.used = sum(open.used, used);
    this.#truth.push({ atMs, subject: open.subject, spend: used, overrun });
    const booking = { atMs, subject: open.subject, spend: used, attemptId, simulated: false };
    this.#book(booking);
    if (repeated && this.#variant === "double-count") this.#book(booking);
  }

  #settle(attemptId: string, unknown: boolean): void {
    const open = this.#open.get(attemptId);
    if (open === undefined) return;
    if (unknown) {
      const rest = restOf(open);
      this.#truth.push({
        atMs: this.#nowMs,
        subject: open.subject,
        spend: rest,
        overrun: { tokens: 0, nanoUsd: 0 },
      });
      this.#book({ atMs: this.#nowMs, subject: open.subject, spend: rest, attemptId, simulated: false });
    }
    this.#open.delete(attemptId);
    this.#reservations.delete(attemptId);
    if (this.#variant === "right") this.#settleExactlyOnce(attemptId);
    else this.#settleIfHeld(attemptId);
  }

  #settleExactlyOnce(attemptId: string): void {
    this.#throttle.settle(attemptId);
    let again = false;
    try {
      this.#throttle.settle(attemptId);
      again = true;
    } catch {
      // The second settlement must fail.
    }
    check(!again, "an attempt settles exactly once");
  }

  /** The wrong variants lose holds, so that there may be nothing to settle. */
  #settleIfHeld(attemptId: string): void {
    try {
      this.#throttle.settle(attemptId);
    } catch {
      return;
    }
  }

  #extend(which: number, wanted: Spend): void {
    const attemptId = this.#openId(which);
    const open = attemptId === null ? undefined : this.#open.get(attemptId);
    const reservation = attemptId === null ? undefined : this.#reservations.get(attemptId);
    if (attemptId === null || open === undefined || reservation === undefined || this.#variant !== "right")
      return;
    // What was overrun already is no room: an extension first covers it, and that part holds nothing.
    const room = this.#throttle.roomToExtend(attemptId, wanted, this.#nowMs);
    this.#throttle.extend(attemptId, room);
    open.reserved = sum(open.reserved, room);
    this.#reservations.set(attemptId, { ...reservation, spend: open.reserved });
  }

  #book(booking: Booking): void {
    this.#bookings.push(booking);
    this.#throttle.book(booking);
  }

  #restored(): Throttle {
    const throttle = new Throttle(this.#policy);
    const kept =
      this.#variant === "holds-in-memory" || this.#variant === "no-holds" ? [] : this.#reservations.values();
    throttle.restore({ bookings: this.#bookings, reservations: [...kept] }, this.#nowMs);
    return throttle;
  }

  #dropOldHolds(): void {
    for (const [attemptId, { sinceMs }] of this.#open) {
      if (this.#nowMs - sinceMs > timedHoldMs) this.#settleIfHeld(attemptId);
    }
  }

  #openId(which: number): string | null {
    const ids = [...this.#open.keys()];
    return ids.length === 0 ? null : (ids[which % ids.length] ?? null);
  }

  #cap(limit: Limit, critical: boolean): number {
    const amount = limit.amount ?? Number.POSITIVE_INFINITY;
    return critical ? amount + Math.floor((amount * this.#policy.criticalHeadroomPercent) / 100) : amount;
  }

  #allSums(): ReadonlyMap<string, Sums> {
    return new Map(everyBinding.map(({ id, limit, scope }) => [id, this.#sums(limit, scope)]));
  }

  #sums(limit: Limit, scope: Scope): Sums {
    const { startMs, endMs } = windowBounds(limit.window, limit.form, new Calendar(zone), this.#nowMs);
    let [used, held, overrun] = [0, 0, 0];
    for (const entry of this.#truth) {
      const inside = endMs === null ? entry.atMs > startMs : entry.atMs >= startMs && entry.atMs < endMs;
      if (!inside || !isIn(scope, entry.subject)) continue;
      used += spendIn(entry.spend, limit.unit);
      overrun += spendIn(entry.overrun, limit.unit);
    }
    for (const open of this.#open.values())
      if (isIn(scope, open.subject)) held += spendIn(restOf(open), limit.unit);
    return { used, held, overrun };
  }
}

function limitOf(id: string, amount: number, form: WindowForm): Limit {
  return { ...parseLimitId(id), form, amount };
}

function subjectAt(index: number): SpendSubject {
  const subject = subjects[index];
  if (subject === undefined) throw new RangeError(`no subject ${index}`);
  return subject;
}

function isIn(scope: Scope, subject: SpendSubject): boolean {
  return scope.kind === "global" || subject[scope.kind] === scope.name;
}

interface Binding {
  readonly id: string;
  readonly limit: Limit;
  readonly scope: Scope;
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
    if (scope.kind === "global") return [{ id: limitId(limit), limit, scope }];
    const name = subject[scope.kind];
    if (name === null || (scope.name !== "*" && scope.name !== name)) return [];
    const own: Scope = { kind: scope.kind, name };
    const id = limitId({ ...limit, scope: own });
    const replaced = scope.name === "*" && limits.some((other) => limitId(other) === id);
    return replaced ? [] : [{ id, limit, scope: own }];
  });
}

function sumsOf(sums: ReadonlyMap<string, Sums>, id: string): Sums {
  const found = sums.get(id);
  if (found === undefined) throw new Error(`a limit nobody asked for: ${id}`);
  return found;
}

function restOf({ reserved, used }: Open): Spend {
  return {
    tokens: Math.max(0, reserved.tokens - used.tokens),
    nanoUsd: Math.max(0, reserved.nanoUsd - used.nanoUsd),
  };
}

function sum(a: Spend, b: Spend): Spend {
  return { tokens: a.tokens + b.tokens, nanoUsd: a.nanoUsd + b.nanoUsd };
}

function check(holds: boolean, property: string): void {
  if (!holds) throw new Error(property);
}
