/** Prices of models over time: which one counted on a day. */
import { asksTheSame, type ModelPrice } from "./model-price.ts";

/** Of each model, its prices, newest first. */
export type DatedPrices = ReadonlyMap<string, readonly ModelPrice[]>;

/** Prices kept of one model; older ones are forgotten. */
export const pricesPerModelMax = 50;

/**
 * Prices joined to those that are known. One of the same day replaces what stands there; one that asks what was
 * asked before says nothing new and is passed over.
 */
export function withPrices(known: DatedPrices, added: Iterable<ModelPrice>): DatedPrices {
  const joined = new Map(known);
  for (const price of added) {
    const others = (joined.get(price.model) ?? []).filter(
      ({ effectiveFrom }) => effectiveFrom !== price.effectiveFrom,
    );
    const all = [...others, price].sort((a, b) => (a.effectiveFrom < b.effectiveFrom ? 1 : -1));
    joined.set(price.model, withoutRepeats(all).slice(0, pricesPerModelMax));
  }
  return joined;
}

/**
 * The price of a day: the newest that had begun by then; before the first one known, the first. Without a moment the
 * newest of all. Null: no prices.
 */
export function priceOn(prices: readonly ModelPrice[], atMs: number | null): ModelPrice | null {
  if (atMs === null || prices.length < 2) return prices[0] ?? null;
  const day = new Date(atMs).toISOString().slice(0, 10);
  return prices.find(({ effectiveFrom }) => effectiveFrom <= day) ?? prices.at(-1) ?? null;
}

/** Newest first; where neighbours ask the same, the older tells since when. */
function withoutRepeats(prices: readonly ModelPrice[]): ModelPrice[] {
  return prices.filter((price, at) => {
    const older = prices[at + 1];
    return older === undefined || !asksTheSame(price, older);
  });
}
