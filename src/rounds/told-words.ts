/** Figures in a written log, read: `~120k` is an estimate, 48,523 was counted, and what says no number is null. */
import type { ToldTokens } from "./told-figures.ts";

/** Tokens as a log writes them. */
export function readTokens(words: string): ToldTokens | null {
  const [, tilde, number = "", unit = "", simulated] =
    /^\s*(~?)\s*(\d{1,3}(?:,\d{3})+|\d{1,15}(?:\.\d{1,6})?)\s*([kKmM]?)\s*(\(sim\))?\s*$/.exec(words) ?? [];
  if (number === "") return null;
  const by = unit === "" ? 1 : /k/i.test(unit) ? 1_000 : 1_000_000;
  const value = Math.round(Number(number.replaceAll(",", "")) * by);
  if (!Number.isSafeInteger(value)) return null;
  return { value, source: tilde === "~" ? "estimated" : simulated === undefined ? "actual" : "simulated" };
}

const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 } as const;

/** 17m53s, 45s, 1d02h in milliseconds; null: it is no duration. */
export function readDuration(words: string): number | null {
  const text = words.trim().replace(/^~\s*/, "");
  if (!/^(?:\d{1,6}[dhms]){1,4}$/.test(text)) return null;
  return [...text.matchAll(/(\d+)([dhms])/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * UNIT_MS[unit as keyof typeof UNIT_MS],
    0,
  );
}

/** 118/121, or 121 where all passed; null: it says neither. */
export function readTests(words: string): { passed: number; of: number } | null {
  const [, passed = "", of = passed] =
    /^\s*(\d{1,3}(?:,\d{3})+|\d{1,9})(?:\s*\/\s*(\d{1,3}(?:,\d{3})+|\d{1,9}))?\s*$/.exec(words) ?? [];
  if (passed === "") return null;
  const tests = { passed: plain(passed), of: plain(of) };
  return tests.passed <= tests.of ? tests : null;
}

function plain(number: string): number {
  return Number(number.replaceAll(",", ""));
}
