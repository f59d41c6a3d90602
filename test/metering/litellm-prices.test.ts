import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CtmError } from "../../src/base/errors.ts";
import { parsePriceList, priceListMaxBytes, priceListModelsMax } from "../../src/metering/litellm-prices.ts";
import { priceTable, responseCostNanoUsd } from "../../src/metering/prices.ts";
import { NO_USAGE, type Usage } from "../../src/metering/usage.ts";

const DAY = "2026-12-01";

/** Entries with the keys of such a list, with made-up prices. */
const LIST = {
  sample_spec: { input_cost_per_token: 0, mode: "one of: chat, embedding, …" },
  "claude-opus-5-5": {
    litellm_provider: "anthropic",
    mode: "chat",
    input_cost_per_token: 4.5e-6,
    output_cost_per_token: 2.2e-5,
    cache_creation_input_token_cost: 5.625e-6,
    cache_creation_input_token_cost_above_1hr: 9e-6,
    cache_read_input_token_cost: 3e-7,
    input_cost_per_token_above_200k_tokens: 9e-6,
    output_cost_per_token_above_200k_tokens: 3.3e-5,
    cache_read_input_token_cost_above_200k_tokens: 6e-7,
    cache_creation_input_token_cost_above_200k_tokens: 1.125e-5,
    cache_creation_input_token_cost_above_1hr_above_200k_tokens: 1.8e-5,
    provider_specific_entry: { fast: 3, us: 1.1 },
    search_context_cost_per_query: { search_context_size_medium: 0.02 },
  },
  "gpt-9": {
    mode: "responses",
    input_cost_per_token: 1.25e-6,
    output_cost_per_token: 1e-5,
    cache_read_input_token_cost: 1.25e-7,
    input_cost_per_token_above_272k_tokens: 2.5e-6,
    output_cost_per_token_above_272k_tokens: 1.5e-5,
    input_cost_per_token_priority: 2.5e-6,
    input_cost_per_token_batches: 5e-7,
  },
  "text-embedding-9": { mode: "embedding", input_cost_per_token: 1e-7, output_cost_per_token: 0 },
  "free/model": { mode: "chat", input_cost_per_token: 0, output_cost_per_token: 0 },
  "wrong/model": { mode: "chat", input_cost_per_token: -1, output_cost_per_token: 1e-6 },
  "text/model": { mode: "chat", input_cost_per_token: "1e-6", output_cost_per_token: 1e-6 },
  "half/model": { mode: "chat", input_cost_per_token: 1e-6 },
};

const read = parsePriceList(JSON.stringify(LIST), DAY, "a list of ours");
const table = priceTable("list", {}, { asOf: DAY, prices: read.prices });
const cost = (model: string, usage: Partial<Usage>) =>
  responseCostNanoUsd({ ...NO_USAGE, ...usage }, model, table, Date.parse(`${DAY}T10:00:00Z`));

describe("a list of prices", () => {
  test("gives the models an agent may run, each with its day", () => {
    expect(read.prices.map(({ model, effectiveFrom, source }) => [model, effectiveFrom, source])).toEqual([
      ["claude-opus-5-5", DAY, "a list of ours"],
      ["gpt-9", DAY, "a list of ours"],
    ]);
  });

  test("says what it passed over", () => {
    expect(read.passedOver).toEqual([
      { reason: "it explains the format", count: 1, examples: ["sample_spec"] },
      { reason: "no agent runs this kind of model", count: 1, examples: ["text-embedding-9"] },
      { reason: "it states a price of 0, which says nothing", count: 1, examples: ["free/model"] },
      { reason: "it states a price that is none", count: 2, examples: ["wrong/model", "text/model"] },
      { reason: "it states no price for input and output", count: 1, examples: ["half/model"] },
    ]);
  });

  test.each<[string, Partial<Usage>, number]>([
    ["claude-opus-5-5", { inputTokens: 1_000, outputTokens: 1_000 }, 26_500_000],
    ["claude-opus-5-5", { cacheWrite5mTokens: 8, cacheWrite1hTokens: 8, cacheReadTokens: 10 }, 120_000],
    // Of a Claude what exceeds the bound, of others the whole request.
    ["claude-opus-5-5", { inputTokens: 200_010 }, 900_090_000],
    ["gpt-9", { inputTokens: 272_000 }, 340_000_000],
    ["gpt-9", { inputTokens: 272_001 }, 680_002_500],
    // Written tokens cost what input costs where the list is silent; OpenAI's fast mode is its priority price.
    ["gpt-9", { cacheWrite5mTokens: 1_000, cacheWrite1hTokens: 1_000 }, 2_500_000],
    ["gpt-9-fast", { inputTokens: 1_000 }, 2_500_000],
    ["gpt-9-batch", { inputTokens: 1_000 }, 500_000],
    ["opus-fast", { inputTokens: 1_000 }, 13_500_000],
    ["opus-batch", { inputTokens: 1_000 }, 2_250_000],
    ["opus", { webSearches: 2 }, 40_000_000],
  ])("%s, %o: %d nano-dollars", (model, usage, nano) => {
    expect(cost(model, usage)).toBe(nano);
  });
});

describe("a file that is no list of prices", () => {
  const refused = (text: string): string => {
    try {
      parsePriceList(text, DAY, "x");
    } catch (error) {
      if (error instanceof CtmError && error.code === "usage") return error.message;
      throw error;
    }
    return "taken";
  };
  const model = { input_cost_per_token: 1e-6, output_cost_per_token: 1e-6 };

  test.each([
    ["", "the list is no JSON"],
    ["{", "the list is no JSON"],
    ["[".repeat(200_000), "the list is no JSON"],
    ["[1]", "the list is no object of models by name, as LiteLLM's is"],
    ["null", "the list is no object of models by name, as LiteLLM's is"],
    ["{}", "the list holds no price of a model (0 entries)"],
    ['{"a":1,"b":{"mode":"image"}}', "the list holds no price of a model (2 entries)"],
    [
      '{"\\u001b[31m":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6}}',
      "the list holds no price of a model (1 entries)",
    ],
    [" ".repeat(priceListMaxBytes + 1), `the list is larger than ${priceListMaxBytes} bytes`],
    [
      JSON.stringify(
        Object.fromEntries(Array.from({ length: priceListModelsMax + 1 }, (_, n) => [`m${n}`, model])),
      ),
      `the list has ${priceListModelsMax + 1} models; at most ${priceListModelsMax} are taken`,
    ],
  ])("%# is refused in one sentence", (text, message) => {
    expect(refused(text)).toBe(message);
  });

  test("names of the language are models like others", () => {
    const text = `{"__proto__":${JSON.stringify(model)},"constructor":${JSON.stringify(model)}}`;
    expect(parsePriceList(text, DAY, "x").prices.map((price) => price.model)).toEqual([
      "__proto__",
      "constructor",
    ]);
  });

  test("whatever JSON it is, it is refused or gives whole prices", () => {
    const value = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.string(),
      fc.constant(null),
      fc.constant({}),
      fc.constant(1e-6),
    );
    const keys = Object.keys(LIST["claude-opus-5-5"]);
    const entry = fc.oneof(value, fc.dictionary(fc.constantFrom(...keys), value));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), entry, { maxKeys: 5 }), (list) => {
        const text = JSON.stringify(list);
        if (refused(text) !== "taken") return;
        for (const { inputNano, cacheReadNano, longPrompt } of parsePriceList(text, DAY, "x").prices)
          expect(
            [inputNano, cacheReadNano, longPrompt?.rates.outputNano ?? 0].every(Number.isSafeInteger),
          ).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
