/** Integers made readable: tokens, money, shares. Rounding happens here and nowhere before. */
import type { LimitUnit } from "../throttle/limits.ts";
import type { Figure } from "./figure.ts";

const NANO_PER_DOLLAR = 1e9;

/** Shown for what nobody knows. */
export const NOT_KNOWN = "n/a";
/** Shown where a figure does not apply. */
export const NOTHING = "-";

/** 48,523 */
export function count(value: number): string {
  return String(Math.trunc(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A limit or other round number without loss: 500K, 5M, 1.5M, else in full. */
export function roundCount(value: number): string {
  if (value >= 1e6 && value % 1e5 === 0) return `${count(value / 1e6)}${tenth((value / 1e5) % 10)}M`;
  if (value >= 1e3 && value % 1e3 === 0 && value < 1e6) return `${value / 1e3}K`;
  return count(value);
}

function tenth(digit: number): string {
  return digit === 0 ? "" : `.${digit}`;
}

/** `1 task`, `2 tasks` */
export function taskCount(number: number): string {
  return number === 1 ? "1 task" : `${count(number)} tasks`;
}

/** Says that the usage of some tasks is not known. */
export function unknownUsageWords(number: number): string {
  return `${taskCount(number)} ${number === 1 ? "has" : "have"} a usage nobody knows`;
}

/** Three significant digits: 950, 69.3K, 1.20M. For rates, where the last digit says nothing. */
export function shortCount(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude < 999.5) return String(Math.round(value));
  if (magnitude < 999_500) return `${threeDigits(value / 1e3)}K`;
  if (magnitude < 999_500_000) return `${threeDigits(value / 1e6)}M`;
  return `${count(Math.round(value / 1e9))}G`;
}

function threeDigits(value: number): string {
  const magnitude = Math.abs(value);
  return value.toFixed(magnitude < 9.995 ? 2 : magnitude < 99.95 ? 1 : 0);
}

/** Dollars of nano-dollars with this many decimals. A positive amount too small to show is `<$0.01`, never 0. */
export function dollars(nanoUsd: number, decimals: 2 | 4): string {
  const unit = NANO_PER_DOLLAR / 10 ** decimals;
  const units = Math.round(Math.abs(nanoUsd) / unit);
  if (units === 0 && nanoUsd !== 0) return `<$${(1 / 10 ** decimals).toFixed(decimals)}`;
  const whole = Math.floor(units / 10 ** decimals);
  const rest = String(units % 10 ** decimals).padStart(decimals, "0");
  return `${nanoUsd < 0 ? "-" : ""}$${count(whole)}.${rest}`;
}

/** An amount in the unit of its limit: 48,523 or $0.15. */
export function amount(value: number, unit: LimitUnit): string {
  return unit === "tokens" ? count(value) : dollars(value, 2);
}

/** A limit's own amount: 500K, $5.00, or `no limit`. */
export function limitAmount(value: number | null, unit: LimitUnit): string {
  if (value === null) return "no limit";
  return unit === "tokens" ? roundCount(value) : dollars(value, 2);
}

/** 69.3K/h or $0.21/h; n/a when the rate is not known. */
export function burnRate(perHour: number | null, unit: LimitUnit): string {
  if (perHour === null) return NOT_KNOWN;
  return `${unit === "tokens" ? shortCount(perHour) : dollars(perHour, 2)}/h`;
}

/** A figure in tokens: `~` before what is estimated, n/a for what is unknown. */
export function tokensOf(figure: Figure): string {
  return marked(figure, count);
}

/** A figure in nano-dollars, with four decimals. */
export function costOf(figure: Figure): string {
  return marked(figure, (value) => dollars(value, 4));
}

/** A figure in the unit of its limit. */
export function amountOf(figure: Figure, unit: LimitUnit): string {
  return marked(figure, (value) => amount(value, unit));
}

function marked(figure: Figure, format: (value: number) => string): string {
  if (figure.value === null || figure.source === "unknown") return NOT_KNOWN;
  return `${figure.source === "estimated" ? "~" : ""}${format(figure.value)}`;
}

/**
 * Share of a whole in percent: one decimal from 1 % on, two significant digits (two decimals at most) below.
 * The printed number never stands in another throttle level than the unrounded one: 89.96 % prints 89.9 %,
 * 99.01 % prints 99.1 %. No limit (null) has no share; of a limit of 0 everything is used up.
 */
export function percent(part: number, whole: number | null): string {
  if (whole === null) return NOTHING;
  if (whole <= 0) return "100.0%";
  const value = (part / whole) * 100;
  if (value === 0) return "0.0%";
  if (value < 0) return `-${percent(-part, whole)}`;
  if (value < 0.005) return "<0.01%";
  if (value < 1) return smallPercent(value);
  if (value >= 1000) return ">999%";
  return `${insideLevel(value, part, whole).toFixed(1)}%`;
}

function smallPercent(value: number): string {
  const digits = value < 0.1 ? value.toFixed(2) : String(Number(value.toPrecision(2))).padEnd(4, "0");
  return Number(digits) >= 1 ? "1.0%" : `${digits}%`;
}

/** Lower bounds that a rounded percent must not cross from below. */
const BOUNDS_BELOW = [80, 90, 95, 100] as const;

function insideLevel(value: number, part: number, whole: number): number {
  const rounded = Math.round(value * 10) / 10;
  if (part * 100 > whole * 99 && rounded <= 99) return 99.1;
  const crossed = BOUNDS_BELOW.some((bound) => part * 100 < whole * bound && rounded >= bound);
  return crossed ? rounded - 0.1 : rounded;
}
