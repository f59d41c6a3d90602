/** What the views are assembled from, over a ledger with a history that a test can reckon by hand. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rehearsalAdapter } from "../../src/agents/rehearsal.ts";
import { loadConfig, type Config } from "../../src/config.ts";
import { priceTable } from "../../src/metering/prices.ts";
import { NO_USAGE, type Usage, type UsageRecord } from "../../src/metering/usage.ts";
import type { OverviewSources } from "../../src/overview/sources.ts";
import type { Outcome, TaskDraft } from "../../src/tasks/task.ts";
import type { RaiseInForce } from "../../src/throttle/limit-changes.ts";
import { DEFAULT_LIMITS, parseLimitId } from "../../src/throttle/limits.ts";
import type { ThrottlePolicy } from "../../src/throttle/throttle.ts";
import { Worker } from "../../src/workers/worker.ts";
import { EngineBench, traitsOf } from "./engine-bench.ts";
import { ScriptedTerminal } from "./scripted-terminal.ts";
import { workerRecordOf } from "./worker-bench.ts";

export const DONE: Outcome = { kind: "completed", exitCode: null, answer: "done" };
const NAMES = ["concurrent_worker1", "concurrent_worker2", "concurrent_worker3"];

export class OverviewBench {
  readonly bench: EngineBench;
  readonly workers: Worker[];
  readonly sources: OverviewSources;
  raises: RaiseInForce[] = [];
  notices: string[] = [];
  storageFault: string | null = null;
  startedAtMs: number | null;
  readonly #folder: string;
  #responses = 0;

  private constructor(config: Config, folder: string, policy: Partial<ThrottlePolicy>, agent: string) {
    this.#folder = folder;
    this.bench = new EngineBench({
      workers: NAMES.map((name) => `${name}:${agent}`),
      policy: { limits: DEFAULT_LIMITS, ...policy },
    });
    this.startedAtMs = this.bench.nowMs - 42 * 60_000;
    const { terminal } = new ScriptedTerminal();
    this.workers = NAMES.map((name) => {
      const worker = new Worker(
        workerRecordOf({ name, session: name, agent }),
        rehearsalAdapter,
        terminal,
        () => undefined,
      );
      worker.become({ name: "idle", sinceMs: this.bench.nowMs }, "signal", "Stop: the turn ended");
      return worker;
    });
    const { bench } = this;
    const own = (): this => this;
    this.sources = {
      config,
      ledger: bench.ledger,
      throttle: bench.throttle,
      prices: priceTable("flat-2025"),
      workers: () => this.workers,
      raises: () => this.raises,
      traits: traitsOf,
      get startedAtMs() {
        return own().startedAtMs;
      },
      auto: () => bench.engine.auto,
      notices: () => this.notices,
      storageFault: () => this.storageFault,
      now: () => bench.nowMs,
    };
  }

  static async open(policy: Partial<ThrottlePolicy> = {}, agent = "claude"): Promise<OverviewBench> {
    const folder = mkdtempSync(join(tmpdir(), "ctm-overview-"));
    const config = await loadConfig({ env: { HOME: folder }, cwd: folder });
    return new OverviewBench(config, folder, policy, agent);
  }

  close(): void {
    for (const worker of this.workers) worker.leave();
    this.bench.close();
    rmSync(this.#folder, { recursive: true });
  }

  worker(n: 1 | 2 | 3): Worker {
    const worker = this.workers[n - 1];
    if (worker === undefined) throw new Error(`there is no worker ${n}`);
    return worker;
  }

  /** Another limit beside those that are there, as a person sets it. */
  limit(id: string, amount: number | null): void {
    const { throttle } = this.bench;
    throttle.setLimits([...throttle.limits, { ...parseLimitId(id), form: "rolling", amount }]);
  }

  /** One task from its start to its end on a worker. `durationMs` passes while it runs. */
  async task(
    n: 1 | 2 | 3,
    used: Partial<Usage> | null,
    change: { outcome?: Outcome; model?: string; durationMs?: number; draft?: Partial<TaskDraft> } = {},
  ): Promise<number> {
    const { outcome = DONE, model = "claude-sonnet-4-5", durationMs = 0, draft = {} } = change;
    const order = await this.bench.running("work", { worker: NAMES[n - 1] ?? null, ...draft });
    this.bench.nowMs += durationMs;
    const records = used === null ? null : [this.#response({ ...NO_USAGE, ...used }, model)];
    this.bench.distributor.ended(order.attemptId, outcome, records);
    return order.task.id;
  }

  /** The twelve tasks of the documents: 48,523 tokens on three workers, all Sonnet. */
  async documentHistory(): Promise<void> {
    const shares: [1 | 2 | 3, number, number][] = [
      [1, 4, 15_234],
      [2, 5, 18_542],
      [3, 3, 14_747],
    ];
    for (const [worker, tasks, tokens] of shares) {
      for (let n = 0; n < tasks; n += 1) {
        const share = Math.floor(tokens / tasks) + (n === 0 ? tokens % tasks : 0);
        const outputTokens = Math.floor(share / 4);
        await this.task(
          worker,
          { inputTokens: share - outputTokens, outputTokens },
          { durationMs: 10_000 + n },
        );
      }
    }
  }

  #response(usage: Usage, model: string): UsageRecord {
    const key = `r${(this.#responses += 1)}`;
    return { key, model, usage, atMs: null, sessionId: "s-1", cliVersion: null, flags: [] };
  }
}
