/** The dearest of the tasks that ended, kept while they go by: never more than are shown. */
import type { EndedRow } from "../ledger/period-rows.ts";
import type { TopTask } from "../reports/period-report.ts";
import { spendOf } from "./spend-figures.ts";

const shownMax = 10;
/** Characters of a task's text that are looked at. */
const textMaxChars = 500;

export class TopTasks {
  /** Dearest first. */
  #rows: EndedRow[] = [];

  seen(row: EndedRow): void {
    const { task_id, task_nano, task_tokens } = row;
    if (task_nano === null || (task_nano === 0 && task_tokens === 0)) return;
    const last = this.#rows[shownMax - 1];
    if (last !== undefined && !dearer(row, last)) return;
    // Of several attempts of a task the last one tells who had it; what it cost is the task's.
    const others = this.#rows.filter((other) => other.task_id !== task_id);
    this.#rows = [...others, row].sort((a, b) => (dearer(a, b) ? -1 : 1)).slice(0, shownMax);
  }

  rows(textOf: (taskId: number) => string): TopTask[] {
    return this.#rows.map((row) => ({
      taskId: row.task_id,
      text: textOf(row.task_id).slice(0, textMaxChars),
      type: row.type,
      agent: row.member ?? row.agent,
      ...spendOf([
        {
          tokens: row.task_tokens ?? 0,
          nano: row.task_nano ?? 0,
          unpriced: row.task_unpriced ?? 0,
          source: row.task_guessed === 1 ? "estimated" : "actual",
        },
      ]),
    }));
  }
}

function dearer(a: EndedRow, b: EndedRow): boolean {
  const [nanoA, nanoB] = [a.task_nano ?? 0, b.task_nano ?? 0];
  if (nanoA !== nanoB) return nanoA > nanoB;
  const [tokensA, tokensB] = [a.task_tokens ?? 0, b.task_tokens ?? 0];
  return tokensA === tokensB ? a.task_id < b.task_id : tokensA > tokensB;
}
