import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Limit } from "../../src/throttle/limits.ts";
import {
  planQueue,
  type PlannedAccount,
  type PlannedTask,
  type PlannedWorker,
  type QueuePlan,
  type QueuePlanInput,
} from "../../src/throttle/queue-plan.ts";
import { Throttle } from "../../src/throttle/throttle.ts";

const NOW = Date.UTC(2026, 1, 13, 10);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const OPEN: PlannedAccount = { park: null, windows: [], reservePercent: 0 };

function limitOf(amount: number, change: Partial<Limit> = {}): Limit {
  return { scope: { kind: "global" }, unit: "tokens", window: "hour", form: "rolling", amount, ...change };
}

function throttleOf(limits: readonly Limit[]): Throttle {
  const throttle = new Throttle({
    limits,
    timeZone: "UTC",
    criticalHeadroomPercent: 0,
    pauseAt: null,
    hardStop: false,
    oversized: "run",
    countSimulated: true,
  });
  throttle.restore({ bookings: [], reservations: [] }, NOW);
  return throttle;
}

function taskOf(id: number, tokens: number, change: Partial<PlannedTask> = {}): PlannedTask {
  const spend = { tokens, nanoUsd: 0 };
  return {
    id,
    priority: "normal",
    agent: "claude",
    model: null,
    member: null,
    worker: null,
    reserves: spend,
    uses: spend,
    takesMs: 10 * MINUTE,
    simulated: false,
    notBeforeMs: null,
    ...change,
  };
}

function workerOf(n: number, change: Partial<PlannedWorker> = {}): PlannedWorker {
  const own = { name: `w${n}`, agent: "claude", model: null, account: "claude", simulated: false };
  return { ...own, busy: null, ...change };
}

function planOf(change: Partial<QueuePlanInput>): QueuePlan {
  return planQueue({
    throttle: throttleOf([]),
    tasks: [],
    workers: [workerOf(1)],
    account: () => OPEN,
    nowMs: NOW,
    horizonMs: NOW + 31 * 24 * HOUR,
    ...change,
  });
}

/** When each task starts, in minutes from now. */
function starts({ runs }: QueuePlan): (number | null)[] {
  return runs.map(({ startsAtMs }) => (startsAtMs === null ? null : (startsAtMs - NOW) / MINUTE));
}

describe("the queue played through", () => {
  it.each<[string, Partial<QueuePlanInput>, (number | null)[]]>([
    ["one worker, one after another", { tasks: [1, 2, 3].map((id) => taskOf(id, 100)) }, [0, 10, 20]],
    [
      "two workers",
      { tasks: [1, 2, 3].map((id) => taskOf(id, 100)), workers: [workerOf(1), workerOf(2)] },
      [0, 0, 10],
    ],
    [
      "a limit: what was used leaves an hour after it was booked",
      { tasks: [1, 2, 3].map((id) => taskOf(id, 400)), throttle: throttleOf([limitOf(1_000)]) },
      [0, 10, 70],
    ],
    [
      "a day's limit: the rest goes after midnight",
      {
        tasks: [1, 2].map((id) => taskOf(id, 600)),
        throttle: throttleOf([limitOf(1_000, { window: "day", form: "calendar" })]),
      },
      [0, 14 * 60],
    ],
    [
      "another agent's worker is no help; a named worker is waited for",
      {
        tasks: [
          taskOf(1, 1, { agent: "codex" }),
          taskOf(2, 1, { worker: "w2" }),
          taskOf(3, 1, { worker: "w2" }),
        ],
        workers: [workerOf(1), workerOf(2)],
      },
      [null, 0, 10],
    ],
    [
      "not before",
      { tasks: [taskOf(1, 1, { notBeforeMs: NOW + 5 * MINUTE }), taskOf(2, 1, { notBeforeMs: NOW - 1 })] },
      [10, 0],
    ],
    [
      "what a worker has in hand ends first; what waits for a person never does",
      {
        tasks: [taskOf(1, 1)],
        workers: [
          workerOf(1, {
            busy: { attemptId: "", member: null, endsAtMs: null, uses: { tokens: 0, nanoUsd: 0 } },
          }),
        ],
      },
      [null],
    ],
    [
      "a window of the provider lets normal tasks go when it begins anew, urgent ones before",
      {
        tasks: [taskOf(1, 1, { priority: "high" }), taskOf(2, 1)],
        account: () => ({
          ...OPEN,
          reservePercent: 20,
          windows: [{ window: "five_hour", usedPermille: 770, resetsAtMs: NOW + HOUR, seenAtMs: NOW }],
        }),
      },
      [0, 60],
    ],
  ])("%s", (_what, change, expected) => {
    expect(starts(planOf(change))).toEqual(expected);
  });

  it("says what a task waited for, when all is done, and how the limits stand then", () => {
    const plan = planOf({
      tasks: [1, 2, 3].map((id) => taskOf(id, 400)),
      throttle: throttleOf([limitOf(1_000)]),
    });
    expect(plan.doneAtMs).toBe(NOW + 80 * MINUTE);
    expect(plan.runs.map(({ waitsFor }) => waitsFor)).toEqual([
      null,
      null,
      expect.stringMatching(/^tokens\/hour has 200 left of 1K/),
    ]);
    expect(plan.standings).toMatchObject([{ used: 400, held: 0 }]);
  });

  it("ends at the horizon with what was not begun", () => {
    const parked = { cause: "out-of-credit", message: "no", sinceMs: 0, untilMs: null, inRow: 1 } as const;
    const plan = planOf({ tasks: [taskOf(1, 1)], account: () => ({ ...OPEN, park: parked }) });
    expect(plan).toMatchObject({
      doneAtMs: NOW,
      never: 1,
      runs: [{ startsAtMs: null, waitsFor: "account claude is parked" }],
    });
  });

  it("frees the room and books the use of what runs at its end", () => {
    const throttle = throttleOf([limitOf(1_000)]);
    const subject = { worker: "w1", agent: "claude", model: null };
    const spend = { tokens: 900, nanoUsd: 0 };
    throttle.reserve({ attemptId: "a1", subject, spend, oversized: false, sinceMs: NOW });
    const uses = { tokens: 300, nanoUsd: 0 };
    const busy = { attemptId: "a1", member: null, endsAtMs: NOW + MINUTE, uses };
    const plan = planOf({ throttle, tasks: [taskOf(1, 600)], workers: [workerOf(1, { busy }), workerOf(2)] });
    expect(starts(plan)).toEqual([1]);
  });
});

it("never runs more tasks than workers, nor lets more into an hour than its limit, whatever waits", () => {
  const tasks = fc.array(
    fc.record({
      tokens: fc.integer({ min: 0, max: 600 }),
      takesMs: fc.integer({ min: 0, max: 3 * HOUR }),
      priority: fc.constantFrom("low", "normal", "high", "critical"),
    }),
    { maxLength: 25 },
  );
  fc.assert(
    fc.property(
      tasks,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 600, max: 2_000 }),
      (wishes, count, limit) => {
        const planned = wishes.map(({ tokens, ...wish }, at) => taskOf(at + 1, tokens, wish));
        const workers = Array.from({ length: count }, (_, at) => workerOf(at + 1));
        const { runs, never } = planOf({
          tasks: planned,
          workers,
          throttle: throttleOf([limitOf(limit)]),
        });
        expect(never).toBe(0);
        const times = runs.map(({ startsAtMs, endsAtMs }) => [startsAtMs ?? -1, endsAtMs ?? -1] as const);
        times.forEach(([start, end], at) => {
          expect(end - start).toBe(planned[at]?.takesMs);
          expect(times.filter(([from, to]) => from <= start && start < to).length).toBeLessThanOrEqual(count);
          const inHour = times.reduce(
            (sum, [, booked], other) =>
              sum + (booked <= end && booked > end - HOUR ? (planned[other]?.uses.tokens ?? 0) : 0),
            0,
          );
          expect(inHour).toBeLessThanOrEqual(limit);
        });
      },
    ),
    { numRuns: 150 },
  );
});
