/** When a running task has reached its cap, and what a person is told then. Pure. */
import { isCap, type TaskCap } from "../tasks/cap.ts";
import type { Spend } from "./limits.ts";
import { exactAmount, limitAmount } from "./wording.ts";

/** `50K tokens`, `$1.50`, or `none`. */
export function capWords(cap: TaskCap | null): string {
  if (!isCap(cap)) return "none";
  const parts = [
    ...(cap.tokens === null ? [] : [`${limitAmount(cap.tokens, "tokens")} tokens`]),
    ...(cap.nanoUsd === null ? [] : [limitAmount(cap.nanoUsd, "cost")]),
  ];
  return parts.join(" or ");
}

/** Has it used as much as its cap, or more? What a model without a price costs counts as it does for limits. */
export function reachesCap({ tokens, nanoUsd }: Spend, cap: TaskCap | null): boolean {
  if (cap === null) return false;
  return (cap.tokens !== null && tokens >= cap.tokens) || (cap.nanoUsd !== null && nanoUsd >= cap.nanoUsd);
}

/** Why it was stopped, and what a person may say to that. */
export function capQuestion(taskId: number, used: Spend, cap: TaskCap): string {
  const amounts = [
    ...(cap.tokens === null ? [] : [`${exactAmount(used.tokens, "tokens")} tokens`]),
    ...(cap.nanoUsd === null ? [] : [exactAmount(used.nanoUsd, "cost")]),
  ];
  return (
    `over its cap of ${capWords(cap)} with ${amounts.join(" and ")}: \`release ${taskId}\` lets it go on without a cap, ` +
    `\`cap ${taskId} AMOUNT\` under another, \`cancel ${taskId}\` ends it`
  );
}
