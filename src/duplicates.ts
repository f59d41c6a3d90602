/** Tasks that ask for the same as another: summed up where many came at once, refused where a person said so. */
import { CtmError } from "./base/errors.ts";
import { redacted } from "./base/redact.ts";
import type { AddedTask, AlikeTask } from "./ledger/likeness-rows.ts";
import type { AlikeAmong } from "./reports/alike.ts";
import { oneLine } from "./reports/cells.ts";
import { count } from "./reports/numbers.ts";

/** Pairs that are named of many. */
const namedMax = 5;
const textShownChars = 60;

interface Pair {
  readonly added: AddedTask;
  readonly like: AlikeTask;
}

/** How many of these are like another task, and the first of them. */
export function alikeAmong(added: readonly AddedTask[]): AlikeAmong {
  const pairs = pairsOf(added);
  const first = pairs.slice(0, namedMax).map(({ added: { task }, like }) => {
    return { id: task.id, likeId: like.id, same: like.same };
  });
  return { count: pairs.length, first };
}

/** CtmError `refused` where one of these is like another task. To be called in the commit that adds them. */
export function refuseDuplicates(_created: readonly number[], added: readonly AddedTask[]): void {
  const pairs = pairsOf(added);
  const [only] = pairs;
  if (only === undefined) return;
  // What was just added has no number as far as anybody knows.
  const isNew = new Set(added.flatMap(({ task, created }) => (created ? [task.id] : [])));
  const other = ({ id, state }: AlikeTask): string =>
    isNew.has(id) ? "another of these" : `#${id} (${state})`;
  if (added.length === 1) {
    const how = only.like.same ? "asks for the same as" : "asks for nearly the same as";
    throw new CtmError("refused", `the task ${how} ${other(only.like)}; nothing was queued`, [
      `#${only.like.id}: ${shown(only.like.text)}`,
      ...hintOf(only.like),
    ]);
  }
  const lines = pairs.slice(0, namedMax).map(({ added: { task }, like }) => {
    return `${shown(task.draft.text)}: ${like.same ? "the same as" : "like"} ${other(like)}`;
  });
  const more = pairs.length > namedMax ? [`and ${count(pairs.length - namedMax)} more`] : [];
  const many = `${count(pairs.length)} of ${count(added.length)} tasks`;
  const verb = pairs.length === 1 ? "asks" : "ask";
  throw new CtmError(
    "refused",
    `${many} ${verb} for the same as another that waits, works or ended within a day; nothing was queued`,
    [...lines, ...more],
  );
}

function pairsOf(added: readonly AddedTask[]): Pair[] {
  return added.flatMap((one) => (one.like === null ? [] : [{ added: one, like: one.like }]));
}

function hintOf({ id, state }: AlikeTask): string[] {
  return state === "failed" || state === "lost" ? [`\`retry ${id}\` tries that one again.`] : [];
}

function shown(text: string): string {
  const characters = [...oneLine(redacted(text.slice(0, 1_000)))];
  return characters.length > textShownChars
    ? `${characters.slice(0, textShownChars - 1).join("")}…`
    : characters.join("");
}
