import { appendFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AgentAdapter } from "../src/agents/adapter.ts";
import { rehearsalAdapter } from "../src/agents/rehearsal.ts";
import { ContextKeeper, type ContextKeeperParts } from "../src/context-keeper.ts";
import { FactBus } from "../src/events/bus.ts";
import { NO_USAGE, type UsageRecord } from "../src/metering/usage.ts";
import type { WorkerPool, PoolListener } from "../src/workers/pool.ts";
import { EngineBench } from "./support/engine-bench.ts";
import { departmentLike, memberLike, rosterLike } from "./support/rosters.ts";
import { rehearsalScreen } from "./support/scripted-terminal.ts";
import { WorkerBench } from "./support/worker-bench.ts";

const WORKER = "concurrent_worker1";
const roster = rosterLike({
  departments: [departmentLike("frontend", { coordinator: "boss" })],
  members: [memberLike("coder", { name: "Coder" }), memberLike("boss"), memberLike("other")],
});
const { compactLine: _line, ...noCompactLine } = rehearsalAdapter.traits;
const cannotCompact: AgentAdapter = { ...rehearsalAdapter, traits: noCompactLine };

/** A worker whose agent has answered a task of the coder's, with a keeper that listens. */
class Bench {
  readonly house = new EngineBench({ workers: [WORKER] });
  readonly facts: string[] = [];
  readonly troubles: string[] = [];
  readonly workers: WorkerBench;
  readonly #context: ContextKeeperParts["context"];
  keeper!: ContextKeeper;
  attemptId = "";
  #requests = 0;

  constructor(context: ContextKeeperParts["context"] = "keep", adapter?: AgentAdapter) {
    this.workers = new WorkerBench({}, adapter);
    this.#context = context;
  }

  async begin(): Promise<this> {
    await this.workers.idle();
    const { attemptId } = await this.house.running("work", { as: "coder" });
    this.attemptId = attemptId;
    this.workers.worker.remember({ lastAttempt: attemptId });
    this.terminal.mark = attemptId;
    this.appendTurn();
    this.start();
    return this;
  }

  /** The manager's part, as after a start of its process. */
  start(): void {
    const listeners: PoolListener[] = [];
    const bus = new FactBus();
    bus.subscribe((fact) => fact.kind === "context" && this.facts.push(fact.event));
    const { worker } = this.workers;
    this.workers.onNews = (from, news) => listeners.forEach((listener) => listener(from, news));
    this.keeper = new ContextKeeper({
      ...{ roster, bus, context: this.#context, ledger: this.house.ledger, kept: this.house.kept },
      pool: {
        all: () => [worker],
        onNews: (listener) => listeners.push(listener),
      } as Partial<WorkerPool> as WorkerPool,
      now: () => this.house.nowMs,
      trouble: (error) => this.troubles.push(String(error)),
    });
  }

  async restart(): Promise<void> {
    this.keeper.close();
    this.worker.withhold(null);
    this.worker.freshNext = false;
    this.start();
    await this.keeper.restore();
  }

  get worker(): WorkerBench["worker"] {
    return this.workers.worker;
  }

  get terminal(): WorkerBench["terminal"] {
    return this.workers.terminal;
  }

  /** What was typed to compact. */
  get typed(): readonly string[] {
    return this.terminal.texts;
  }

  stage(): string | undefined {
    return this.house.ledger.contexts.all()[0]?.stage;
  }

  /** The agent sends a request with so much context, for the task in hand. */
  async sends(tokens: number, attemptId = this.attemptId, sessionId = "s1"): Promise<void> {
    const record: UsageRecord = {
      ...{ key: `r${(this.#requests += 1)}`, model: "sonnet", usage: { ...NO_USAGE, inputTokens: tokens } },
      ...{ atMs: null, sessionId, cliVersion: null, flags: [] },
    };
    this.worker.tell({ kind: "used", attemptId, records: [record] });
    await this.settled();
  }

  /** Time passes, and what is due is looked at. */
  async pass(ms = 0): Promise<void> {
    this.house.nowMs += ms;
    await this.keeper.sweep();
    await this.settled();
  }

  appendTurn(): void {
    this.append({ type: "rehearsal-turn", answer: "done" });
  }

  appendCompaction(): void {
    this.append({ type: "rehearsal-compacted" });
  }

  async settled(): Promise<void> {
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  close(): void {
    this.keeper.close();
    this.workers.close();
    this.house.close();
  }

  private append(line: object): void {
    appendFileSync(this.workers.recordPath, `${JSON.stringify(line)}\n`);
  }
}

let opened: Bench[];
beforeEach(() => {
  opened = [];
});
afterEach(() => {
  for (const bench of opened) bench.close();
});

async function benchOf(...args: ConstructorParameters<typeof Bench>): Promise<Bench> {
  const bench = new Bench(...args);
  opened.push(bench);
  return bench.begin();
}

/** Over its budget, with everything in the way that `change` puts there. */
async function full(change: (bench: Bench) => void = () => undefined): Promise<Bench> {
  const bench = await benchOf();
  change(bench);
  await bench.sends(32_000);
  return bench;
}

describe("levels", () => {
  it("are told once each: at 80 % the coordinator, at 100 % level 3", async () => {
    const bench = await benchOf();
    const { ledger } = bench.house;
    await bench.sends(25_599);
    expect([bench.facts, bench.stage()]).toEqual([[], undefined]);
    await bench.sends(25_600);
    await bench.sends(31_999);
    expect([bench.facts, bench.stage(), bench.worker.free]).toEqual([["near"], "warned", true]);
    expect(ledger.contexts.notesFor("boss").map(({ text }) => text)).toEqual([
      "Agent Coder approaching context limit (task 1, context 25,600 of 32,000 tokens)",
    ]);
    await bench.sends(32_000);
    await bench.sends(40_000);
    expect(bench.facts).toEqual(["near", "full"]);
    expect(ledger.contexts.notesFor("boss")).toHaveLength(2);
    expect(ledger.escalations.ofTask(1)).toMatchObject([
      { level: 3, member: "boss", reason: "its context is full: context 32,000 of 32,000 tokens" },
    ]);
    expect([ledger.contexts.count("near", null, 0), ledger.contexts.count("full", null, 0)]).toEqual([1, 1]);
  });

  it("are told anew in another conversation, and when the same one has become small", async () => {
    const bench = await benchOf();
    await bench.sends(26_000);
    await bench.sends(9_000);
    await bench.sends(26_000);
    bench.worker.remember({ sessionId: "s2" });
    await bench.sends(27_000, bench.attemptId, "s2");
    expect(bench.facts).toEqual(["near", "below", "near", "below", "near"]);
  });

  it("are not those of another's task, of a subagent's session, or of a request seen before", async () => {
    const bench = await benchOf();
    await bench.sends(40_000, "nobody's attempt");
    await bench.sends(40_000, bench.attemptId, "a subagent's");
    expect(bench.facts).toEqual([]);
  });

  it("are over with a compaction of the agent's own, which is booked as one", async () => {
    const bench = await benchOf();
    await bench.sends(26_000);
    bench.appendCompaction();
    await bench.sends(5_000);
    expect(bench.facts).toEqual(["near", "compacted"]);
    expect(bench.house.ledger.contexts.count("compacted", ["coder"], 0)).toBe(1);
  });
});

describe("a conversation over its budget", () => {
  it("is compacted once, and its worker takes no task until that stands in its record", async () => {
    const bench = await full();
    expect([bench.worker.free, bench.worker.withheld]).toEqual([
      false,
      "Agent Coder reached its context limit (32,000 of 32,000 tokens): it compacts its conversation before it takes a task",
    ]);
    await bench.pass();
    await bench.pass(6_000);
    expect(bench.typed).toEqual([`${bench.attemptId}: /compact`]);
    expect([bench.stage(), bench.worker.free]).toEqual(["asked", false]);
    bench.appendCompaction();
    await bench.pass();
    expect([bench.stage(), bench.worker.free, bench.facts.at(-1)]).toEqual([undefined, true, "compacted"]);
    expect(bench.typed).toHaveLength(1);
  });

  it("is not told again and again without a pause while the typing is refused", async () => {
    const bench = await full(({ terminal }) => (terminal.answerResult = "refused"));
    await bench.pass();
    await bench.pass();
    const tries = bench.workers.told("changed").filter(({ because }) => because.endsWith("now"));
    expect(tries).toHaveLength(2);
  });

  it("is left alone while its agent has a turn in hand", async () => {
    const bench = await benchOf();
    await bench.workers.accepted({ id: bench.attemptId });
    await bench.sends(32_000);
    await bench.pass();
    expect([bench.typed, bench.stage()]).toEqual([[], "due"]);
  });

  it.each<[string, (bench: Bench) => void, (bench: Bench) => void]>([
    [
      "a draft stands in the composer",
      ({ terminal }) => (terminal.screen = rehearsalScreen("idle", { composer: "my own thought" })),
      ({ terminal }) => (terminal.screen = rehearsalScreen("idle")),
    ],
    [
      "a person is at the keyboard",
      ({ terminal }) => (terminal.personAtKeyboard = true),
      ({ terminal }) => (terminal.personAtKeyboard = false),
    ],
    [
      "dispatch is paused",
      ({ house }) => house.ledger.settings.set("paused", "by a person"),
      ({ house }) => house.ledger.settings.set("paused", null),
    ],
    [
      "something else was typed",
      ({ terminal }) => (terminal.mark = "another"),
      (bench) => (bench.terminal.mark = bench.attemptId),
    ],
    [
      "the typing is refused",
      ({ terminal }) => (terminal.answerResult = "refused"),
      ({ terminal }) => (terminal.answerResult = "typed"),
    ],
  ])("is not told to while %s, and is when that is over", async (_, putInTheWay, takeAway) => {
    const bench = await full(putInTheWay);
    await bench.pass();
    await bench.pass(120_000);
    expect([bench.typed, bench.stage(), bench.worker.free]).toEqual([[], "due", false]);
    takeAway(bench);
    await bench.pass();
    expect([bench.typed, bench.stage()]).toEqual([[`${bench.attemptId}: /compact`], "asked"]);
    expect(bench.troubles).toEqual([]);
  });

  it("is left for a new one when it was not compacted within a minute of idleness", async () => {
    const bench = await full();
    await bench.pass();
    await bench.pass(59_999);
    expect([bench.stage(), bench.worker.freshNext]).toEqual(["asked", false]);
    // Still at it, however long.
    bench.terminal.screen = rehearsalScreen("busy");
    await bench.pass(60_000);
    expect(bench.stage()).toBe("asked");
    bench.terminal.screen = rehearsalScreen("idle");
    await bench.pass();
    expect([bench.stage(), bench.worker.freshNext, bench.worker.free]).toEqual(["fresh", true, true]);
    expect(bench.troubles).toEqual([
      expect.stringContaining("was told to compact its conversation and did not"),
    ]);
    // Its next task has begun another one.
    bench.worker.remember({ sessionId: "s2" });
    await bench.sends(2_000, bench.attemptId, "s2");
    expect([bench.stage(), bench.worker.freshNext, bench.facts.at(-1)]).toEqual([
      undefined,
      false,
      "renewed",
    ]);
  });

  it.each<[string, ConstructorParameters<typeof Bench>]>([
    ["its agent cannot compact", ["keep", cannotCompact]],
    ["each task begins a new one anyway", ["fresh"]],
  ])("is left for a new one at once where %s", async (_, args) => {
    const bench = await benchOf(...args);
    await bench.sends(32_000);
    await bench.pass();
    expect([bench.stage(), bench.worker.freshNext, bench.worker.free]).toEqual(["fresh", true, true]);
    expect([bench.typed, bench.facts]).toEqual([[], ["near", "full"]]);
  });
});

describe("after a start", () => {
  it("what was due stays due, and is typed once", async () => {
    const bench = await full((one) => (one.terminal.personAtKeyboard = true));
    await bench.pass();
    await bench.restart();
    expect([bench.stage(), bench.worker.free]).toEqual(["due", false]);
    bench.terminal.personAtKeyboard = false;
    await bench.pass();
    expect(bench.typed).toHaveLength(1);
    expect(bench.facts).toEqual(["near", "full"]);
  });

  it("what was written down and not typed is typed; what was typed is not typed again", async () => {
    const bench = await full();
    await bench.pass();
    // The pane still shows the mark that was written down: the keys never came.
    await bench.restart();
    expect(bench.stage()).toBe("due");
    await bench.pass();
    expect([bench.typed.length, bench.stage()]).toEqual([2, "asked"]);
    bench.terminal.mark = `${bench.attemptId}.1`;
    await bench.restart();
    await bench.pass();
    expect([bench.typed.length, bench.stage(), bench.worker.free]).toEqual([2, "asked", false]);
    bench.appendCompaction();
    await bench.pass();
    expect([bench.stage(), bench.worker.free]).toEqual([undefined, true]);
  });

  it("nothing is left of a conversation that is not there any more", async () => {
    const bench = await full();
    bench.worker.remember({ sessionId: "s2" });
    await bench.restart();
    expect([bench.stage(), bench.worker.free, bench.worker.freshNext]).toEqual([undefined, true, false]);
  });

  it("one that is to be left is left", async () => {
    const bench = await benchOf("keep", cannotCompact);
    await bench.sends(32_000);
    await bench.restart();
    expect([bench.stage(), bench.worker.freshNext]).toEqual(["fresh", true]);
  });
});
