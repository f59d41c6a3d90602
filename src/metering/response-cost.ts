/** What tokens cost at a price, in whole nano-dollars. */
import type { ModelPrice, Rates } from "./model-price.ts";
import type { Usage } from "./usage.ts";

/** A price, and the share of it that this kind of response pays. */
export interface PriceInForce {
  readonly price: ModelPrice;
  /** Thousandths of the price: 1000 for a usual response. */
  readonly permille: number;
}

/** Any tokens, of one response or a sum of many: at the prices of a short prompt, for a sum does not tell its parts. */
export function costOfSum(usage: Usage, { price, permille }: PriceInForce): number {
  return share(costAt(usage, price), permille) + searchFees(usage, price);
}

/** One response, its prompt's length considered. */
export function costOfResponse(usage: Usage, { price, permille }: PriceInForce): number {
  return share(tokenCost(usage, price), permille) + searchFees(usage, price);
}

function tokenCost(usage: Usage, price: ModelPrice): number {
  const { longPrompt } = price;
  if (longPrompt === null || promptTokens(usage) + usage.outputTokens <= longPrompt.aboveTokens)
    return costAt(usage, price);
  if (longPrompt.of === "excess") {
    const [base, excess] = splitAt(usage, longPrompt.aboveTokens);
    return costAt(base, price) + costAt(excess, longPrompt.rates);
  }
  return costAt(usage, promptTokens(usage) > longPrompt.aboveTokens ? longPrompt.rates : price);
}

function costAt(usage: Usage, rates: Rates): number {
  return (
    usage.inputTokens * rates.inputNano +
    usage.outputTokens * rates.outputNano +
    usage.cacheReadTokens * rates.cacheReadNano +
    usage.cacheWrite5mTokens * rates.cacheWrite5mNano +
    usage.cacheWrite1hTokens * rates.cacheWrite1hNano
  );
}

function searchFees({ webSearches = 0 }: Usage, price: ModelPrice): number {
  return webSearches * price.webSearchNano;
}

function promptTokens(usage: Usage): number {
  return usage.inputTokens + usage.cacheReadTokens + usage.cacheWrite5mTokens + usage.cacheWrite1hTokens;
}

/** What each kind of token has up to a bound, and beyond it. */
function splitAt(usage: Usage, bound: number): readonly [Usage, Usage] {
  const part = (of: (tokens: number) => number): Usage => ({
    inputTokens: of(usage.inputTokens),
    outputTokens: of(usage.outputTokens),
    cacheReadTokens: of(usage.cacheReadTokens),
    cacheWrite5mTokens: of(usage.cacheWrite5mTokens),
    cacheWrite1hTokens: of(usage.cacheWrite1hTokens),
    reasoningTokens: 0,
  });
  return [part((tokens) => Math.min(tokens, bound)), part((tokens) => Math.max(0, tokens - bound))];
}

function share(nanoUsd: number, permille: number): number {
  return permille === 1000 ? nanoUsd : Math.round((nanoUsd * permille) / 1000);
}
