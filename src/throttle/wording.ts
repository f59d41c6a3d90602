/** How amounts, percentages and limits read inside a reason a person is given. */
import { isBudget, limitId, type LimitKey, type LimitUnit } from "./limits.ts";

const FORMATS = {
  grouped: { maximumFractionDigits: 0 },
  wholeCents: { minimumFractionDigits: 2, maximumFractionDigits: 2 },
  smallMoney: { minimumFractionDigits: 2, maximumFractionDigits: 6 },
};
/** Made when they are needed first: the tables behind them take as long to load as all else a short call does. */
const made: Partial<Record<keyof typeof FORMATS, Intl.NumberFormat>> = {};

const dollar = 1_000_000_000;
const cent = dollar / 100;

/** `cost/hour`, `concurrent_worker1 tokens/hour`, `model opus cost/day`, `each worker's tokens/day`, `department web's budget cost/day`. */
export function limitName(limit: LimitKey): string {
  const name = limitId(limit)
    .replace(/^([a-z]+) \* /u, "each $1's ")
    .replace(/^(global|worker) /u, "");
  return isBudget(limit.scope) ? `the budget ${name}` : name;
}

/** An exact amount: `12,000` tokens, `$0.38`; small sums of money with as many digits as they need, up to six. */
export function exactAmount(amount: number, unit: LimitUnit): string {
  if (unit === "tokens") return formatted(amount, "grouped");
  return `$${formatted(amount / dollar, amount % cent === 0 ? "wholeCents" : "smallMoney")}`;
}

/** A limit's amount: `500K`, `5M`, `1.5M` where that is exact, else in full; money in dollars. */
export function limitAmount(amount: number, unit: LimitUnit): string {
  if (unit === "cost") return exactAmount(amount, unit);
  if (amount >= 1_000_000 && amount % 10_000 === 0) return `${amount / 1_000_000}M`;
  if (amount >= 1_000 && amount % 100 === 0) return `${amount / 1_000}K`;
  return formatted(amount, "grouped");
}

/**
 * Share of a limit: one decimal from 1 % on, two significant digits below. Cut, not rounded, so that the figure
 * never stands in a higher level than the one in force.
 */
export function percentText(used: number, limit: number): string {
  const percent = (used / limit) * 100;
  if (percent >= 1) return `${(Math.floor(percent * 10 + 1e-9) / 10).toFixed(1)}%`;
  return percent === 0 ? "0%" : `${Number(percent.toPrecision(2))}%`;
}

function formatted(amount: number, as: keyof typeof FORMATS): string {
  return (made[as] ??= new Intl.NumberFormat("en-US", FORMATS[as])).format(amount);
}
