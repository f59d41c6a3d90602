/**
 * What tokens cost. A table of prices is data with a name and a date; a model it does not know has no price: its
 * cost is null, never 0, and for limits it is held to the dearest model of the table.
 */
import { CtmError } from "../base/errors.ts";
import { priceOn, withPrices, type DatedPrices } from "./dated-prices.ts";
import { modelFamily, modelSpellings } from "./model-name.ts";
import type { ModelPrice } from "./model-price.ts";
import { fingerprint, overridePrices, type PriceOverrides } from "./price-overrides.ts";
import { DOCUMENT_PROFILES } from "./price-profiles.ts";
import { LIST_ALIASES, LIST_AS_OF, LIST_PRICES, LIST_SOURCES } from "./price-snapshot.ts";
import { costOfResponse, costOfSum, type PriceInForce } from "./response-cost.ts";
import type { Usage } from "./usage.ts";

export interface PriceTable {
  /** Names profile, date, update and the overrides laid over it: kept with every booking. */
  readonly id: string;
  readonly profile: string;
  /** Day (ISO) of the prices. */
  readonly asOf: string;
  readonly sources: readonly string[];
  /** Of each model its prices over time, newest first. */
  readonly models: DatedPrices;
  /** Models that an unknown one may be held to. An update brings hundreds, of which the dearest runs nowhere here. */
  readonly usual: ReadonlySet<string>;
  /** Short names and the model they mean. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly matching: "name" | "family" | "any";
}

/** Prices a person has brought from a list that is newer than the program. */
export interface PriceUpdate {
  /** Day (ISO) of the newest of them. */
  readonly asOf: string;
  readonly prices: readonly ModelPrice[];
}

const LIST = "list";

/** Names of the shipped profiles, the default first. */
export const PRICE_PROFILES: readonly string[] = [LIST, ...DOCUMENT_PROFILES.keys()];

/**
 * The prices of a profile, with an update over those of `list`, and a person's own over all; these may name models,
 * aliases or models unknown here. CtmError `config`: no such profile, or an override that is no price.
 */
export function priceTable(
  profile: string,
  overrides: PriceOverrides = {},
  update: PriceUpdate | null = null,
): PriceTable {
  const base = updated(profileTable(profile), update);
  const own = Object.entries(overrides).sort(([a], [b]) => (a < b ? -1 : 1));
  if (own.length === 0) return base;
  const prices = own.map(([name, usd]) => overridePrices(name, usd, base));
  const models = new Map(base.models);
  for (const [model, dated] of prices) models.set(model, dated);
  const usual = new Set([...base.usual, ...prices.map(([model]) => model)]);
  return { ...base, id: `${base.id}+${fingerprint(JSON.stringify(own))}`, models, usual };
}

function profileTable(profile: string): PriceTable {
  if (profile === LIST) {
    const models = withPrices(new Map(), LIST_PRICES);
    return {
      id: `${LIST}@${LIST_AS_OF}`,
      profile,
      asOf: LIST_AS_OF,
      sources: LIST_SOURCES,
      models,
      usual: new Set(models.keys()),
      aliases: LIST_ALIASES,
      matching: "name",
    };
  }
  const known = DOCUMENT_PROFILES.get(profile);
  if (known === undefined) {
    const names = PRICE_PROFILES.join(", ");
    throw new CtmError(
      "config",
      `no price profile is named ${JSON.stringify(profile.slice(0, 80))}; there are ${names}`,
    );
  }
  const models = withPrices(new Map(), known.prices);
  return {
    id: `${profile}@${known.asOf}`,
    profile,
    asOf: known.asOf,
    sources: [known.source],
    models,
    usual: new Set(models.keys()),
    aliases: new Map(),
    matching: known.matching,
  };
}

/** The other profiles reproduce documents: an update does not touch them. */
function updated(base: PriceTable, update: PriceUpdate | null): PriceTable {
  if (update === null || base.profile !== LIST) return base;
  const id = `${base.id}:${update.asOf}:${fingerprint(JSON.stringify(update.prices))}`;
  return {
    ...base,
    id,
    asOf: update.asOf > base.asOf ? update.asOf : base.asOf,
    sources: [...new Set([...base.sources, ...update.prices.map(({ source }) => source)])],
    models: withPrices(base.models, update.prices),
  };
}

/** The model of the table that a name means, whatever date, provider path or context mark it carries; null = none. */
export function resolveModel(name: string, table: PriceTable): string | null {
  const found = modelOf(name, table);
  if (found === null) return null;
  return found.mark === null ? found.model : `${found.model}-${found.mark}`;
}

/** The price of a model at a moment (null = the newest there is), and the share of it that a fast one pays. */
export function priceInForce(name: string, table: PriceTable, atMs: number | null): PriceInForce | null {
  const found = modelOf(name, table);
  const price = found === null ? null : priceOn(table.models.get(found.model) ?? [], atMs);
  if (found === null || price === null) return null;
  if (found.mark === null) return { price, permille: 1000 };
  const permille = permilleOf(price, found.mark);
  return permille === null ? null : { price, permille };
}

type Mark = "fast" | "batch";

/** A fast or batched response is recorded under its model's name with a mark. A list may know it by that name. */
function modelOf(
  name: string,
  table: PriceTable,
): { readonly model: string; readonly mark: Mark | null } | null {
  const plain = namedModel(name, table);
  if (plain !== null) return { model: plain, mark: null };
  const [, unmarked, mark] = /^(.+)-(fast|batch)$/i.exec(name.trim().slice(0, 300)) ?? [];
  const model = unmarked === undefined ? null : namedModel(unmarked, table);
  const price = model === null ? null : (table.models.get(model)?.[0] ?? null);
  if (model === null || price === null) return null;
  const known: Mark = mark?.toLowerCase() === "batch" ? "batch" : "fast";
  return permilleOf(price, known) === null ? null : { model, mark: known };
}

function namedModel(name: string, table: PriceTable): string | null {
  const spellings = modelSpellings(name);
  for (const spelling of spellings) {
    const model = table.aliases.get(spelling) ?? spelling;
    if (table.models.has(model)) return model;
  }
  if (table.matching === "family") {
    const family = modelFamily(name);
    return family !== null && table.models.has(family) ? family : null;
  }
  return table.matching === "any" && spellings.length > 0 ? "any" : null;
}

function permilleOf(price: ModelPrice, mark: Mark): number | null {
  return mark === "fast" ? price.fastPermille : price.batchPermille;
}

/**
 * What this usage, one response or a sum of many, costs with this model, in nano-dollars, at today's prices and those
 * of a short prompt. Null when the table has no price for the model.
 */
export function costNanoUsd(usage: Usage, model: string, table: PriceTable): number | null {
  const inForce = priceInForce(model, table, null);
  return inForce === null ? null : costOfSum(usage, inForce);
}

/** What one response costs: at the price of its moment, its prompt's length considered. Null: there is no price. */
export function responseCostNanoUsd(
  usage: Usage,
  model: string,
  table: PriceTable,
  atMs: number | null,
): number | null {
  const inForce = priceInForce(model, table, atMs);
  return inForce === null ? null : costOfResponse(usage, inForce);
}

/** What this usage would cost with the model of the table that makes it dearest: the cautious figure for limits. */
export function dearestCostNanoUsd(usage: Usage, table: PriceTable): number {
  return Math.max(...usualPrices(table).map((price) => costOfSum(usage, { price, permille: 1000 })));
}

/** The highest price of any token of the usual models, in nano-dollars. */
export function dearestNanoUsdPerToken(table: PriceTable): number {
  return Math.max(
    ...usualPrices(table).map((price) =>
      Math.max(
        price.inputNano,
        price.outputNano,
        price.cacheWrite5mNano,
        price.cacheWrite1hNano,
        price.cacheReadNano,
      ),
    ),
  );
}

/** The cheapest of the named models, compared at three input tokens for one of output; null when none has a price. */
export function cheapestModel(names: readonly string[], table: PriceTable): string | null {
  let cheapest: { readonly name: string; readonly nano: number } | null = null;
  for (const name of names) {
    const price = priceInForce(name, table, null)?.price;
    if (price === undefined) continue;
    const nano = 3 * price.inputNano + price.outputNano;
    if (cheapest === null || nano < cheapest.nano) cheapest = { name, nano };
  }
  return cheapest?.name ?? null;
}

function usualPrices(table: PriceTable): ModelPrice[] {
  return [...table.usual].flatMap((model) => table.models.get(model)?.[0] ?? []);
}
