/** A person's own prices, as the configuration gives them. */
import { CtmError } from "../base/errors.ts";
import { withPrices, type DatedPrices } from "./dated-prices.ts";
import {
  modelPrice,
  ratesOf,
  type LongPromptPrice,
  type ModelPrice,
  type UsdPerMillion,
} from "./model-price.ts";

/** Dollars per million tokens; what is left out is filled in as for any list. */
export interface PriceOverride extends UsdPerMillion {
  /** Other prices for a response whose prompt has more tokens than this. */
  readonly longPrompt?: (UsdPerMillion & { readonly aboveTokens: number }) | undefined;
  /** Factors of the price for fast and for batched responses. */
  readonly fast?: number | undefined;
  readonly batch?: number | undefined;
  /** Dollars for a thousand web searches. */
  readonly webSearches?: number | undefined;
  /** First day (ISO) it counts; before it the table's own price does. Left out: always. */
  readonly from?: string | undefined;
}

export type PriceOverrides = Readonly<Record<string, PriceOverride>>;

/** Dearest price a person may set, in dollars per million tokens: a thousand times what any list asks. */
const overrideMaxUsd = 100_000;
const SOURCE = "set in the configuration";

/** The model an override means and the prices it has with it. CtmError `config`: it is no price. */
export function overridePrices(
  name: string,
  own: PriceOverride,
  base: {
    readonly asOf: string;
    readonly models: DatedPrices;
    readonly aliases: ReadonlyMap<string, string>;
  },
): readonly [string, readonly ModelPrice[]] {
  checkOverride(name, own);
  const given = name.trim().toLowerCase();
  const model = base.aliases.get(given) ?? given;
  const { longPrompt, fast, batch, webSearches, from } = own;
  const price = modelPrice(model, own, from ?? base.asOf, SOURCE, {
    longPrompt: longPrompt === undefined ? null : longPromptPrice(longPrompt),
    fast: fast ?? null,
    ...(batch === undefined ? {} : { batch }),
    ...(webSearches === undefined ? {} : { webSearches }),
  });
  if (from === undefined) return [model, [price]];
  const known = new Map([[model, base.models.get(model) ?? []]]);
  return [model, withPrices(known, [price]).get(model) ?? [price]];
}

function longPromptPrice({ aboveTokens, ...usd }: UsdPerMillion & { aboveTokens: number }): LongPromptPrice {
  return { aboveTokens, rates: ratesOf(usd), of: "request" };
}

function checkOverride(name: string, own: PriceOverride): void {
  for (const price of [...pricesOf(own), ...pricesOf(own.longPrompt), own.fast, own.batch, own.webSearches]) {
    if (price === undefined || (price >= 0 && price <= overrideMaxUsd)) continue;
    throw new CtmError(
      "config",
      `the price of ${JSON.stringify(name.slice(0, 80))} must be between 0 and ${overrideMaxUsd} dollars per million tokens`,
    );
  }
}

function pricesOf(usd: UsdPerMillion | undefined): (number | undefined)[] {
  return usd === undefined ? [] : [usd.input, usd.output, usd.cacheRead, usd.cacheWrite5m, usd.cacheWrite1h];
}

/** Eight hexadecimal digits that change with the text (FNV-1a, 32 bits): a name for it, no protection. */
export function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
