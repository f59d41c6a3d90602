/** The price of one model: five prices a token, in whole nano-dollars, with the date and the place they come from. */

/** What one token costs, by kind. A later price tier of a model is a further field here, not another table. */
export interface ModelPrice {
  readonly model: string;
  readonly inputNano: number;
  readonly outputNano: number;
  readonly cacheReadNano: number;
  readonly cacheWrite5mNano: number;
  readonly cacheWrite1hNano: number;
  /** Day (ISO) from which the source is known to state this price. */
  readonly effectiveFrom: string;
  readonly source: string;
}

/** Dollars per million tokens, as price lists state them. */
export interface UsdPerMillion {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite5m?: number | undefined;
  readonly cacheWrite1h?: number | undefined;
}

/** Where a price list is silent about caches: what Anthropic's lists say for most models, relative to the input. */
const READ_OF_INPUT = 0.1;
const WRITE_5M_OF_INPUT = 1.25;
const WRITE_1H_OF_INPUT = 2;

/** A model's price from dollars per million tokens: one dollar per million is a thousand nano-dollars a token. */
export function modelPrice(
  model: string,
  usd: UsdPerMillion,
  effectiveFrom: string,
  source: string,
): ModelPrice {
  return {
    model,
    inputNano: nanoPerToken(usd.input),
    outputNano: nanoPerToken(usd.output),
    cacheReadNano: nanoPerToken(usd.cacheRead ?? usd.input * READ_OF_INPUT),
    cacheWrite5mNano: nanoPerToken(usd.cacheWrite5m ?? usd.input * WRITE_5M_OF_INPUT),
    cacheWrite1hNano: nanoPerToken(usd.cacheWrite1h ?? usd.input * WRITE_1H_OF_INPUT),
    effectiveFrom,
    source,
  };
}

function nanoPerToken(usdPerMillion: number): number {
  return Math.round(usdPerMillion * 1000);
}
