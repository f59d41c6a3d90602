import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Severity } from "../../src/alerts/alert.ts";
import {
  afterFailure,
  nextMessage,
  placementOf,
  rateWindowMs,
  type DeliveryPolicy,
  type WaitingAlert,
} from "../../src/alerts/delivery-plan.ts";

const NIGHT = { fromMinute: 0, toMinute: 60, timeZone: "UTC" };
const policy: DeliveryPolicy = { groupMs: 5_000, perTenMinutes: 2, quietHours: NIGHT };
const DAY = Date.parse("2026-02-10T12:00:00Z");
const QUIET = Date.parse("2026-02-10T00:30:00Z");
const MORNING = Date.parse("2026-02-10T01:00:00Z");
const muted = { untilMs: DAY + 1, all: false };

it.each([
  ["waits for company", "warning", null, DAY, { state: "queued", dueMs: DAY + 5_000 }],
  ["is critical: at once", "critical", null, DAY, { state: "queued", dueMs: DAY }],
  ["comes at night: in the morning", "warning", null, QUIET, { state: "held", dueMs: MORNING }],
  ["is critical at night: at once", "critical", null, QUIET, { state: "queued", dueMs: QUIET }],
  ["is muted", "warning", muted, DAY, { state: "muted" }],
  ["is critical and muted: at once", "critical", muted, DAY, { state: "queued", dueMs: DAY }],
  ["is critical and all is muted", "critical", { ...muted, all: true }, DAY, { state: "muted" }],
  ["comes when the mute is over", "warning", muted, DAY + 1, { state: "queued", dueMs: DAY + 5_001 }],
] as const)("an alert that %s", (_, severity, mute, nowMs, placement) => {
  expect(placementOf(severity, mute, policy, nowMs)).toEqual(placement);
});

const waits = (alertId: number, dueMs: number, severity: Severity = "warning"): WaitingAlert => ({
  alertId,
  severity,
  state: "queued",
  dueMs,
});

describe("the next message of a channel", () => {
  it.each([
    ["nothing waits", [], [], { kind: "wait", untilMs: null }],
    ["none is due", [waits(1, 9), waits(2, 7)], [], { kind: "wait", untilMs: 7 }],
    ["one is due, and takes the others along", [waits(1, 5), waits(2, 9)], [], message(1, 2)],
    ["the loudest leads", [waits(1, 5), waits(2, 5, "critical"), waits(3, 5, "info")], [], message(2, 1, 3)],
    ["its room is used up", [waits(1, 5)], [1, 2], { kind: "wait", untilMs: 1 + rateWindowMs }],
    ["what is critical has as much room again", [waits(1, 5, "critical")], [1, 2, 3], message(1)],
    ["and no more", [waits(1, 5, "critical")], [1, 2, 3, 4], { kind: "wait", untilMs: 1 + rateWindowMs }],
    ["room is free again after ten minutes", [waits(1, 5)], [5 - rateWindowMs, 2], message(1)],
    ["what is held for the morning stays", [waits(1, 5), { ...waits(2, 99), state: "held" }], [], message(1)],
  ] as const)("%s", (_, waiting, composedMs, expected) => {
    expect(nextMessage(waiting, composedMs, policy, 5)).toEqual(expected);
  });
});

function message(leadId: number, ...mergedIds: number[]) {
  return { kind: "message", leadId, mergedIds } as const;
}

it("of any alerts each goes in exactly one message, none before its time, none in a storm", () => {
  const arrivals = fc.array(
    fc.record({
      passedMs: fc.nat(200_000),
      severity: fc.constantFrom<Severity>("info", "warning", "critical"),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(
      arrivals,
      fc.nat(86_400_000),
      fc.integer({ min: 1, max: 4 }),
      (alerts, startMs, perTenMinutes) => {
        const rules = { ...policy, perTenMinutes };
        let nowMs = DAY + startMs;
        let waiting: WaitingAlert[] = [];
        const composed: number[] = [];
        const carried = new Map<number, { atMs: number; dueMs: number; state: string }>();
        const pump = (untilMs: number): void => {
          for (;;) {
            const next = nextMessage(waiting, composed, rules, nowMs);
            if (next.kind === "wait") {
              if (next.untilMs === null || next.untilMs > untilMs) return;
              expect(next.untilMs).toBeGreaterThan(nowMs);
              nowMs = next.untilMs;
              continue;
            }
            composed.push(nowMs);
            for (const id of [next.leadId, ...next.mergedIds]) {
              const alert = waiting.find(({ alertId }) => alertId === id);
              expect(carried.has(id)).toBe(false);
              carried.set(id, { atMs: nowMs, dueMs: alert?.dueMs ?? NaN, state: alert?.state ?? "" });
            }
            waiting = waiting.filter(({ alertId }) => !carried.has(alertId));
          }
        };
        for (const [index, { passedMs, severity }] of alerts.entries()) {
          const arrivesMs = nowMs + passedMs;
          pump(arrivesMs);
          nowMs = arrivesMs;
          const placed = placementOf(severity, null, rules, nowMs);
          if (placed.state !== "muted") waiting.push({ alertId: index, severity, ...placed });
          pump(nowMs);
        }
        pump(Number.POSITIVE_INFINITY);
        expect(carried.size).toBe(alerts.length);
        expect(
          [...carried.values()].filter(({ atMs, dueMs, state }) => state === "held" && atMs < dueMs),
        ).toEqual([]);
        for (const atMs of composed) {
          const within = composed.filter((other) => other > atMs - rateWindowMs && other <= atMs);
          expect(within.length).toBeLessThanOrEqual(2 * perTenMinutes);
        }
      },
    ),
    { numRuns: 60 },
  );
});

describe("a message that could not be delivered", () => {
  it.each([
    [1, null, 0, 5_000],
    [1, null, 0.999_999, 2_500],
    [4, null, 0, 40_000],
    [11, null, 0, 900_000],
    [1, 60_000, 0, 60_000],
    [1, 99_999_999, 0, 3_600_000],
  ])("after %i attempts, asked for %s, chance %d, waits %i ms", (attempts, wish, chance, delayMs) => {
    expect(afterFailure(attempts, 12, wish, 1_000, chance)).toEqual({ kind: "again", atMs: 1_000 + delayMs });
  });

  it("is given up after its last attempt", () => {
    expect(afterFailure(12, 12, null, 0, 0)).toEqual({ kind: "dead" });
  });
});
