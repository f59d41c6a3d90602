import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { FactBus } from "../src/events/bus.ts";
import { Focus } from "../src/focus.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import type { Limit } from "../src/throttle/limits.ts";
import { Throttle, type AdmissionRequest } from "../src/throttle/throttle.ts";
import { removeFolder } from "./support/remove-folder.ts";

const HOUR = 3_600_000;
const limit = (amount: number, scope: Limit["scope"] = { kind: "global" }): Limit => ({
  ...{ scope, unit: "tokens", window: "hour", form: "rolling", amount },
});
const request = (tokens: number, priority: AdmissionRequest["priority"] = "normal"): AdmissionRequest => ({
  attemptId: `a${tokens}`,
  subject: { worker: "concurrent_worker1", agent: "claude", model: "sonnet" },
  priority,
  spend: { tokens, nanoUsd: 0 },
});

function focusIn(folder: string, clock: { nowMs: number }) {
  const ledger = Ledger.open(join(folder, "ledger.sqlite"));
  const bus = new FactBus();
  const { settings } = ledger;
  const focus = new Focus({ settings, bus, timeZone: "UTC", usualPercent: 25, now: () => clock.nowMs });
  const close = (): void => {
    focus.close();
    ledger.close();
  };
  return { focus, bus, settings, close };
}

function throttleWith(sharePercent: (atMs: number) => number, limits: readonly Limit[]): Throttle {
  const policy = { timeZone: "UTC", criticalHeadroomPercent: 0, pauseAt: null, hardStop: false } as const;
  return new Throttle({ ...policy, limits, oversized: "ask", countSimulated: true, sharePercent });
}

test("it outlives the manager, ends at its time, and `off` ends it at once", () => {
  const folder = mkdtempSync(join(tmpdir(), "ctm-focus-"));
  onTestFinished(() => removeFolder(folder));
  const clock = { nowMs: Date.UTC(2026, 1, 13, 14) };
  const first = focusIn(folder, clock);
  expect(first.focus.notices()).toEqual([]);
  expect(first.focus.begin(null, clock.nowMs + 2 * HOUR)).toMatchObject({ percent: 25 });
  first.close();
  clock.nowMs += HOUR;
  const second = focusIn(folder, clock);
  expect(second.focus.notices()).toEqual([
    "focus: 25% of the limits is kept for you until 2026-02-13 16:00; critical tasks go all the same",
  ]);
  clock.nowMs += HOUR;
  expect(second.focus.state()).toEqual({ percent: null, untilMs: null });
  second.focus.begin(40, null);
  expect(second.focus.percentAt(clock.nowMs + 1_000 * HOUR)).toBe(40);
  second.focus.end();
  second.close();
  const third = focusIn(folder, clock);
  expect(third.focus.state().percent).toBeNull();
  third.settings.set("focus", "{ no JSON");
  third.close();
  const fourth = focusIn(folder, clock);
  expect(fourth.focus.state().percent).toBeNull();
  fourth.close();
});

test("tasks that are not critical leave the share free, and are told why", () => {
  const throttle = throttleWith((atMs) => (atMs < HOUR ? 25 : 0), [limit(100_000)]);
  expect(throttle.admit(request(75_000), 0)).toMatchObject({ kind: "admitted" });
  expect(throttle.admit(request(75_001), 0)).toMatchObject({
    kind: "deferred",
    reason: expect.stringContaining("25,000 are kept for you: focus"),
  });
  expect(throttle.admit(request(75_001, "high"), 0).kind).toBe("deferred");
  expect(throttle.admit(request(100_000, "critical"), 0).kind).toBe("admitted");
  expect(throttle.admit(request(75_001), HOUR).kind).toBe("admitted");
});

test("limits of one worker are not the person's; those of an agent are", () => {
  const of = (scope: Limit["scope"]) => throttleWith(() => 50, [limit(100_000, scope)]);
  const worker = of({ kind: "worker", name: "concurrent_worker1" });
  expect(worker.admit(request(90_000), 0).kind).toBe("admitted");
  expect(of({ kind: "agent", name: "claude" }).admit(request(60_000), 0).kind).toBe("deferred");
});

test("what runs may grow into the share: nothing is owed for it, and no level rises", () => {
  const throttle = throttleWith(() => 50, [limit(100_000)]);
  const admission = throttle.admit(request(50_000), 0);
  if (admission.kind !== "admitted") throw new Error(admission.kind);
  throttle.reserve(admission.reservation);
  const plan = throttle.planExtension("a50000", { tokens: 70_000, nanoUsd: 0 }, 0);
  expect(plan).toMatchObject({ reserved: { tokens: 70_000 }, owed: { tokens: 0 } });
  expect(throttle.effectiveLevel(null, 0)).toBe("NONE");
});
