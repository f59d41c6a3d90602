import { describe, expect, test } from "vitest";
import { CtmError } from "../../src/base/errors.ts";
import { modelPrice } from "../../src/metering/model-price.ts";
import { formatCost } from "../../src/metering/money.ts";
import {
  cheapestModel,
  costNanoUsd,
  dearestCostNanoUsd,
  dearestNanoUsdPerToken,
  PRICE_PROFILES,
  priceTable,
  resolveModel,
  responseCostNanoUsd,
} from "../../src/metering/prices.ts";
import { NO_USAGE, type Usage } from "../../src/metering/usage.ts";

const list = priceTable("list");

function used(inputTokens: number, outputTokens: number, rest: Partial<Usage> = {}): Usage {
  return { ...NO_USAGE, inputTokens, outputTokens, ...rest };
}

describe("golden costs", () => {
  test.each([
    ["anthropic-2024-11", "sonnet", 125_000, 45_000, 1_050_000_000],
    ["anthropic-2024-11", "haiku", 125_000, 45_000, 280_000_000],
    ["anthropic-2024-11", "opus", 125_000, 45_000, 5_250_000_000],
    ["anthropic-2024-11", "sonnet", 3_200, 1_100, 26_100_000],
    ["anthropic-2024-11", "haiku", 3_200, 1_100, 6_960_000],
    ["anthropic-2024-11", "opus", 3_200, 1_100, 130_500_000],
    ["flat-2025", "sonnet", 35_907, 12_616, 145_569_000],
    ["seed-002", "sonnet", 48_523, 0, 145_569_000],
    ["flat-2025", "sonnet", 15_234, 0, 45_702_000],
    ["flat-2025", "haiku", 2_000, 0, 500_000],
    ["flat-10", "whatever-model", 700, 300, 10_000_000],
  ])("C-05 C-16: %s, %s, %d in and %d out cost %d nano-dollars", (profile, model, input, output, nano) => {
    expect(costNanoUsd(used(input, output), model, priceTable(profile))).toBe(nano);
  });

  test.each([
    [145_569_000, "$0.1456"],
    [45_702_000, "$0.0457"],
    [Math.floor(145_569_000 / 12), "$0.0121"],
  ])("%d nano-dollars read %s", (nano, text) => {
    expect(formatCost(nano)).toBe(text);
  });

  test("C-32: a hundred tasks a day at flat prices are $0.02 + $0.48 + $0.48 = $0.98, $29.40 a month", () => {
    const table = priceTable("flat-2025");
    const day = [
      costNanoUsd(used(40 * 2_000, 0), "haiku", table),
      costNanoUsd(used(40 * 4_000, 0), "sonnet", table),
      costNanoUsd(used(20 * 8_000, 0), "sonnet", table),
    ].map((cost) => cost ?? Number.NaN);
    expect(day).toEqual([20_000_000, 480_000_000, 480_000_000]);
    const sum = day.reduce((a, b) => a + b);
    expect([sum, sum * 30]).toEqual([980_000_000, 29_400_000_000]);
  });
});

describe("list prices", () => {
  test.each([
    [
      "claude-sonnet-4-5",
      used(21, 141, { cacheWrite5mTokens: 801, cacheWrite1hTokens: 1200, cacheReadTokens: 4001 }),
      13_582_050,
    ],
    [
      "claude-haiku-5-5",
      used(11, 71, { cacheWrite5mTokens: 401, cacheWrite1hTokens: 600, cacheReadTokens: 2001 }),
      226_735,
    ],
    ["gpt-5.1-codex", used(12_270, 1_203, { cacheReadTokens: 18_030 }), 29_621_250],
    ["claude-opus-5-5", used(0, 0, { cacheReadTokens: 1_000_000 }), 200_000_000],
    ["gpt-5.4", used(0, 0, { cacheWrite5mTokens: 1_000_000 }), 2_500_000_000],
  ])("%s is priced by all five counters, to the nano-dollar", (model, usage, nano) => {
    expect(costNanoUsd(usage, model, list)).toBe(nano);
  });

  test.each([
    ["opus", "claude-opus-5-5"],
    ["sonnet", "claude-sonnet-5-5"],
    ["haiku", "claude-haiku-5-5"],
    [" Sonnet ", "claude-sonnet-5-5"],
    ["sonnet[1m]", "claude-sonnet-5-5"],
    ["claude-sonnet-4-5-20250929", "claude-sonnet-4-5"],
    ["claude-sonnet-4-5-20250929[1m]", "claude-sonnet-4-5"],
    ["claude-sonnet-4-5@20250929", "claude-sonnet-4-5"],
    ["claude-sonnet-4-20250514", "claude-sonnet-4-0"],
    ["anthropic/claude-opus-4.5", "claude-opus-4-5"],
    ["us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"],
    ["bedrock/anthropic.claude-opus-4-1-20250805-v1:0", "claude-opus-4-1"],
    ["claude-opus-4-8-fast", "claude-opus-4-8-fast"],
    ["claude-opus-4-6-20260205-fast", "claude-opus-4-6-fast"],
    ["claude-sonnet-4-5-20250929-batch", "claude-sonnet-4-5-batch"],
    ["openai/gpt-5.1-codex", "gpt-5.1-codex"],
    ["gpt-5-2025-08-07", "gpt-5"],
    ["models/gemini-2.5-flash", "gemini-2.5-flash"],
  ])("the name %j means %s", (name, model) => {
    expect(resolveModel(name, list)).toBe(model);
  });

  test.each([
    "",
    "gpt",
    "claude",
    "gpt-5.7",
    "claude-sonnet-9",
    "claude-sonnet-4-5-fast",
    "claude-opus-4-8-fast-fast",
    "claude-sonnet-4-5-thinking",
    "sonnet-x",
    "__proto__",
    "constructor",
    "toString",
    "x".repeat(100_000),
  ])("C-05: %j has no price, which is not a price of 0", (name) => {
    expect(resolveModel(name, list)).toBeNull();
    expect(costNanoUsd(used(1, 1), name, list)).toBeNull();
  });

  test.each([...list.models.values()].flat())(
    "$model has whole prices above 0 from $effectiveFrom on, and a source",
    (price) => {
      expect(resolveModel(price.model, list)).toBe(price.model);
      expect(price.effectiveFrom <= list.asOf).toBe(true);
      expect(price.source).not.toBe("");
      for (const rates of [price, price.longPrompt?.rates ?? price]) {
        const { inputNano, outputNano, cacheReadNano, cacheWrite5mNano, cacheWrite1hNano } = rates;
        const prices = [inputNano, outputNano, cacheReadNano, cacheWrite5mNano, cacheWrite1hNano];
        expect(prices.filter((nano) => !Number.isInteger(nano) || nano <= 0)).toEqual([]);
      }
    },
  );

  test("every short name means a model that has a price", () => {
    expect([...list.aliases.values()].filter((model) => !list.models.has(model))).toEqual([]);
  });
});

describe("what a response costs beside its tokens", () => {
  const day = (date: string): number => Date.parse(`${date}T12:00:00Z`);

  test.each([
    // The longer prompt of a Claude is priced where it exceeds the bound, each kind by itself.
    ["claude-sonnet-4-5", used(200_000, 1_000), 615_000_000],
    ["claude-sonnet-4-20250514", used(250_000, 1_000), 915_000_000],
    ["claude-sonnet-4-5", used(0, 0, { cacheReadTokens: 300_000 }), 120_000_000],
    // Others price the request as a whole, cached tokens counted.
    ["gpt-5.4", used(272_000, 1_000), 695_000_000],
    ["gpt-5.4", used(300_000, 0), 1_500_000_000],
    ["gpt-5.4", used(1_000, 1_000, { cacheReadTokens: 272_000 }), 163_500_000],
    ["gemini-2.5-pro", used(200_001, 0), 500_002_500],
    // Fast and batched ones pay a multiple of the price.
    ["claude-opus-4-6-fast", used(1_000, 1_000), 180_000_000],
    ["claude-opus-5-fast", used(1_000, 1_000), 60_000_000],
    ["claude-sonnet-4-5-batch", used(1_000, 1_000), 9_000_000],
    // Half a nano-dollar is rounded once, at the end.
    ["claude-haiku-5-5-batch", used(0, 0, { cacheWrite5mTokens: 3 }), 188],
    ["claude-haiku-4-5", used(0, 0, { webSearches: 3 }), 30_000_000],
  ])("%s, %o: %d nano-dollars", (model, usage, nano) => {
    expect(responseCostNanoUsd(usage, model, list, null)).toBe(nano);
  });

  test("a sum of many responses is never taken for one long prompt", () => {
    expect(costNanoUsd(used(1_000_000, 0), "gpt-5.4", list)).toBe(2_500_000_000);
  });

  test.each([
    [day("2025-01-01"), 5_000_000],
    [day("2026-07-24"), 5_000_000],
    [Date.parse("2026-09-21T23:59:59.999Z"), 5_000_000],
    [Date.parse("2026-09-22T00:00:00Z"), 4_000_000],
    [null, 4_000_000],
  ])("a response of %d is priced as on its day: %d", (atMs, nano) => {
    expect(responseCostNanoUsd(used(1_000, 0), "gpt-5.6", list, atMs)).toBe(nano);
  });
});

describe("an update", () => {
  const price = (model: string, input: number, from: string) =>
    modelPrice(model, { input, output: 5 * input }, from, "a newer list");
  const update = {
    asOf: "2026-12-01",
    prices: [price("claude-opus-5-5", 9, "2026-12-01"), price("new-model", 1_000, "2026-12-01")],
  };
  const table = priceTable("list", {}, update);

  test("counts from its day on, beside the shipped prices, and has an id of its own", () => {
    const cost = (model: string, at: string) =>
      responseCostNanoUsd(used(1_000, 0), model, table, Date.parse(at));
    expect(cost("claude-opus-5-5", "2026-11-30T23:00:00Z")).toBe(4_000_000);
    expect(cost("opus", "2026-12-01T00:00:00Z")).toBe(9_000_000);
    expect(cost("claude-haiku-4-5", "2026-12-02T00:00:00Z")).toBe(1_000_000);
    expect(cost("new-model", "2026-12-02T00:00:00Z")).toBe(1_000_000_000);
    expect(table.id).toMatch(/^list@2026-11-23:2026-12-01:[0-9a-f]{8}$/);
    expect([table.asOf, table.sources.at(-1)]).toEqual(["2026-12-01", "a newer list"]);
  });

  test("does not make an unknown model dearer than what runs here, nor touch a document's profile", () => {
    expect(dearestNanoUsdPerToken(table)).toBe(75_000);
    expect(priceTable("flat-2025", {}, update)).toEqual(priceTable("flat-2025"));
  });

  test("that says what was known keeps the older day, and one of the same day replaces", () => {
    const same = { asOf: "2026-12-01", prices: [{ ...list.models.get("gpt-5")?.[0] } as never] };
    expect(priceTable("list", {}, same).models.get("gpt-5")).toEqual(list.models.get("gpt-5"));
    const twice = {
      asOf: "2026-12-01",
      prices: [price("gpt-5", 2, "2026-12-01"), price("gpt-5", 3, "2026-12-01")],
    };
    expect(
      priceTable("list", {}, twice)
        .models.get("gpt-5")
        ?.map(({ inputNano }) => inputNano),
    ).toEqual([3_000, 1_250]);
  });
});

describe("document profiles", () => {
  test("price a real model by its family", () => {
    const table = priceTable("flat-2025");
    expect(resolveModel("claude-sonnet-4-5-20250929", table)).toBe("sonnet");
    expect(resolveModel("anthropic/claude-opus-5-5", table)).toBe("opus");
    expect(resolveModel("claude-3-5-haiku-20241022", table)).toBe("haiku");
    expect(resolveModel("gpt-5", table)).toBeNull();
    expect(resolveModel("my-sonnet", table)).toBeNull();
  });

  test("have ids of their own, and seed-002 is flat-2025 by another name", () => {
    const ids = PRICE_PROFILES.map((profile) => priceTable(profile).id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(priceTable("seed-002").models).toEqual(priceTable("flat-2025").models);
  });

  test("an unknown profile is refused with the known ones", () => {
    expect(() => priceTable("lsit")).toThrow(
      /no price profile is named "lsit"; there are list, anthropic-2024-11, /,
    );
  });
});

describe("overrides", () => {
  const own = priceTable("list", {
    "My-Model": { input: 2, output: 8 },
    sonnet: { input: 1, output: 2, cacheRead: 0.5 },
  });

  test("add models, replace those behind an alias, and change the table's id", () => {
    expect(costNanoUsd(used(1_000, 1_000), "my-model", own)).toBe(10_000_000);
    expect(costNanoUsd(used(1_000, 1_000, { cacheReadTokens: 1_000 }), "claude-sonnet-5-5", own)).toBe(
      3_500_000,
    );
    expect(costNanoUsd(used(0, 0, { cacheReadTokens: 1_000 }), "my-model", own)).toBe(200_000);
    expect(own.id).toMatch(/^list@2026-11-23\+[0-9a-f]{8}$/);
    expect(priceTable("list", { sonnet: { input: 1, output: 3 } }).id).not.toBe(own.id);
  });

  test("may begin on a day, price long prompts, fast responses and searches", () => {
    const table = priceTable("list", {
      opus: { input: 1, output: 2, from: "2026-12-24" },
      m: {
        input: 1,
        output: 2,
        longPrompt: { aboveTokens: 100, input: 10, output: 20 },
        fast: 1.5,
        batch: 0.25,
        webSearches: 1,
      },
    });
    const cost = (usage: Usage, model: string, at: string) =>
      responseCostNanoUsd(usage, model, table, Date.parse(at));
    expect(cost(used(1_000, 0), "opus", "2026-12-23T00:00:00Z")).toBe(4_000_000);
    expect(cost(used(1_000, 0), "opus", "2026-12-24T00:00:00Z")).toBe(1_000_000);
    expect(cost(used(101, 1), "m", "2026-12-24T00:00:00Z")).toBe(1_030_000);
    expect(cost(used(100, 1), "m", "2026-12-24T00:00:00Z")).toBe(102_000);
    expect(cost(used(100, 0), "m-fast", "2026-12-24T00:00:00Z")).toBe(150_000);
    expect(cost(used(100, 0), "m-batch", "2026-12-24T00:00:00Z")).toBe(25_000);
    expect(cost(used(0, 0, { webSearches: 2 }), "m", "2026-12-24T00:00:00Z")).toBe(2_000_000);
  });

  test("stand before a family and before any model", () => {
    expect(
      costNanoUsd(
        used(1, 0),
        "claude-opus-9",
        priceTable("flat-2025", { "claude-opus-9": { input: 1, output: 1 } }),
      ),
    ).toBe(1_000);
    expect(costNanoUsd(used(1, 0), "x", priceTable("flat-10", { x: { input: 1, output: 1 } }))).toBe(1_000);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 1e9])("a price of %d is refused", (input) => {
    expect(() => priceTable("list", { m: { input, output: 1 } })).toThrow(CtmError);
  });
});

describe("cautious figures", () => {
  test("C-05: an unknown model is held to the dearest one", () => {
    const usage = used(1_000, 500, { cacheReadTokens: 10_000 });
    const costs = [...list.models.keys()].map((model) => costNanoUsd(usage, model, list) ?? 0);
    expect(dearestCostNanoUsd(usage, list)).toBe(Math.max(...costs));
    expect(dearestNanoUsdPerToken(list)).toBe(75_000);
  });

  test("the cheapest of some models is found by their prices", () => {
    expect(cheapestModel(["opus", "haiku", "sonnet"], list)).toBe("haiku");
    expect(cheapestModel(["gpt-5", "no-such-model", "gpt-5-mini"], list)).toBe("gpt-5-mini");
    expect(cheapestModel(["no-such-model"], list)).toBeNull();
  });
});
