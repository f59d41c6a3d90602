/** Usage records of any kind, for properties: few names and messages, so that many of them are of the same response. */
import fc from "fast-check";
import type { CompletenessFlag, UsageRecord } from "../../src/metering/usage.ts";

const FLAGS: readonly CompletenessFlag[] = ["output-under-recorded", "compaction-unseen", "unpriced-model"];

const count = fc.oneof(
  fc.nat(3),
  fc.nat(200_000),
  fc.constantFrom(127, 128, 2 ** 31, 2 ** 32 + 1, 10_000_000_000),
);
const name = (...names: string[]) => fc.option(fc.constantFrom(...names));

const moment = fc.option(
  fc.oneof(fc.constantFrom(0, -1, 1), fc.integer({ min: 1_760_000_000_000, max: 1_760_100_000_000 })),
);

export const anyRecord: fc.Arbitrary<UsageRecord> = fc
  .record({
    message: fc.constantFrom("msg_1", "msg_2", "msg/3", "é→"),
    request: fc.constantFrom("req_1", "req_2", ""),
    model: name("claude-opus-4-6", "claude-haiku-4-5-20251001", "none/that-is-known"),
    usage: fc.record({
      inputTokens: count,
      cacheReadTokens: count,
      cacheWrite5mTokens: count,
      cacheWrite1hTokens: count,
      outputTokens: count,
      reasoningTokens: count,
    }),
    atMs: moment,
    sessionId: name("session-1", "session-2", "__proto__"),
    cliVersion: name("2.1.97", "1.0.0"),
    flags: fc.subarray([...FLAGS]),
    webSearches: fc.option(fc.nat(5)),
    statedNanoUsd: fc.option(fc.nat()),
    repeats: fc.constantFrom("none", "none", "its message", "another"),
  })
  .map(({ message, request, usage, webSearches, statedNanoUsd, repeats, ...rest }) => ({
    ...rest,
    key: `${message}/${request}`,
    usage: webSearches === null ? usage : { ...usage, webSearches },
    ...(statedNanoUsd === null ? {} : { statedNanoUsd }),
    ...(repeats === "none" ? {} : { mayRepeat: repeats === "another" ? "msg_1" : message }),
  }));
