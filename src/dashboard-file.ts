/**
 * The dashboard's keys, and where it is to be had: one private file (0600) in the state folder, so that `ctm dashboard`
 * in any terminal of the same person finds it. Removing it makes all links worthless at the next start.
 */
import { randomBytes } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import * as z from "zod";
import { CtmError } from "./base/errors.ts";
import { ensurePrivateFile, writePrivateFile } from "./ledger/state-folder.ts";

/** 256 bits, as text that needs no quoting anywhere. */
const key = z.string().regex(/^[\w-]{43}$/);

const shape = z.strictObject({
  /** Lets its holder do everything a person can do here. */
  act: key,
  /** Lets its holder look. */
  read: key,
  /** Where the manager that runs, or ran last, serves it; null: it served none. */
  url: z.string().max(200).nullable(),
});

export type DashboardFacts = z.output<typeof shape>;

/** What the file says; null where there is none. Throws CtmError `refused` for one that is damaged or not ours. */
export function readDashboardFile(path: string): DashboardFacts | null {
  let text: string;
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      if (!fstatSync(file).isFile()) throw damaged(path);
      text = readFileSync(file, "utf8");
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error instanceof CtmError ? error : damaged(path, error);
  }
  const facts = shape.safeParse(jsonOf(text));
  if (!facts.success) throw damaged(path);
  return facts.data;
}

/** The keys, made at the first call. Throws CtmError `refused` or `io`. */
export function dashboardKeys(path: string): DashboardFacts {
  const kept = readDashboardFile(path);
  if (kept !== null) {
    ensurePrivateFile(path);
    return kept;
  }
  const made = { act: newKey(), read: newKey(), url: null };
  writePrivateFile(path, `${JSON.stringify(made)}\n`);
  return made;
}

/** Notes where it is to be had from now on; null: nowhere. */
export function noteDashboard(path: string, url: string | null): void {
  writePrivateFile(path, `${JSON.stringify({ ...dashboardKeys(path), url })}\n`);
}

function newKey(): string {
  return randomBytes(32).toString("base64url");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function damaged(path: string, cause?: unknown): CtmError {
  return new CtmError(
    "refused",
    `${path} is not the file of the dashboard's keys`,
    ["Remove it: new keys are made at the next start, and links of before are worth nothing then."],
    cause === undefined ? {} : { cause },
  );
}
