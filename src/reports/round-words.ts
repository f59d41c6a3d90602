/** Figures of rounds as they are written, in tables and in the written log alike. */
import type { Figure } from "./figure.ts";
import { count, NOT_KNOWN, percent } from "./numbers.ts";
import type { Share } from "./round-figures.ts";

/** `~120k` for an estimate, 48,523 for what was counted, with `(sim)` behind what a rehearsal told. */
export function tokenWords({ value, source }: Figure): string {
  if (value === null || source === "unknown") return NOT_KNOWN;
  if (source === "estimated") return `~${thousands(value)}`;
  return source === "simulated" ? `${count(value)} (sim)` : count(value);
}

/** The same for a coordinator's tokens, which are 0 where none was a model. */
export function coordinatorWords(figure: Figure, noCoordinator: boolean): string {
  return noCoordinator && figure.value === 0 ? "0 (no LLM coordinator)" : tokenWords(figure);
}

/** `3.2%`, with `~` where a part of it is an estimate. */
export function shareWords(share: Share | null): string {
  if (share === null) return NOT_KNOWN;
  return `${share.source === "estimated" ? "~" : ""}${percent(share.part, share.whole)}`;
}

export function testWords(tests: { passed: number; of: number } | null): string {
  return tests === null ? NOT_KNOWN : `${count(tests.passed)}/${count(tests.of)}`;
}

/** Three digits at most, no zeros behind the point: 950, 3k, 1.2k, 120k, 1.5M. */
function thousands(value: number): string {
  if (value < 1_000) return String(Math.round(value));
  if (value < 999_500) return `${digits(value / 1_000)}k`;
  return `${digits(value / 1_000_000)}M`;
}

function digits(value: number): string {
  return value < 9.95 ? String(Number(value.toFixed(1))) : String(Math.round(value));
}
