/**
 * Attempts whose account was parked go on when it is free again: in turn, some seconds apart, each told once. Nothing
 * is told while a person has paused the dispatch or switched this off, nor where the agent goes on by itself.
 */
import type { AccountBook } from "./account-book.ts";
import type { Distributor } from "./distributor/distributor.ts";
import { attemptOf, type Ledger } from "./ledger/ledger.ts";
import type { Task } from "./tasks/task.ts";
import { resumeAtMs } from "./throttle/account-parking.ts";

export interface ResumptionParts {
  readonly ledger: Ledger;
  readonly accounts: AccountBook;
  readonly distributor: Distributor;
  readonly autoResume: boolean;
  now(): number;
  paused(): boolean;
  accountOf(worker: string): string;
  /** The attempt works again: its task leaves the parked state. */
  goesOn(task: Task, because: string): void;
  trouble(error: unknown): void;
}

/** How long what is in the way (a person, a screen, the agent's own promise) is left alone before the next look. */
const againMs = 60_000;
/** So many looks an agent that promised to go on by itself is waited for. */
const patienceLooks = 3;

export class Resumption {
  readonly #parts: ResumptionParts;
  /** When each parked attempt is told, and how often it was looked at in vain. */
  readonly #planned = new Map<string, { timer: NodeJS.Timeout; looks: number }>();
  #closed = false;

  constructor(parts: ResumptionParts) {
    this.#parts = parts;
  }

  /** Looks which parked attempts may go on, and plans each of them once. */
  plan(): void {
    this.#plan(null);
  }

  /** A person says that this account is free: what its agents promised to do by themselves is waited for no more. */
  planNow(account: string): void {
    this.#forgetPlans();
    this.#plan(account);
  }

  #plan(freed: string | null): void {
    const { ledger, accounts, accountOf, now } = this.#parts;
    const turns = new Map<string, number>();
    for (const task of ledger.tasks.open()) {
      if (task.state.name !== "parked" || !this.#mayTell(attemptOf(task))) continue;
      const account = accountOf(task.state.worker);
      const freeAtMs = accounts.freeAtMs(account);
      if (freeAtMs === null) continue;
      const turn = turns.get(account) ?? 0;
      turns.set(account, turn + 1);
      if (accounts.parkOf(account) === null && !this.#planned.has(attemptOf(task)))
        this.#planAt(
          task,
          this.#isReleased(attemptOf(task))
            ? now()
            : resumeAtMs(Math.max(freeAtMs, now()), turn, attemptOf(task)),
          account === freed ? patienceLooks : 0,
        );
    }
  }

  close(): void {
    this.#closed = true;
    this.#forgetPlans();
  }

  /** One at its task's cap waits for a person's word, and needs nothing else then. */
  #mayTell(attemptId: string): boolean {
    const { ledger, autoResume, paused } = this.#parts;
    const capState = ledger.attempts.capState(attemptId);
    return capState !== "held" && (autoResume || capState === "released") && !this.#closed && !paused();
  }

  #isReleased(attemptId: string): boolean {
    return this.#parts.ledger.attempts.capState(attemptId) === "released";
  }

  #planAt(task: Task, atMs: number, looks: number): void {
    const attemptId = attemptOf(task);
    const delayMs = Math.max(1, Math.min(atMs - this.#parts.now(), 24 * 3_600_000));
    const timer = setTimeout(() => void this.#tell(task.id, attemptId, looks), delayMs);
    timer.unref();
    this.#planned.set(attemptId, { timer, looks });
  }

  async #tell(taskId: number, attemptId: string, looks: number): Promise<void> {
    this.#planned.delete(attemptId);
    const { ledger, distributor, goesOn, trouble, now } = this.#parts;
    const task = this.#waiting(taskId, attemptId);
    if (task === null || !this.#mayTell(attemptId)) return;
    try {
      const result = await distributor.resume({
        worker: task.state.worker,
        attemptId,
        insist: looks >= patienceLooks,
        intend: (mark) => ledger.attempts.intendResume(attemptId, mark),
      });
      const still = this.#waiting(taskId, attemptId);
      if (still === null || this.#closed) return;
      if (result.kind === "later") this.#planAt(still, now() + againMs, looks + 1);
      else if (result.kind === "told")
        goesOn(
          still,
          this.#isReleased(attemptId) ? "told to go on" : "told to go on: its account is free again",
        );
      else if (result.kind === "goes-on") goesOn(still, "it went on by itself");
    } catch (error) {
      trouble(error);
      const still = this.#waiting(taskId, attemptId);
      if (still !== null && !this.#closed) this.#planAt(still, now() + againMs, looks + 1);
    }
  }

  /** The task, if this attempt of it still waits and its account is free. */
  #waiting(taskId: number, attemptId: string): (Task & { state: { name: "parked"; worker: string } }) | null {
    const { ledger, accounts, accountOf } = this.#parts;
    const task = ledger.tasks.byId(taskId);
    if (task?.state.name !== "parked" || task.state.attemptId !== attemptId) return null;
    if (accounts.parkOf(accountOf(task.state.worker)) !== null) return null;
    return task as Task & { state: { name: "parked"; worker: string } };
  }

  #forgetPlans(): void {
    for (const { timer } of this.#planned.values()) clearTimeout(timer);
    this.#planned.clear();
  }
}
