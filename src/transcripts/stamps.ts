/**
 * What files and folders were when they were looked at, so that a later run can tell, without reading any, that they
 * are just the same: a content, a name, an owner or a mode that changed has changed a time of the file or its folder.
 */
import { statSync } from "node:fs";

/** What changed in this time before it was looked at may change again within the same tick of its clock. */
export const settledMs = 2_000;

export interface Stamps {
  readonly paths: readonly string[];
  /** So many numbers a path: times of the last change of its content and of itself, bytes, inode; -1 = nothing there. */
  readonly values: Float64Array;
}

/** The same as two texts: thousands of names and numbers one by one take longer to read. */
export interface KeptStamps {
  /** A line each. */
  readonly paths: string;
  /** The bytes of the numbers, in base64. */
  readonly values: string;
}

const valuesPerPath = 4;

/** A file that was looked at just now. */
export interface LookedAt {
  readonly path: string;
  readonly bytes: number;
  /** Times of the last change of its content, and of itself. */
  readonly changedMs: number;
  readonly statusMs: number;
  readonly inode: number;
}

/** What is given as a path alone is looked at. */
export function stampsOf(places: readonly (string | LookedAt)[]): Stamps {
  const values: number[] = [];
  for (const place of places) {
    if (typeof place !== "string") {
      values.push(place.changedMs, place.statusMs, place.bytes, place.inode);
      continue;
    }
    const stat = lookAt(place);
    if (stat === null) values.push(-1, -1, -1, -1);
    else values.push(stat.mtimeMs, stat.ctimeMs, stat.size, stat.ino);
  }
  const paths = places.map((place) => (typeof place === "string" ? place : place.path));
  return { paths, values: Float64Array.from(values) };
}

export function joinedStamps(a: Stamps, b: Stamps): Stamps {
  return { paths: [...a.paths, ...b.paths], values: Float64Array.from([...a.values, ...b.values]) };
}

/** null: a path holds what divides them. */
export function keptStamps({ paths, values }: Stamps): KeptStamps | null {
  if (paths.some((path) => path.includes("\n"))) return null;
  return { paths: paths.join("\n"), values: Buffer.from(values.buffer).toString("base64") };
}

/** Of any texts: what `keptStamps` did not give holds for nothing. */
export function stampsKept({ paths, values }: KeptStamps): Stamps {
  const bytes = Uint8Array.from(Buffer.from(values, "base64"));
  const count = Math.floor(bytes.length / Float64Array.BYTES_PER_ELEMENT);
  return { paths: paths === "" ? [] : paths.split("\n"), values: new Float64Array(bytes.buffer, 0, count) };
}

/** Is everything as it was? */
export function stillHold({ paths, values }: Stamps): boolean {
  if (values.length !== paths.length * valuesPerPath) return false;
  let at = 0;
  for (const path of paths) {
    const stat = lookAt(path);
    const isSame =
      stat === null
        ? values[at] === -1
        : stat.ctimeMs === values[at + 1] &&
          stat.mtimeMs === values[at] &&
          stat.size === values[at + 2] &&
          stat.ino === values[at + 3];
    if (!isSame) return false;
    at += valuesPerPath;
  }
  return true;
}

/** Has nothing of it changed since shortly before this moment? Only then do stamps taken later tell what was read. */
export function settledBefore({ values }: Stamps, atMs: number): boolean {
  for (let at = 0; at < values.length; at += valuesPerPath)
    if (Math.max(values[at] ?? 0, values[at + 1] ?? 0) >= atMs - settledMs) return false;
  return true;
}

/** null: nothing is there, or nothing that we may look at. */
function lookAt(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null; // On the way there is a file or a folder closed to us: as good as not there, also for who reads it.
  }
}
