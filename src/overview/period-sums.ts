/** Usage and ended attempts of a span added up by whom and what they belong to, in memory that the span does not fill. */
import { tenthsOf } from "../hierarchy/duration-buckets.ts";
import type { EndedRow, SpentRow } from "../ledger/period-rows.ts";
import type { UsageSource } from "../metering/usage.ts";
import { figureOf } from "../reports/figure.ts";
import { perCompleted, type PeriodSums, type SpendRow } from "../reports/period-report.ts";
import { spendOf } from "./spend-figures.ts";

/** Fewer completed tasks than this and a 95th percentile says nothing. */
const durationsMin = 3;

interface SpendPart {
  readonly source: UsageSource;
  tokens: number;
  nano: number;
  unpriced: number;
}

/** One group: a day, a model, an agent, all together. */
export class PeriodSum {
  readonly #spend = new Map<UsageSource, SpendPart>();
  /** How many completed tasks took so many tenths of a second. */
  readonly #tenths = new Map<number, number>();
  #timed = 0;
  #completed = 0;
  #failed = 0;
  #cancelled = 0;

  spend({ source, tokens, nano, unpriced }: Pick<SpentRow, "source" | "tokens" | "nano" | "unpriced">): void {
    const part = this.#spend.get(source) ?? { source, tokens: 0, nano: 0, unpriced: 0 };
    part.tokens += tokens;
    part.nano += nano;
    part.unpriced += unpriced;
    this.#spend.set(source, part);
  }

  ended({ outcome, duration_ms }: Pick<EndedRow, "outcome" | "duration_ms">): void {
    if (outcome === "failed" || outcome === "lost") this.#failed += 1;
    else if (outcome === "cancelled") this.#cancelled += 1;
    else if (outcome === "completed") {
      this.#completed += 1;
      if (duration_ms !== null) this.#took(tenthsOf(Math.max(0, duration_ms)), 1);
    }
  }

  /** Adds another group. */
  take(other: PeriodSum): void {
    for (const part of other.#spend.values()) this.spend(part);
    for (const [tenths, n] of other.#tenths) this.#took(tenths, n);
    this.#completed += other.#completed;
    this.#failed += other.#failed;
    this.#cancelled += other.#cancelled;
  }

  get isEmpty(): boolean {
    return this.#spend.size === 0 && this.#completed + this.#failed + this.#cancelled === 0;
  }

  row(name: string): PeriodSums {
    const { tokens, cost } = spendOf([...this.#spend.values()]);
    const tried = this.#completed + this.#failed;
    return {
      name,
      tokens,
      cost,
      completed: this.#completed,
      failed: this.#failed,
      cancelled: this.#cancelled,
      costPerCompleted: perCompleted(cost, this.#completed),
      successRate: tried === 0 ? null : this.#completed / tried,
      p95Ms: this.#p95Ms(),
    };
  }

  spendRow(name: string): SpendRow {
    return { name, ...spendOf([...this.#spend.values()]) };
  }

  simulatedRow(): SpendRow {
    const { tokens = 0, nano = 0 } = this.#spend.get("simulated") ?? {};
    return { name: "simulated", tokens: figureOf(tokens, "simulated"), cost: figureOf(nano, "simulated") };
  }

  #took(tenths: number, n: number): void {
    this.#tenths.set(tenths, (this.#tenths.get(tenths) ?? 0) + n);
    this.#timed += n;
  }

  /** Nearest rank. */
  #p95Ms(): number | null {
    if (this.#timed < durationsMin) return null;
    let left = Math.ceil(this.#timed * 0.95);
    // Numbers alone are sorted a hundred times as fast as pairs.
    for (const tenths of Float64Array.from(this.#tenths.keys()).sort()) {
      left -= this.#tenths.get(tenths) ?? 0;
      if (left <= 0) return tenths * 100;
    }
    return null;
  }
}

/** Groups by name, made when they are first named. */
export class PeriodGroups {
  readonly #groups = new Map<string, PeriodSum>();

  at(name: string): PeriodSum {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    const made = new PeriodSum();
    this.#groups.set(name, made);
    return made;
  }

  get entries(): [string, PeriodSum][] {
    return [...this.#groups];
  }

  /** The dearest first, what has no price by its tokens, the nameless last. */
  rows<Row extends SpendRow>(draw: (sum: PeriodSum, name: string) => Row): Row[] {
    const rows = this.entries.map(([name, sum]) => ({
      nameless: name === "",
      row: draw(sum, name === "" ? "none" : name),
    }));
    return rows
      .sort(
        (a, b) =>
          Number(a.nameless) - Number(b.nameless) ||
          (b.row.cost.value ?? 0) - (a.row.cost.value ?? 0) ||
          (b.row.tokens.value ?? 0) - (a.row.tokens.value ?? 0) ||
          (a.row.name < b.row.name ? -1 : 1),
      )
      .map(({ row }) => row);
  }
}
