/** Amounts as a person writes them, read exactly: decimal digits in, integers out, no floating point between. */

/** Most tokens one limit may name. */
export const tokenAmountMax = 1_000_000_000_000;

const DECIMAL = /^(\d{1,20})(?:\.(\d{1,20}))?(?:[eE]([+-]?\d{1,2}))?$/;
const SUFFIX_SCALES: Readonly<Record<string, number>> = { "": 0, K: 3, M: 6, G: 9 };

/**
 * `text` times ten to the power of `scale`, as an integer: `exactDecimal("5.50", 9)` is 5_500_000_000.
 * null when it is no plain non-negative decimal, does not come out whole, or exceeds what a number holds exactly.
 */
export function exactDecimal(text: string, scale: number): number | null {
  const parts = DECIMAL.exec(text.trim());
  if (parts === null) return null;
  const [, whole = "", fraction = "", exponent = "0"] = parts;
  const zeros = scale + Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  const divisor = 10n ** BigInt(Math.max(0, -zeros));
  if (digits % divisor !== 0n) return null;
  const value = (digits * 10n ** BigInt(Math.max(0, zeros))) / divisor;
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? null : Number(value);
}

/** Tokens from "100000", "100,000", "100K" or "1.5M"; null when it is none of these or above `tokenAmountMax`. */
export function parseTokenAmount(text: string): number | null {
  const parts = /^([\d.,_]+)\s?([KMGkmg]?)$/.exec(text.trim());
  if (parts === null) return null;
  const [, number = "", suffix = ""] = parts;
  const plain = /^\d{1,3}([,_]\d{3})+$/.test(number) ? number.replace(/[,_]/g, "") : number;
  const tokens = exactDecimal(plain, SUFFIX_SCALES[suffix.toUpperCase()] ?? 0);
  return tokens === null || tokens > tokenAmountMax ? null : tokens;
}
