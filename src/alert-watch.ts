/** What no single fact tells: that all tasks have ended, and that money burns too fast. */
import {
  burnPairs,
  burns,
  hourlyBoundNanoUsd,
  hourlyRateNanoUsd,
  hourMs,
  type BurnPair,
} from "./alerts/burn-rate.ts";
import type { Signal } from "./alerts/alert.ts";
import { over, signal } from "./alerts/signals.ts";
import type { Fact } from "./events/facts.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { formatLimit } from "./metering/money.ts";
import { isFinal, type TaskStateName } from "./tasks/task.ts";

/** So long after its last task a batch has ended, if nothing new has come. */
const settleMs = 2_000;
/** The pace is looked at once in so long while money is spent, or while an alert of it stands. */
const paceMs = 30_000;
/** A single task that took less is no batch. */
const longTaskMs = 60_000;

export interface AlertWatchParts {
  readonly ledger: Ledger;
  readonly burnRate: { readonly fast: number | null; readonly slow: number | null };
  /** The month's money in nano-dollars; null = it has no limit. */
  monthNanoUsd(): number | null;
  now(): number;
  signal(signal: Signal): void;
  trouble(error: unknown): void;
}

export class AlertWatch {
  readonly #parts: AlertWatchParts;
  readonly #pairs: readonly BurnPair[];
  readonly #burning = new Set<BurnPair>();
  #ended = new Map<TaskStateName, number>();
  #beganMs: number | null = null;
  #settle: NodeJS.Timeout | null = null;
  #pace: NodeJS.Timeout | null = null;

  constructor(parts: AlertWatchParts) {
    this.#parts = parts;
    this.#pairs = burnPairs(parts.burnRate.fast, parts.burnRate.slow);
  }

  hear(fact: Fact): void {
    if (fact.kind === "usage-booked" && fact.source !== "simulated") this.#paceSoon();
    if (fact.kind === "task-added") this.#beganMs ??= fact.atMs;
    if (fact.kind !== "task-moved") return;
    this.#beganMs ??= fact.atMs;
    if (!isFinal(fact.to)) return;
    this.#ended.set(fact.to, (this.#ended.get(fact.to) ?? 0) + 1);
    this.#settle ??= this.#later(settleMs, () => {
      this.#settle = null;
      this.#lookForEnd();
    });
  }

  close(): void {
    for (const timer of [this.#settle, this.#pace]) if (timer !== null) clearTimeout(timer);
  }

  #later(delayMs: number, act: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      try {
        act();
      } catch (error) {
        this.#parts.trouble(error);
      }
    }, delayMs);
    timer.unref();
    return timer;
  }

  // ── the end of a batch ──────────────────────────────────────────────────────────────────────────

  /** Nothing waits and nothing is at work; what is held waits for a person, and ends no batch. */
  #lookForEnd(): void {
    const counts = this.#parts.ledger.tasks.counts();
    const held = counts.get("held") ?? 0;
    // Those that are held are counted among the queued ones.
    const left = [...counts].reduce(
      (sum, [state, n]) => sum + (state === "held" || isFinal(state) ? 0 : n),
      -held,
    );
    if (left > 0) return;
    const [ended, beganMs] = [this.#ended, this.#beganMs];
    this.#ended = new Map();
    this.#beganMs = null;
    const tasks = [...ended.values()].reduce((sum, n) => sum + n, 0);
    const tookMs = this.#parts.now() - (beganMs ?? this.#parts.now());
    if (tasks < 2 && tookMs < longTaskMs) return;
    const bad = (ended.get("failed") ?? 0) + (ended.get("lost") ?? 0);
    const words = [...ended].map(([state, n]) => `${n} ${state}`).join(", ");
    const alert = signal("batch", 1, {
      kind: "batches",
      severity: bad > 0 ? "warning" : "info",
      title: tasks === 1 ? "the task has ended" : `all ${tasks} tasks have ended`,
      text: `${words} in ${spanWords(tookMs)}${held === 0 ? "" : `; ${held} held`}`,
    });
    this.#parts.signal({ ...alert, news: "always" });
  }

  // ── the pace of money ───────────────────────────────────────────────────────────────────────────

  #paceSoon(): void {
    if (this.#pairs.length === 0) return;
    this.#pace ??= this.#later(paceMs, () => {
      this.#pace = null;
      this.lookAtPace();
      if (this.#burning.size > 0) this.#paceSoon();
    });
  }

  /** Tells of each pair of windows that burns too fast, or no longer does. */
  lookAtPace(): void {
    const month = this.#parts.monthNanoUsd();
    if (month === null) return;
    const known = new Map<number, number>();
    const spentIn = (windowMs: number): number => {
      const spent = known.get(windowMs) ?? this.#spentIn(windowMs);
      known.set(windowMs, spent);
      return spent;
    };
    for (const pair of this.#pairs) {
      const key = `burn ${pair.longMs / hourMs}h`;
      if (!burns(pair, month, spentIn, this.#burning.has(pair))) {
        this.#burning.delete(pair);
        this.#parts.signal(over(key));
        continue;
      }
      this.#burning.add(pair);
      this.#parts.signal(burnSignal(key, pair, month, spentIn));
    }
  }

  #spentIn(windowMs: number): number {
    const nowMs = this.#parts.now();
    return this.#parts.ledger.spend
      .spentBetween(nowMs - windowMs + 1, nowMs + 1)
      .reduce((sum, { simulated, nano }) => sum + (simulated === 1 ? 0 : nano), 0);
  }
}

function burnSignal(
  key: string,
  pair: BurnPair,
  monthNanoUsd: number,
  spentIn: (windowMs: number) => number,
): Signal {
  const { times, longMs, shortMs } = pair;
  const rate = (windowMs: number): string =>
    `${formatLimit(hourlyRateNanoUsd(spentIn(windowMs), windowMs))}/h over ${windowWords(windowMs)}`;
  const bound = formatLimit(hourlyBoundNanoUsd(monthNanoUsd, times));
  return signal(key, 1, {
    kind: "burnRate",
    // At this pace the month's money lasts for days: that is worth a night. The slower one can wait for the morning.
    severity: longMs === hourMs ? "critical" : "warning",
    title: `money burns more than ${times} times as fast as the month allows`,
    text: `${rate(longMs)} and ${rate(shortMs)}. ${formatLimit(monthNanoUsd)} a month are ${formatLimit(hourlyBoundNanoUsd(monthNanoUsd, 1))}/h when spent evenly; the bound is ${times} times that, ${bound}/h, over both.`,
  });
}

function windowWords(ms: number): string {
  return ms >= hourMs ? `${ms / hourMs} h` : `${ms / 60_000} min`;
}

function spanWords(ms: number): string {
  return ms < 60_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;
}
