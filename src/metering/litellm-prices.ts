/**
 * Prices from a list in the format of LiteLLM's model prices: a JSON object of models by name, each with its prices
 * in dollars a token. The list is somebody else's: what is not understood is passed over and counted, and a file
 * that holds no price at all is refused.
 */
import { CtmError } from "../base/errors.ts";
import {
  modelPrice,
  ratesOf,
  type LongPromptPrice,
  type ModelPrice,
  type UsdPerMillion,
} from "./model-price.ts";

/** Largest list that is read, in bytes: ten times the one of today. */
export const priceListMaxBytes = 16 * 1024 * 1024;
/** Most models a list may bring: twice what the one of today has. */
export const priceListModelsMax = 5_000;
/** Dearest price that is believed, in dollars a token. */
const pricePerTokenMax = 0.1;
const nameMaxChars = 200;
const examplesMax = 3;

export interface PriceListRead {
  readonly prices: readonly ModelPrice[];
  readonly passedOver: readonly PassedOver[];
}

/** Entries without use, by the reason. */
export interface PassedOver {
  readonly reason: string;
  readonly count: number;
  readonly examples: readonly string[];
}

type Entry = Readonly<Record<string, unknown>>;

/** Kinds of model an agent may run. */
const MODES = new Set(["chat", "responses", "completion"]);
const LONG_PROMPTS = [
  { suffix: "_above_128k_tokens", aboveTokens: 128_000 },
  { suffix: "_above_200k_tokens", aboveTokens: 200_000 },
  { suffix: "_above_256k_tokens", aboveTokens: 256_000 },
  { suffix: "_above_272k_tokens", aboveTokens: 272_000 },
] as const;

/** The prices of a list as of a day (ISO). CtmError `usage`: no such list, or none that could be read. */
export function parsePriceList(text: string, effectiveFrom: string, source: string): PriceListRead {
  const entries = Object.entries(listOf(text));
  const prices: ModelPrice[] = [];
  const passedOver = new Map<string, { count: number; examples: string[] }>();
  for (const [name, entry] of entries) {
    const found = priceOf(name, entry, effectiveFrom, source);
    if (typeof found !== "string") prices.push(found);
    else {
      const others = passedOver.get(found) ?? { count: 0, examples: [] };
      others.count += 1;
      if (others.examples.length < examplesMax) others.examples.push(shown(name));
      passedOver.set(found, others);
    }
  }
  const counted = [...passedOver].map(([reason, others]) => ({ reason, ...others }));
  if (prices.length === 0) {
    const details = counted.map(({ reason, count }) => `${count} of them: ${reason}`);
    throw new CtmError("usage", `the list holds no price of a model (${entries.length} entries)`, details);
  }
  if (prices.length > priceListModelsMax) {
    throw new CtmError(
      "usage",
      `the list has ${prices.length} models; at most ${priceListModelsMax} are taken`,
    );
  }
  return { prices: withoutTwins(prices), passedOver: counted };
}

function listOf(text: string): Entry {
  if (text.length > priceListMaxBytes) {
    throw new CtmError("usage", `the list is larger than ${priceListMaxBytes} bytes`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new CtmError("usage", "the list is no JSON", [], { cause: error });
  }
  if (isEntry(parsed)) return parsed;
  throw new CtmError("usage", "the list is no object of models by name, as LiteLLM's is");
}

/** The price, or why the entry is passed over. */
function priceOf(name: string, entry: unknown, from: string, source: string): ModelPrice | string {
  if (name === "sample_spec") return "it explains the format";
  const model = name.trim().toLowerCase();
  if (model === "" || model.length > nameMaxChars || /[\p{Cc}\p{Cf}\p{Cs}]/u.test(model))
    return "its name is none";
  if (!isEntry(entry)) return "it is no entry of a model";
  const mode = entry["mode"];
  if (mode !== undefined && !MODES.has(typeof mode === "string" ? mode : ""))
    return "no agent runs this kind of model";
  const usd = usdOf(entry, "");
  if (typeof usd === "string") return usd;
  if (usd === null) return "it states no price for input and output";
  if (usd.input === 0 && usd.output === 0) return "it states a price of 0, which says nothing";
  const longPrompt = longPromptOf(model, entry);
  if (typeof longPrompt === "string") return longPrompt;
  return modelPrice(model, usd, from, source, {
    longPrompt,
    fast: fastOf(entry),
    batch: batchOf(entry),
    ...searchesOf(entry),
  });
}

/** Dollars per million of the keys with this suffix; null = none; a text = what is wrong with them. */
function usdOf(entry: Entry, suffix: string): UsdPerMillion | string | null {
  const at = (key: string): number | undefined | null => pricePerMillion(entry[key]);
  const longLived = `cache_creation_input_token_cost_above_1hr${suffix}`;
  const found = {
    input: at(`input_cost_per_token${suffix}`),
    output: at(`output_cost_per_token${suffix}`),
    cacheRead: at(`cache_read_input_token_cost${suffix}`),
    cacheWrite5m: at(`cache_creation_input_token_cost${suffix}`),
    cacheWrite1h: at(longLived),
  };
  if (Object.values(found).includes(null)) return "it states a price that is none";
  const { input, output, cacheRead, cacheWrite5m, cacheWrite1h } = found;
  if (input === undefined || output === undefined || input === null || output === null) return null;
  // Who states no price for written tokens takes none beyond that of the input.
  const write5m = cacheWrite5m ?? input;
  return {
    input,
    output,
    cacheRead: cacheRead ?? undefined,
    cacheWrite5m: write5m,
    cacheWrite1h: cacheWrite1h ?? (cacheWrite5m === undefined ? write5m : undefined),
  };
}

/** Left out = undefined, wrong = null. Rounded, for a decimal fraction a token is none a million. */
function pricePerMillion(value: unknown): number | undefined | null {
  if (value === undefined) return undefined;
  const isPrice = typeof value === "number" && value >= 0 && value <= pricePerTokenMax;
  return isPrice ? Math.round(value * 1e12) / 1e6 : null;
}

function longPromptOf(model: string, entry: Entry): LongPromptPrice | string | null {
  for (const { suffix, aboveTokens } of LONG_PROMPTS) {
    const usd = usdOf(entry, suffix);
    if (typeof usd === "string") return usd;
    if (usd === null) continue;
    const of = model.includes("claude") && aboveTokens === 200_000 ? "excess" : "request";
    return { aboveTokens, rates: ratesOf(usd), of };
  }
  return null;
}

/** Anthropic's fast mode is a factor, OpenAI's is what its priority processing costs. */
function fastOf(entry: Entry): number | null {
  const specific = entry["provider_specific_entry"];
  const stated = isEntry(specific) ? factor(specific["fast"]) : null;
  return stated ?? ratio(entry["input_cost_per_token_priority"], entry["input_cost_per_token"]);
}

function batchOf(entry: Entry): number {
  return ratio(entry["input_cost_per_token_batches"], entry["input_cost_per_token"]) ?? 0.5;
}

/** The list gives a fee by the size of what is found; agents get the medium one. */
function searchesOf(entry: Entry): { readonly webSearches?: number } {
  const fees = entry["search_context_cost_per_query"];
  const fee = isEntry(fees) ? fees["search_context_size_medium"] : undefined;
  const isFee = typeof fee === "number" && fee >= 0 && fee <= 10;
  return isFee ? { webSearches: Math.round(fee * 1e9) / 1e6 } : {};
}

function ratio(part: unknown, whole: unknown): number | null {
  return typeof part === "number" && typeof whole === "number" && whole > 0 ? factor(part / whole) : null;
}

function factor(value: unknown): number | null {
  return typeof value === "number" && value > 0 && value <= 100 ? value : null;
}

/** Names that differ in capitals only are one model here: the later entry counts. */
function withoutTwins(prices: readonly ModelPrice[]): ModelPrice[] {
  return [...new Map(prices.map((price) => [price.model, price])).values()];
}

function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(name: string): string {
  const plain = name.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "?");
  return plain.length > 60 ? `${plain.slice(0, 59)}…` : plain;
}
