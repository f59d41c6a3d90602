/** Numbers of a benchmark: medians, percentiles, and how they are written into a table. */

/** One line of a table. */
export interface Figure {
  readonly what: string;
  readonly measured: string;
  /** Against what it is held in the same run, or empty. */
  readonly ratio: string;
  readonly goal: string;
  /** null: there is no goal, or it could not be measured. */
  readonly met: boolean | null;
}

/** Nearest rank; `share` from 0 to 1. NaN for no values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

export function ms(value: number): string {
  if (value >= 100) return `${Math.round(value).toLocaleString("en")} ms`;
  return `${value.toPrecision(3)} ms`;
}

export function times(value: number): string {
  return `${value >= 10 ? value.toFixed(0) : value.toFixed(2)}x`;
}

/** Prints one group of lines, in columns. */
export function printTable(title: string, figures: readonly Figure[]): void {
  const rows = figures.map(({ what, measured, ratio, goal, met }) => [
    what,
    measured,
    ratio,
    goal,
    met === null ? "" : met ? "met" : "MISSED",
  ]);
  const table = [["", "measured", "ratio", "goal", ""], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  console.log(`\n${title}`);
  for (const row of table)
    console.log(`  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd());
}

/** Runs `run` so often and keeps what it returned. */
export async function repeated<T>(count: number, run: (round: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let round = 0; round < count; round += 1) results.push(await run(round));
  return results;
}

/** Milliseconds that `act` took. */
export async function timed(act: () => unknown): Promise<number> {
  const startedMs = performance.now();
  await act();
  return performance.now() - startedMs;
}
