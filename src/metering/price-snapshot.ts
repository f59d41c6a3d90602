/**
 * List prices as they stood on the day of the snapshot, in dollars per million tokens. Prices move within weeks:
 * each booking keeps its tokens and the id of the table that priced it, so that a cost can be computed again. A model
 * whose price has moved stands here twice, each with its day.
 *
 * Not in it: OpenAI's priority and flex prices, and what a region adds.
 */
import { modelPrice, ratesOf, type ModelPrice, type PriceExtras } from "./model-price.ts";

export const LIST_AS_OF = "2026-11-23";

const CLAUDE_CODE = "price table of Claude Code 2.1.330";
const CLAUDE_CODE_RUN = "derived from costs Claude Code 2.1.330 states";
const ANTHROPIC = "Anthropic's pricing page";
const LITELLM = "LiteLLM's price list";
const CCUSAGE = "price list of ccusage 20.0.24";

export const LIST_SOURCES: readonly string[] = [CLAUDE_CODE, CLAUDE_CODE_RUN, ANTHROPIC, LITELLM, CCUSAGE];

type FivePrices = readonly [input: number, output: number, write5m: number, write1h: number, read: number];

function claude(
  models: readonly string[],
  prices: FivePrices,
  effectiveFrom: string,
  source: string,
  extras: PriceExtras = {},
): ModelPrice[] {
  return models.map((model) => modelPrice(model, usdOf(prices), effectiveFrom, source, extras));
}

function usdOf([input, output, cacheWrite5m, cacheWrite1h, cacheRead]: FivePrices) {
  return { input, output, cacheWrite5m, cacheWrite1h, cacheRead };
}

/** Above 200,000 tokens Claude's lists price only what exceeds them; OpenAI and Google price the whole request. */
function above(aboveTokens: number, of: "request" | "excess", prices: FivePrices): PriceExtras {
  return { longPrompt: { aboveTokens, of, rates: ratesOf(usdOf(prices)) } };
}

/** Models without a price of their own for cache writes: a written token is an input token. */
function plain(
  models: readonly string[],
  prices: readonly [number, number, number],
  effectiveFrom: string,
  source: string,
  extras: PriceExtras = {},
): ModelPrice[] {
  return claude(models, plainFive(prices), effectiveFrom, source, extras);
}

function plainFive([input, output, read]: readonly [number, number, number]): FivePrices {
  return [input, output, input, input, read];
}

export const LIST_PRICES: readonly ModelPrice[] = [
  ...claude(["claude-opus-5-5"], [4, 20, 5, 8, 0.2], LIST_AS_OF, CLAUDE_CODE),
  // Fast mode is recorded as a speed of the response; its price is a multiple of the model's.
  ...claude(["claude-opus-5", "claude-opus-4-8"], [5, 25, 6.25, 10, 0.5], "2026-08-22", ANTHROPIC, {
    fast: 2,
  }),
  ...claude(["claude-opus-4-7", "claude-opus-4-6"], [5, 25, 6.25, 10, 0.5], "2026-08-22", ANTHROPIC, {
    fast: 6,
  }),
  ...claude(["claude-opus-4-5"], [5, 25, 6.25, 10, 0.5], "2026-08-22", ANTHROPIC),
  ...claude(["claude-opus-4-1", "claude-opus-4-0"], [15, 75, 18.75, 30, 1.5], "2026-08-22", ANTHROPIC),
  ...claude(["claude-sonnet-5-5"], [2, 10, 2.5, 4, 0.1], LIST_AS_OF, CLAUDE_CODE),
  ...claude(["claude-sonnet-5"], [2, 10, 2.5, 4, 0.2], "2026-08-22", ANTHROPIC),
  ...claude(["claude-sonnet-4-6"], [3, 15, 3.75, 6, 0.3], "2026-08-22", ANTHROPIC),
  ...claude(
    ["claude-sonnet-4-5", "claude-sonnet-4-0"],
    [3, 15, 3.75, 6, 0.3],
    "2026-08-22",
    ANTHROPIC,
    above(200_000, "excess", [6, 22.5, 7.5, 12, 0.6]),
  ),
  ...claude(["claude-haiku-5-5"], [0.1, 0.5, 0.125, 0.2, 0.01], LIST_AS_OF, CLAUDE_CODE_RUN),
  ...claude(["claude-haiku-4-5"], [1, 5, 1.25, 2, 0.1], "2026-08-22", ANTHROPIC),
  ...claude(["claude-fable-5"], [10, 50, 12.5, 20, 1], LIST_AS_OF, CLAUDE_CODE),
  ...claude(["claude-fable-5-1"], [10, 50, 12.5, 20, 0.25], LIST_AS_OF, CLAUDE_CODE),
  ...claude(["claude-fable-5-2"], [8, 40, 10, 16, 0.2], LIST_AS_OF, CLAUDE_CODE),
  ...plain(
    ["gpt-5", "gpt-5-codex", "gpt-5.1", "gpt-5.1-codex", "gpt-5.1-codex-max"],
    [1.25, 10, 0.125],
    "2026-07-24",
    LITELLM,
  ),
  ...plain(["gpt-5-mini", "gpt-5.1-codex-mini"], [0.25, 2, 0.025], "2026-07-24", LITELLM),
  ...plain(["gpt-5.2", "gpt-5.2-codex", "gpt-5.3-codex"], [1.75, 14, 0.175], "2026-07-24", LITELLM),
  ...plain(
    ["gpt-5.4"],
    [2.5, 15, 0.25],
    "2026-07-24",
    LITELLM,
    above(272_000, "request", plainFive([5, 22.5, 0.5])),
  ),
  ...plain(["gpt-5.4-mini"], [0.75, 4.5, 0.075], "2026-07-24", LITELLM),
  ...plain(
    ["gpt-5.5"],
    [5, 30, 0.5],
    "2026-07-24",
    LITELLM,
    above(272_000, "request", plainFive([10, 45, 1])),
  ),
  // These know one price for cache writes; the longer-lived one is taken to be the same.
  ...claude(["gpt-5.6"], [5, 30, 6.25, 6.25, 0.5], "2026-07-24", LITELLM),
  ...claude(["gpt-5.6"], [4, 20, 5, 5, 0.4], "2026-09-22", CCUSAGE),
  ...claude(["gpt-5.6-terra"], [2.5, 15, 3.125, 3.125, 0.25], "2026-07-24", LITELLM),
  ...claude(["gpt-5.6-terra"], [2, 12, 2.5, 2.5, 0.2], "2026-09-22", CCUSAGE),
  ...claude(["gpt-5.6-luna"], [1, 6, 1.25, 1.25, 0.1], "2026-07-24", LITELLM),
  ...claude(["gpt-5.6-luna"], [0.2, 1.2, 0.25, 0.25, 0.02], "2026-09-22", CCUSAGE),
  ...plain(
    ["gemini-2.5-pro"],
    [1.25, 10, 0.125],
    "2026-07-24",
    LITELLM,
    above(200_000, "request", plainFive([2.5, 15, 0.25])),
  ),
  ...plain(["gemini-2.5-flash"], [0.3, 2.5, 0.03], "2026-07-24", LITELLM),
  ...plain(
    ["gemini-3-pro-preview"],
    [2, 12, 0.2],
    "2026-07-24",
    LITELLM,
    above(200_000, "request", plainFive([4, 18, 0.4])),
  ),
  ...plain(["gemini-3-flash"], [0.5, 3, 0.05], "2026-07-24", LITELLM),
];

/**
 * Short names and the model behind them. `opus`, `sonnet`, `haiku` and `fable` are the newest of their family, which
 * is what Claude Code 2.1.330 runs for them; a booking is priced by the model the agent's own record names.
 */
export const LIST_ALIASES: ReadonlyMap<string, string> = new Map([
  ["opus", "claude-opus-5-5"],
  ["sonnet", "claude-sonnet-5-5"],
  ["haiku", "claude-haiku-5-5"],
  ["fable", "claude-fable-5-2"],
  ["claude-opus-4", "claude-opus-4-0"],
  ["claude-sonnet-4", "claude-sonnet-4-0"],
  ["gpt-5.6-sol", "gpt-5.6"],
  ["gemini-3-pro", "gemini-3-pro-preview"],
  ["gemini-3-flash-preview", "gemini-3-flash"],
]);
