/**
 * What a provider says of an account's own windows (five hours, a week), as agents pass it on: Codex in its rollout,
 * Claude Code in the JSON of its status line. Hostile input: what is no percentage or no time is passed over.
 */
import { jsonLines, objectAt, secondsAt, timeAt, type JsonObject } from "./json-lines.ts";

export interface ProviderWindow {
  /** five_hour, seven_day, or its length, e.g. 1440_minutes. */
  readonly window: string;
  /** Thousandths of the window that are used, by everybody on the account. */
  readonly usedPermille: number;
  /** When it begins anew; null = not told. */
  readonly resetsAtMs: number | null;
  readonly seenAtMs: number;
}

/** Names of the windows that providers are known to have, by their length in minutes. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [300, "five_hour"],
  [10_080, "seven_day"],
]);
const minutesMax = 60 * 24 * 366;

/** The windows as the last `rate_limits` of a rollout tells them. */
export function codexWindows(text: string): ProviderWindow[] {
  let windows: ProviderWindow[] = [];
  for (const line of jsonLines(text, ['"rate_limits"'])) {
    const limits = objectAt(objectAt(line, "payload"), "rate_limits");
    const seenAtMs = timeAt(line, "timestamp");
    if (limits === null || seenAtMs === null) continue;
    const told = ["primary", "secondary"].flatMap(
      (name) => codexWindow(objectAt(limits, name), seenAtMs) ?? [],
    );
    if (told.length > 0) windows = told;
  }
  return windows;
}

function codexWindow(window: JsonObject | null, seenAtMs: number): ProviderWindow | null {
  const minutes = window?.["window_minutes"];
  const usedPermille = permilleOf(window?.["used_percent"]);
  if (typeof minutes !== "number" || !Number.isInteger(minutes) || minutes < 1 || minutes > minutesMax)
    return null;
  if (usedPermille === null) return null;
  const name = NAMES.get(minutes) ?? `${minutes}_minutes`;
  return { window: name, usedPermille, resetsAtMs: secondsAt(window, "resets_at"), seenAtMs };
}

/** The windows in the JSON a status line is given; only subscriptions have them. */
export function statusLineWindows(payload: JsonObject | null, seenAtMs: number): ProviderWindow[] {
  const limits = objectAt(payload, "rate_limits");
  return ["five_hour", "seven_day"].flatMap((name) => {
    const window = objectAt(limits, name);
    const usedPermille = permilleOf(window?.["used_percentage"]);
    if (usedPermille === null) return [];
    return [{ window: name, usedPermille, resetsAtMs: secondsAt(window, "resets_at"), seenAtMs }];
  });
}

/** Thousandths of a percentage; a window can be overdrawn, but not by more than all of it again. */
function permilleOf(percent: unknown): number | null {
  if (typeof percent !== "number" || !(percent >= 0) || percent > 200) return null;
  return Math.min(1_000, Math.round(percent * 10));
}
