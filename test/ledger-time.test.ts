import { join } from "node:path";
import { execa } from "execa";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { keptCalendar } from "../src/calendar-setting.ts";
import { openLedgerTime, type LedgerTime } from "../src/ledger-time.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { Throttle } from "../src/throttle/throttle.ts";
import { limitsOf } from "./support/engine-bench.ts";
import { assignmentOf, draftOf } from "./support/drafts.ts";
import { productFolder } from "./support/built-product.ts";
import { ScriptedClock } from "./support/scripted-clock.ts";
import { TEST_ENV, testFolder } from "./support/tmux-server.ts";

const begin = Date.parse("2026-02-13T10:00:00Z");
const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
const ledgers: Ledger[] = [];

afterEach(() => {
  for (const ledger of ledgers.splice(0)) ledger.close();
});

function emptyLedger(): Ledger {
  const ledger = Ledger.open(":memory:");
  ledgers.push(ledger);
  return ledger;
}

/** The manager is started: it knows what the ledger kept and nothing else. */
function started(ledger: Ledger, clock: ScriptedClock): LedgerTime {
  return openLedgerTime(ledger, clock);
}

describe("F25 a wall clock that is set", () => {
  it("F25 one day forward: time goes on as it really passes, also for a manager started after it", () => {
    const [ledger, clock] = [emptyLedger(), new ScriptedClock(begin)];
    const before = started(ledger, clock);
    clock.pass(10 * minute);
    expect(before.now()).toBe(begin + 10 * minute);
    clock.set(day);
    clock.pass(minute);
    expect(before.now()).toBe(begin + 11 * minute + 2_000);
    const after = started(ledger, clock);
    expect(after.now()).toBe(begin + 11 * minute + 2_000);
    clock.pass(hour);
    expect(after.now()).toBe(begin + hour + 11 * minute + 2_000);
    expect(after.notices()).toEqual([
      "CLOCK: it was set forward by 1d00h; limits go by the time that really passed",
    ]);
  });

  it("F25 one hour back: nothing comes twice, nothing opens early, and it goes on once the clock has caught up", () => {
    const [ledger, clock] = [emptyLedger(), new ScriptedClock(begin)];
    const time = started(ledger, clock);
    clock.pass(minute);
    ledger.add([{ draft: draftOf("work"), assignment: assignmentOf() }], time.now());
    clock.set(-hour);
    expect(time.now()).toBe(begin + minute);
    expect(time.notices()).toEqual([
      "CLOCK: it was set back by 1h00m; for limits time stands still until it has caught up",
    ]);
    // A new start knows the last time from what is written, not from memory.
    const again = started(ledger, clock);
    clock.pass(30 * minute);
    expect(again.now()).toBe(begin + minute);
    clock.pass(31 * minute);
    expect(again.now()).toBe(begin + 2 * minute);
    expect(again.notices()).toEqual([]);
  });

  it("F25 slow drift: at most two seconds are ever gained on real time", () => {
    const [ledger, clock] = [emptyLedger(), new ScriptedClock(begin)];
    const time = started(ledger, clock);
    for (let passed = 0; passed < day; passed += hour) clock.pass(hour, 5_000);
    expect(time.now()).toBe(begin + day + 2_000);
    expect(time.notices()).toHaveLength(1);
  });

  it("F25 after a new start of the machine its clock is believed anew, but never taken back", () => {
    const [ledger, clock] = [emptyLedger(), new ScriptedClock(begin)];
    started(ledger, clock);
    clock.reboot(8 * hour);
    const time = started(ledger, clock);
    expect(time.now()).toBe(begin + 8 * hour);
    expect(time.notices()).toEqual([]);
    ledger.add([{ draft: draftOf("work"), assignment: assignmentOf() }], time.now());
    // The battery of its clock is empty, and the network sets it right later.
    clock.set(-365 * day);
    clock.reboot(0, "boot-3");
    const lost = started(ledger, clock);
    expect(lost.now()).toBe(begin + 8 * hour);
    clock.pass(minute);
    clock.set(365 * day);
    clock.pass(hour);
    expect(lost.now()).toBe(begin + 9 * hour + minute);
  });

  it("F25 where no boot has a name, less time since boot tells a new start of the machine", () => {
    const [ledger, clock] = [emptyLedger(), new ScriptedClock(begin)];
    clock.bootId = null;
    started(ledger, clock);
    clock.set(day);
    expect(started(ledger, clock).now()).toBe(begin + 2_000);
    clock.reboot(hour, null);
    expect(started(ledger, clock).now()).toBe(begin + day + hour);
  });

  it("F25 no window eases early, whatever is done to the clock and however often the manager starts", () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("pass" as const), ms: fc.nat(20 * minute) }),
      fc.record({ do: fc.constant("set" as const), ms: fc.integer({ min: -2 * day, max: 2 * day }) }),
      fc.record({ do: fc.constant("start" as const), ms: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const [ledger, clock] = [Ledger.open(":memory:"), new ScriptedClock(begin)];
        let [time, passedMs] = [started(ledger, clock), 0];
        const policy = { ...POLICY, limits: limitsOf({ "tokens/hour": 100 }) };
        const throttle = new Throttle(policy);
        throttle.book({ ...BOOKING, atMs: time.now() });
        let lastMs = time.now();
        for (const { do: what, ms } of steps) {
          if (what === "pass") clock.pass(ms);
          else if (what === "set") clock.set(ms);
          else time = started(ledger, clock);
          if (what === "pass") passedMs += ms;
          const nowMs = time.now();
          expect(nowMs).toBeGreaterThanOrEqual(what === "start" ? 0 : lastMs);
          lastMs = nowMs;
          const used = throttle.standings(nowMs)[0]?.used;
          if (passedMs < hour - 2_000) expect(used).toBe(100);
        }
        ledger.close();
      }),
      { numRuns: 100 },
    );
  });

  it("F25 the product says so, and goes by the time that really passed", async () => {
    const state = join(await testFolder(), "state");
    const run = async (shiftMs: number, ...args: string[]) => {
      const shifted = new URL("support/shifted-clock.mjs", import.meta.url).href;
      const env = { ...TEST_ENV, HOME: state, TERM: "dumb", TZ: "UTC", TEST_CLOCK_SHIFT_MS: String(shiftMs) };
      const argv = ["--import", shifted, join(productFolder(), "ctm.cjs"), "--state-dir", state, ...args];
      return (await execa(process.execPath, argv, { extendEnv: false, env })).stdout;
    };
    await run(0, "add", "before");
    expect(await run(0, "status")).not.toContain("CLOCK");
    expect(await run(day + minute, "status")).toContain("CLOCK: it was set forward by 1d00h");
    await run(day, "add", "after");
    const tasks: { createdAtMs: number }[] = JSON.parse(await run(day, "--json", "tasks"));
    const [before = 0, after = 0] = tasks.map(({ createdAtMs }) => createdAtMs);
    expect(after - before).toBeGreaterThanOrEqual(0);
    expect(after - before).toBeLessThan(day / 2);
  });
});

describe("F26 the zone of the calendar", () => {
  it("F26 another zone opens no window early, however often it is changed", () => {
    const ledger = emptyLedger();
    const newYork = keptCalendar(ledger, "America/New_York", begin);
    const open = newYork.bounds("day", begin);
    // Tokyo's day ends hours before New York's: what was used stays in the window until New York's has ended.
    const tokyo = keptCalendar(ledger, "Asia/Tokyo", begin);
    expect(tokyo.bounds("day", begin)).toEqual(open);
    expect(keptCalendar(ledger, "Asia/Tokyo", begin + hour).bounds("day", begin + hour)).toEqual(open);
    const back = keptCalendar(ledger, "America/New_York", begin + 2 * hour);
    expect(back.bounds("day", begin + 2 * hour)).toEqual(open);
    expect(back.bounds("day", open.endMs)).toEqual(newYork.bounds("day", open.endMs));
  });

  it("a setting that nobody of ours wrote is passed over", () => {
    const ledger = emptyLedger();
    for (const text of ["", "{", "null", '{"zone":5}', '{"zone":"UTC","carried":{"day":{"startMs":"x"}}}']) {
      ledger.settings.set("calendar", text);
      ledger.settings.set("clock", text);
      expect(keptCalendar(ledger, "UTC", begin).carried).toEqual({});
      expect(openLedgerTime(ledger, new ScriptedClock(begin)).now()).toBe(begin);
    }
  });
});

const POLICY = {
  timeZone: "UTC",
  criticalHeadroomPercent: 0,
  pauseAt: null,
  hardStop: false,
  oversized: "run" as const,
  countSimulated: true,
};
const BOOKING = {
  subject: { worker: "w1", agent: "claude", model: null },
  spend: { tokens: 100, nanoUsd: 0 },
  attemptId: null,
  simulated: false,
};
