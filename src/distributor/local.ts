/** The distributor of this machine: tmux workers of our own and adopted ones. */
import { CtmError } from "../base/errors.ts";
import type { Task } from "../tasks/task.ts";
import type { Delivery } from "../workers/delivery.ts";
import type { WorkerPool } from "../workers/pool.ts";
import type { PaneIdentity } from "../workers/tmux/pane-identity.ts";
import type { Worker } from "../workers/worker.ts";
import type { WorkerNews } from "../workers/worker-news.ts";
import { chooseWorkers } from "./choose-worker.ts";
import { resumeAttempt, type ResumeResult } from "../workers/resuming.ts";
import type {
  DispatchOrder,
  DispatchResult,
  Distributor,
  ResumeOrder,
  WorkerOffer,
  WorkerReport,
} from "./distributor.ts";

/** How long an interrupted agent may take to be seen to stop before it is pressed again, and then before its process is ended. */
const interruptWithinMs = 10_000;
/** So often a cancelled agent that works on is interrupted once more: a press may be lost where it was just drawing. */
const pressesAgainMax = 1;

/** Between two presses of one interrupt. */
const betweenPressesMs = 250;
/** So often an agent at its task's cap is interrupted before a person is told that it goes on. */
const haltPressesMax = 3;
/** What an attempt that waited at its cap is told. */
const afterCapWords = "Please continue where you stopped.";

export interface LocalParts {
  readonly pool: WorkerPool;
  readonly delivery: Delivery;
  /** Grows with what a worker has booked: evens the load. */
  loadOf(worker: string): number;
  /** What an attempt that waited for its account is told. */
  readonly resumeWords: string;
}

export class LocalDistributor implements Distributor {
  readonly #parts: LocalParts;
  #listener: (report: WorkerReport) => void = () => undefined;

  constructor(parts: LocalParts) {
    this.#parts = parts;
    parts.pool.onNews((worker, news) => this.#translate(worker, news));
  }

  onReport(listener: (report: WorkerReport) => void): void {
    this.#listener = listener;
  }

  freeCount(): number {
    return this.#parts.pool.all().filter((worker) => worker.free).length;
  }

  offers(task: Task): readonly WorkerOffer[] {
    const free = this.#parts.pool.all().filter((worker) => worker.free);
    return chooseWorkers(
      task,
      free.map(({ name, record, refusedLast }) => ({
        worker: name,
        agent: record.agent,
        model: record.model,
        adopted: record.adopted,
        cwd: record.cwd,
        lastType: record.lastType,
        lastCwd: record.lastCwd,
        load: this.#parts.loadOf(name),
        refusedLast,
      })),
    );
  }

  dispatch(order: DispatchOrder): Promise<DispatchResult> {
    return this.#parts.delivery.deliver(this.#parts.pool.find(order.worker), order);
  }

  async resume({ worker: name, attemptId, insist, intend }: ResumeOrder): Promise<ResumeResult> {
    const worker = this.#parts.pool.all().find((candidate) => candidate.name === name);
    if (worker === undefined) return { kind: "over" };
    return resumeAttempt(worker, {
      attemptId,
      insist,
      intend,
      words: worker.attempt?.capped === true ? afterCapWords : this.#parts.resumeWords,
      writeFile: (file) => this.#parts.delivery.writeFile(worker, file),
      awaitAcceptance: (attempt, settleMs) => this.#parts.delivery.awaitAcceptance(worker, attempt, settleMs),
    });
  }

  async halt(name: string, attemptId: string): Promise<void> {
    const worker = this.#parts.pool.all().find((candidate) => candidate.name === name);
    if (worker === undefined || worker.attempt?.id !== attemptId) return;
    worker.halted();
    await this.#pressUntilHalted(worker, attemptId, haltPressesMax);
  }

  async #pressUntilHalted(worker: Worker, attemptId: string, presses: number): Promise<void> {
    const { attempt, pane } = worker;
    if (attempt?.id !== attemptId || !attempt.capped || pane === null) return;
    if (!(await this.#works(worker))) return;
    if (presses === 0)
      throw new CtmError("refused", `${worker.name} does not stop when interrupted, at its task's cap`);
    await pressInterrupt(worker, pane);
    await new Promise((resolve) => setTimeout(resolve, interruptWithinMs).unref());
    await this.#pressUntilHalted(worker, attemptId, presses - 1);
  }

  async interrupt(name: string, attemptId: string): Promise<void> {
    const worker = this.#parts.pool.all().find((candidate) => candidate.name === name);
    const attempt = worker?.attempt;
    if (worker === undefined || attempt === null || attempt === undefined || attempt.id !== attemptId) {
      throw new CtmError("illegal-move", `${name} does not have this attempt in hand any more`);
    }
    const again = attempt.cancelling;
    attempt.cancelling = true;
    if (attempt.phase === "parked") {
      // No turn runs that could be interrupted; what its agent still promises is waved away.
      if (worker.pane !== null) await pressInterrupt(worker, worker.pane);
      await worker.end({ kind: "cancelled" }, "typing", "cancelled while its account was parked");
      return;
    }
    if (attempt.phase === "preparing" || worker.pane === null) return;
    // Pressed twice, the key means something else to some agents: first it is seen whether the first one did it.
    if (again) await this.#parts.pool.look(worker);
    if (worker.attempt?.id !== attemptId) return;
    if (!again || (await this.#works(worker))) {
      await pressInterrupt(worker, worker.pane);
    }
    this.#watchStubborn(worker, attemptId, pressesAgainMax);
    await this.#parts.pool.look(worker);
  }

  #watchStubborn(worker: Worker, attemptId: string, presses: number): void {
    const act = () => void this.#endStubborn(worker, attemptId, presses).catch(() => undefined);
    setTimeout(act, interruptWithinMs).unref();
  }

  /** Does its screen show anything else than a composer that waits? */
  async #works({ pane, adapter, terminal }: Worker): Promise<boolean> {
    if (pane === null) return false;
    const { state } = adapter.readScreen(await terminal.capture(pane));
    return state === "busy" || state === "dialog" || state === "unknown";
  }

  /**
   * An agent that did not stop when interrupted is interrupted again while it works; then its session is ended, and an
   * adopted one left to the person.
   */
  async #endStubborn(worker: Worker, attemptId: string, presses: number): Promise<void> {
    if (worker.attempt?.id !== attemptId) return;
    await this.#parts.pool.look(worker);
    if (worker.attempt?.id !== attemptId) return;
    if (presses > 0 && worker.pane !== null && (await this.#works(worker))) {
      await pressInterrupt(worker, worker.pane);
      this.#watchStubborn(worker, attemptId, presses - 1);
      return;
    }
    if (worker.record.adopted)
      worker.asks("it does not stop when interrupted", "screen", "still busy after the interrupt");
    else await this.#parts.pool.restart(worker);
  }

  #translate(worker: Worker, news: WorkerNews): void {
    const name = worker.name;
    switch (news.kind) {
      case "changed":
        if (worker.free) this.#listener({ kind: "free", worker: name });
        return;
      case "accepted":
        this.#listener({ ...news, worker: name });
        return;
      case "asks":
        if (news.attemptId !== null)
          this.#listener({ kind: "asks", worker: name, attemptId: news.attemptId, question: news.question });
        return;
      case "answered":
        this.#listener({ ...news, worker: name });
        return;
      case "ended":
        this.#listener({ ...news, worker: name });
        if (worker.free) this.#listener({ kind: "free", worker: name });
        return;
      case "used":
      case "tested":
      case "windows":
      case "foreign-usage":
        this.#listener({ ...news, worker: name });
        return;
      case "limited":
        this.#listener({ ...news, worker: name });
        return;
      case "saved":
        return;
      default:
        news satisfies never;
    }
  }
}

/** Some agents want their key twice, and take two that come as one burst for something else. */
async function pressInterrupt({ terminal, adapter }: Worker, pane: PaneIdentity): Promise<void> {
  const { interruptKey, interruptPresses = 1 } = adapter.traits;
  for (let press = 1; press <= interruptPresses; press += 1) {
    if (press > 1) await new Promise((resolve) => setTimeout(resolve, betweenPressesMs).unref());
    await terminal.sendKey(pane, interruptKey);
  }
}
