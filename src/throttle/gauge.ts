/** One limit as it binds one scope: its amount, what is used and held in its window, and when that eases. */
import type { Calendar } from "./calendar.ts";
import { CalendarMeter } from "./calendar-meter.ts";
import type { HeldSum } from "./holds.ts";
import { levelOf, type Level } from "./levels.ts";
import { limitId, spendIn, type Limit, type LimitUnit, type Scope, type Spend } from "./limits.ts";
import { RollingMeter } from "./rolling-meter.ts";
import { hourMs, windowLengthMs } from "./windows.ts";

export class Gauge {
  /** Names the scope it binds: `worker concurrent_worker1 tokens/hour`, also where the limit is for each worker. */
  readonly id: string;
  readonly limit: Limit;
  readonly scope: Scope;
  readonly unit: LimitUnit;
  readonly amount: number | null;
  readonly #rolling: RollingMeter | null;
  readonly #calendar: CalendarMeter | null;
  readonly #lastHour: RollingMeter;
  readonly #holds: HeldSum;
  #kept = 0;
  #share = 0;
  #nowMs = Number.NEGATIVE_INFINITY;

  constructor(limit: Limit, scope: Scope, calendar: Calendar, holds: HeldSum) {
    this.id = limitId({ ...limit, scope });
    this.limit = limit;
    this.scope = scope;
    this.unit = limit.unit;
    this.amount = limit.amount;
    this.#rolling = limit.form === "rolling" ? new RollingMeter(windowLengthMs(limit.window)) : null;
    this.#calendar = limit.form === "calendar" ? new CalendarMeter(limit.window, calendar) : null;
    this.#lastHour =
      this.#rolling !== null && limit.window === "hour" ? this.#rolling : new RollingMeter(hourMs);
    this.#holds = holds;
  }

  advance(nowMs: number): void {
    if (nowMs === this.#nowMs) return;
    this.#nowMs = nowMs;
    this.#rolling?.advance(nowMs);
    this.#calendar?.advance(nowMs);
    if (this.#lastHour !== this.#rolling) this.#lastHour.advance(nowMs);
  }

  add(atMs: number, spend: Spend): void {
    const amount = spendIn(spend, this.unit);
    this.#rolling?.add(atMs, amount);
    this.#calendar?.add(atMs, amount);
    if (this.#lastHour !== this.#rolling) this.#lastHour.add(atMs, amount);
  }

  get used(): number {
    return this.#rolling?.used() ?? this.#calendar?.used() ?? 0;
  }

  get held(): number {
    return this.unit === "tokens" ? this.#holds.tokens : this.#holds.nanoUsd;
  }

  /** What running tasks need beyond what they hold: it did not fit, and comes before anything new. */
  get owed(): number {
    return this.unit === "tokens" ? this.#holds.owedTokens : this.#holds.owedNanoUsd;
  }

  /** Left free for usage that is not seen yet: no task gets it. It is no usage, and raises no level. */
  get kept(): number {
    return this.#kept;
  }

  keep(amount: number): void {
    this.#kept = amount;
  }

  /** Left free for the person: tasks that are not critical do not get it. It is no usage either. */
  get share(): number {
    return this.#share;
  }

  /** percent: of the amount. */
  leave(percent: number): void {
    this.#share = this.amount === null ? 0 : Math.ceil((this.amount * percent) / 100);
  }

  /** Open attempts in this scope. */
  get attempts(): number {
    return this.#holds.attempts;
  }

  /** Of used and held together: what an admission goes by. */
  get level(): Level {
    return levelOf(this.used + this.held, this.amount);
  }

  get usedLastHour(): number {
    return this.#lastHour.used();
  }

  /** End of a calendar window, null for a rolling one. */
  get endMs(): number | null {
    return this.#calendar?.endMs() ?? null;
  }

  /** When usage alone has fallen by `amount`, if nothing is added; null when there is not so much of it. */
  freeAtMs(amount: number): number | null {
    if (amount > this.used) return null;
    return this.#rolling?.freeAtMs(amount) ?? this.#calendar?.freeAtMs(amount) ?? null;
  }

  /** When the first of the usage leaves the window; null when there is none. */
  firstLeavesMs(): number | null {
    return this.used === 0 ? null : (this.#rolling?.oldestLeavesMs() ?? this.endMs);
  }

  /** How much of the usage has left the window by a later moment, if nothing is added. */
  leftBy(atMs: number): number {
    if (this.endMs !== null) return atMs < this.endMs ? 0 : this.used;
    return this.#rolling?.leftBy(atMs) ?? 0;
  }
}
