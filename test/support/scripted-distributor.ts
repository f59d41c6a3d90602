/**
 * A distributor that does what a test says: who is free, how a dispatch ends, what a worker reports. It keeps the
 * rules of a real one (a worker has one attempt in hand; an end makes it free) and decides nothing.
 */
import type {
  DispatchOrder,
  DispatchResult,
  Distributor,
  ResumeOrder,
  WorkerOffer,
  WorkerReport,
} from "../../src/distributor/distributor.ts";
import type { Intent } from "../../src/ledger/attempt-rows.ts";
import type { UsageRecord } from "../../src/metering/usage.ts";
import type { Outcome, Task } from "../../src/tasks/task.ts";
import type { ParkReason } from "../../src/throttle/account-parking.ts";
import type { ResumeResult } from "../../src/workers/resuming.ts";

export interface ScriptedWorker {
  readonly name: string;
  readonly agent: string;
  readonly model: string | null;
  /** The attempt it has in hand. */
  attemptId: string | null;
}

/** One dispatch under way: a test commits its intent and ends it. */
export interface PendingOrder extends Pick<DispatchOrder, "task" | "attemptId" | "worker"> {
  /** At once, or with what else happens in this turn. */
  intend(): void;
  /** The same; resolves once it is on the disk. */
  intended(): Promise<void>;
  typed(): Promise<void>;
  notTyped(reason: string): Promise<void>;
  uncertain(reason: string): Promise<void>;
  breaks(error: Error): Promise<void>;
}

function intentOf(attemptId: string): Intent {
  return {
    attemptId,
    launchId: "launch-1",
    pane: "{}",
    previousAttempt: "",
    textSha256: "00",
    sessionId: null,
    recordPath: null,
  };
}

export class ScriptedDistributor implements Distributor {
  readonly workers: ScriptedWorker[];
  /** Dispatches that have not ended, oldest first. */
  readonly orders: PendingOrder[] = [];
  /** Ids of the tasks handed to workers, in order. */
  readonly sent: number[] = [];
  readonly interrupted: string[] = [];
  /** Attempts stopped at their cap, in order. */
  readonly halted: string[] = [];
  /** Attempts told to go on, in order; what each is answered, "told" where nothing is said. */
  readonly resumed: string[] = [];
  /** Of each of these: was its agent's promise to go on by itself to be waved away? */
  readonly insisted: boolean[] = [];
  readonly resumeResults: ResumeResult[] = [];
  /** How often it was asked who may take a task. */
  asked = 0;
  /** What an interrupt throws, or null. */
  interruptFails: Error | null = null;
  #listener: (report: WorkerReport) => void = () => undefined;

  /** `w1` = claude with sonnet; `w1:shell` = another agent, without a model; `w1:claude:any` = with each task's own. */
  constructor(...workers: readonly string[]) {
    this.workers = workers.map((text) => {
      const [name = "", agent = "claude", model = agent === "shell" ? null : "sonnet"] = text.split(":");
      return { name, agent, model, attemptId: null };
    });
  }

  onReport(listener: (report: WorkerReport) => void): void {
    this.#listener = listener;
  }

  freeCount(): number {
    return this.workers.filter(({ attemptId }) => attemptId === null).length;
  }

  offers(task: Task): readonly WorkerOffer[] {
    this.asked += 1;
    return this.workers
      .filter(({ attemptId }) => attemptId === null)
      .filter(({ name, agent }) =>
        task.draft.worker === null ? agent === task.assignment.agent : name === task.draft.worker,
      )
      .map(({ name, agent, model }) => ({
        worker: name,
        agent,
        model: model === "any" ? task.assignment.model : model,
        because: "free",
      }));
  }

  dispatch(order: DispatchOrder): Promise<DispatchResult> {
    const worker = this.worker(order.worker);
    if (worker.attemptId !== null) throw new Error(`${worker.name} was given two attempts at once`);
    worker.attemptId = order.attemptId;
    this.sent.push(order.task.id);
    return new Promise((resolve, reject) => {
      const { task, attemptId } = order;
      const end = async (settle: () => void): Promise<void> => {
        this.orders.splice(this.orders.indexOf(pending), 1);
        settle();
        await settled();
      };
      const pending: PendingOrder = {
        task,
        attemptId,
        worker: order.worker,
        intend: () => void order.intend(intentOf(attemptId)),
        intended: async () => order.intend(intentOf(attemptId)),
        typed: () => end(() => resolve({ kind: "typed" })),
        notTyped: (reason) =>
          end(() => {
            worker.attemptId = null;
            resolve({ kind: "not-typed", reason });
          }),
        uncertain: (reason) => end(() => resolve({ kind: "uncertain", reason })),
        breaks: (error) =>
          end(() => {
            worker.attemptId = null;
            reject(error);
          }),
      };
      this.orders.push(pending);
    });
  }

  async resume(order: ResumeOrder): Promise<ResumeResult> {
    this.resumed.push(order.attemptId);
    this.insisted.push(order.insist);
    const result = this.resumeResults.shift() ?? { kind: "told" };
    if (result.kind === "told") order.intend(order.attemptId);
    return result;
  }

  async halt(_worker: string, attemptId: string): Promise<void> {
    this.halted.push(attemptId);
  }

  async interrupt(_worker: string, attemptId: string): Promise<void> {
    if (this.interruptFails !== null) throw this.interruptFails;
    this.interrupted.push(attemptId);
  }

  worker(name: string): ScriptedWorker {
    const worker = this.workers.find((candidate) => candidate.name === name);
    if (worker === undefined) throw new Error(`there is no worker ${name}`);
    return worker;
  }

  /** The oldest dispatch under way. */
  get order(): PendingOrder {
    const [order] = this.orders;
    if (order === undefined) throw new Error("nothing is being dispatched");
    return order;
  }

  report(report: WorkerReport): void {
    this.#listener(report);
  }

  accepted(attemptId: string, sessionId = "s-1"): void {
    const worker = this.#holderOf(attemptId);
    this.report({ kind: "accepted", worker, attemptId, sessionId, recordPath: null });
  }

  asks(attemptId: string, question: string): void {
    this.report({ kind: "asks", worker: this.#holderOf(attemptId), attemptId, question });
  }

  limited(attemptId: string, reason: ParkReason): void {
    this.report({ kind: "limited", worker: this.#holderOf(attemptId), attemptId, reason });
  }

  used(attemptId: string, records: readonly UsageRecord[]): void {
    this.report({ kind: "used", worker: this.#holderOf(attemptId), attemptId, records });
  }

  /** An end, reported as a worker does: then it is free, and says so. */
  ended(attemptId: string, outcome: Outcome, records: readonly UsageRecord[] | null = []): void {
    const worker = this.#holderOf(attemptId);
    const holder = this.workers.find((candidate) => candidate.attemptId === attemptId);
    if (holder !== undefined) holder.attemptId = null;
    this.report({ kind: "ended", worker, attemptId, outcome, records });
    if (holder !== undefined) this.report({ kind: "free", worker });
  }

  #holderOf(attemptId: string): string {
    return this.workers.find((worker) => worker.attemptId === attemptId)?.name ?? "w1";
  }
}

/** Everything that follows from what has just happened has happened: no I/O is under way in these tests. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
