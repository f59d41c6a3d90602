/** Money at the edge: nano-dollars to text and back, exactly. Inside, money is an integer of nano-dollars. */
import { exactDecimal } from "../base/amounts.ts";
import { CtmError } from "../base/errors.ts";

const NANO_DIGITS = 9;
const nanoPerUsd = 1_000_000_000;
/** Highest amount a person may name: a million dollars, well within an exact integer of nano-dollars. */
export const usdAmountMax = 1_000_000;

/** A cost with four decimals, as in "$0.1456"; halves are rounded up. */
export function formatCost(nanoUsd: number): string {
  return formatUsd(nanoUsd, 4);
}

/** A limit or its use with two decimals, as in "$1,000.00"; halves are rounded up. */
export function formatLimit(nanoUsd: number): string {
  return formatUsd(nanoUsd, 2);
}

/** Dollars with this many decimals (0 to 9) and thousands separators. An amount below zero has its sign first. */
export function formatUsd(nanoUsd: number, decimals: number): string {
  const unit = 10 ** (NANO_DIGITS - decimals);
  const amount = Math.abs(nanoUsd);
  const rest = amount % unit;
  const units = (amount - rest) / unit + (rest * 2 >= unit && rest > 0 ? 1 : 0);
  const digits = String(units).padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals).replace(/\B(?=(?:\d{3})+$)/g, ",");
  const fraction = decimals === 0 ? "" : `.${digits.slice(-decimals)}`;
  return `${nanoUsd < 0 && units > 0 ? "-" : ""}$${whole}${fraction}`;
}

/**
 * Nano-dollars from "5", "$5", "0.50" or "$1,000.00", exactly. CtmError `usage`: anything else, a negative amount, an
 * exponent, more than nine decimals, or more than a million dollars.
 */
export function parseUsd(text: string): number {
  const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
  const amount = /^\$?\s?(\d{1,20}(?:\.\d{1,20})?|\d{1,3}(?:,\d{3}){1,6}(?:\.\d{1,20})?)$/.exec(
    text.trim(),
  )?.[1];
  if (amount === undefined) {
    throw new CtmError("usage", `${shown} is no amount in dollars; write it like 5, $5 or 0.50`);
  }
  const plain = amount.replaceAll(",", "");
  if (Number(plain) > usdAmountMax) {
    throw new CtmError(
      "usage",
      `${shown} is more than ${formatUsd(usdAmountMax * nanoPerUsd, 0)}, the highest amount there is`,
    );
  }
  const nanoUsd = exactDecimal(plain, NANO_DIGITS);
  if (nanoUsd === null) {
    throw new CtmError("usage", `${shown} is finer than a nano-dollar; nine decimals are the most`);
  }
  return nanoUsd;
}
