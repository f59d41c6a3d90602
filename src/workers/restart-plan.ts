/** When a worker that died is started again: spaced by a growing delay, and only so many times in a row. */

export interface RestartRules {
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Deaths in a row, without a task ended in between, after which it stays dead until a person restarts it. */
  readonly maxInRow: number;
}

/** Pure: the delay before restart number `n` (from 0), or null: not again. */
export function restartDelayMs(n: number, rules: RestartRules): number | null {
  return n >= rules.maxInRow ? null : Math.min(rules.maxDelayMs, rules.firstDelayMs * 2 ** Math.min(n, 40));
}

export class RestartPlan {
  readonly #rules: RestartRules;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #inRow = new Map<string, number>();

  constructor(rules: RestartRules) {
    this.#rules = rules;
  }

  /** Plans the next start of a worker. Returns its delay, or null when it has died too often in a row. */
  plan(name: string, start: () => Promise<void>): number | null {
    const n = this.#inRow.get(name) ?? 0;
    const delayMs = restartDelayMs(n, this.#rules);
    if (delayMs === null || this.#timers.has(name)) return delayMs;
    this.#inRow.set(name, n + 1);
    const timer = setTimeout(() => {
      this.#timers.delete(name);
      // A start that fails is one more death in the row.
      start().catch(() => this.plan(name, start));
    }, delayMs);
    timer.unref();
    this.#timers.set(name, timer);
    return delayMs;
  }

  /** How often it died in a row. */
  deaths(name: string): number {
    return this.#inRow.get(name) ?? 0;
  }

  /** It did its work, or a person took it in hand: the row begins anew. */
  forget(name: string): void {
    const timer = this.#timers.get(name);
    if (timer !== undefined) clearTimeout(timer);
    this.#timers.delete(name);
    this.#inRow.delete(name);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
