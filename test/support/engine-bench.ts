/** An engine on a real ledger and a real throttle, with a scripted distributor and a clock of its own. */
import { AccountBook } from "../../src/account-book.ts";
import type { DelegationDesk } from "../../src/delegation-desk.ts";
import { Engine, type EngineParts } from "../../src/engine.ts";
import { FactBus } from "../../src/events/bus.ts";
import type { Fact } from "../../src/events/facts.ts";
import { attemptOf, Ledger } from "../../src/ledger/ledger.ts";
import { priceTable } from "../../src/metering/prices.ts";
import { NO_USAGE, type UsageRecord } from "../../src/metering/usage.ts";
import { KeptWrites } from "../../src/kept-writes.ts";
import { durableRows } from "../../src/durable-rows.ts";
import type { Roster } from "../../src/roster/roster.ts";
import type { Task, TaskDraft, TaskStateName } from "../../src/tasks/task.ts";
import { defaultForm, parseLimitId, type Limit } from "../../src/throttle/limits.ts";
import { Throttle, type ThrottlePolicy } from "../../src/throttle/throttle.ts";
import { assignmentOf, draftOf } from "./drafts.ts";
import { ScriptedDistributor, settled, type PendingOrder } from "./scripted-distributor.ts";

export const MODEL_USD_PER_MILLION = 3;

export interface BenchOptions {
  /** Names and amounts in tokens or nano-dollars, e.g. `{ "tokens/hour": 1_000 }`. */
  readonly limits?: Readonly<Record<string, number>>;
  readonly workers?: readonly string[];
  readonly policy?: Partial<ThrottlePolicy>;
  readonly ledgerFile?: string;
  /** Begins the ids of its attempts: where several benches share a ledger. */
  readonly attempts?: string;
  /** The real delegation and its prices, instead of texts that say what they reserve. */
  desk?(ledger: Ledger): Desk;
  readonly roster?: Roster;
}

type Desk = Pick<DelegationDesk, "delegate" | "prices">;

const SAID_IN_TEXT: Desk = {
  prices: priceTable("flat-2025"),
  delegate: (draft) => {
    const reserveTokens = draft.agent === "shell" ? 0 : reservedIn(draft.text);
    return assignmentOf({
      agent: draft.agent ?? "claude",
      model: draft.model ?? (draft.agent === "shell" ? null : "sonnet"),
      member: draft.as === null ? null : { id: draft.as, preamble: null, worker: null },
      reserveTokens,
      reserveNanoUsd: reserveTokens * MODEL_USD_PER_MILLION * 1_000,
    });
  },
};

export function limitsOf(amounts: Readonly<Record<string, number>>): Limit[] {
  return Object.entries(amounts).map(([name, amount]) => {
    const key = parseLimitId(name);
    return { ...key, form: defaultForm(key.window), amount };
  });
}

/** A task whose text says what it reserves, e.g. "400 for the first": 400 tokens; else 100. */
function reservedIn(text: string): number {
  return Number(/^(\d+) /.exec(text)?.[1] ?? 100);
}

export class EngineBench {
  readonly distributor: ScriptedDistributor;
  readonly facts: Fact[] = [];
  /** Faults of the storage, and their ends (null), as they were told. */
  readonly faults: (string | null)[] = [];
  readonly troubles: unknown[] = [];
  readonly policy: ThrottlePolicy;
  kept: KeptWrites;
  /** Made by the constructor, and anew after a crash. */
  accounts!: AccountBook;
  autoResume = true;
  reservePercent = 0;
  /** The account of a worker whose name it is not: each has its agent's own. */
  readonly accountOfWorker = new Map<string, string>();
  readonly #file: string;
  nowMs = Date.parse("2026-02-13T10:00:00Z");
  ledger: Ledger;
  throttle: Throttle;
  engine: Engine;
  #attempts = 0;
  readonly #attemptIds: string;
  readonly #desk: Desk;
  readonly #roster: Roster | null;

  constructor({
    limits = {},
    workers = ["w1", "w2"],
    policy = {},
    ledgerFile = ":memory:",
    attempts = "a",
    desk = () => SAID_IN_TEXT,
    roster,
  }: BenchOptions = {}) {
    this.#roster = roster ?? null;
    this.#attemptIds = attempts;
    this.#file = ledgerFile;
    this.distributor = new ScriptedDistributor(...workers);
    this.policy = {
      limits: limitsOf(limits),
      timeZone: "UTC",
      criticalHeadroomPercent: 5,
      pauseAt: null,
      hardStop: false,
      oversized: "run",
      countSimulated: false,
      ...policy,
    };
    this.ledger = Ledger.open(ledgerFile);
    this.#desk = desk(this.ledger);
    this.throttle = new Throttle(this.policy);
    this.kept = this.#newKept();
    this.engine = this.#newEngine();
  }

  #newKept(): KeptWrites {
    return new KeptWrites({
      commit: (act) => this.ledger.commit(act),
      sync: () => this.ledger.sync(),
      syncNow: () => this.ledger.syncNow(),
      probe: () => this.ledger.probe(this.nowMs),
      changed: (fault) => {
        this.faults.push(fault?.message ?? null);
        if (fault === null) this.engine.pump();
      },
      trouble: (error) => this.troubles.push(error),
    });
  }

  #newEngine(): Engine {
    this.accounts = new AccountBook({
      ledger: this.ledger,
      now: () => this.nowMs,
      reservePercent: () => this.reservePercent,
      freed: (account, byPerson) => this.engine.resumeParked(byPerson ? account : null),
    });
    const bus = new FactBus();
    bus.subscribe((fact) => this.facts.push(fact));
    const parts: EngineParts = {
      ledger: this.ledger,
      throttle: this.throttle,
      distributor: this.distributor,
      bus,
      delegate: (draft) => this.#desk.delegate(draft),
      traits: traitsOf,
      entryRules: { prices: this.#desk.prices, countCacheReads: false },
      oversized: this.policy.oversized,
      kept: this.kept,
      accounts: this.accounts,
      accountOf: (worker) => this.accountOf(worker),
      autoResume: this.autoResume,
      roster: this.#roster,
      now: () => this.nowMs,
      newAttemptId: () => `${this.#attemptIds}${(this.#attempts += 1)}`,
    };
    return new Engine(parts);
  }

  accountOf(name: string): string {
    const worker = this.distributor.workers.find((candidate) => candidate.name === name);
    return this.accountOfWorker.get(name) ?? worker?.agent ?? "";
  }

  /** The manager dies and starts again: nothing in memory survives, not even orders under way. */
  crash(): void {
    this.accounts.close();
    this.engine.close();
    this.kept.close();
    this.distributor.orders.splice(0);
    if (this.#file !== ":memory:") {
      this.ledger.close();
      this.ledger = Ledger.open(this.#file);
    }
    const limits = this.throttle.limits;
    this.throttle = new Throttle({ ...this.policy, limits });
    const rows = durableRows(this.ledger, this.throttle.needs(this.nowMs), traitsOf);
    this.throttle.restore(rows, this.nowMs);
    this.kept = this.#newKept();
    this.engine = this.#newEngine();
  }

  close(): void {
    this.accounts.close();
    this.engine.close();
    this.kept.close();
    this.ledger.close();
  }

  add(text: string, change: Partial<TaskDraft> = {}): number {
    const [added] = this.engine.submit([draftOf(text, change)]);
    if (added === undefined) throw new Error("nothing was added");
    return added.task.id;
  }

  task(id: number): Task {
    return this.ledger.task(id);
  }

  state(id: number): TaskStateName {
    return this.task(id).state.name;
  }

  states(): TaskStateName[] {
    const everything = { states: null, type: null, worker: null, containing: null, limit: 10_000 };
    return this.ledger.tasks.list(everything).map((task) => task.state.name);
  }

  attempt(id: number): string {
    return attemptOf(this.task(id));
  }

  /** One pass; returns the tasks it sent. */
  async pass(): Promise<number[]> {
    const before = this.distributor.sent.length;
    await this.engine.distribute();
    return this.distributor.sent.slice(before);
  }

  /** A task on its worker: reserved, then as far as asked. */
  async sent(text = "work", change: Partial<TaskDraft> = {}): Promise<PendingOrder> {
    const id = this.add(text, change);
    await this.pass();
    const order = this.distributor.orders.find(({ task }) => task.id === id);
    if (order === undefined) throw new Error(`task ${id} was not sent`);
    return order;
  }

  async running(text = "work", change: Partial<TaskDraft> = {}): Promise<PendingOrder> {
    const order = await this.sent(text, change);
    order.intend();
    await order.typed();
    this.distributor.accepted(order.attemptId);
    return order;
  }

  /** Tokens used and held of one limit. */
  standing(limitId: string): { used: number; held: number } {
    const found = this.throttle.standings(this.nowMs).find((row) => row.limitId === limitId);
    if (found === undefined) throw new Error(`no limit ${limitId} stands`);
    return { used: found.used, held: found.held };
  }

  moves(id: number): string[] {
    return this.ledger.moves(id).map(({ to }) => to);
  }

  factsOf<K extends Fact["kind"]>(kind: K): Extract<Fact, { kind: K }>[] {
    return this.facts.filter((fact): fact is Extract<Fact, { kind: K }> => fact.kind === kind);
  }

  async settled(): Promise<void> {
    await settled();
    await settled();
  }
}

export function traitsOf(agent: string): { readonly spends: boolean; readonly simulated: boolean } {
  return { spends: agent !== "shell", simulated: agent === "rehearsal" };
}

/** A response of so many tokens, half of them output. */
export function recordOf(
  key: string,
  tokens: number,
  model: string | null = "claude-sonnet-4-5",
): UsageRecord {
  const outputTokens = Math.floor(tokens / 2);
  return {
    key,
    model,
    usage: { ...NO_USAGE, inputTokens: tokens - outputTokens, outputTokens },
    atMs: null,
    sessionId: "s-1",
    cliVersion: null,
    flags: [],
  };
}
