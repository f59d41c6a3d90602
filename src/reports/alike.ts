/** Words on tasks that ask for the same as another. */
import type { AlikeTask } from "../ledger/likeness-rows.ts";
import { oneLine } from "./cells.ts";
import { wrapWords } from "./lines.ts";
import { count } from "./numbers.ts";
import type { Paper } from "./paper.ts";
import { span } from "./times.ts";

/** Of tasks that came together: those that are like one that waits, works or ended within a day (or like each other). */
export interface AlikeAmong {
  readonly count: number;
  readonly first: readonly { readonly id: number; readonly likeId: number; readonly same: boolean }[];
}

/** `like #12, completed 2h10m ago: Write the docs` */
export function likeWords({ id, same, state, endedAtMs, text }: AlikeTask, paper: Paper): string {
  const when = endedAtMs === null ? state : `${state} ${span(Math.max(0, paper.nowMs - endedAtMs))} ago`;
  return `${same ? "the same as" : "like"} #${id}, ${when}: ${oneLine(text)}`;
}

/** How many of a batch are like another task, and which; nothing where none is. */
export function alikeLines({ count: many, first }: AlikeAmong, paper: Paper): string[] {
  if (many === 0) return [];
  const asks = many === 1 ? "1 of them asks" : `${count(many)} of them ask`;
  const pairs = first.map(({ id, likeId, same }) => `#${id} ${same ? "the same as" : "like"} #${likeId}`);
  const more = many > first.length ? [`and ${count(many - first.length)} more`] : [];
  const lead = `${asks} for the same as a task that waits, works or ended within a day:`;
  return wrapWords("  ", `${lead} ${[...pairs, ...more].join(", ")}.`, paper);
}
