/**
 * Lines of JSON as agents write them, read as hostile text: what is broken, cut off or not an object is passed
 * over. Only lines that hold one of some marks are parsed at all, for most lines carry whole prompts and outputs.
 */

export type JsonObject = Readonly<Record<string, unknown>>;

/** Longest id, model name or version that is kept, in characters. */
const nameMaxChars = 200;
/** Most tokens one counter of one response may hold; above it the line is broken, not the bill. */
export const counterMax = 10_000_000_000;

/** The objects among the lines of `text` that hold at least one of the marks. */
export function* jsonLines(text: string, marks: readonly string[]): Generator<JsonObject> {
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(start, end);
    start = end + 1;
    if (!marks.some((mark) => line.includes(mark))) continue;
    const object = parseLine(line);
    if (object !== null) yield object;
  }
}

/**
 * The object of one line; null for what is broken or no object. A crash can leave NULs or half a line before the next
 * whole one; only NULs can be told apart and taken off.
 */
export function parseLine(line: string): JsonObject | null {
  let from = 0;
  let to = line.length;
  while (from < to && isPadding(line.charCodeAt(from))) from++;
  while (to > from && isPadding(line.charCodeAt(to - 1))) to--;
  try {
    return asObject(JSON.parse(line.slice(from, to)));
  } catch {
    return null;
  }
}

function isPadding(code: number): boolean {
  return code === 0 || code === 0xfeff || code === 0x0d || code === 0x20;
}

/** A JSON object, or null for anything else. */
export function asObject(value: unknown): JsonObject | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

/** The object of this name, or null. */
export function objectAt(from: JsonObject | null, name: string): JsonObject | null {
  return from === null ? null : asObject(from[name]);
}

/** The objects of the list of this name; empty when there is none. */
export function objectsAt(from: JsonObject | null, name: string): readonly JsonObject[] {
  const list = from?.[name];
  return Array.isArray(list) ? list.map(asObject).filter((item) => item !== null) : [];
}

/** The text of this name, whole; null when there is none. */
export function textAt(from: JsonObject | null, name: string): string | null {
  const value = from?.[name];
  return typeof value === "string" ? value : null;
}

/** An id, model name or version: a short text that is not empty; null for anything else. */
export function nameAt(from: JsonObject | null, name: string): string | null {
  const value = textAt(from, name);
  return value !== null && value.length > 0 && value.length <= nameMaxChars ? value : null;
}

/** A count of tokens: absent or null is 0. NaN when what stands there cannot be a count. */
export function countAt(from: JsonObject | null, name: string): number {
  const value = from?.[name] ?? 0;
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= counterMax
    ? value
    : Number.NaN;
}

/** Milliseconds since 1970 of the ISO time of this name; null when there is none. */
export function timeAt(from: JsonObject | null, name: string): number | null {
  const value = nameAt(from, name);
  const atMs = value === null ? Number.NaN : Date.parse(value);
  return Number.isFinite(atMs) ? atMs : null;
}

/** Milliseconds since 1970 from whole seconds of this name; null when they are no plausible time. */
export function secondsAt(from: JsonObject | null, name: string): number | null {
  const value = from?.[name];
  const plausible =
    typeof value === "number" && Number.isInteger(value) && value > 0 && value < 100_000_000_000;
  return plausible ? value * 1000 : null;
}

/** Dearest single response that is believed: a thousand dollars, in nano-dollars. */
const statedCostMaxNano = 1_000_000_000_000;

/** Whole nano-dollars of the dollars of this name; null when there are none, or they are no plausible cost. */
export function nanoUsdAt(from: JsonObject | null, name: string): number | null {
  const value = from?.[name];
  if (typeof value !== "number" || !(value >= 0)) return null;
  const nanoUsd = Math.round(value * 1e9);
  return nanoUsd <= statedCostMaxNano ? nanoUsd : null;
}
