/**
 * The building blocks of the schema: each says in one clear phrase what it wants, and what it got instead.
 * A phrase goes on after the path of the key: "workers.count must be …".
 */
import * as z from "zod";
import { parseTokenAmount, tokenAmountMax } from "./base/amounts.ts";
import { labelMaxChars } from "./base/limits.ts";
import { nearest } from "./base/suggest.ts";
import { parseUsd, usdAmountMax } from "./metering/money.ts";
import { parseCap, type TaskCap } from "./tasks/cap.ts";

/** Most entries a map that a person fills (named limits, environment, prices) may have. */
const entriesMax = 200;
/** Longest single text of the configuration, in characters: an environment value may be a long key. */
const longTextMaxChars = 32_768;

type Shape = Readonly<Record<string, z.ZodType>>;

/** A map with exactly these keys. Every unknown key is named, with the nearest known one. */
export function section<S extends Shape>(shape: S) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== "unrecognized_keys") return wrong("a section of keys", issue.input);
      return issue.keys.map((key) => unknownKey(key, known)).join("\n");
    },
  });
}

/** A map whose keys a person chooses. `keyRule` says in words what `keyPattern` takes. */
export function entries<V extends z.ZodType>(keyPattern: RegExp, keyRule: string, value: V) {
  return z
    .record(z.string().regex(keyPattern), value, {
      error: (issue) =>
        issue.code === "invalid_key"
          ? `has a key that is not ${keyRule}`
          : wrong("a section of keys", issue.input),
    })
    .refine((map) => Object.keys(map).length <= entriesMax, {
      error: `must not have more than ${entriesMax} entries`,
    });
}

/** One of these words. */
export function choice<const W extends readonly string[]>(words: W) {
  return z.enum(words, {
    error: (issue) => {
      const near = typeof issue.input === "string" ? nearest(issue.input, words) : null;
      const hint = near === null ? "" : ` (did you mean ${near}?)`;
      return `${wrong(`one of ${words.join(", ")}`, issue.input)}${hint}`;
    },
  });
}

export function wholeNumber(min: number, max: number) {
  const error = (issue: { input?: unknown }) => wrong(`a whole number from ${min} to ${max}`, issue.input);
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
}

export function number(min: number, max: number) {
  const error = (issue: { input?: unknown }) => wrong(`a number from ${min} to ${max}`, issue.input);
  return z.number({ error }).min(min, { error }).max(max, { error });
}

/** A day of the calendar, as 2026-12-01. */
export function day() {
  const error = (issue: { input?: unknown }) => wrong("a day such as 2026-12-01", issue.input);
  return z
    .string({ error })
    .regex(/^\d{4}-\d{2}-\d{2}$/, { error })
    .refine((text) => new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true, { error });
}

export function yesOrNo() {
  return z.boolean({ error: (issue) => wrong("true or false", issue.input) });
}

/** A short name: one line, no control characters, and never something a program could take for a flag. */
export function label(what: string) {
  const error = (issue: { input?: unknown }) => wrong(what, issue.input);
  return z
    .string({ error })
    .min(1, { error })
    .max(labelMaxChars, { error })
    .regex(/^[^-\p{Cc}\p{Cs}\s][^\p{Cc}\p{Cs}]*$/u, { error });
}

/** A text of this form. */
export function text(form: RegExp, what: string) {
  const error = (issue: { input?: unknown }) => wrong(what, issue.input);
  return z.string({ error }).regex(form, { error });
}

/** A text without NUL. The value is never repeated in a message: it may be a secret. */
export function secretText() {
  const error = "must be a text (in quotes) without NUL and halves of characters";
  return z
    .string({ error })
    .max(longTextMaxChars, { error })
    .regex(/^[^\0\p{Cs}]*$/u, { error });
}

/** Program and fixed arguments. */
export function command() {
  const error = "must be a list of program and arguments, e.g. [claude, --verbose]";
  return z
    .array(secretText(), { error })
    .max(100, { error: "must not have more than 100 words" })
    .refine((words) => words[0] !== "", { error: "must begin with a program" });
}

/** Folders, as a list; empty = none is looked at. */
export function folders() {
  return z
    .array(secretText().min(1, { error: "must be a folder" }), {
      error: "must be a list of folders, or null",
    })
    .max(100, { error: "must not have more than 100 folders" });
}

/** Takes what a person wrote for an amount; gives integers (tokens or nano-dollars), or null for no limit. */
export type AmountRule = z.ZodPipe<z.ZodUnknown, z.ZodTransform<number | null>>;

/** Tokens as an integer or "100K"/"5M"; null = no limit. */
export function tokenAmount(): AmountRule {
  return z.unknown().transform((value, context) => {
    if (value === null) return null;
    const tokens = isWritten(value) ? parseTokenAmount(String(value)) : null;
    if (tokens !== null) return tokens;
    const wanted = `tokens (250000, 100K or 5M, at most ${tokenAmountMax / 1e9}G) or null for no limit`;
    return refuse(context, wrong(wanted, value));
  });
}

/** Dollars, exact to the nano-dollar; null = no limit. */
export function dollarAmount(): AmountRule {
  return z.unknown().transform((value, context) => {
    if (value === null) return null;
    const nanoUsd = isWritten(value) ? nanoUsdOf(String(value)) : null;
    if (nanoUsd !== null) return nanoUsd;
    return refuse(context, wrong(`dollars (5 or 5.50, at most ${usdAmountMax}) or null for no limit`, value));
  });
}

/** What a task may use: tokens as an integer or "50K", money as "$1.50"; null = no cap. */
export function taskCap() {
  return z.unknown().transform((value, context): TaskCap | null => {
    if (value === null) return null;
    try {
      if (isWritten(value)) return parseCap(String(value));
    } catch {
      // Said below.
    }
    return refuse(context, wrong(`tokens (50K), dollars ("$1.50") or null for no cap`, value));
  });
}

function nanoUsdOf(text: string): number | null {
  try {
    return parseUsd(text);
  } catch {
    return null;
  }
}

/** An IANA time zone this machine knows; null = the machine's own. */
export function timeZone() {
  return z.unknown().transform((value, context) => {
    const zone = value === null ? localTimeZone() : value;
    if (typeof zone === "string" && isTimeZone(zone)) return zone;
    return refuse(context, wrong("a time zone such as Europe/Berlin, or null for the machine's own", value));
  });
}

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}

function localTimeZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

function isWritten(value: unknown): value is string | number {
  return typeof value === "string" || typeof value === "number";
}

function refuse(context: z.core.$RefinementCtx, message: string): never {
  context.issues.push({ code: "custom", message, input: undefined });
  return z.NEVER;
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  const hint = near === null ? `known here: ${known.join(", ")}` : `did you mean ${near}?`;
  return `has no key ${shown(key)} (${hint})`;
}

function wrong(wanted: string, got: unknown): string {
  return got === undefined ? `must be ${wanted}` : `must be ${wanted}, not ${shown(got)}`;
}

/** A value in a message: short, one line, harmless to a terminal. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a section";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "?");
  return plain.length > 60 ? `${plain.slice(0, 59)}…` : plain;
}
