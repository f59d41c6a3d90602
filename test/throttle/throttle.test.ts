import { describe, expect, it } from "vitest";
import { CtmError } from "../../src/base/errors.ts";
import { DEFAULT_LIMITS, parseLimitId, type Limit, type WindowForm } from "../../src/throttle/limits.ts";
import {
  Throttle,
  type Admission,
  type AdmissionRequest,
  type Booking,
  type ThrottlePolicy,
} from "../../src/throttle/throttle.ts";

const now = Date.parse("2026-02-13T10:42:07Z");
const hour = 3_600_000;
const usd = 1_000_000_000;
const w1 = { worker: "concurrent_worker1", agent: "claude", model: "sonnet" };
const w2 = { worker: "concurrent_worker2", agent: "claude", model: "opus" };

function limit(id: string, amount: number | null, form: WindowForm = "rolling"): Limit {
  return { ...parseLimitId(id), form, amount };
}

function policyOf(limits: readonly Limit[], more: Partial<ThrottlePolicy> = {}): ThrottlePolicy {
  return {
    limits,
    timeZone: "UTC",
    criticalHeadroomPercent: 5,
    pauseAt: null,
    hardStop: false,
    oversized: "run",
    countSimulated: true,
    ...more,
  };
}

function throttleWith(limits: readonly Limit[], more: Partial<ThrottlePolicy> = {}): Throttle {
  const throttle = new Throttle(policyOf(limits, more));
  throttle.restore({ bookings: [], reservations: [] }, now);
  return throttle;
}

function booking(atMs: number, tokens: number, nanoUsd = 0, more: Partial<Booking> = {}): Booking {
  return { atMs, subject: w1, spend: { tokens, nanoUsd }, attemptId: null, simulated: false, ...more };
}

function request(tokens: number, more: Partial<AdmissionRequest> = {}): AdmissionRequest {
  return { attemptId: "a1", subject: w1, priority: "normal", spend: { tokens, nanoUsd: 0 }, ...more };
}

function deferralOf(admission: Admission): Extract<Admission, { kind: "deferred" }> {
  if (admission.kind !== "deferred") throw new Error(`expected a deferral, got ${admission.kind}`);
  return admission;
}

function hold(
  throttle: Throttle,
  attemptId: string,
  tokens: number,
  more: Partial<AdmissionRequest> = {},
): void {
  const admission = throttle.admit(request(tokens, { attemptId, ...more }), now);
  if (admission.kind !== "admitted") throw new Error(`expected ${attemptId} to be admitted`);
  throttle.reserve(admission.reservation);
}

describe("levels at admission", () => {
  const rows = [
    ["NONE", 79_999, "low normal high critical"],
    ["WARNING", 80_000, "low normal high critical"],
    ["SOFT", 90_000, "normal high critical"],
    ["HARD", 95_000, "high critical"],
    ["HARD", 99_000, "high critical"],
    ["CRITICAL", 99_001, "critical"],
    ["CRITICAL", 100_000, "critical"],
  ] as const;
  it.each(rows)("S2-20, C-01: at %s (%i of 100,000) these go: %s", (level, used, goes) => {
    const throttle = throttleWith([limit("tokens/hour", 100_000)]);
    throttle.book(booking(now, used));
    expect(throttle.effectiveLevel(null, now)).toBe(level);
    const admitted = (["low", "normal", "high", "critical"] as const).filter(
      (priority) => throttle.admit(request(1, { priority }), now).kind === "admitted",
    );
    expect(admitted.join(" ")).toBe(goes);
  });

  it("C-24: the worst of all limits that apply rules, and says which", () => {
    const throttle = throttleWith(DEFAULT_LIMITS);
    throttle.book(booking(now, 95_000, 4.6 * usd));
    expect(throttle.effectiveLevel(w1, now)).toBe("HARD");
    expect(throttle.effectiveLevel(w2, now)).toBe("SOFT");
    expect(throttle.effectiveLevel(null, now)).toBe("SOFT");
    expect(throttle.admit(request(100, { subject: w2, priority: "low" }), now)).toEqual({
      kind: "deferred",
      untilMs: now + hour,
      level: "SOFT",
      limitId: "global cost/hour",
      reason: "cost/hour is at 92.0% (SOFT): low priority waits",
      oversized: false,
    });
    expect(deferralOf(throttle.admit(request(100), now))).toMatchObject({
      limitId: "worker concurrent_worker1 tokens/hour",
      reason: "concurrent_worker1 tokens/hour is at 95.0% (HARD): normal priority waits",
    });
  });

  it("what running tasks hold counts like usage", () => {
    const throttle = throttleWith([limit("tokens/hour", 1_000)]);
    hold(throttle, "a1", 920);
    expect(deferralOf(throttle.admit(request(1, { priority: "low" }), now))).toMatchObject({
      untilMs: null,
      level: "SOFT",
      reason: "tokens/hour is at 92.0% (SOFT): low priority waits; running tasks hold 920 and must end first",
    });
  });

  it("C-02: WARNING blocks nothing unless pauseAt says so, and then not critical tasks", () => {
    const limits = [limit("tokens/hour", 1_000)];
    const paused = throttleWith(limits, { pauseAt: "WARNING" });
    paused.book(booking(now, 840));
    expect(deferralOf(paused.admit(request(1, { priority: "high" }), now)).reason).toBe(
      "tokens/hour is at 84.0% (WARNING): paused from WARNING on",
    );
    expect(paused.admit(request(1, { priority: "critical" }), now).kind).toBe("admitted");
  });

  it("C-26: hardStop holds even critical tasks at 100 % of a cost limit, and only there", () => {
    const limits = [limit("cost/hour", 1_000), limit("tokens/hour", 1_000)];
    const critical = request(1, { priority: "critical", spend: { tokens: 1, nanoUsd: 1 } });
    const at = (tokens: number, nanoUsd: number, hardStop: boolean): Admission => {
      const throttle = throttleWith(limits, { hardStop });
      throttle.book(booking(now, tokens, nanoUsd));
      return throttle.admit(critical, now);
    };
    expect(at(0, 1_000, false).kind).toBe("admitted");
    expect(at(0, 999, true).kind).toBe("admitted");
    expect(at(1_000, 0, true).kind).toBe("admitted");
    expect(deferralOf(at(0, 1_000, true)).reason).toBe(
      "cost/hour is at 100.0%: the hard stop lets nothing go",
    );
  });
});

describe("room", () => {
  it("C-45: three parallel starts cannot overshoot together", () => {
    const throttle = throttleWith([limit("tokens/hour", 500_000)]);
    throttle.book(booking(now, 300_000));
    hold(throttle, "a1", 94_000);
    hold(throttle, "a2", 94_000);
    expect(throttle.admit(request(20_000), now)).toEqual({
      kind: "deferred",
      untilMs: now + hour,
      level: "HARD",
      limitId: "global tokens/hour",
      reason: "tokens/hour is at 97.6% (HARD): normal priority waits",
      oversized: false,
    });
  });

  it("says what is left and what the task reserves", () => {
    const throttle = throttleWith([limit("tokens/hour", 500_000)]);
    throttle.book(booking(now, 488_000));
    expect(deferralOf(throttle.admit(request(20_000, { priority: "high" }), now)).reason).toBe(
      "tokens/hour has 12,000 left of 500K, this task reserves 20,000",
    );
  });

  it("an exact fit goes, one token more does not", () => {
    const throttle = throttleWith([limit("tokens/hour", 1_000)]);
    throttle.book(booking(now, 500));
    expect(throttle.admit(request(500), now).kind).toBe("admitted");
    expect(throttle.admit(request(501), now).kind).toBe("deferred");
  });

  it("all windows or none: one full window holds the task whatever the others have", () => {
    const throttle = throttleWith([
      limit("tokens/hour", 1_000_000),
      limit("model sonnet tokens/day", 100, "calendar"),
    ]);
    throttle.book(booking(now, 60));
    expect(deferralOf(throttle.admit(request(41), now))).toMatchObject({
      limitId: "model sonnet tokens/day",
      untilMs: Date.parse("2026-02-14T00:00:00Z"),
      reason: "model sonnet tokens/day has 40 left of 100, this task reserves 41",
    });
    expect(throttle.admit(request(41, { subject: w2 }), now).kind).toBe("admitted");
  });

  it("critical tasks may use the headroom, which is shown, and no more", () => {
    const throttle = throttleWith([limit("tokens/hour", 1_000)]);
    throttle.book(booking(now, 1_000));
    const critical = (tokens: number): Admission =>
      throttle.admit(request(tokens, { priority: "critical" }), now);
    expect(critical(50)).toMatchObject({ kind: "admitted", headroomUsed: true });
    expect(critical(51)).toMatchObject({ kind: "deferred", untilMs: now + hour });
    const empty = throttleWith([limit("tokens/hour", 1_000)]);
    expect(empty.admit(request(1_000, { priority: "critical" }), now)).toMatchObject({ headroomUsed: false });
  });

  it("a request that spends nothing touches no limit", () => {
    const throttle = throttleWith([limit("tokens/hour", 0)]);
    expect(throttle.admit(request(0, { priority: "low" }), now).kind).toBe("admitted");
    expect(deferralOf(throttle.admit(request(1, { priority: "critical" }), now))).toMatchObject({
      untilMs: null,
      level: "CRITICAL",
      reason: "tokens/hour is set to 0: nothing that spends goes until it is changed",
    });
  });

  it("a later task does not overtake at a limit where an earlier one waits", () => {
    const throttle = throttleWith([limit("tokens/hour", 1_000), limit("worker tokens/hour", 800)]);
    const blockedLimits = new Set(["worker concurrent_worker1 tokens/hour"]);
    expect(deferralOf(throttle.admit(request(1, { blockedLimits }), now))).toMatchObject({
      untilMs: null,
      limitId: "worker concurrent_worker1 tokens/hour",
      reason: "an earlier task waits for concurrent_worker1 tokens/hour",
    });
    expect(throttle.admit(request(1, { blockedLimits, subject: w2 }), now).kind).toBe("admitted");
  });
});

describe("untilMs", () => {
  it("a rolling window: when enough of the oldest usage has left, for level and for room", () => {
    const throttle = throttleWith([limit("tokens/hour", 1_000)]);
    throttle.book(booking(now - 50 * 60_000, 100));
    throttle.book(booking(now - 40 * 60_000, 100));
    throttle.book(booking(now - 10 * 60_000, 700));
    const untilOf = (tokens: number, priority: "low" | "high"): number | null =>
      deferralOf(throttle.admit(request(tokens, { priority }), now)).untilMs;
    expect(untilOf(1, "low")).toBe(now + 10 * 60_000);
    expect(untilOf(200, "high")).toBe(now + 10 * 60_000);
    expect(untilOf(201, "high")).toBe(now + 20 * 60_000);
    expect(untilOf(301, "high")).toBe(now + 50 * 60_000);
  });

  it("the last of several limits to free is the one named", () => {
    const throttle = throttleWith([limit("tokens/hour", 100), limit("tokens/day", 100, "calendar")]);
    throttle.book(booking(now, 95));
    expect(deferralOf(throttle.admit(request(10), now))).toMatchObject({
      limitId: "global tokens/day",
      untilMs: Date.parse("2026-02-14T00:00:00Z"),
    });
  });

  it("is unknown when only a running task's end can make room", () => {
    const throttle = throttleWith([limit("tokens/hour", 1_000)]);
    hold(throttle, "a1", 600);
    throttle.book(booking(now - 1, 100));
    expect(deferralOf(throttle.admit(request(500), now))).toMatchObject({
      untilMs: null,
      reason:
        "tokens/hour has 300 left of 1K, this task reserves 500; running tasks hold 600 and must end first",
    });
    expect(deferralOf(throttle.admit(request(350), now)).untilMs).toBe(now - 1 + hour);
  });
});

describe("oversized tasks", () => {
  const limits = [limit("tokens/hour", 1_000), limit("tokens/day", 10_000, "calendar")];

  it("run: alone, below WARNING, holding what is left in every window", () => {
    const throttle = throttleWith([...limits, limit("cost/hour", 50)]);
    throttle.book(booking(now, 300));
    const admission = throttle.admit(request(5_000, { spend: { tokens: 5_000, nanoUsd: 20 } }), now);
    expect(admission).toMatchObject({
      kind: "admitted",
      oversized: true,
      headroomUsed: false,
      reservation: { spend: { tokens: 700, nanoUsd: 20 }, oversized: true },
    });
    if (admission.kind !== "admitted") throw new Error("expected it to be admitted");
    throttle.reserve(admission.reservation);
    expect(throttle.effectiveLevel(null, now)).toBe("CRITICAL");
    throttle.book(booking(now, 4_000, 30, { attemptId: "a1" }));
    expect(throttle.settle("a1")).toEqual({ tokens: 0, nanoUsd: 0 });
  });

  it("run: waits for others to end, then for the window to fall below WARNING", () => {
    const throttle = throttleWith(limits);
    hold(throttle, "a1", 10);
    expect(deferralOf(throttle.admit(request(5_000, { attemptId: "a2" }), now))).toEqual({
      kind: "deferred",
      untilMs: null,
      level: "NONE",
      limitId: "global tokens/hour",
      reason:
        "this task reserves 5,000, more than all of tokens/hour (1K): it goes alone, below 80%; running tasks hold 10 and must end first",
      oversized: true,
    });
    throttle.book(booking(now, 800, 0, { attemptId: "a1" }));
    throttle.settle("a1");
    expect(deferralOf(throttle.admit(request(5_000), now))).toMatchObject({
      untilMs: now + hour,
      oversized: true,
    });
    expect(throttle.admit(request(5_000), now + hour).kind).toBe("admitted");
  });

  it("run: a window in which it does fit must still have the room", () => {
    const throttle = throttleWith(limits);
    throttle.book(booking(now - 2 * hour, 6_000));
    expect(deferralOf(throttle.admit(request(5_000), now))).toMatchObject({
      limitId: "global tokens/day",
      untilMs: Date.parse("2026-02-14T00:00:00Z"),
      oversized: true,
    });
  });

  it("ask: waits for a person, and goes once they said yes", () => {
    const throttle = throttleWith(limits, { oversized: "ask" });
    expect(deferralOf(throttle.admit(request(5_000), now))).toMatchObject({
      untilMs: null,
      oversized: true,
      reason:
        "this task reserves 5,000, more than tokens/hour allows in all (1K): it waits for a person to say yes",
    });
    expect(throttle.admit(request(5_000, { oversizedApproved: true }), now).kind).toBe("admitted");
  });

  it("refuse: says no", () => {
    expect(throttleWith(limits, { oversized: "refuse" }).admit(request(1_001), now)).toEqual({
      kind: "refused",
      limitId: "global tokens/hour",
      reason: "this task reserves 1,001, more than tokens/hour allows in all (1K)",
    });
    expect(throttleWith(limits, { oversized: "refuse" }).admit(request(1_000), now).kind).toBe("admitted");
  });
});

describe("reservations", () => {
  it("usage of the attempt lowers its hold; settling drops the rest, exactly once", () => {
    const throttle = throttleWith([limit("tokens/hour", 1_000)]);
    hold(throttle, "a1", 600);
    throttle.book(booking(now, 250, 0, { attemptId: "a1" }));
    expect(throttle.held("a1")).toEqual({ tokens: 350, nanoUsd: 0 });
    expect(throttle.standings(now)[0]).toMatchObject({ used: 250, held: 350 });
    expect(throttle.settle("a1")).toEqual({ tokens: 350, nanoUsd: 0 });
    expect(throttle.standings(now)[0]).toMatchObject({ used: 250, held: 0 });
    expect(() => throttle.settle("a1")).toThrow(CtmError);
    expect(() => throttle.release("a1")).toThrow("attempt a1 has no open reservation");
    expect(throttle.held("a1")).toEqual({ tokens: 0, nanoUsd: 0 });
  });

  it("an attempt cannot reserve twice", () => {
    const throttle = throttleWith([limit("tokens/hour", 1_000)]);
    hold(throttle, "a1", 10);
    expect(() => hold(throttle, "a1", 10)).toThrow("has a reservation already");
    expect(throttle.standings(now)[0]?.held).toBe(10);
  });

  it("an extension takes no more than fits; what does not fit is owed, and nothing new goes before it", () => {
    const throttle = throttleWith([limit("tokens/hour", 1_000), limit("cost/hour", 100)]);
    hold(throttle, "a1", 600);
    throttle.book(booking(now, 200, 0, { attemptId: "a1" }));
    throttle.book(booking(now, 100));
    const plan = throttle.planExtension("a1", { tokens: 1_300, nanoUsd: 30 }, now);
    expect(plan).toEqual({
      reserved: { tokens: 900, nanoUsd: 30 },
      owed: { tokens: 400, nanoUsd: 0 },
    });
    throttle.extend("a1", plan);
    expect(throttle.held("a1")).toEqual({ tokens: 700, nanoUsd: 30 });
    expect(throttle.standings(now)[0]).toMatchObject({ used: 300, held: 700, owed: 400, level: "CRITICAL" });
    // What leaves the window comes first to the one that is owed.
    const later = now + hour;
    expect(throttle.standings(later)[0]).toMatchObject({ used: 0, held: 700, level: "NONE" });
    const critical = request(1, { priority: "critical" });
    expect(deferralOf(throttle.admit(critical, later))).toMatchObject({
      reason: expect.stringContaining("running tasks need 400 more than tokens/hour has left"),
      untilMs: null,
    });
    const rest = throttle.planExtension("a1", { tokens: 1_100, nanoUsd: 30 }, later);
    expect(rest).toEqual({ reserved: { tokens: 1_100, nanoUsd: 30 }, owed: { tokens: 0, nanoUsd: 0 } });
    throttle.extend("a1", rest);
    expect(throttle.standings(later)[0]).toMatchObject({ held: 900, owed: 0 });
    expect(throttle.admit(critical, later).kind).toBe("admitted");
    throttle.settle("a1");
    expect(throttle.standings(later)[0]).toMatchObject({ held: 0, owed: 0 });
    expect(() => throttle.extend("a2", plan)).toThrow(CtmError);
    expect(() => throttle.planExtension("a2", plan.reserved, now)).toThrow(CtmError);
  });

  it("a reservation of nothing holds what it is extended by", () => {
    const throttle = throttleWith([limit("tokens/hour", 1_000)]);
    hold(throttle, "a1", 0);
    throttle.extend("a1", throttle.planExtension("a1", { tokens: 40, nanoUsd: 0 }, now));
    expect(throttle.standings(now)[0]?.held).toBe(40);
    expect(throttle.settle("a1")).toEqual({ tokens: 40, nanoUsd: 0 });
    expect(throttle.standings(now)[0]?.held).toBe(0);
  });

  it("simulated usage counts only where the policy says so", () => {
    const simulated = { simulated: true };
    const counting = throttleWith([limit("tokens/hour", 1_000)]);
    counting.book(booking(now, 900, 0, simulated));
    expect(counting.effectiveLevel(null, now)).toBe("SOFT");
    const ignoring = throttleWith([limit("tokens/hour", 1_000)], { countSimulated: false });
    hold(ignoring, "a1", 5_000, simulated);
    ignoring.book(booking(now, 900, 0, { ...simulated, attemptId: "a1" }));
    expect(ignoring.standings(now)[0]).toMatchObject({ used: 0, held: 0, level: "NONE" });
    expect(ignoring.settle("a1")).toEqual({ tokens: 0, nanoUsd: 0 });
  });

  it("standings are told worker by worker, whichever was seen first", () => {
    const each = { ...limit("tokens/hour", 1_000), scope: { kind: "worker", name: "*" } } as const;
    const throttle = throttleWith([each, limit("tokens/hour", 9_000)]);
    for (const worker of ["w10", "w2", "w1"])
      throttle.book(booking(now, 1, 0, { subject: { ...w1, worker } }));
    expect(
      throttle.standings(now).map(({ scope }) => (scope.kind === "worker" ? scope.name : "all")),
    ).toEqual(["all", "w1", "w2", "w10"]);
  });

  it("numbers that are none are refused before they can spoil a sum", () => {
    const throttle = throttleWith([limit("tokens/hour", 1_000)]);
    for (const tokens of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(() => throttle.admit(request(tokens), now)).toThrow(RangeError);
    }
    expect(() => throttle.book(booking(now, Number.NaN))).toThrow(RangeError);
    expect(() => throttle.book(booking(Number.NaN, 1))).toThrow(RangeError);
    expect(() => throttle.admit(request(1), Number.NaN)).toThrow(RangeError);
    throttle.book(booking(now, -500));
    expect(throttle.standings(now)[0]?.used).toBe(0);
  });
});

describe("time", () => {
  it("a rolling hour is (now - 1 h, now]", () => {
    const throttle = throttleWith([limit("tokens/hour", 1_000)]);
    throttle.book(booking(now, 500));
    expect(throttle.standings(now + hour - 1)[0]?.used).toBe(500);
    expect(throttle.standings(now + hour)[0]?.used).toBe(0);
  });

  it("a clock that goes back neither brings usage back nor forgets any", () => {
    const throttle = throttleWith([limit("tokens/hour", 1_000), limit("tokens/day", 1_000, "calendar")]);
    throttle.book(booking(now, 500));
    throttle.standings(now + 2 * hour);
    throttle.book(booking(now + 2 * hour, 70));
    expect(throttle.standings(now - 40 * 24 * hour).map(({ used }) => used)).toEqual([70, 570]);
    expect(throttle.standings(now + 3 * hour).map(({ used }) => used)).toEqual([0, 570]);
  });

  it("late usage goes to its own time; usage dated ahead counts at once and in its own window", () => {
    const throttle = throttleWith([limit("tokens/hour", 1_000), limit("tokens/day", 1_000, "calendar")]);
    throttle.book(booking(now, 1));
    throttle.book(booking(now - 30 * 60_000, 20));
    throttle.book(booking(now - 2 * hour, 300));
    throttle.book(booking(now - 24 * hour, 4_000));
    expect(throttle.standings(now).map(({ used }) => used)).toEqual([21, 321]);
    expect(throttle.standings(now + 30 * 60_000).map(({ used }) => used)).toEqual([1, 321]);
    throttle.book(booking(now + 24 * hour, 50));
    expect(throttle.standings(now + hour).map(({ used }) => used)).toEqual([50, 371]);
    expect(throttle.standings(now + 24 * hour).map(({ used }) => used)).toEqual([50, 50]);
    expect(throttle.standings(now + 48 * hour).map(({ used }) => used)).toEqual([0, 0]);
  });

  it("C-29: a day of 25 hours lasts 25 hours", () => {
    const throttle = throttleWith([limit("tokens/day", 1_000, "calendar")], { timeZone: "Europe/Berlin" });
    const start = Date.parse("2026-10-24T22:00:00Z");
    throttle.book(booking(start, 950));
    expect(throttle.effectiveLevel(null, start)).toBe("HARD");
    expect(throttle.effectiveLevel(null, start + 25 * hour - 1)).toBe("HARD");
    expect(throttle.effectiveLevel(null, start + 25 * hour)).toBe("NONE");
  });
});

describe("limits", () => {
  it("each worker has its own; a limit for one name replaces it for that name, null lifts it", () => {
    const throttle = throttleWith([
      limit("worker tokens/hour", 1_000),
      limit("worker concurrent_worker2 tokens/hour", null),
      limit("worker concurrent_worker3 tokens/hour", 2_000),
    ]);
    throttle.book(booking(now, 990));
    throttle.book(booking(now, 990, 0, { subject: w2 }));
    expect(throttle.effectiveLevel(w1, now)).toBe("HARD");
    expect(throttle.effectiveLevel(w2, now)).toBe("NONE");
    expect(throttle.effectiveLevel({ ...w1, worker: "concurrent_worker4" }, now)).toBe("NONE");
    expect(
      throttle.standings(now, ["concurrent_worker4"]).map((row) => [row.limitId, row.limit, row.used]),
    ).toEqual([
      ["worker concurrent_worker1 tokens/hour", 1_000, 990],
      ["worker concurrent_worker2 tokens/hour", null, 990],
      ["worker concurrent_worker3 tokens/hour", 2_000, 0],
      ["worker concurrent_worker4 tokens/hour", 1_000, 0],
    ]);
  });

  it("of two limits of one id the later rules", () => {
    const throttle = throttleWith([...DEFAULT_LIMITS, limit("tokens/hour", 7)]);
    expect(
      throttle.limits.filter((one) => one.scope.kind === "global" && one.window === "hour"),
    ).toHaveLength(2);
    expect(throttle.standings(now).find((row) => row.limitId === "global tokens/hour")?.limit).toBe(7);
  });

  it("new limits know what was used and held before", () => {
    const throttle = throttleWith([limit("tokens/hour", 1_000)]);
    throttle.book(booking(now - 3 * hour, 40));
    throttle.book(booking(now, 400));
    hold(throttle, "a1", 100);
    throttle.setLimits([limit("tokens/hour", 500), limit("agent claude tokens/day", 600, "calendar")]);
    expect(throttle.standings(now).map((row) => [row.limitId, row.used, row.held, row.level])).toEqual([
      ["global tokens/hour", 400, 100, "CRITICAL"],
      ["agent claude tokens/day", 440, 100, "SOFT"],
    ]);
    throttle.settle("a1");
    expect(throttle.effectiveLevel(null, now)).toBe("WARNING");
  });

  it("C-47: a restart of the manager or of a worker resets no window", () => {
    const before = throttleWith(DEFAULT_LIMITS);
    const bookings = [booking(now - 5, 90_000, usd), booking(now - 9, 500, 0, { attemptId: "a1" })];
    const reservation = {
      attemptId: "a1",
      subject: w1,
      spend: { tokens: 700, nanoUsd: 9 },
      oversized: false,
      sinceMs: now,
    };
    before.reserve(reservation);
    for (const one of bookings) before.book(one);
    const after = new Throttle(policyOf(DEFAULT_LIMITS));
    after.restore({ bookings, reservations: [reservation] }, now);
    expect(after.standings(now)).toEqual(before.standings(now));
    expect(after.held("a1")).toEqual({ tokens: 200, nanoUsd: 9 });
  });
});

describe("standings", () => {
  it("figures, bounds and pace of every row", () => {
    const throttle = throttleWith([
      limit("tokens/hour", 500_000),
      limit("tokens/day", 5_000_000, "calendar"),
    ]);
    throttle.book(booking(now - 42 * 60_000, 18_523));
    throttle.book(booking(now - 60_000, 30_000));
    expect(throttle.standings(now)).toEqual([
      {
        limitId: "global tokens/hour",
        scope: { kind: "global" },
        unit: "tokens",
        window: "hour",
        form: "rolling",
        limit: 500_000,
        used: 48_523,
        held: 0,
        owed: 0,
        level: "NONE",
        startMs: now - hour,
        endMs: null,
        resetsAtMs: now + 18 * 60_000,
        burnPerHour: 69_319,
        runsOutAtMs: null,
      },
      {
        limitId: "global tokens/day",
        scope: { kind: "global" },
        unit: "tokens",
        window: "day",
        form: "calendar",
        limit: 5_000_000,
        used: 48_523,
        held: 0,
        owed: 0,
        level: "NONE",
        startMs: Date.parse("2026-02-13T00:00:00Z"),
        endMs: Date.parse("2026-02-14T00:00:00Z"),
        resetsAtMs: Date.parse("2026-02-14T00:00:00Z"),
        burnPerHour: 69_319,
        runsOutAtMs: null,
      },
    ]);
    expect(throttle.nextChangeMs(now)).toBe(now + 18 * 60_000);
  });

  it("C-29: a rolling row tells when it falls below the level in force", () => {
    const throttle = throttleWith([limit("tokens/hour", 1_000)]);
    throttle.book(booking(now - 50 * 60_000, 10));
    throttle.book(booking(now - 40 * 60_000, 30));
    throttle.book(booking(now - 30 * 60_000, 900));
    expect(throttle.standings(now)[0]).toMatchObject({ level: "SOFT", resetsAtMs: now + 30 * 60_000 });
    expect(throttle.nextChangeMs(now)).toBe(now + 30 * 60_000);
    expect(throttle.standings(now + 30 * 60_000 - 1)[0]?.level).toBe("SOFT");
    expect(throttle.standings(now + 30 * 60_000)[0]?.level).toBe("NONE");
    expect(throttle.nextChangeMs(now + hour)).toBeNull();
  });

  it("forecasts when the pace fills a window before it frees itself", () => {
    const throttle = throttleWith([limit("tokens/hour", 1_000), limit("tokens/day", 4_000, "calendar")]);
    throttle.book(booking(now - hour, 1));
    throttle.book(booking(now - 10 * 60_000, 600));
    // 600 an hour: the 400 left last 40 minutes; the day's 3,399 last 5 h 40 min, well before midnight.
    expect(throttle.standings(now).map(({ runsOutAtMs }) => runsOutAtMs)).toEqual([
      now + 40 * 60_000,
      now + Math.ceil((3_399 * hour) / 600),
    ]);
    throttle.book(booking(now, 400));
    expect(throttle.standings(now)[0]?.runsOutAtMs).toBe(now);
  });

  it("an even pace below the limit never runs out", () => {
    const throttle = throttleWith([limit("tokens/hour", 1_000)]);
    for (let minute = 59; minute >= 0; minute -= 1) throttle.book(booking(now - minute * 60_000, 16));
    throttle.book(booking(now - 5 * hour, 1));
    expect(throttle.standings(now)[0]).toMatchObject({ used: 960, runsOutAtMs: null });
  });
});
