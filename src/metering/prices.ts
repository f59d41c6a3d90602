/**
 * What tokens cost. A table of prices is data with a name and a date; a model it does not know has no price: its
 * cost is null, never 0, and for limits it is held to the dearest model of the table.
 */
import { CtmError } from "../base/errors.ts";
import { modelFamily, modelSpellings } from "./model-name.ts";
import { modelPrice, type ModelPrice, type UsdPerMillion } from "./model-price.ts";
import { DOCUMENT_PROFILES } from "./price-profiles.ts";
import { LIST_ALIASES, LIST_AS_OF, LIST_PRICES, LIST_SOURCES } from "./price-snapshot.ts";
import type { Usage } from "./usage.ts";

export interface PriceTable {
  /** Names profile, date and the overrides laid over it: kept with every booking. */
  readonly id: string;
  readonly profile: string;
  /** Day (ISO) of the prices. */
  readonly asOf: string;
  readonly sources: readonly string[];
  readonly models: ReadonlyMap<string, ModelPrice>;
  /** Short names and the model they mean. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly matching: "name" | "family" | "any";
}

export type PriceOverrides = Readonly<Record<string, UsdPerMillion>>;

const LIST = "list";

/** Names of the shipped profiles, the default first. */
export const PRICE_PROFILES: readonly string[] = [LIST, ...DOCUMENT_PROFILES.keys()];

/**
 * The prices of a profile with a person's own laid over them, which may name models, aliases or models unknown here.
 * CtmError `config`: no such profile, or an override that is no price.
 */
export function priceTable(profile: string, overrides: PriceOverrides = {}): PriceTable {
  const base = profileTable(profile);
  const own = Object.entries(overrides).sort(([a], [b]) => (a < b ? -1 : 1));
  if (own.length === 0) return base;
  const models = new Map(base.models);
  for (const [name, usd] of own) {
    checkOverride(name, usd);
    const given = name.trim().toLowerCase();
    const model = base.aliases.get(given) ?? given;
    models.set(model, modelPrice(model, usd, base.asOf, "set in the configuration"));
  }
  return { ...base, id: `${base.id}+${fingerprint(JSON.stringify(own))}`, models };
}

function profileTable(profile: string): PriceTable {
  if (profile === LIST) {
    return {
      id: `${LIST}@${LIST_AS_OF}`,
      profile,
      asOf: LIST_AS_OF,
      sources: LIST_SOURCES,
      models: byName(LIST_PRICES),
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
  return {
    id: `${profile}@${known.asOf}`,
    profile,
    asOf: known.asOf,
    sources: [known.source],
    models: byName(known.prices),
    aliases: new Map(),
    matching: known.matching,
  };
}

/** The model of the table that a name means, whatever date, provider path or context mark it carries; null = none. */
export function resolveModel(name: string, table: PriceTable): string | null {
  const spellings = modelSpellings(name);
  for (const spelling of spellings) {
    const model = table.aliases.get(spelling) ?? spelling;
    if (table.models.has(model)) return model;
  }
  if (table.matching === "family") return modelFamily(name);
  return table.matching === "any" && spellings.length > 0 ? "any" : null;
}

/** What this usage costs with this model, in nano-dollars; null when the table has no price for the model. */
export function costNanoUsd(usage: Usage, model: string, table: PriceTable): number | null {
  const price = table.models.get(resolveModel(model, table) ?? "");
  return price === undefined ? null : costAt(usage, price);
}

/** What this usage would cost with the model of the table that makes it dearest: the cautious figure for limits. */
export function dearestCostNanoUsd(usage: Usage, table: PriceTable): number {
  return Math.max(...Array.from(table.models.values(), (price) => costAt(usage, price)));
}

/** The highest price of any token in the table, in nano-dollars. */
export function dearestNanoUsdPerToken(table: PriceTable): number {
  return Math.max(
    ...Array.from(table.models.values(), (price) =>
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
    const price = table.models.get(resolveModel(name, table) ?? "");
    if (price === undefined) continue;
    const nano = 3 * price.inputNano + price.outputNano;
    if (cheapest === null || nano < cheapest.nano) cheapest = { name, nano };
  }
  return cheapest?.name ?? null;
}

function costAt(usage: Usage, price: ModelPrice): number {
  return (
    usage.inputTokens * price.inputNano +
    usage.outputTokens * price.outputNano +
    usage.cacheReadTokens * price.cacheReadNano +
    usage.cacheWrite5mTokens * price.cacheWrite5mNano +
    usage.cacheWrite1hTokens * price.cacheWrite1hNano
  );
}

function byName(prices: readonly ModelPrice[]): ReadonlyMap<string, ModelPrice> {
  return new Map(prices.map((price) => [price.model, price]));
}

/** Dearest price a person may set, in dollars per million tokens: a thousand times what any list asks. */
const overrideMaxUsd = 100_000;

function checkOverride(name: string, usd: UsdPerMillion): void {
  const { input, output, cacheRead = 0, cacheWrite5m = 0, cacheWrite1h = 0 } = usd;
  for (const price of [input, output, cacheRead, cacheWrite5m, cacheWrite1h]) {
    if (price >= 0 && price <= overrideMaxUsd) continue;
    throw new CtmError(
      "config",
      `the price of ${JSON.stringify(name.slice(0, 80))} must be between 0 and ${overrideMaxUsd} dollars per million tokens`,
    );
  }
}

/** Eight hexadecimal digits that change with the text (FNV-1a, 32 bits): a name for it, no protection. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
