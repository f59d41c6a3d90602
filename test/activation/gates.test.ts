import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judge, placeOf, plan, retryDelayMs, type Step, type World } from "../../src/activation/gates.ts";
import { chainName, wakeOfChain, type Wake } from "../../src/activation/wake.ts";
import { eventOf, triggerOf, wakeOf } from "./triggers.ts";

const OPEN: World = {
  paused: false,
  lastClaimMs: () => null,
  claimsMs: [],
  focus: () => null,
  budget: null,
  limit: () => null,
};

const told = (steps: readonly Step[]): string[] =>
  steps.map((step) => {
    switch (step.kind) {
      case "becomes":
        return `${step.wakeId} becomes ${step.state}`;
      case "waits":
        return `${step.wakeId} waits at ${step.gate} until ${step.wait.untilMs}`;
      case "gathers":
        return `${step.wakeId} gathers until ${step.untilMs}`;
      case "merges":
        return `${step.wakeId} merges into ${step.into}`;
      case "claims":
        return `${step.wakeId} claimed${step.replaces.length === 0 ? "" : ` for ${step.replaces.join(",")}`}`;
      default:
        return step satisfies never;
    }
  });

describe("what a trigger makes of an event", () => {
  const trigger = triggerOf({
    filter: { kind: "field", field: "data.a", test: { kind: "exact", values: [1] } },
    ttlMs: 1_000,
  });
  const judged = (change: Parameters<typeof eventOf>[0], depth = 0): unknown =>
    judge(trigger, { event: eventOf({ data: { a: 1 }, ...change }), depth }, 10_000);

  it("takes it, and knows how long it is good for", () => {
    expect(judged({})).toEqual({ kind: "taken", lane: "", target: null, expiresMs: 11_000 });
    expect(judged({ timeMs: 9_500 })).toMatchObject({ expiresMs: 10_500 });
    expect(judged({ timeMs: 99_000 })).toMatchObject({ expiresMs: 11_000 });
    expect(judged({ expiresMs: 10_200 })).toMatchObject({ expiresMs: 10_200 });
  });

  it("asks for the expiry before the filter, and for loops last", () => {
    expect(judged({ type: "ci.failed" })).toEqual({ kind: "passed-over" });
    expect(judged({ timeMs: 9_000, data: null })).toMatchObject({ outcome: "expired" });
    expect(judged({ data: { a: 2 } }, 9)).toMatchObject({ outcome: "filtered", reason: "data.a is not 1" });
    expect(judged({}, 5)).toMatchObject({ kind: "taken" });
    expect(judged({}, 6)).toMatchObject({ outcome: "dead" });
  });

  it("puts what goes together into one lane", () => {
    const batch = { max: 9, timeoutMs: 1, by: "data.repository" };
    const byTarget = triggerOf({ wake: "target", batch });
    const event = eventOf({ target: "w2", data: { repository: "me/app" } });
    expect(judge(byTarget, { event, depth: 0 }, 0)).toMatchObject({ lane: "w2 me/app", target: "w2" });
    expect(judge(byTarget, { event: eventOf(), depth: 0 }, 0)).toMatchObject({ outcome: "filtered" });
  });

  it("takes only ticks of its own schedule", () => {
    const schedule = { cron: "0 9 * * *", timeZone: "UTC", catchup: "once" } as const;
    const timed = triggerOf({ on: [], schedule });
    const tick = (subject: string) => eventOf({ type: "schedule.tick", subject });
    expect(judge(timed, { event: tick("review"), depth: 0 }, 0)).toMatchObject({ kind: "taken" });
    expect(judge(timed, { event: tick("other"), depth: 0 }, 0)).toEqual({ kind: "passed-over" });
  });
});

describe("where an event goes", () => {
  it.each<[string, Parameters<typeof triggerOf>[0], Partial<Wake>[], unknown]>([
    ["a wake of its own", {}, [], { kind: "opens", state: "ready" }],
    ["into a debounce", { debounce: { periodMs: 5, maxMs: 9 } }, [], { kind: "opens", state: "debounce" }],
    ["into what gathers", { debounce: { periodMs: 5, maxMs: 9 } }, [{ state: "debounce" }], { wakeId: 1 }],
    [
      "into a batch",
      { batch: { max: 3, timeoutMs: 9, by: null } },
      [{ state: "batch", events: 2 }],
      { wakeId: 1 },
    ],
    [
      "past a batch that is full",
      { batch: { max: 3, timeoutMs: 9, by: null } },
      [{ state: "batch", events: 3 }],
      { kind: "opens", state: "batch" },
    ],
    ["into what cools down", {}, [{ gate: "cooldown" }], { wakeId: 1 }],
    ["behind what waits for its turn", {}, [{ gate: "mode" }], { kind: "opens" }],
    ["into the last of too many", { depth: 2 }, [{ gate: "mode" }, { id: 2, gate: "mode" }], { wakeId: 2 }],
    ["not into one that was tried", {}, [{ gate: "cooldown", attempts: 1 }], { kind: "opens" }],
    ["not into a critical one", {}, [{ gate: "cooldown", priority: "critical" }], { kind: "opens" }],
    ["not into one at work", { depth: 1 }, [{ state: "delivered" }], { kind: "opens", state: "ready" }],
  ])("%s", (_what, trigger, lane, expected) => {
    expect(placeOf(triggerOf(trigger), false, lane.map(wakeOf))).toMatchObject(expected as object);
  });

  it("is at once ready when it is critical", () => {
    const trigger = triggerOf({ debounce: { periodMs: 5, maxMs: 9 } });
    expect(placeOf(trigger, true, [wakeOf({ state: "debounce" })])).toEqual({
      kind: "opens",
      state: "ready",
    });
  });
});

describe("the gates", () => {
  const at = (
    trigger: Parameters<typeof triggerOf>[0],
    wakes: readonly Partial<Wake>[],
    nowMs: number,
    world: Partial<World> = {},
  ): string[] => told(plan(triggerOf(trigger), wakes.map(wakeOf), { ...OPEN, ...world }, nowMs));

  it.each<[string, number, string[]]>([
    ["quiet for less than the period", 14, ["1 gathers until 15"]],
    ["quiet for the period", 15, ["1 becomes ready", "1 claimed"]],
  ])("debounce: %s", (_what, nowMs, expected) => {
    const trigger = { debounce: { periodMs: 5, maxMs: 100 } };
    expect(at(trigger, [{ state: "debounce", firstMs: 0, lastMs: 10 }], nowMs)).toEqual(expected);
  });

  it("debounce: at the latest after its longest time", () => {
    const trigger = { debounce: { periodMs: 50, maxMs: 100 } };
    expect(at(trigger, [{ state: "debounce", lastMs: 90 }], 99)).toEqual(["1 gathers until 100"]);
    expect(at(trigger, [{ state: "debounce", lastMs: 90 }], 100)).toEqual(["1 becomes ready", "1 claimed"]);
  });

  it("batch: when it is full or its time is over, after the debounce", () => {
    const batch = { max: 3, timeoutMs: 50, by: null };
    expect(at({ batch }, [{ state: "batch", events: 2 }], 49)).toEqual(["1 gathers until 50"]);
    expect(at({ batch }, [{ state: "batch", events: 3 }], 1)).toEqual(["1 becomes ready", "1 claimed"]);
    expect(at({ batch }, [{ state: "batch", events: 1 }], 50)).toEqual(["1 becomes ready", "1 claimed"]);
    const both = { batch, debounce: { periodMs: 5, maxMs: 9 } };
    expect(at(both, [{ state: "debounce", events: 2 }], 9)).toEqual([
      "1 becomes batch",
      "1 gathers until 59",
    ]);
  });

  it.each<[string, Parameters<typeof triggerOf>[0], string[]]>([
    ["queued", {}, ["2 waits at mode until null", "3 waits at mode until null"]],
    ["queued, too many", { depth: 1 }, ["2 waits at mode until null", "3 merges into 2"]],
    ["single", { mode: "single" }, ["2 waits at mode until null", "3 merges into 2"]],
    ["parallel, two at once", { mode: "parallel", depth: 2 }, ["2 claimed", "3 waits at mode until null"]],
    ["restart", { mode: "restart" }, ["2 claimed for 1", "3 claimed for 1,2"]],
  ])("mode %s", (_what, trigger, expected) => {
    expect(at(trigger, [{ state: "submitted" }, { id: 2 }, { id: 3 }], 0)).toEqual(expected);
  });

  it("lets lanes go beside each other", () => {
    expect(
      at(
        {},
        [
          { state: "delivered", lane: "a" },
          { id: 2, lane: "b" },
        ],
        0,
      ),
    ).toEqual(["2 claimed"]);
  });

  it("cooldown: the first at once, those after it become one", () => {
    const trigger = { cooldownMs: 100, mode: "parallel" } as const;
    expect(at(trigger, [{}], 50)).toEqual(["1 claimed"]);
    const world = { lastClaimMs: () => 50 };
    expect(at(trigger, [{}, { id: 2 }, { id: 3 }], 60, world)).toEqual([
      "1 waits at cooldown until 150",
      "2 merges into 1",
      "3 merges into 1",
    ]);
    expect(at(trigger, [{}], 150, world)).toEqual(["1 claimed"]);
  });

  it("rate: no more than so many in its time, whatever the lane", () => {
    const trigger = { rate: { count: 2, perMs: 100 }, mode: "parallel", depth: 9 } as const;
    const wakes = [{ lane: "a" }, { id: 2, lane: "b" }, { id: 3, lane: "a" }];
    expect(at(trigger, wakes, 60, { claimsMs: [50] })).toEqual([
      "1 claimed",
      "2 waits at rate until 150",
      "3 waits at rate until 150",
    ]);
  });

  it("waits for a person, a budget and a limit, in this order, and says until when", () => {
    const focus = () => ({ untilMs: 7, reason: "a person types" });
    const budget = { untilMs: 8, reason: "used up" };
    const limit = () => ({ untilMs: 9, reason: "HARD" });
    expect(at({}, [{}], 0, { focus, budget, limit })).toEqual(["1 waits at focus until 7"]);
    expect(at({}, [{}], 0, { budget, limit })).toEqual(["1 waits at budget until 8"]);
    expect(at({}, [{}], 0, { limit })).toEqual(["1 waits at limit until 9"]);
    expect(at({}, [{}], 0, { paused: true, limit })).toEqual(["1 waits at paused until null"]);
  });

  it("critical passes the cooldown, but neither rate, budget nor limit", () => {
    const trigger = { cooldownMs: 100, rate: { count: 1, perMs: 100 } };
    const critical = [{ priority: "critical" as const }];
    expect(at(trigger, critical, 10, { lastClaimMs: () => 0 })).toEqual(["1 claimed"]);
    expect(at(trigger, critical, 10, { claimsMs: [0] })).toEqual(["1 waits at rate until 100"]);
    const budget = { untilMs: 8, reason: "used up" };
    expect(at(trigger, critical, 10, { budget })).toEqual(["1 waits at budget until 8"]);
  });

  it("goes by priority, then by age", () => {
    const wakes = [{ priority: "low" as const }, { id: 2 }, { id: 3, priority: "high" as const }];
    expect(at({ depth: 9 }, wakes, 0)[0]).toBe("3 claimed");
  });

  it("decides each wake that waits once, whatever there is", () => {
    const wake = fc.record({
      state: fc.constantFrom("debounce", "batch", "ready", "submitted", "delivered"),
      lane: fc.constantFrom("a", "b"),
      priority: fc.constantFrom("low", "normal", "critical"),
      events: fc.integer({ min: 1, max: 5 }),
      firstMs: fc.integer({ min: 0, max: 50 }),
      attempts: fc.integer({ min: 0, max: 1 }),
    });
    const rules = fc.record({
      mode: fc.constantFrom("queued", "single", "restart", "parallel"),
      depth: fc.integer({ min: 1, max: 3 }),
      cooldownMs: fc.constantFrom(0, 40),
      rate: fc.constantFrom(null, { count: 2, perMs: 60 }),
      debounce: fc.constantFrom(null, { periodMs: 10, maxMs: 30 }),
      batch: fc.constantFrom(null, { max: 3, timeoutMs: 20, by: null }),
    });
    fc.assert(
      fc.property(
        rules,
        fc.array(wake, { maxLength: 8 }),
        fc.integer({ min: 0, max: 100 }),
        (rule, made, now) => {
          const wakes = made.map((one, index) =>
            wakeOf({ ...(one as Partial<Wake>), id: index + 1, lastMs: one.firstMs, sinceMs: one.firstMs }),
          );
          const trigger = triggerOf(rule);
          const steps = plan(trigger, wakes, { ...OPEN, lastClaimMs: () => 80 }, now);
          const waiting = wakes.filter(({ state }) => !["submitted", "delivered"].includes(state));
          const last = new Map(steps.map((step) => [step.wakeId, step]));
          expect(new Set(last.keys())).toEqual(new Set(waiting.map(({ id }) => id)));
          for (const step of steps) {
            if (step.kind !== "merges") continue;
            // What takes events over goes on itself, in the same lane.
            expect(last.get(step.into)?.kind).toBe("waits");
            expect(wakes[step.into - 1]?.lane).toBe(wakes[step.wakeId - 1]?.lane);
          }
          const claims = steps.filter(({ kind }) => kind === "claims").length;
          if (rule.rate !== null) expect(claims).toBeLessThanOrEqual(rule.rate.count);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("what was tried", () => {
  it("waits twice as long each time, a quarter more or less", () => {
    const trigger = triggerOf();
    expect([1, 2, 3].map((attempts) => retryDelayMs(trigger, attempts, 0.5))).toEqual([1_000, 2_000, 4_000]);
    expect(retryDelayMs(trigger, 1, 0)).toBe(750);
    expect(retryDelayMs(trigger, 99, 1)).toBe(4_500_000);
  });

  it("names its chain so that it is found again", () => {
    expect(wakeOfChain(chainName(12))).toBe(12);
    expect(["wake-0", "wake-1x", "12", null, "wake-99999999999999999"].map(wakeOfChain)).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
  });
});
