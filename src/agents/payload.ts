/** Reading of what hooks and launchers hand us: hostile JSON, taken field by field, each bounded. */
import { messageMaxBytes } from "../base/limits.ts";
import type { AgentEvent, Signal } from "./adapter.ts";

/** A JSON object, or null for anything else. */
export function fields(payload: unknown): Readonly<Record<string, unknown>> | null {
  return typeof payload === "object" && payload !== null && !Array.isArray(payload)
    ? (payload as Record<string, unknown>)
    : null;
}

/** A text field, cut at `maxChars`; null when absent, empty or no text. */
export function textField(
  from: Readonly<Record<string, unknown>>,
  name: string,
  maxChars = messageMaxBytes,
): string | null {
  const value = from[name];
  return typeof value === "string" && value !== "" ? value.slice(0, maxChars) : null;
}

/** A whole number between `min` and `max`, or null. */
export function integerField(
  from: Readonly<Record<string, unknown>>,
  name: string,
  min: number,
  max: number,
): number | null {
  const value = from[name];
  return typeof value === "number" && Number.isInteger(value) && value >= min && value <= max ? value : null;
}

/** A session id as agents write them: one plain path segment, or null. */
export function sessionIdField(from: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = textField(from, name, 200);
  return value !== null && /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(value) ? value : null;
}

/** An absolute path to a JSON-lines file without `..` segments, or null. */
export function recordPathField(from: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = textField(from, name, 4096);
  if (value === null || !value.startsWith("/") || !value.endsWith(".jsonl")) return null;
  if (value.includes("\0") || value.split("/").includes("..")) return null;
  return value;
}

/** What the launcher itself reports of every agent: the end of its process. Null for any other signal. */
export function interpretExit(signal: Signal): AgentEvent | null {
  if (signal.event !== "exited") return null;
  const payload = fields(signal.payload);
  return { kind: "exited", exitCode: (payload && integerField(payload, "exitCode", 0, 255)) ?? 255 };
}
