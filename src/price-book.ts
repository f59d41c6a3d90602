/** The price table in force: profile, update and overrides. An update changes it while the program runs. */
import { CtmError } from "./base/errors.ts";
import type { Config } from "./config.ts";
import { withPrices } from "./metering/dated-prices.ts";
import { priceTable, type PriceTable, type PriceUpdate } from "./metering/prices.ts";
import { readPriceFile, writePriceFile } from "./price-file.ts";

export class PriceBook {
  readonly #config: Config;
  #update: PriceUpdate | null = null;
  #table: PriceTable;
  /** A file that cannot be read keeps nothing from starting: the shipped prices count, and every screen says so. */
  #fault: string | null = null;

  constructor(config: Config) {
    this.#config = config;
    try {
      this.#update = readPriceFile(config.paths.pricesFile);
    } catch (error) {
      if (!(error instanceof CtmError)) throw error;
      this.#fault = `PRICES: ${error.message}; until then the shipped prices count`;
    }
    this.#table = this.#joined();
  }

  get table(): PriceTable {
    return this.#table;
  }

  /** The person's newer prices; null = none were brought. */
  get update(): PriceUpdate | null {
    return this.#update;
  }

  get notices(): readonly string[] {
    return this.#fault === null ? [] : [this.#fault];
  }

  /** Joins prices to those brought before, durable first. They count from now on, each from its day. */
  bring(brought: PriceUpdate): PriceTable {
    const before = this.#update ?? { asOf: brought.asOf, prices: [] };
    const dated = withPrices(withPrices(new Map(), before.prices), brought.prices);
    const update = {
      asOf: brought.asOf > before.asOf ? brought.asOf : before.asOf,
      prices: [...dated.values()].flat(),
    };
    writePriceFile(this.#config.paths.pricesFile, update);
    this.#update = update;
    this.#fault = null;
    this.#table = this.#joined();
    return this.#table;
  }

  #joined(): PriceTable {
    const { profile, overrides } = this.#config.prices;
    return priceTable(profile, overrides, this.#update);
  }
}
