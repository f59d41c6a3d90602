import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { claudeWindows, codexWindows, statusLineWindows } from "../../src/metering/provider-limits.ts";

const FIXTURES = join(import.meta.dirname, "..", "fixtures", "transcripts");
const AT = "2026-11-23T13:00:00.000Z";

/** All records of one fixture, one after another. */
function fixture(name: string): string {
  return readdirSync(join(FIXTURES, name), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".jsonl"))
    .map((file) => readFileSync(join(FIXTURES, name, file), "utf8"))
    .join("\n");
}

function codexLine(rate_limits: unknown): string {
  return JSON.stringify({ timestamp: AT, type: "event_msg", payload: { type: "token_count", rate_limits } });
}

describe("the provider's windows", () => {
  it("stand in a Codex rollout that ran into its limit", () => {
    expect(codexWindows(fixture("codex/usage-limit"))).toMatchObject([
      { window: "five_hour", usedPermille: 1_000, resetsAtMs: 1_795_446_609_000 },
    ]);
  });

  it("of Codex: the newest word on each, by its length", () => {
    const first = { primary: { used_percent: 10, window_minutes: 300, resets_at: 1_795_446_609 } };
    const second = {
      primary: { used_percent: 12.34, window_minutes: 300, resets_at: 1_795_446_609 },
      secondary: { used_percent: 140, window_minutes: 10_080 },
      credits: null,
    };
    const odd = { primary: { used_percent: 1, window_minutes: 90 } };
    const seenAtMs = Date.parse(AT);
    expect(codexWindows([first, second, odd].map(codexLine).join("\n"))).toEqual([
      { window: "five_hour", usedPermille: 123, resetsAtMs: 1_795_446_609_000, seenAtMs },
      { window: "seven_day", usedPermille: 1_000, resetsAtMs: null, seenAtMs },
      { window: "90_minutes", usedPermille: 10, resetsAtMs: null, seenAtMs },
    ]);
  });

  it.each([
    ["none", null],
    ["no length", { primary: { used_percent: 5 } }],
    ["a length that is none", { primary: { used_percent: 5, window_minutes: 0.5 } }],
    ["a share that is none", { primary: { used_percent: -1, window_minutes: 300 } }],
    ["words", { primary: { used_percent: "5", window_minutes: 300 } }],
  ])("of Codex are not guessed: %s", (_what, limits) => {
    expect(codexWindows(codexLine(limits))).toEqual([]);
  });

  it("of Claude Code are known when one is used up, those of single models left out", () => {
    const line = (rateLimitType: string, status = "rejected") =>
      JSON.stringify({ timestamp: AT, quotaLimits: { status, resetsAt: 1_795_445_079, rateLimitType } });
    const text = [line("five_hour"), line("seven_day_opus"), line("seven_day", "allowed")].join("\n");
    expect(claudeWindows(text)).toEqual([
      { window: "five_hour", usedPermille: 1_000, resetsAtMs: 1_795_445_079_000, seenAtMs: Date.parse(AT) },
    ]);
  });

  it("of a subscription are told to Claude Code's status line", () => {
    const rate_limits = {
      five_hour: { used_percentage: 41.26, resets_at: 1_800_000_000 },
      seven_day: { used_percentage: 100.4, resets_at: "soon" },
    };
    expect(statusLineWindows({ rate_limits }, 7)).toEqual([
      { window: "five_hour", usedPermille: 413, resetsAtMs: 1_800_000_000_000, seenAtMs: 7 },
      { window: "seven_day", usedPermille: 1_000, resetsAtMs: null, seenAtMs: 7 },
    ]);
    for (const payload of [null, {}, { rate_limits: null }, { rate_limits: { five_hour: {} } }])
      expect(statusLineWindows(payload, 7)).toEqual([]);
  });

  it("are read from any text without a throw", () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), (limits, quota) => {
        const text = `{"payload":{"type":"token_count","rate_limits":${limits}},"quotaLimits":${quota}}`;
        for (const { usedPermille } of [...codexWindows(text), ...claudeWindows(text)]) {
          expect(usedPermille).toBeGreaterThanOrEqual(0);
          expect(usedPermille).toBeLessThanOrEqual(1_000);
        }
      }),
      { numRuns: 200 },
    );
  });
});
