import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { AlertDesk } from "../src/alert-desk.ts";
import type { Channel, Delivered, Delivery } from "../src/channels/channel.ts";
import { loadConfig, type Config } from "../src/config.ts";
import { FactBus } from "../src/events/bus.ts";
import type { Fact } from "../src/events/facts.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { renderAlerts } from "../src/reports/alerts.ts";
import { wide80 } from "./support/papers.ts";

const seed = Number(process.env["CTM_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const NOW = Date.parse("2026-02-11T12:00:00Z");
const { alerts } = await loadConfig({ env: { HOME: "/nowhere" }, cwd: "/" });

interface Bench {
  readonly desk: AlertDesk;
  readonly bus: FactBus;
  readonly sent: { channel: string; delivery: Delivery; atMs: number }[];
  readonly trouble: unknown[];
  /** Time passes, and what is due goes. */
  pass(ms: number): Promise<void>;
  /** The process dies, and another one takes over. */
  dies(): void;
  answer: Delivered | "never";
  ledger: Ledger;
}

const open: (() => void)[] = [];
afterEach(() => open.splice(0).forEach((close) => close()));

const kept = {
  fault: null,
  keep: (write: () => void) => write(),
  orThrow: <T>(write: () => T) => write(),
};

function bench(names: readonly string[], change: Partial<Config["alerts"]> = {}): Bench {
  const ledger = Ledger.open(":memory:");
  const sent: Bench["sent"] = [];
  const trouble: unknown[] = [];
  let nowMs = NOW;
  let ids = 0;
  const channel = (name: string): Channel => ({
    ...{ name, from: name === "loud" ? "critical" : "info", place: name, attemptsMax: 3 },
    deliver: async (delivery) => {
      sent.push({ channel: name, delivery, atMs: nowMs });
      return made.answer === "never" ? new Promise<never>(() => undefined) : made.answer;
    },
  });
  const begin = (): { desk: AlertDesk; bus: FactBus } => {
    const bus = new FactBus();
    const desk = new AlertDesk({
      ...{ ledger, kept, config: { alerts: { ...alerts, ...change } } },
      channels: names.map(channel),
      monthNanoUsd: () => 720e9,
      now: () => nowMs,
      chance: () => 0,
      newId: () => `msg_${(ids += 1)}`,
      trouble: (error) => trouble.push(error),
    });
    desk.begin(bus);
    return { desk, bus };
  };
  const made: { -readonly [key in keyof Bench]: Bench[key] } = {
    ...{ sent, trouble, ledger, answer: { kind: "done" } },
    desk: undefined as never,
    bus: undefined as never,
    pass: async (ms) => {
      nowMs += ms;
      made.bus.publish({ kind: "storage-changed", atMs: nowMs, fault: null, ends: false });
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    },
    dies: () => {
      made.desk.close();
      Object.assign(made, begin());
    },
  };
  Object.assign(made, begin());
  open.push(() => (made.desk.close(), ledger.close()));
  return made;
}

const level = (limitId: string, to: "NONE" | "SOFT" | "HARD" | "CRITICAL"): Fact => ({
  kind: "level-changed",
  atMs: 0,
  limitId,
  from: "NONE",
  to,
});
const titles = ({ sent }: Bench): string[] =>
  sent.map(({ channel, delivery }) => `${channel}: ${delivery.title}`);
const states = ({ desk }: Bench): string[] =>
  desk
    .model()
    .alerts.flatMap(({ id, deliveries }) =>
      deliveries.map(({ channel, state }) => `${id} ${channel} ${state}`),
    );

describe("alerts", () => {
  it("that come together go together, the loudest first and at once", async () => {
    const b = bench(["hook", "loud"]);
    b.bus.publish(level("cost/hour", "SOFT"));
    b.bus.publish(level("cost/day", "HARD"));
    await b.pass(0);
    expect(titles(b)).toEqual([]);
    b.bus.publish(level("tokens/hour", "CRITICAL"));
    await b.pass(0);
    expect(titles(b).sort()).toEqual([
      "hook: limit tokens/hour is at CRITICAL and 2 more",
      "loud: limit tokens/hour is at CRITICAL",
    ]);
    expect(states(b)).toEqual(["3 hook sent", "3 loud sent", "2 hook merged", "1 hook merged"]);
  });

  it("go once for a cause, also when another manager takes over, and again after it was well", async () => {
    const b = bench(["hook"], { groupMs: 0, rearmMs: 1_000 });
    b.bus.publish(level("cost/hour", "SOFT"));
    await b.pass(0);
    b.dies();
    b.bus.publish(level("cost/hour", "SOFT"));
    await b.pass(10_000);
    expect(titles(b)).toHaveLength(1);
    b.bus.publish(level("cost/hour", "NONE"));
    b.bus.publish(level("cost/hour", "SOFT"));
    await b.pass(1_000);
    b.bus.publish(level("cost/hour", "NONE"));
    await b.pass(1_000);
    b.bus.publish(level("cost/hour", "SOFT"));
    await b.pass(0);
    expect(titles(b)).toHaveLength(2);
  });

  it("of a context budget come once near it and once over it, and again after there was room for a while", async () => {
    const b = bench(["hook"], { groupMs: 0, rearmMs: 1_000 });
    const context = (event: "near" | "full" | "compacted" | "below"): Fact => ({
      ...{ kind: "context", atMs: 0, event, worker: "w1", member: "coder", name: "Coder", taskId: 7 },
      ...{ tokens: 26_000, maxTokens: 32_000, told: "boss" },
    });
    const near = "hook: Agent Coder approaching context limit";
    const full = "hook: Agent Coder reached its context limit";
    const passing = async (...events: Parameters<typeof context>[0][]): Promise<string[]> => {
      for (const event of events) {
        b.bus.publish(context(event));
        await b.pass(0);
      }
      return titles(b);
    };
    expect(await passing("near", "full", "full")).toEqual([near, full]);
    expect(await passing("compacted", "near", "below")).toEqual([near, full]);
    await b.pass(1_001);
    expect(await passing("near")).toEqual([near, full, near]);
  });

  it("leave nothing behind of causes that were over long before a start", async () => {
    const b = bench(["hook"], { groupMs: 0, rearmMs: 1_000 });
    const moved = { kind: "task-moved", atMs: 0, taskId: 7, worker: null, reason: null } as const;
    const handedUp = { atMs: 0, taskId: 7, level: 3, member: null, reason: "stuck", by: "agent" } as const;
    b.bus.publish({ kind: "task-escalated", ...handedUp });
    b.bus.publish({ ...moved, from: "running", to: "completed" });
    await b.pass(1_000);
    b.dies();
    expect([...b.ledger.alerts.causes().keys()]).toEqual(["escalated #7"]);
    await b.pass(1);
    b.dies();
    expect([...b.ledger.alerts.causes().keys()]).toEqual([]);
  });

  it("that nobody took are tried again with the same id, given up at last, and tried afresh when told to", async () => {
    const b = bench(["hook"], { groupMs: 0 });
    b.answer = { kind: "failed", fault: "HTTP 500" };
    b.bus.publish(level("cost/hour", "HARD"));
    await b.pass(0);
    await b.pass(4_999);
    expect(b.sent).toHaveLength(1);
    // What comes meanwhile waits behind it.
    b.bus.publish(level("cost/day", "HARD"));
    await b.pass(1);
    await b.pass(10_000);
    expect(b.sent.map(({ delivery }) => delivery.id)).toEqual(["msg_1", "msg_1", "msg_1", "msg_2"]);
    expect(b.trouble).toEqual([expect.stringContaining("could not be delivered to hook: HTTP 500")]);
    expect(b.desk.model().channels).toMatchObject([{ dead: 1, fault: "HTTP 500" }]);
    expect(renderAlerts(b.desk.model(), wide80).join("\n")).toMatch(/1 given\s+up[^]*HTTP 500/);
    b.answer = { kind: "done" };
    b.desk.retry();
    await b.pass(20_000);
    expect(
      b.sent
        .map(({ delivery }) => delivery.id)
        .slice(4)
        .sort(),
    ).toEqual(["msg_1", "msg_2"]);
    expect(states(b)).toEqual(["2 hook sent", "1 hook sent"]);
  });

  it("that were under way when the process died go again with the same id", async () => {
    const b = bench(["hook"], { groupMs: 0 });
    b.answer = "never";
    b.bus.publish(level("cost/hour", "HARD"));
    await b.pass(0);
    b.answer = { kind: "done" };
    b.dies();
    await b.pass(0);
    expect(b.sent.map(({ delivery }) => delivery.id)).toEqual(["msg_1", "msg_1"]);
    expect(states(b)).toEqual(["1 hook sent"]);
  });

  it("are held at night, muted by a person, and not sent once they were seen", async () => {
    const b = bench(["hook"], { quietHours: { fromMinute: 11 * 60, toMinute: 13 * 60, timeZone: "UTC" } });
    b.bus.publish(level("cost/hour", "HARD"));
    b.bus.publish(level("cost/day", "HARD"));
    await b.pass(60_000);
    b.desk.mute({ untilMs: NOW + 120_000, all: false });
    b.dies();
    b.bus.publish(level("tokens/day", "HARD"));
    await b.pass(60_000);
    b.desk.acknowledge(1);
    expect(states(b)).toEqual(["3 hook muted", "2 hook held", "1 hook muted"]);
    expect(titles(b)).toEqual([]);
    await b.pass(3_600_000);
    expect(titles(b)).toEqual(["hook: limit cost/day is at HARD"]);
    expect(() => b.desk.acknowledge(9)).toThrow("there is no alert 9");
  });

  it("of a kind that is turned off, or of a channel that is gone, are not sent", async () => {
    const b = bench(["hook"], { about: { ...alerts.about, levels: false } });
    b.bus.publish(level("cost/hour", "HARD"));
    await b.pass(10_000);
    expect(b.desk.model().alerts).toEqual([]);
    b.ledger.alerts.compose({ id: "old", channel: "gone", body: "{}", attempts: 0, nextMs: 0 }, 1, [], NOW);
    b.dies();
    await b.pass(10_000);
    expect(titles(b)).toEqual([]);
  });

  it("that the disk takes no writes go at once, without a trace", async () => {
    const b = bench(["hook"]);
    b.bus.publish({ kind: "storage-changed", atMs: NOW, fault: "the disk is full", ends: false });
    await b.pass(0);
    expect(titles(b)).toEqual(["hook: nothing is dispatched: the database takes no writes"]);
    expect(b.desk.model().alerts).toEqual([]);
  });

  it("of findings that nobody was told of are told when a manager begins, those that are over forgotten", async () => {
    const b = bench(["hook"], { groupMs: 0 });
    const finding = { rule: "T2", subject: "x", evidence: "e", suggestion: "s" } as const;
    b.ledger.saveFindings([finding], NOW);
    b.dies();
    await b.pass(0);
    b.dies();
    await b.pass(0);
    expect(titles(b)).toEqual(["hook: T2: x"]);
    b.ledger.saveFindings([], NOW);
    b.dies();
    b.bus.publish({ kind: "finding-opened", atMs: NOW, ...finding });
    await b.pass(0);
    expect(titles(b)).toHaveLength(2);
  });

  it("can be tested past all that holds them back", async () => {
    const b = bench(["hook", "loud"]);
    b.desk.mute({ untilMs: NOW + 1_000, all: true });
    expect(await b.desk.test(null)).toMatchObject([{ channel: "hook", fault: null }, { channel: "loud" }]);
    b.answer = { kind: "failed", fault: "HTTP 500" };
    expect(await b.desk.test("hook")).toEqual([{ channel: "hook", place: "hook", fault: "HTTP 500" }]);
    await expect(b.desk.test("hok")).rejects.toThrow("did you mean hook?");
  });

  it("fit 80 columns", async () => {
    const b = bench(["hook", "loud"], { quietHours: { fromMinute: 1, toMinute: 2, timeZone: "UTC" } });
    b.bus.publish({ kind: "worker-asks", atMs: NOW, worker: "w1", question: "Drop it? ".repeat(40) });
    b.desk.mute({ untilMs: NOW + 1_000, all: true });
    const lines = renderAlerts(b.desk.model(), { ...wide80, nowMs: NOW });
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines[0]).toContain("quiet 00:01-00:02  muted until 12:00");
  });
});

it(`whatever happens, each alert ends in one state a channel, and what was delivered twice has the same id (seed ${seed})`, async () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("level" as const),
      limit: fc.nat(3),
      to: fc.constantFrom("NONE", "SOFT", "HARD", "CRITICAL"),
    }),
    fc.record({
      kind: fc.constant("pass" as const),
      ms: fc.constantFrom(0, 1_000, 60_000, 3_600_000, 20 * 3_600_000),
    }),
    fc.record({ kind: fc.constantFrom("dies" as const, "retry" as const, "mute" as const, "see" as const) }),
    fc.record({ kind: fc.constant("answer" as const), to: fc.constantFrom("done", "failed", "never") }),
  );
  const runs = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    const b = bench(["hook", "loud"], {
      quietHours: { fromMinute: 22 * 60, toMinute: 7 * 60, timeZone: "UTC" },
    });
    for (const one of steps) {
      if (one.kind === "level")
        b.bus.publish(level(["cost/hour", "cost/day", "tokens/hour", "tokens/day"][one.limit] ?? "", one.to));
      if (one.kind === "pass") await b.pass(one.ms);
      if (one.kind === "dies") b.dies();
      if (one.kind === "retry") b.desk.retry();
      if (one.kind === "mute") b.desk.mute({ untilMs: NOW + 7_200_000, all: false });
      if (one.kind === "see" && b.desk.model().alerts.length > 0) b.desk.acknowledge(1);
      if (one.kind === "answer")
        b.answer =
          one.to === "never"
            ? "never"
            : one.to === "done"
              ? { kind: "done" }
              : { kind: "failed", fault: "no" };
    }
    b.answer = { kind: "done" };
    b.dies();
    for (let hours = 0; hours < 30; hours += 1) await b.pass(3_600_000);
    expect(b.trouble.filter((error) => typeof error !== "string")).toEqual([]);
    for (const { severity, deliveries } of b.desk.model().alerts) {
      const channels = deliveries.map(({ channel }) => channel).join(" ");
      expect(channels).toBe(severity === "critical" ? "hook loud" : "hook");
      for (const { state } of deliveries) expect(["sent", "merged", "muted", "dead"]).toContain(state);
    }
    // An alert is carried by one message of a channel, however often that was tried.
    const carriers = new Map<string, string>();
    for (const { channel, delivery } of b.sent)
      for (const { id } of (JSON.parse(delivery.json) as { data: { alerts: { id: number }[] } }).data
        .alerts) {
        const before = carriers.get(`${channel} ${id}`);
        expect(before ?? delivery.id).toBe(delivery.id);
        carriers.set(`${channel} ${id}`, delivery.id);
      }
  });
  await fc.assert(runs, { numRuns: 25, seed });
});
