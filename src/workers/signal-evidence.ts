/**
 * What a worker's agent signals, and what it says of the turn under way: it was taken up, it asks, it ended, it failed.
 * A turn nobody of us asked for is a person's, typed into the pane: what it uses is not a task's.
 */
import type { AgentEvent, TurnFailure } from "../agents/adapter.ts";
import { isRunOf } from "../agents/one-process.ts";
import { normalisePrompt } from "../agents/prompt-text.ts";
import { agentWords } from "../base/agent-words.ts";
import { isParkCause, type ParkReason } from "../throttle/account-parking.ts";
import type { AttemptInHand } from "./attempt-in-hand.ts";
import { commandOutcome, isUnderWay } from "./attempt-outcome.ts";
import { markRecord, readEndedTurn, recordedFailure, type RecordMarks } from "./record-reader.ts";
import type { Worker } from "./worker.ts";
import type { EvidenceSource } from "./worker-state.ts";

/** What a dead agent may still have said about the attempt it had in hand; nothing else it said matters any more. */
const LAST_WORDS: ReadonlySet<AgentEvent["kind"]> = new Set([
  "accepted",
  "turn-ended",
  "turn-failed",
  "said",
  "command-ended",
  "exited",
]);
export class SignalEvidence {
  readonly #worker: Worker;
  /** The agent is in a turn nobody of us asked for: a person typed. */
  #foreignTurn = false;
  #foreignMarks: RecordMarks = new Map();

  constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** Is a person's turn under way? */
  get foreignTurn(): boolean {
    return this.#foreignTurn;
  }

  /** Whatever a person asked before is over: the next end is that of an attempt's turn. */
  forgetForeignTurn(): void {
    this.#foreignTurn = false;
  }

  /** One event, from whatever source. */
  async consider(event: AgentEvent, source: EvidenceSource, says: string): Promise<void> {
    const worker = this.#worker;
    if (worker.state.name === "dead" && (worker.attempt === null || !LAST_WORDS.has(event.kind))) return;
    switch (event.kind) {
      case "ready":
      case "cleared":
        this.#foreignTurn = false;
        this.#learnSession(event);
        worker.evidence.note({ source, says: `${says}: ${event.kind}`, atMs: Date.now() }, false);
        worker.ready();
        return;
      case "accepted":
        this.#learnSession(event);
        this.#hearAccepted(event, source, says);
        return;
      case "progress":
        worker.answered(source, `${says}: it works on`);
        return;
      case "asks":
        worker.asks(event.question, source, `${says}: it asks`);
        return;
      case "turn-ended":
        this.#learnSession(event);
        await this.#turnEnded(event.answer, source, says);
        return;
      case "turn-failed":
        await this.#turnFailed(event, source, says);
        return;
      case "said":
        this.#learnSession(event);
        this.#hearSaid(event);
        return;
      case "tested":
        worker.answered(source, `${says}: it works on`);
        this.#hearTested(event);
        return;
      case "windows":
        if (event.windows.length > 0) worker.tell(event);
        return;
      case "command-ended":
        await this.#commandEnded(event, source);
        return;
      case "exited":
        await worker.died(`the agent exited with code ${event.exitCode}`, event.exitCode);
        return;
      default:
        event satisfies never;
    }
  }

  /** Of tests that a person had it run nothing is told. */
  #hearTested({ passed, of }: Extract<AgentEvent, { kind: "tested" }>): void {
    const worker = this.#worker;
    const attempt = worker.attempt;
    if (attempt === null || this.#foreignTurn || !isUnderWay(attempt)) return;
    worker.tell({ kind: "tested", attemptId: attempt.id, passed, of });
  }

  #hearSaid({ answer, failure }: Extract<AgentEvent, { kind: "said" }>): void {
    const worker = this.#worker;
    const attempt = worker.attempt;
    if (attempt === null || attempt.phase === "preparing") return;
    attempt.said = {
      answer: answer ?? attempt.said?.answer ?? null,
      failure: failure ?? attempt.said?.failure ?? null,
    };
  }

  /** The process of one task ended: its exit code decides, and what was said before tells why. */
  async #commandEnded(
    { attemptId, exitCode }: Extract<AgentEvent, { kind: "command-ended" }>,
    source: EvidenceSource,
  ): Promise<void> {
    const worker = this.#worker;
    const attempt = worker.attempt;
    if (attempt === null || !isRunOf(attemptId, attempt.id)) return;
    // Stopped at its cap, it waits for a person's word as any other does.
    if (attempt.capped && this.#canGoOn(attempt)) return;
    const failure = exitCode === 0 || attempt.cancelling ? null : await this.#whyItFailed(attempt);
    if (worker.attempt !== attempt) return;
    const says = `exit code ${exitCode}`;
    const cause = failure?.failure ?? "unknown";
    if (failure !== null && isParkCause(cause)) {
      const { message, resetsAtMs } = failure;
      const reason: ParkReason = { cause, message, resetsAtMs };
      if (this.#canGoOn(attempt)) {
        worker.parkAttempt(attempt, reason, source, `${says}: ${message}`);
        return;
      }
      // Told before the end, so that the next task is not sent into the same limit.
      worker.tell({ kind: "limited", attemptId: null, reason });
    }
    await worker.end(commandOutcome(attempt, exitCode, failure), source, says);
  }

  /** Its conversation is known and can be gone on with by another process. */
  #canGoOn(attempt: AttemptInHand): boolean {
    const worker = this.#worker;
    const { traits } = worker.adapter;
    return (
      traits.goesOnBy === "process" &&
      isUnderWay(attempt) &&
      worker.state.name !== "dead" &&
      attempt.said !== undefined &&
      worker.record.sessionId !== null
    );
  }

  async #whyItFailed({ said, marks }: AttemptInHand): Promise<TurnFailure | null> {
    const worker = this.#worker;
    const told = said?.failure ?? null;
    if (!worker.adapter.traits.spends || (told !== null && told.failure !== "unknown")) return told;
    const failure = (await recordedFailure(worker.agentRecord(), marks)) ?? told;
    return failure === null ? null : { ...failure, message: agentWords(failure.message) };
  }

  #hearAccepted(
    event: Extract<AgentEvent, { kind: "accepted" }>,
    source: EvidenceSource,
    says: string,
  ): void {
    const worker = this.#worker;
    const attempt = worker.attempt;
    // A parked attempt goes on with whatever is said in its conversation: by us, by a person, by the agent itself.
    const ours =
      attempt !== null &&
      attempt.phase !== "preparing" &&
      (event.attemptId === undefined
        ? attempt.phase === "parked" || samePrompt(attempt.paste, event.prompt)
        : isRunOf(event.attemptId, attempt.id));
    if (ours) {
      // Whatever a person asked before is over: the next end is that of this turn.
      this.#foreignTurn = false;
      worker.accepted(source, `${says}: it took the prompt`);
      return;
    }
    // Said again, by the log of a runner that a new start reads: it is over.
    if (event.attemptId !== undefined && event.attemptId === worker.record.lastAttempt) return;
    // A person typed into the pane: the worker is busy, and what that turn uses is not a task's.
    this.#foreignTurn = true;
    this.#foreignMarks = markRecord(worker.agentRecord());
    if (attempt === null)
      worker.become(
        { name: "busy", sinceMs: Date.now(), attemptId: null },
        source,
        `${says}: a person's prompt`,
      );
  }

  async #turnEnded(answer: string | null, source: EvidenceSource, says: string): Promise<void> {
    const worker = this.#worker;
    if (this.#foreignTurn) {
      this.#foreignTurn = false;
      await this.#bookForeignTurn(answer);
      if (worker.attempt === null)
        worker.become({ name: "idle", sinceMs: Date.now() }, source, `${says}: the person's turn ended`);
      return;
    }
    if (worker.attempt === null) {
      // A turn whose beginning nobody saw: the manager was away, or its task has ended by another sign already.
      this.#foreignMarks = new Map();
      await this.#bookForeignTurn(answer);
      if (worker.state.name !== "dead" && worker.attempt === null)
        worker.become({ name: "idle", sinceMs: Date.now() }, source, `${says}: the turn ended`);
      return;
    }
    if (worker.attempt.phase === "preparing") return;
    // That a parked one waits at its prompt is no answer.
    if (worker.attempt.phase === "parked" && answer === null) return;
    await worker.end({ kind: "completed", exitCode: null, answer }, source, `${says}: the turn ended`);
  }

  async #turnFailed(told: TurnFailure, source: EvidenceSource, says: string): Promise<void> {
    const worker = this.#worker;
    const attempt = worker.attempt;
    const said = await this.#inItsOwnWords(told);
    const event = { ...said, message: agentWords(said.message) };
    // While the record was read the attempt may have ended in another way: what failed was not the next one.
    if (worker.attempt !== attempt) return;
    if (attempt?.capped === true && event.failure === "interrupted") return;
    const cancelled = event.failure === "interrupted" && worker.attempt?.cancelling === true;
    const reason = `${event.failure}: ${event.message}`;
    const { failure, message, resetsAtMs } = event;
    const park: ParkReason | null = isParkCause(failure) ? { cause: failure, message, resetsAtMs } : null;
    // The conversation of a dead agent cannot go on.
    if (park !== null && attempt !== null && isUnderWay(attempt) && worker.state.name !== "dead") {
      worker.parkAttempt(attempt, park, source, `${says}: ${reason}`);
      return;
    }
    if (worker.attempt !== null && worker.attempt.phase !== "preparing") {
      await worker.end(
        cancelled ? { kind: "cancelled" } : { kind: "failed", reason, exitCode: null },
        source,
        `${says}: ${reason}`,
      );
    }
    this.#foreignTurn = false;
    if (worker.state.name === "dead") return;
    if (park !== null) worker.park(park);
    else if (worker.state.name === "busy")
      worker.become({ name: "idle", sinceMs: Date.now() }, source, `${says}: ${reason}`);
  }

  /** A signal that knows no reason is completed from the record, where the record has one. */
  async #inItsOwnWords(told: TurnFailure): Promise<TurnFailure> {
    const worker = this.#worker;
    if (told.failure !== "unknown" || worker.attempt === null) return told;
    const recorded = await recordedFailure(worker.agentRecord(), worker.attempt.marks);
    return recorded ?? told;
  }

  async #bookForeignTurn(answer: string | null): Promise<void> {
    const worker = this.#worker;
    if (!worker.adapter.traits.spends) return;
    const reading = await readEndedTurn(worker.agentRecord(), this.#foreignMarks, answer);
    if (worker.attempt === null) worker.bookPersonsUsage();
    // Beside a task's turn only what was written since the person's prompt is theirs.
    else if (reading !== null && reading.records.length > 0)
      worker.tell({ kind: "foreign-usage", records: reading.records });
  }

  #learnSession(event: { sessionId: string | null; recordPath: string | null }): void {
    const worker = this.#worker;
    const sessionId = event.sessionId ?? worker.record.sessionId;
    const recordPath = event.recordPath ?? worker.record.recordPath;
    if (sessionId === worker.record.sessionId && recordPath === worker.record.recordPath) return;
    worker.remember({ sessionId, recordPath });
  }
}

/** Is this the prompt we pasted? After a restart we do not have it any more: then any prompt of this turn is ours. */
function samePrompt(paste: string | null, prompt: string | null): boolean {
  return paste === null || prompt === null || normalisePrompt(prompt) === normalisePrompt(paste);
}
