/**
 * The workers of this manager: found again at start, started, listened to, restarted with a bounded back-off,
 * adopted and let go. It routes what comes in (signals, closed windows, output) to the worker it concerns.
 */
import { join } from "node:path";
import type { AgentAdapter, Signal } from "../agents/adapter.ts";
import { CtmError } from "../base/errors.ts";
import { workersMax } from "../base/limits.ts";
import { ensurePrivateFolders } from "../ledger/state-folder.ts";
import type { WorkerRecord } from "../ledger/worker-rows.ts";
import type { Launching } from "./launching.ts";
import { LiveRecords } from "./live-records.ts";
import { OutputWatch } from "./output-watch.ts";
import { RestartPlan, type RestartRules } from "./restart-plan.ts";
import type { Terminal } from "./tmux/terminal.ts";
import { maySleep, sleptBefore } from "./sleeping.ts";
import { Worker } from "./worker.ts";
import type { WorkerNews } from "./worker-news.ts";

export type PoolListener = (worker: Worker, news: WorkerNews) => void;

export interface PoolParts {
  readonly launching: Launching;
  readonly restart: RestartRules;
  /** A worker sleeps after so long without work; left out or null = never. */
  readonly sleepAfterMs?: number | null;
  adapter(agent: string): AgentAdapter;
  /** The tmux server a worker sits on. Connected on first use. */
  terminal(record: Pick<WorkerRecord, "tmuxSocket" | "session">): Promise<Terminal>;
  /** Resolves when every signal of this launch that was written until now has been dealt with. */
  signalsRead(launchId: string): Promise<void>;
  /** Hears of what went wrong beside the way. */
  trouble(error: unknown): void;
  saved(record: WorkerRecord, news: { readonly typing: boolean }): void;
  removed(name: string): void;
}

export interface SpawnWish {
  readonly model: string | null;
  readonly cwd: string;
  /** Account its agent runs with; absent: the agent's own. */
  readonly account?: string;
}

/** Names the workers we start: concurrent_worker1, concurrent_worker2, … */
const NAME_PREFIX = "concurrent_worker";

export class WorkerPool {
  readonly #parts: PoolParts;
  readonly #workers = new Map<string, Worker>();
  readonly #watches = new Map<string, OutputWatch>();
  readonly #restarts: RestartPlan;
  readonly #listeners: PoolListener[] = [];
  /** Their end is awaited before they are started anew: nothing else may start them meanwhile. */
  readonly #restarting = new Set<Worker>();
  readonly #live: LiveRecords;
  #closed = false;

  constructor(parts: PoolParts) {
    this.#parts = parts;
    this.#restarts = new RestartPlan(parts.restart);
    this.#live = new LiveRecords({
      told: (worker, attemptId, records) => this.#hear(worker, { kind: "used", attemptId, records }),
      trouble: parts.trouble,
    });
  }

  onNews(listener: PoolListener): void {
    this.#listeners.push(listener);
  }

  all(): Worker[] {
    return [...this.#workers.values()];
  }

  /** The worker of this name: `concurrent_worker2`, `worker2` and `w2` are the same. CtmError `not-found`. */
  find(name: string): Worker {
    const short = /^(?:concurrent_worker|worker|w)(\d+)$/i.exec(name.trim());
    const worker =
      this.#workers.get(name) ??
      (short === null ? undefined : this.#workers.get(`${NAME_PREFIX}${short[1]}`));
    if (worker !== undefined) return worker;
    const known = [...this.#workers.keys()];
    throw new CtmError(
      "not-found",
      `there is no worker ${name}`,
      known.length === 0 ? ["No worker runs: `spawn` starts one."] : [`Workers: ${known.join(", ")}`],
    );
  }

  /** The account a worker's agent runs with; "" for one that is not here any more. */
  accountOf(name: string): string {
    return this.#workers.get(name)?.record.account ?? "";
  }

  // ── starting ────────────────────────────────────────────────────────────────────────────────────

  /** Takes a worker of before into the pool again: still in its pane, or dead. Returns whether it lives. */
  async restore(record: WorkerRecord): Promise<boolean> {
    const terminal = await this.#parts.terminal(record);
    const worker = this.#add(record, terminal);
    const known = worker.pane !== null && (await terminal.isAlive(worker.pane));
    if (!known && !(await this.#parts.launching.takeUp(worker))) {
      if (this.#sleepAfterMs === null || !sleptBefore(record)) return false;
      worker.fallsAsleep();
      this.#watch(worker);
      return true;
    }
    worker.foundAgain();
    this.#watch(worker);
    return true;
  }

  /** Starts a worker of before again whose agent was gone; an adopted one is let go. */
  async revive(name: string): Promise<void> {
    const worker = this.find(name);
    if (worker.record.adopted) this.#forget(worker);
    else await this.start(worker);
  }

  /** Starts workers of an agent kind under the next free names. CtmError `agent-missing` where it is not installed. */
  async spawn(agent: string, count: number, wish: SpawnWish): Promise<Worker[]> {
    if (this.#workers.size + count > workersMax) {
      throw new CtmError("refused", `${this.#workers.size} workers run; ${workersMax} at most`);
    }
    this.#parts.launching.requireProgram(agent, wish.cwd);
    const terminal = await this.#parts.terminal({ tmuxSocket: null, session: "" });
    const strays = await this.#strays(terminal);
    const spawned: Worker[] = [];
    for (let n = 0; n < count; n += 1) {
      const name = this.#freeName(strays);
      const worker = this.#add(newRecord(name, agent, wish), terminal);
      spawned.push(worker);
    }
    await Promise.all(spawned.map((worker) => this.start(worker)));
    return spawned;
  }

  /** Starts a worker's agent (again), where it was. */
  async start(worker: Worker): Promise<void> {
    const { model, cwd } = worker.record;
    await this.#parts.launching.launch(worker, { model, cwd, resumeSessionId: null });
    this.#watch(worker);
  }

  async restart(worker: Worker): Promise<void> {
    if (worker.record.adopted)
      throw new CtmError("refused", `${worker.name} was adopted: it is yours to restart, we never end it`);
    this.#restarting.add(worker);
    try {
      await worker.died("restarted by a person", null);
      await this.#parts.launching.stop(worker);
    } finally {
      this.#restarting.delete(worker);
    }
    this.#restarts.forget(worker.name);
    worker.remember({ draining: false });
    await this.start(worker);
  }

  /** Ends a worker (an adopted one is only let go) and takes it out of the pool. */
  async kill(worker: Worker): Promise<void> {
    this.#forget(worker);
    const { pane, record } = worker;
    if (record.adopted && record.launchDir !== null && pane !== null)
      await worker.terminal.unpipeAdopted(pane).catch(this.#parts.trouble);
    await worker.died(record.adopted ? "let go by a person" : "killed by a person", null);
    await this.#parts.launching.stop(worker);
    worker.leave();
  }

  /** Takes over a session a person started. It is typed into, never ended by us. */
  async adopt(record: WorkerRecord): Promise<Worker> {
    const known = this.all().find(
      (worker) => worker.record.session === record.session && worker.record.tmuxSocket === record.tmuxSocket,
    );
    if (known !== undefined)
      throw new CtmError("refused", `the session ${record.session} is ${known.name} already`);
    const worker = this.#add(
      { ...record, name: this.#workers.has(record.name) ? this.#freeName() : record.name },
      await this.#parts.terminal(record),
    );
    await this.#logAdopted(worker);
    worker.remember({});
    worker.become({ name: "starting", sinceMs: Date.now() }, "process", "adopted");
    this.#watch(worker);
    await this.look(worker);
    return worker;
  }

  /** Output of an adopted pane comes as events where no other log is in the way; else it is looked at now and then. */
  async #logAdopted(worker: Worker): Promise<void> {
    const { pane, record } = worker;
    if (pane === null || record.launchDir === null) return;
    ensurePrivateFolders([record.launchDir]);
    const piped = await worker.terminal.pipeAdopted(pane, join(record.launchDir, "output.log"));
    if (!piped) worker.remember({ launchDir: null });
  }

  /** The slow net behind the events: is its pane there, and does an adopted one show something new? */
  async sweep(): Promise<void> {
    for (const terminal of new Set(this.all().map((worker) => worker.terminal))) {
      await terminal.keepReachable();
      const workers = this.all().filter((worker) => worker.terminal === terminal);
      // All in one question: fifty idle workers are to cost no more than three.
      const alive = await terminal.stillThere(workers.flatMap(({ pane }) => pane ?? []));
      for (const worker of workers) {
        if (worker.pane === null || !alive.has(worker.pane)) await this.checkAlive(worker);
        if (!worker.signals) await this.look(worker);
        this.#live.heardOf(worker);
      }
    }
    for (const worker of this.all()) await this.#letSleep(worker);
  }

  get #sleepAfterMs(): number | null {
    return this.#parts.sleepAfterMs ?? null;
  }

  /** Stops the session of one that had nothing to do for long: not under a person's eyes, and not with a draft in it. */
  async #letSleep(worker: Worker): Promise<void> {
    const afterMs = this.#sleepAfterMs;
    const { pane } = worker;
    if (afterMs === null || pane === null || !maySleep(worker, afterMs, Date.now())) return;
    if (await worker.terminal.personActive(pane, Number.POSITIVE_INFINITY)) return;
    const { state } = worker.adapter.readScreen(await worker.terminal.capture(pane));
    if (state !== "idle" || !maySleep(worker, afterMs, Date.now())) return;
    // No task comes to it while its session is being ended.
    const because = "it falls asleep";
    worker.withhold(because);
    try {
      await this.#parts.launching.stop(worker);
      worker.fallsAsleep();
    } finally {
      // Another reason that came meanwhile stands.
      if (worker.withheld === because) worker.withhold(null);
    }
  }

  #add(record: WorkerRecord, terminal: Terminal): Worker {
    const worker: Worker = new Worker(record, this.#parts.adapter(record.agent), terminal, (from, news) =>
      this.#hear(from, news),
    );
    this.#workers.set(record.name, worker);
    return worker;
  }

  /**
   * Sessions of ours that no worker has: of a ledger that a backup took the place of, or of a start that was killed.
   * What runs there is told and left alone: an agent may be at work.
   */
  async #strays(terminal: Terminal): Promise<ReadonlySet<string>> {
    const sessions = (await terminal.listPanes()).map(({ session }) => session);
    const strays = sessions.filter((name) => name.startsWith(NAME_PREFIX) && !this.#workers.has(name));
    for (const name of strays)
      this.#parts.trouble(
        new Error(`the tmux session ${name} belongs to no worker of this ledger, and is left alone`),
      );
    return new Set(strays);
  }

  #freeName(taken: ReadonlySet<string> = new Set()): string {
    for (let n = 1; ; n += 1) {
      const name = `${NAME_PREFIX}${n}`;
      if (!this.#workers.has(name) && !taken.has(name)) return name;
    }
  }

  #forget(worker: Worker): void {
    this.#workers.delete(worker.name);
    this.#live.forget(worker);
    this.#watches.get(worker.name)?.close();
    this.#watches.delete(worker.name);
    this.#restarts.forget(worker.name);
    this.#parts.removed(worker.name);
  }

  // ── what comes in ───────────────────────────────────────────────────────────────────────────────

  /** A signal from the spool goes to the worker of its launch. False: one of an older launch concerns nobody. */
  async signal(signal: Signal): Promise<boolean> {
    const worker = this.all().find(({ record }) => record.launchId === signal.launchId);
    if (worker === undefined) return false;
    await worker.hear(signal);
    this.#live.heardOf(worker);
    return true;
  }

  /** A window was closed on this server: whose pane is gone? */
  async windowClosed(terminal: Terminal): Promise<void> {
    for (const worker of this.all()) {
      if (worker.terminal === terminal) await this.checkAlive(worker);
    }
  }

  /** The tmux server is gone, and every pane with it. */
  async serverGone(terminal: Terminal): Promise<void> {
    const there = this.all().filter((worker) => worker.terminal === terminal);
    await Promise.all(
      there.map(async (worker) => {
        await this.#lastWordsOf(worker);
        await worker.died("its tmux server ended", null);
      }),
    );
  }

  /**
   * Is its pane still there, with the same process? If not it is dead. How its agent ended was written before the pane
   * closed, if the agent ended by itself: it is read before the pane's end counts as the whole story.
   */
  async checkAlive(worker: Worker): Promise<void> {
    const { pane } = worker;
    if (pane === null || worker.state.name === "dead") return;
    if (await worker.terminal.isAlive(pane)) return;
    await this.#lastWordsOf(worker);
    if (worker.pane === pane) await worker.died("its pane was closed", null);
  }

  async #lastWordsOf({ record: { launchId } }: Worker): Promise<void> {
    if (launchId !== null) await this.#parts.signalsRead(launchId);
  }

  /** One look at the screen, where signals may be silent: at a start, at a question, at an adopted session. */
  async look(worker: Worker): Promise<void> {
    const { pane } = worker;
    if (pane === null || worker.state.name === "dead") return;
    await worker.look(worker.adapter.readScreen(await worker.terminal.capture(pane)));
  }

  #watch(worker: Worker): void {
    this.#watches.get(worker.name)?.close();
    this.#watches.set(
      worker.name,
      new OutputWatch(worker, {
        onQuiet: () => this.look(worker),
        onOutput: () => this.#live.heardOf(worker),
      }),
    );
  }

  /** Started anew for a task (another model or folder), its agent prints into another log. */
  #followNewStart(worker: Worker): void {
    const watch = this.#watches.get(worker.name);
    if (watch !== undefined && worker.pane !== null && watch.dir !== worker.record.launchDir)
      this.#watch(worker);
  }

  /** The output log of a worker, for `output`. */
  watchOf(worker: Worker): OutputWatch {
    const watch = this.#watches.get(worker.name);
    if (watch === undefined) throw new CtmError("not-found", `${worker.name} has printed nothing yet`);
    return watch;
  }

  #hear(worker: Worker, news: WorkerNews): void {
    if (news.kind === "saved") {
      if (this.#workers.get(worker.name) !== worker) return;
      this.#parts.saved(worker.record, news);
      this.#followNewStart(worker);
      return;
    }
    if (news.kind === "changed" && worker.state.name === "dead") this.#planRestart(worker);
    // An end by death is no work done: its restart stays planned, and the row of deaths goes on.
    if (news.kind === "ended" && worker.state.name !== "dead") this.#restarts.forget(worker.name);
    for (const listener of this.#listeners) listener(worker, news);
  }

  /** A worker that died by itself is started again: spaced, and not for ever. */
  #planRestart(worker: Worker): void {
    if (
      this.#closed ||
      worker.record.adopted ||
      worker.record.draining ||
      this.#restarting.has(worker) ||
      this.#workers.get(worker.name) !== worker
    )
      return;
    const delayMs = this.#restarts.plan(worker.name, async () => {
      if (this.#closed || worker.state.name !== "dead" || this.#workers.get(worker.name) !== worker) return;
      const before = worker.state;
      try {
        // An end of its agent that failed may have left a session under its name.
        if (worker.pane === null) await this.#parts.launching.stop(worker);
        await this.start(worker);
      } catch (error) {
        // A start that failed has told and counted itself as one more death.
        if (worker.state !== before) return;
        this.#parts.trouble(error);
        this.#planRestart(worker);
      }
    });
    if (delayMs !== null) {
      worker.startsAgainAt(Date.now() + delayMs);
      return;
    }
    worker.startsAgainAt(null);
    const deaths = this.#restarts.deaths(worker.name) + 1;
    const why = worker.state.name === "dead" ? worker.state.reason : "";
    this.#parts.trouble(
      new Error(`${worker.name} died ${deaths} times in a row and stays dead until \`restart\`: ${why}`),
    );
  }

  /** Stops listening. The workers go on in their panes. */
  close(): void {
    this.#closed = true;
    this.#restarts.close();
    this.#live.close();
    for (const watch of this.#watches.values()) watch.close();
    for (const worker of this.all()) worker.leave();
  }
}

function newRecord(name: string, agent: string, wish: SpawnWish): WorkerRecord {
  return {
    name,
    agent,
    model: wish.model,
    cwd: wish.cwd,
    adopted: false,
    tmuxSocket: null,
    session: name,
    pane: null,
    launchId: null,
    launchDir: null,
    sessionId: null,
    recordPath: null,
    lastAttempt: "",
    lastType: null,
    lastCwd: null,
    draining: false,
    foreground: null,
    account: wish.account ?? agent,
  };
}
