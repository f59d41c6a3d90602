/**
 * Hours of a manager with five workers, broken at random again and again: memory, descriptors and the database's
 * write-ahead log stay flat, and at the end everything adds up. Only with CTM_SOAK_MINUTES; it prints what it measured.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { violations } from "../support/invariants.ts";
import { Product, type ManagerProcess, type TaskSeen } from "../support/product.ts";
import { generator } from "../support/random.ts";
import { waitFor } from "../support/wait-for.ts";

const MINUTES = Number(process.env["CTM_SOAK_MINUTES"] ?? 0);
const SEED = Number(process.env["CTM_TEST_SEED"] ?? Date.now() % 2 ** 31);
/** Time between faults. The manager that is measured lives this long, and as often. */
const faultEveryMs = 60_000;
const measureEveryMs = 5_000;
/** Tasks that wait at any time: the manager always has something to do, and its queue does not grow. */
const waitingTasks = 20;
const workers = 5;
/** A manager that was just started grows into its size: that is no leak. */
const grownAfterMs = 30_000;

/** Faults of a minute, each with how it is done to the manager of that minute. */
const FAULTS = [
  "kill -9",
  "stopped for seconds",
  "an agent is killed",
  "a pane is closed",
  "the control client is killed",
  "the tmux server is killed",
  "asked to leave",
] as const;

interface Sample {
  /** Hours since the soak began. */
  readonly atHours: number;
  /** Milliseconds that this manager lives. */
  readonly livesMs: number;
  readonly rssMib: number;
  readonly descriptors: number;
  readonly walMib: number;
}

describe.skipIf(MINUTES === 0)(`F36 a soak of ${MINUTES} minutes (CTM_SOAK_MINUTES)`, () => {
  it("leaves memory, descriptors and the log flat, and every sum right", {
    timeout: MINUTES * 60_000 + 600_000,
  }, async () => {
    const random = generator(SEED);
    const soak = new Soak(random);
    console.log(`seed ${SEED}`);
    try {
      await soak.run(MINUTES * 60_000);
      expect(await soak.drained()).toEqual([]);
      const report = soak.report();
      // 16 MiB between the first and the last sample are more than the garbage collector's mood explains.
      expect(report.slopes.rssMib, "MiB of memory an hour").toBeLessThan(960 / MINUTES);
      expect(report.slopes.descriptors, "descriptors an hour").toBeLessThan(120 / MINUTES);
      expect(report.walMaxMib, "MiB of write-ahead log").toBeLessThan(16);
    } finally {
      // Also of one that was cut short: an hour's figures are not to be lost with it.
      console.log(soak.report().text);
      await soak.end();
    }
  });
});

class Soak {
  readonly #ctm = new Product({ recorded: true, workers });
  readonly #random: () => number;
  readonly #samples: Sample[] = [];
  readonly #done = new Map<string, number>();
  readonly #startedMs = Date.now();
  #added = 0;
  #managerSinceMs = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  async run(lengthMs: number): Promise<void> {
    // No limit is to end it early: a hundred thousand tokens of a worker are used within minutes here.
    const none = { tokens: { hour: null, day: null }, cost: { hour: null, day: null, month: null } };
    this.#ctm.configure(`limits: ${JSON.stringify({ global: none, worker: none })}`);
    let manager = await this.#start();
    while (Date.now() - this.#startedMs < lengthMs) {
      await this.#workFor(manager, Math.min(faultEveryMs, lengthMs));
      manager = await this.#breakIt(manager);
    }
  }

  async #start(): Promise<ManagerProcess> {
    const manager = await this.#ctm.serve();
    this.#managerSinceMs = Date.now();
    return manager;
  }

  /** Keeps the queue filled, answers what asks, and measures. */
  async #workFor(manager: ManagerProcess, lengthMs: number): Promise<void> {
    for (const endMs = Date.now() + lengthMs; Date.now() < endMs; ) {
      await this.#tend();
      this.#measure(manager.pid);
      await new Promise((resolve) => setTimeout(resolve, measureEveryMs));
    }
  }

  async #tend(): Promise<void> {
    const open = await this.#open();
    for (const task of open) await this.#help(task).catch(() => undefined);
    for (let n = open.length; n < waitingTasks; n += 1) {
      this.#added += 1;
      const kind = this.#random();
      const more = kind < 0.1 ? " [[ask:May I?]]" : kind < 0.15 ? " [[err:invalid]]" : "";
      const delayMs = Math.floor(this.#random() * 1_500);
      await this.#ctm.tell(`Fix ${this.#added}${more} [[delay:${delayMs}]] [[in:500]] [[out:100]]`, {
        type: "coding",
        key: `soak-${this.#added}`,
      });
    }
  }

  async #open(): Promise<TaskSeen[]> {
    await this.#ctm.ask("resume", {}, null);
    const tasks = await this.#ctm.ask<TaskSeen[]>("tasks", { limit: 200, state: null }, null);
    return tasks.filter(({ state }) => !/completed|failed|cancelled|lost/.test(state.name));
  }

  async #help({ id, state }: TaskSeen): Promise<void> {
    if (state.name !== "needs-input") return;
    if (state.question === "May I?") await this.#ctm.ask("answer", { worker: state.worker, text: "1" }, null);
    else await this.#ctm.ask("cancel", { ids: [id] }, null);
  }

  async #breakIt(manager: ManagerProcess): Promise<ManagerProcess> {
    const fault = FAULTS[Math.floor(this.#random() * FAULTS.length)] ?? "kill -9";
    this.#done.set(fault, (this.#done.get(fault) ?? 0) + 1);
    const panes = await this.#ctm.panes();
    const pane = panes[Math.floor(this.#random() * panes.length)];
    switch (fault) {
      case "kill -9":
        await manager.kill9();
        return this.#start();
      case "asked to leave":
        await manager.stop();
        return this.#start();
      case "stopped for seconds":
        manager.child.kill("SIGSTOP");
        await new Promise((resolve) => setTimeout(resolve, 3_000));
        manager.child.kill("SIGCONT");
        return manager;
      case "an agent is killed":
        if (pane !== undefined) process.kill(pane.pid, "SIGKILL");
        return manager;
      case "a pane is closed":
        if (pane !== undefined) await this.#ctm.tmux("kill-pane", "-t", pane.paneId);
        return manager;
      case "the control client is killed": {
        const [pid = ""] = (await this.#ctm.tmux("list-clients", "-F", "#{client_pid}")).split("\n");
        if (/^\d+$/.test(pid)) process.kill(Number(pid), "SIGKILL");
        return manager;
      }
      case "the tmux server is killed":
        await this.#ctm.tmux("kill-server");
        return manager;
      default:
        return fault satisfies never;
    }
  }

  #measure(pid: number): void {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const wal = statSync(join(this.#ctm.state, "ledger.sqlite-wal"), { throwIfNoEntry: false });
    this.#samples.push({
      atHours: (Date.now() - this.#startedMs) / 3_600_000,
      livesMs: Date.now() - this.#managerSinceMs,
      rssMib: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024,
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      walMib: (wal?.size ?? 0) / 1024 ** 2,
    });
  }

  /** Everything that waits comes to its end; what is wrong then. */
  async drained(): Promise<string[]> {
    await waitFor(
      "all tasks to end",
      async () => {
        const open = await this.#open();
        for (const task of open) await this.#help(task).catch(() => undefined);
        return open.length === 0;
      },
      180_000,
    );
    return violations(this.#ctm);
  }

  report(): {
    readonly text: string;
    readonly slopes: { readonly rssMib: number; readonly descriptors: number };
    readonly walMaxMib: number;
  } {
    const grown = this.#samples.filter(({ livesMs }) => livesMs > grownAfterMs);
    const slopes = { rssMib: slope(grown, "rssMib"), descriptors: slope(grown, "descriptors") };
    const walMaxMib = Math.max(...this.#samples.map(({ walMib }) => walMib));
    const range = (of: "rssMib" | "descriptors" | "walMib"): string => {
      const values = grown.map((sample) => sample[of]);
      return `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
    };
    const faults = [...this.#done].map(([fault, times]) => `${fault} ${times}`).join(", ");
    const text = [
      `soak of ${MINUTES} minutes, ${workers} workers, seed ${SEED}: ${this.#added} tasks, ${grown.length} samples`,
      `faults: ${faults}`,
      `memory      ${range("rssMib")} MiB, slope ${slopes.rssMib.toFixed(2)} MiB/h`,
      `descriptors ${range("descriptors")}, slope ${slopes.descriptors.toFixed(2)}/h`,
      `wal         ${range("walMib")} MiB, at most ${walMaxMib.toFixed(1)} MiB`,
    ].join("\n");
    return { text, slopes, walMaxMib };
  }

  end(): Promise<void> {
    return this.#ctm.end();
  }
}

/** Slope of the least-squares line through the samples, per hour. */
function slope(samples: readonly Sample[], of: "rssMib" | "descriptors"): number {
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const [x, y] = [mean(samples.map(({ atHours }) => atHours)), mean(samples.map((sample) => sample[of]))];
  const over = samples.reduce((sum, sample) => sum + (sample.atHours - x) * (sample[of] - y), 0);
  const under = samples.reduce((sum, { atHours }) => sum + (atHours - x) ** 2, 0);
  return under === 0 ? 0 : over / under;
}
