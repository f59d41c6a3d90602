/** The prices in force, as a person sees and changes them. */
import type { DelegationDesk } from "./delegation-desk.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { PricedBooking } from "./ledger/repricing.ts";
import type { PassedOver } from "./metering/litellm-prices.ts";
import { responseCostNanoUsd, type PriceUpdate } from "./metering/prices.ts";
import { pricesBrought, pricesModel } from "./overview/prices.ts";
import type { OverviewSources } from "./overview/sources.ts";
import type { PricesBrought, PricesModel } from "./reports/prices.ts";
import type { RepriceModel } from "./reports/reprice.ts";

export interface PriceDeskParts {
  readonly ledger: Ledger;
  readonly delegation: DelegationDesk;
  views(): OverviewSources;
}

export class PriceDesk {
  readonly #parts: PriceDeskParts;

  constructor(parts: PriceDeskParts) {
    this.#parts = parts;
  }

  /** The prices in force: the usual models, or those with a word in their name. */
  model(word: string | null): PricesModel {
    return pricesModel(word, this.#parts.delegation.priceBook, this.#parts.views());
  }

  /** Joins newer prices to the table, for good. They count at once. */
  bring(update: PriceUpdate, passedOver: readonly PassedOver[]): PricesBrought {
    return pricesBrought(update, passedOver, this.#parts.delegation.priceBook.bring(update));
  }

  /** Costs of all bookings by today's table; `book` writes them, in one transaction. */
  reprice(book: boolean): RepriceModel {
    const { prices } = this.#parts.delegation;
    const cost = ({ usage, model, atMs }: PricedBooking): number | null =>
      responseCostNanoUsd(usage, model, prices, atMs);
    const repriced = this.#parts.ledger.reprice({ table: prices.id, cost }, book);
    if (book) this.#parts.delegation.forget();
    return { booked: book, tableId: prices.id, ...repriced };
  }
}
