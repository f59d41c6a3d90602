/** The file of prices a person has brought from a newer list: kept in the state folder, read at every start. */
import { readFileSync, statSync } from "node:fs";
import * as z from "zod";
import { CtmError } from "./base/errors.ts";
import { day } from "./config-rules.ts";
import { writePrivateFile } from "./ledger/state-folder.ts";
import { priceListMaxBytes, priceListModelsMax } from "./metering/litellm-prices.ts";
import type { PriceUpdate } from "./metering/prices.ts";

/** Most prices the file keeps, of all models over time. */
export const pricesKeptMax = 20_000;
const FORMAT = 1;

const nano = z.number().int().min(0).max(1_000_000_000);
const rates = {
  inputNano: nano,
  outputNano: nano,
  cacheReadNano: nano,
  cacheWrite5mNano: nano,
  cacheWrite1hNano: nano,
};
const permille = z.number().int().min(0).max(100_000).nullable();
const plainText = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u);

const price = z.strictObject({
  model: plainText,
  ...rates,
  longPrompt: z
    .strictObject({
      aboveTokens: z.number().int().min(1).max(1_000_000_000),
      rates: z.strictObject(rates),
      of: z.enum(["request", "excess"]),
    })
    .nullable(),
  fastPermille: permille,
  batchPermille: permille,
  webSearchNano: z.number().int().min(0).max(100_000_000_000),
  effectiveFrom: day(),
  source: plainText,
});

/** Prices of one list, as they travel. */
export const updateSchema = z.strictObject({
  asOf: day(),
  prices: z.array(price).min(1).max(priceListModelsMax),
});

const fileSchema = z.strictObject({
  format: z.literal(FORMAT),
  asOf: day(),
  prices: z.array(price).max(pricesKeptMax),
});

/** What the file holds; null = there is none. CtmError `io`: it cannot be read, or is not what we wrote. */
export function readPriceFile(path: string): PriceUpdate | null {
  try {
    const facts = statSync(path, { throwIfNoEntry: false });
    if (facts === undefined) return null;
    if (!facts.isFile() || facts.size > priceListMaxBytes) throw new Error("it is no file of prices");
    const { asOf, prices } = fileSchema.parse(JSON.parse(readFileSync(path, "utf8")));
    return { asOf, prices };
  } catch (error) {
    throw new CtmError("io", `the prices in ${path} cannot be read; bring them anew or remove the file`, [], {
      cause: error,
    });
  }
}

/** CtmError `io`, or `refused` for more than is kept. */
export function writePriceFile(path: string, { asOf, prices }: PriceUpdate): void {
  if (prices.length > pricesKeptMax) {
    throw new CtmError("refused", `${path} would keep ${prices.length} prices, at most ${pricesKeptMax}`);
  }
  writePrivateFile(path, `${JSON.stringify({ format: FORMAT, asOf, prices })}\n`);
}
