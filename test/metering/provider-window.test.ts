import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codexWindows, statusLineWindows } from "../../src/metering/provider-window.ts";

const rollouts = new URL("../fixtures/transcripts/codex/", import.meta.url).pathname;
const rollout = (name: string): string => {
  const folder = join(rollouts, name);
  const file = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .find((path) => path.endsWith(".jsonl"));
  return readFileSync(join(folder, file ?? ""), "utf8");
};
const line = (rate_limits: unknown, timestamp = "2026-11-23T12:00:00.000Z") =>
  JSON.stringify({ timestamp, type: "event_msg", payload: { type: "token_count", rate_limits } });

describe("a rollout of Codex", () => {
  it("tells its windows by their length; the last word counts", () => {
    const windows = codexWindows(rollout("resume-fork"));
    expect(windows.map(({ window, usedPermille }) => [window, usedPermille])).toEqual([
      ["five_hour", 125],
      ["seven_day", 400],
    ]);
    const later = line({ primary: { used_percent: 33.33, window_minutes: 60, resets_at: 1_800_000_000 } });
    expect(codexWindows(`${rollout("resume-fork")}\n${later}`)).toEqual([
      {
        window: "60_minutes",
        usedPermille: 333,
        resetsAtMs: 1_800_000_000_000,
        seenAtMs: Date.parse("2026-11-23T12:00:00.000Z"),
      },
    ]);
  });

  it("tells a window that is used up, and when it begins anew", () => {
    expect(codexWindows(rollout("usage-limit"))).toMatchObject([
      { window: "five_hour", usedPermille: 1_000, resetsAtMs: 1_795_446_609_000 },
    ]);
  });

  it.each([
    [null],
    [{ primary: null, secondary: null }],
    [{ primary: { used_percent: "12", window_minutes: 300 } }],
    [{ primary: { used_percent: -1, window_minutes: 300 } }],
    [{ primary: { used_percent: 1e9, window_minutes: 300 } }],
    [{ primary: { used_percent: 12, window_minutes: 0 } }],
    [{ primary: { used_percent: 12, window_minutes: 1.5 } }],
  ])("that says %j says nothing", (limits) => {
    expect(codexWindows(line(limits))).toEqual([]);
  });

  it("is never more than hostile text", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (value, text) => {
        for (const { usedPermille } of codexWindows(`${text}\n${line(value)}\n${line({ primary: value })}`))
          expect(usedPermille).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe("a status line of Claude Code", () => {
  it("tells the windows of a subscription", () => {
    const rate_limits = {
      five_hour: { used_percentage: 41.26, resets_at: 1_800_000_000 },
      seven_day: { used_percentage: 100.4, resets_at: "soon" },
    };
    expect(statusLineWindows({ rate_limits }, 7)).toEqual([
      { window: "five_hour", usedPermille: 413, resetsAtMs: 1_800_000_000_000, seenAtMs: 7 },
      { window: "seven_day", usedPermille: 1_000, resetsAtMs: null, seenAtMs: 7 },
    ]);
  });

  it("without them tells nothing", () => {
    for (const payload of [null, {}, { rate_limits: null }, { rate_limits: { five_hour: {} } }])
      expect(statusLineWindows(payload, 7)).toEqual([]);
  });
});
