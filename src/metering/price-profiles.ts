/**
 * Price profiles that reproduce figures of earlier documents. They know families or a single price, no model names:
 * whatever sonnet ran is priced as Sonnet.
 */
import { modelPrice, type ModelPrice } from "./model-price.ts";

export interface DocumentProfile {
  readonly asOf: string;
  readonly source: string;
  readonly prices: readonly ModelPrice[];
  /** `family`: any Claude model of that family. `any`: whatever model it is. */
  readonly matching: "family" | "any";
}

const NOVEMBER_2024 = "2024-11-01";
const LIST_2024 = "list prices of November 2024";
const FLAT_2025 = "flat prices of 2025: one price for input and output";
const FLAT_10 = "ten dollars for a million tokens of any model";

/** One price for input, output and cache writes; a cache read is a tenth of it, as in every list of the time. */
function flat(model: string, usd: number, asOf: string, source: string): ModelPrice {
  return modelPrice(model, { input: usd, output: usd, cacheWrite5m: usd, cacheWrite1h: usd }, asOf, source);
}

const FLAT_2025_PROFILE: DocumentProfile = {
  asOf: "2025-11-01",
  source: FLAT_2025,
  matching: "family",
  prices: [
    flat("haiku", 0.25, "2025-11-01", FLAT_2025),
    flat("sonnet", 3, "2025-11-01", FLAT_2025),
    // Nothing is said of Opus. The other two are input prices of their day, and so is this one.
    flat("opus", 15, "2025-11-01", FLAT_2025),
  ],
};

/** Document profiles by name; `seed-002` is another name of `flat-2025`. */
export const DOCUMENT_PROFILES: ReadonlyMap<string, DocumentProfile> = new Map<string, DocumentProfile>([
  [
    "anthropic-2024-11",
    {
      asOf: NOVEMBER_2024,
      source: LIST_2024,
      matching: "family",
      prices: [
        modelPrice("opus", { input: 15, output: 75 }, NOVEMBER_2024, LIST_2024),
        modelPrice("sonnet", { input: 3, output: 15 }, NOVEMBER_2024, LIST_2024),
        modelPrice("haiku", { input: 0.8, output: 4 }, NOVEMBER_2024, LIST_2024),
      ],
    },
  ],
  ["flat-2025", FLAT_2025_PROFILE],
  ["seed-002", FLAT_2025_PROFILE],
  [
    "flat-10",
    {
      asOf: "2025-11-01",
      source: FLAT_10,
      matching: "any",
      prices: [flat("any", 10, "2025-11-01", FLAT_10)],
    },
  ],
]);
