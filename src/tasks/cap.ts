/** A person's own limit on one task: so much, and then its agent is stopped and the person asked. */
import { parseTokenAmount } from "../base/amounts.ts";
import { CtmError } from "../base/errors.ts";
import { parseUsd } from "../metering/money.ts";

/** Of one attempt, as limits count it; null = not capped in this unit. */
export interface TaskCap {
  readonly tokens: number | null;
  readonly nanoUsd: number | null;
}

export const NO_CAP: TaskCap = Object.freeze({ tokens: null, nanoUsd: null });

/** "50k" and "1.5M" are tokens, "$1.50" is money, "none" is no cap. CtmError `usage` for anything else, and for zero. */
export function parseCap(text: string): TaskCap {
  const word = text.trim();
  if (word.toLowerCase() === "none") return NO_CAP;
  const nanoUsd = word.startsWith("$") ? usdOrNull(word) : null;
  const tokens = word.startsWith("$") ? null : parseTokenAmount(word);
  if ((nanoUsd ?? 0) > 0 || (tokens ?? 0) > 0) return { tokens, nanoUsd };
  const shown = JSON.stringify(word.length > 40 ? `${word.slice(0, 40)}…` : word);
  throw new CtmError("usage", `a cap is tokens (50k, 1.5M), dollars ($1.50) or none, not ${shown}`);
}

/** Does it cap anything? */
export function isCap(cap: TaskCap | null): cap is TaskCap {
  return cap !== null && (cap.tokens !== null || cap.nanoUsd !== null);
}

function usdOrNull(word: string): number | null {
  try {
    return parseUsd(word);
  } catch {
    return null;
  }
}
