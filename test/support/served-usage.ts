/** What the stand-in API served, held against what the product booked for it. */
import { expect } from "vitest";
import type { AttemptSeen } from "./product.ts";
import type { ServedRequest, ServedUsage, StandInApi } from "./stand-in-api.ts";

type Counters = Omit<ServedUsage, "reasoning">;

export function booked(attempt: Pick<AttemptSeen, "usage"> | undefined): Counters {
  const usage = attempt?.usage ?? {};
  return {
    input: usage["inputTokens"] ?? 0,
    cacheRead: usage["cacheReadTokens"] ?? 0,
    cacheWrite: (usage["cacheWrite5mTokens"] ?? 0) + (usage["cacheWrite1hTokens"] ?? 0),
    output: usage["outputTokens"] ?? 0,
  };
}

/** What was served for this prompt, which the stand-in must have seen in exactly so many requests of the turn. */
export function servedFor(api: StandInApi, text: string, times = 1): Counters {
  const asked = api.requests.filter((request) => request.main && request.prompt.includes(text));
  expect(asked, `requests for: ${text}`).toHaveLength(times);
  return servedIn(asked);
}

/** What was served to completion in these requests. Only Anthropic's API has cache writes on the wire. */
export function servedIn(requests: readonly ServedRequest[]): Counters {
  const sum = (count: (usage: ServedUsage, request: ServedRequest) => number): number =>
    requests.reduce(
      (total, request) =>
        total + (request.usage === null || request.aborted ? 0 : count(request.usage, request)),
      0,
    );
  return {
    input: sum(({ input }) => input),
    cacheRead: sum(({ cacheRead }) => cacheRead),
    cacheWrite: sum(({ cacheWrite }, { api }) => (api === "anthropic" ? cacheWrite : 0)),
    output: sum(({ output }) => output),
  };
}

/** List prices of the models the tests meet, in nano-dollars a token (thousandths of a dollar a million tokens). */
const PRICES: Readonly<Record<string, Counters>> = {
  "claude-sonnet-5-5": { input: 2_000, cacheRead: 100, cacheWrite: 2_500, output: 10_000 },
  "claude-haiku-5-5": { input: 100, cacheRead: 10, cacheWrite: 125, output: 500 },
  "gpt-5.1-codex": { input: 1_250, cacheRead: 125, cacheWrite: 0, output: 10_000 },
  "gpt-5.1-codex-mini": { input: 250, cacheRead: 25, cacheWrite: 0, output: 2_000 },
};

/** Nano-dollars that these requests cost at list prices. */
export function costOf(requests: readonly ServedRequest[]): number {
  return requests.reduce((total, request) => {
    const prices = PRICES[request.model];
    if (prices === undefined) throw new Error(`no price for ${request.model}`);
    const used = servedIn([request]);
    return (
      total +
      used.input * prices.input +
      used.cacheRead * prices.cacheRead +
      used.cacheWrite * prices.cacheWrite +
      used.output * prices.output
    );
  }, 0);
}

/** A request that sums a conversation up, so that it can go on in less room. */
export function isCompaction({ prompt }: ServedRequest): boolean {
  return (
    prompt.startsWith("CRITICAL: Respond with TEXT ONLY") || prompt.includes("CONTEXT CHECKPOINT COMPACTION")
  );
}
