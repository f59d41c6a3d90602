/** Assembles what `prices show` shows. */
import type { PriceRow, PricesBrought, PricesModel } from "../reports/prices.ts";
import type { PassedOver } from "../metering/litellm-prices.ts";
import { asksTheSame } from "../metering/model-price.ts";
import { priceTable, type PriceTable, type PriceUpdate } from "../metering/prices.ts";
import type { OverviewSources } from "./sources.ts";

/** Models shown at once. */
const modelsShownMax = 200;
/** Changes of shipped prices that are told. */
const changesShownMax = 20;

/** The usual models, or those whose name holds a word, each with its earlier prices. */
export function pricesModel(
  word: string | null,
  book: { readonly update: PriceUpdate | null; readonly notices: readonly string[] },
  { prices, ledger }: OverviewSources,
): PricesModel {
  const wanted = word?.trim().toLowerCase() ?? null;
  const names = [...prices.models.keys()].filter((name) =>
    wanted === null ? prices.usual.has(name) : isMeant(name, wanted, prices),
  );
  const shown = names.sort().slice(0, modelsShownMax);
  return {
    tableId: prices.id,
    profile: prices.profile,
    asOf: prices.asOf,
    sources: prices.sources,
    updatedAsOf: book.update?.asOf ?? null,
    notices: book.notices,
    rows: shown.flatMap((name) => rowsOf(name, prices)),
    notShown: wanted === null ? prices.models.size - shown.length : names.length - shown.length,
    bookedBy: ledger.spend.priceTables(),
  };
}

function isMeant(name: string, wanted: string, { aliases }: PriceTable): boolean {
  return name.includes(wanted) || aliases.get(wanted) === name;
}

function rowsOf(name: string, { models, aliases }: PriceTable): PriceRow[] {
  const short = [...aliases].filter(([, model]) => model === name).map(([alias]) => alias);
  return (models.get(name) ?? []).map((price, at) => ({ price, newest: at === 0, aliases: short }));
}

/** What an update changed of the shipped prices. */
export function pricesBrought(
  { asOf, prices }: PriceUpdate,
  passedOver: readonly PassedOver[],
  table: PriceTable,
): PricesBrought {
  const shipped = priceTable("list");
  const changed = prices.flatMap((after) => {
    const before = shipped.models.get(after.model)?.[0];
    return before === undefined || asksTheSame(before, after) ? [] : [{ model: after.model, before, after }];
  });
  return {
    tableId: table.id,
    asOf,
    models: prices.length,
    changed: changed.slice(0, changesShownMax),
    passedOver,
  };
}
