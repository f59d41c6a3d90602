/**
 * What an agent says of its provider's own windows: Codex notes their use with each answer, Claude Code tells it to its
 * status line and notes the one that is used up. Windows of single models are left out: they hold back no others.
 */
import { jsonLines, objectAt, secondsAt, timeAt, type JsonObject } from "./json-lines.ts";

/** One window as it was last told. */
export interface SeenWindow {
  /** five_hour, seven_day, or its length as `90_minutes`. */
  readonly window: string;
  readonly usedPermille: number;
  /** When it begins anew; null = not told. */
  readonly resetsAtMs: number | null;
  /** When it was told; null = the line has no time. */
  readonly seenAtMs: number | null;
}

const NAMES: Readonly<Record<number, string>> = { 300: "five_hour", 10_080: "seven_day" };
const minutesMax = 366 * 24 * 60;

/** The newest word on each window in a Codex rollout. */
export function codexWindows(text: string): readonly SeenWindow[] {
  const seen = new Map<string, SeenWindow>();
  for (const line of jsonLines(text, ['"rate_limits"'])) {
    const payload = objectAt(line, "payload");
    if (payload?.["type"] !== "token_count") continue;
    const limits = objectAt(payload, "rate_limits");
    for (const name of ["primary", "secondary"]) {
      const window = codexWindow(objectAt(limits, name), timeAt(line, "timestamp"));
      if (window !== null) seen.set(window.window, window);
    }
  }
  return [...seen.values()];
}

/** The windows in the JSON that Claude Code gives its status line; only subscriptions have them. */
export function statusLineWindows(payload: JsonObject | null, seenAtMs: number): readonly SeenWindow[] {
  const limits = objectAt(payload, "rate_limits");
  return ["five_hour", "seven_day"].flatMap((name) => {
    const told = objectAt(limits, name);
    const usedPermille = permilleOf(told?.["used_percentage"]);
    return usedPermille === null
      ? []
      : [{ window: name, usedPermille, resetsAtMs: secondsAt(told, "resets_at"), seenAtMs }];
  });
}

function codexWindow(from: JsonObject | null, seenAtMs: number | null): SeenWindow | null {
  const minutes = from?.["window_minutes"];
  const usedPermille = permilleOf(from?.["used_percent"]);
  if (typeof minutes !== "number" || !Number.isInteger(minutes) || minutes < 1 || minutes > minutesMax)
    return null;
  if (usedPermille === null) return null;
  return {
    window: NAMES[minutes] ?? `${minutes}_minutes`,
    usedPermille,
    resetsAtMs: secondsAt(from, "resets_at"),
    seenAtMs,
  };
}

/** The windows that a Claude Code transcript says are used up. */
export function claudeWindows(text: string): readonly SeenWindow[] {
  const seen = new Map<string, SeenWindow>();
  for (const line of jsonLines(text, ['"quotaLimits"'])) {
    const quota = objectAt(line, "quotaLimits");
    const window = quota?.["rateLimitType"];
    if (quota?.["status"] !== "rejected" || (window !== "five_hour" && window !== "seven_day")) continue;
    const resetsAtMs = secondsAt(quota, "resetsAt");
    seen.set(window, { window, usedPermille: 1_000, resetsAtMs, seenAtMs: timeAt(line, "timestamp") });
  }
  return [...seen.values()];
}

/** Thousandths of a percentage, at most all of it. */
function permilleOf(percent: unknown): number | null {
  if (typeof percent !== "number" || !(percent >= 0)) return null;
  return Math.min(1_000, Math.round(percent * 10));
}
