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
  return countersOf(api, (request) => request.prompt.includes(text));
}

/** What was served of these requests. Only Anthropic's API has cache writes on the wire. */
export function countersOf(api: StandInApi, filter: (request: ServedRequest) => boolean): Counters {
  const { input, cacheRead, cacheWrite, output } = api.served(filter);
  const anthropic = api.requests.some((request) => request.api === "anthropic");
  return { input, cacheRead, cacheWrite: anthropic ? cacheWrite : 0, output };
}
