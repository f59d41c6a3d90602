/**
 * The five throttle levels as one table: where each begins and which priorities it lets through. Everything is
 * compared in whole numbers, so that 79,999 of 100,000 is never rounded up into WARNING.
 */
import { PRIORITIES, type Priority } from "../tasks/priority.ts";

interface LevelRow {
  readonly name: string;
  readonly icon: string;
  /** Lower bound in percent of the limit. */
  readonly fromPercent: number;
  /** Does a standing of exactly `fromPercent` belong to this level? (Not to CRITICAL: exactly 99 % is HARD.) */
  readonly inclusive: boolean;
  readonly admits: readonly Priority[];
}

export const LEVELS = [
  { name: "NONE", icon: "🟢", fromPercent: 0, inclusive: true, admits: PRIORITIES },
  { name: "WARNING", icon: "🟡", fromPercent: 80, inclusive: true, admits: PRIORITIES },
  { name: "SOFT", icon: "🟠", fromPercent: 90, inclusive: true, admits: ["normal", "high", "critical"] },
  { name: "HARD", icon: "🔴", fromPercent: 95, inclusive: true, admits: ["high", "critical"] },
  { name: "CRITICAL", icon: "🚨", fromPercent: 99, inclusive: false, admits: ["critical"] },
] as const satisfies readonly LevelRow[];

export type Level = (typeof LEVELS)[number]["name"];

const ROWS: readonly (LevelRow & { readonly name: Level })[] = LEVELS;

/** Level of `used` against `limit`, whole numbers up to 2^53. No limit (null) is NONE, a limit of 0 CRITICAL. */
export function levelOf(used: number, limit: number | null): Level {
  if (limit === null) return "NONE";
  if (limit === 0) return "CRITICAL";
  return ROWS.findLast((row) => reaches(used, limit, row))?.name ?? "NONE";
}

/** 0 (NONE) to 4 (CRITICAL): how levels are compared. */
export function levelRank(level: Level): number {
  return ROWS.findIndex((row) => row.name === level);
}

/** The more severe of two levels. */
export function worstLevel(a: Level, b: Level): Level {
  return levelRank(a) >= levelRank(b) ? a : b;
}

/** Icon of a level, one wide character. */
export function levelIcon(level: Level): string {
  return rowOf(level).icon;
}

/** Priorities a level lets through, lowest first. */
export function admittedAt(level: Level): readonly Priority[] {
  return rowOf(level).admits;
}

/** Does this level let this priority through? */
export function admits(level: Level, priority: Priority): boolean {
  return admittedAt(level).includes(priority);
}

/** Highest whole number that still stands below `level` against `limit`; -1 when not even 0 does. */
export function highestBelow(level: Level, limit: number): number {
  const { fromPercent, inclusive } = rowOf(level);
  if (limit === 0) return -1;
  return inclusive ? percentOf(limit, fromPercent, "up") - 1 : percentOf(limit, fromPercent, "down");
}

/** Highest standing at which `priority` is still let through; null = at any. */
export function highestAdmitting(priority: Priority, limit: number): number | null {
  const closed = ROWS.find((row) => !row.admits.includes(priority));
  return closed === undefined ? null : highestBelow(closed.name, limit);
}

function rowOf(level: Level): LevelRow {
  const row = ROWS.find((candidate) => candidate.name === level);
  if (row === undefined) throw new RangeError(`no throttle level is named ${level}`);
  return row;
}

function reaches(used: number, limit: number, row: LevelRow): boolean {
  const edge = percentOf(limit, row.fromPercent, row.inclusive ? "up" : "down");
  return row.inclusive ? used >= edge : used > edge;
}

/** Exact whole-number percentage of a whole number, rounded as told; beyond 2^53 / 100 the product needs BigInt. */
export function percentOf(limit: number, percent: number, round: "up" | "down"): number {
  const product = limit * percent;
  if (Number.isSafeInteger(product))
    return round === "up" ? Math.ceil(product / 100) : Math.floor(product / 100);
  const exact = BigInt(limit) * BigInt(percent) + (round === "up" ? 99n : 0n);
  return Number(exact / 100n);
}
