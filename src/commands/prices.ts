/** `prices show` and `prices update`: what tokens cost, and a newer list of it. */
import * as z from "zod";
import { CtmError } from "../base/errors.ts";
import { parsePriceList } from "../metering/litellm-prices.ts";
import { updateSchema } from "../price-file.ts";
import {
  renderPrices,
  renderPricesBrought,
  type PricesBrought,
  type PricesModel,
} from "../reports/prices.ts";
import { defineCommand, type Caller, type RawInput } from "./command.ts";
import { label, orNull, quote } from "./words.ts";

const shown = z.strictObject({ word: orNull(label) });

export const pricesShow = defineCommand<z.output<typeof shown>, PricesModel>({
  name: "prices show",
  aliases: ["prices"],
  group: "Limits",
  summary: "Show the prices in force, of models with a word in their name",
  arguments: [{ name: "word", kind: "word", required: false, many: false }],
  notes: [
    "Without a word: the models this program knows by itself, and your own. A line set in is an earlier price, which",
    "counts for what was used before. `w 5m` and `w 1h` are tokens written to a cache, `read` those read from one;",
    "`long` is input/output of prompts with more tokens, `fast` a factor. A batched response costs half.",
  ],
  examples: ["prices show", "prices show opus"],
  needs: "ledger",
  schema: shown,
  run: (app, { word }) => app.prices.model(word),
  render: (model, paper) => renderPrices(model, paper),
});

// The file is read and checked where the caller sits; what travels is its prices.
const brought = z.strictObject({
  update: updateSchema,
  passedOver: z
    .array(
      z.strictObject({
        reason: z.string().max(200),
        count: z.number().int().min(0),
        examples: z.array(z.string().max(200)).max(10),
      }),
    )
    .max(20),
});

export const pricesUpdate = defineCommand<z.output<typeof brought>, PricesBrought>({
  name: "prices update",
  group: "Limits",
  summary: "Bring newer prices from a file in LiteLLM's format",
  options: [
    { flags: "--from <file>", summary: "The list, JSON; `-` is standard input (required)", kind: "file" },
    { flags: "--as-of <day>", summary: "First day they count, as 2026-12-01 (default: today)" },
  ],
  notes: [
    "ctm fetches nothing by itself: get the list, look at it, bring it. Prices are kept in the state folder",
    "(prices.json), each from its day on; older ones go on counting for what was used before. Bringing a list of the",
    "same day again replaces it. Overrides of the configuration stand above it.",
  ],
  examples: ["prices update --from model_prices.json", "prices update --from prices.json --as-of 2026-12-01"],
  needs: "ledger",
  schema: brought,
  prepare: readList,
  run: (app, { update, passedOver }) => app.prices.bring(update, passedOver),
  render: (result, paper) => renderPricesBrought(result, paper),
});

async function readList(raw: RawInput, caller: Caller): Promise<RawInput> {
  if ("update" in raw) return raw;
  const from = raw["from"];
  if (typeof from !== "string" || from === "") {
    throw new CtmError("usage", "prices update: --from is missing: the file with the prices");
  }
  const today = new Date().toISOString().slice(0, 10);
  const asOf = dayOf(raw["asOf"] ?? today);
  const { prices, passedOver } = parsePriceList(
    await caller.readText(from),
    asOf,
    `a list brought for ${asOf}`,
  );
  return { update: { asOf, prices }, passedOver };
}

function dayOf(day: unknown): string {
  const checked = updateSchema.shape.asOf.safeParse(day);
  if (checked.success) return checked.data;
  throw new CtmError("usage", `prices update: ${quote(day)} is no day; write it like 2026-12-01`);
}
