/**
 * The price of one model: five prices a token in whole nano-dollars, what long prompts, fast and batch responses and
 * web searches cost, with the day and the place they come from.
 */

/** What one token costs, by kind. */
export interface Rates {
  readonly inputNano: number;
  readonly outputNano: number;
  readonly cacheReadNano: number;
  readonly cacheWrite5mNano: number;
  readonly cacheWrite1hNano: number;
}

/** Other prices for responses with a long prompt. */
export interface LongPromptPrice {
  /** Beyond so many tokens, cached ones included. */
  readonly aboveTokens: number;
  readonly rates: Rates;
  /** `request`: a longer prompt is priced by these whole, output and all. `excess`: only what a kind has beyond it. */
  readonly of: "request" | "excess";
}

export interface ModelPrice extends Rates {
  readonly model: string;
  /** null: a long prompt costs what a short one does. */
  readonly longPrompt: LongPromptPrice | null;
  /** What a fast response costs, in thousandths of the price; null = there is none, or none is known. */
  readonly fastPermille: number | null;
  /** What a batched response costs, in thousandths of the price; null = as for fast. */
  readonly batchPermille: number | null;
  /** Fee of one web search. */
  readonly webSearchNano: number;
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

/** What a list may say beyond the five prices. */
export interface PriceExtras {
  readonly longPrompt?: LongPromptPrice | null;
  /** As a factor of the price. */
  readonly fast?: number | null;
  readonly batch?: number | null;
  /** Dollars for a thousand. */
  readonly webSearches?: number;
}

/** Where a price list is silent about caches: what Anthropic's lists say for most models, relative to the input. */
const READ_OF_INPUT = 0.1;
const WRITE_5M_OF_INPUT = 1.25;
const WRITE_1H_OF_INPUT = 2;
/** Where it is silent about the rest: a batch is half price at Anthropic, OpenAI and Google, a search a cent. */
const BATCH_OF_PRICE = 0.5;
const WEB_SEARCHES_USD = 10;

/** A model's price from dollars per million tokens: one dollar per million is a thousand nano-dollars a token. */
export function modelPrice(
  model: string,
  usd: UsdPerMillion,
  effectiveFrom: string,
  source: string,
  extras: PriceExtras = {},
): ModelPrice {
  return {
    model,
    ...ratesOf(usd),
    longPrompt: extras.longPrompt ?? null,
    fastPermille: permille(extras.fast ?? null),
    batchPermille: permille(extras.batch === undefined ? BATCH_OF_PRICE : extras.batch),
    // A thousand searches in dollars are one search in millionths of them.
    webSearchNano: Math.round((extras.webSearches ?? WEB_SEARCHES_USD) * 1_000_000),
    effectiveFrom,
    source,
  };
}

/** The five prices, with what a list leaves out filled in. */
export function ratesOf(usd: UsdPerMillion): Rates {
  return {
    inputNano: nanoPerToken(usd.input),
    outputNano: nanoPerToken(usd.output),
    cacheReadNano: nanoPerToken(usd.cacheRead ?? usd.input * READ_OF_INPUT),
    cacheWrite5mNano: nanoPerToken(usd.cacheWrite5m ?? usd.input * WRITE_5M_OF_INPUT),
    cacheWrite1hNano: nanoPerToken(usd.cacheWrite1h ?? usd.input * WRITE_1H_OF_INPUT),
  };
}

/** Do two prices ask the same, whatever day and place they are from? */
export function asksTheSame(a: ModelPrice, b: ModelPrice): boolean {
  const amounts = ({ effectiveFrom: _day, source: _source, ...rest }: ModelPrice): string =>
    JSON.stringify(Object.entries(rest).sort(([one], [other]) => (one < other ? -1 : 1)));
  return amounts(a) === amounts(b);
}

/** A price finer than a nano-dollar a token is taken as one: what costs something is never free. */
function nanoPerToken(usdPerMillion: number): number {
  return usdPerMillion > 0 ? Math.max(1, Math.round(usdPerMillion * 1000)) : 0;
}

function permille(factor: number | null): number | null {
  return factor === null ? null : Math.round(factor * 1000);
}
