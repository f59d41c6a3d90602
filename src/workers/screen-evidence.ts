/**
 * What a worker's screen tells beside its signals. For an agent that signals, the screen only opens and closes
 * questions, shows that a turn was interrupted, and finds a composer ready; it never ends a turn. For an adopted one
 * it is, with the record, all there is.
 */
import type { ScreenReading } from "../agents/adapter.ts";
import type { AttemptInHand } from "./attempt-in-hand.ts";
import { recordHasEnd } from "./record-reader.ts";
import type { Worker } from "./worker.ts";

/** Screens of an agent that waits for a prompt, however its last turn ended. */
const WAITING: ReadonlySet<ScreenReading["state"]> = new Set(["idle", "interrupted", "limited", "draft"]);

/** From the signal that a prompt was taken up to the moment the screen shows it. */
const takenUpWithinMs = 500;

export class ScreenEvidence {
  readonly #worker: Worker;
  /** Since when the question stood whose dialog was seen: it is told a moment before it is drawn. */
  #dialogSeenOfMs: number | null = null;
  /** The attempt whose prompt is looked at again in a moment: one look is enough, however many ask for it. */
  #draftLookedAt: AttemptInHand | null = null;

  constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** What one look adds. */
  async consider(reading: ScreenReading): Promise<void> {
    const worker = this.#worker;
    const says = `screen: ${reading.because}`;
    worker.evidence.note({ source: "screen", says, atMs: Date.now() }, false);
    if (WAITING.has(reading.state)) worker.foundWaiting();
    switch (reading.state) {
      case "dialog":
        // What an agent offers at a limit is waved away when it is told to go on.
        if (worker.attempt?.phase === "parked") return;
        worker.asks(reading.text ?? "a dialog is open", "screen", says);
        this.#dialogSeenOfMs = worker.state.sinceMs;
        return;
      case "idle":
        await this.#idle(reading, says);
        return;
      case "busy":
        this.#busy(says);
        return;
      case "interrupted":
        await this.#interrupted(says);
        return;
      case "draft":
        await this.#draft(says);
        return;
      case "limited":
        await this.#limited();
        return;
      case "unknown":
        return;
      default:
        reading.state satisfies never;
    }
  }

  async #idle({ ended = null }: ScreenReading, says: string): Promise<void> {
    const worker = this.#worker;
    const { state, attempt } = worker;
    if (state.name === "starting" && (worker.adapter.traits.readyBy === "screen" || !worker.signals))
      worker.ready();
    else if (state.name === "needs-input" && attempt === null) worker.answered("screen", says);
    if (worker.signals) {
      if (ended !== null && worker.missedSignals) await worker.see(ended, "screen", says);
      return;
    }
    if (attempt === null) {
      if (state.name === "busy") worker.become({ name: "idle", sinceMs: Date.now() }, "screen", says);
      return;
    }
    worker.locateRecord();
    const written = attempt.phase === "typed" && recordHasEnd(worker.agentRecord(), attempt.marks);
    if (attempt.phase !== "accepted" && !written) return;
    worker.accepted("record", "the record holds its turn");
    await worker.end({ kind: "completed", exitCode: null, answer: null }, "screen", says);
  }

  #busy(says: string): void {
    const worker = this.#worker;
    const { state, attempt } = worker;
    if (state.name === "needs-input" && this.#dialogSeenOfMs === state.sinceMs)
      worker.answered("screen", says);
    // One at its task's cap needs a moment to stop; where processes do the tasks, the screen is late.
    const byItself = worker.adapter.traits.goesOnBy !== "process";
    if (attempt?.phase === "parked" && !attempt.capped && byItself)
      worker.accepted("screen", `${says}: it went on by itself`);
    if (worker.signals) return;
    if (attempt?.phase === "typed") worker.accepted("screen", says);
    else if (attempt === null && state.name === "idle") {
      worker.become(
        { name: "busy", sinceMs: Date.now(), attemptId: null },
        "screen",
        `${says} (a person's turn)`,
      );
    }
  }

  /** Until our prompt was taken up, the screen still tells how the turn before it ended. */
  async #interrupted(says: string): Promise<void> {
    const { attempt } = this.#worker;
    if (attempt !== null && attempt.phase !== "accepted") return;
    const message = "the turn was interrupted in its terminal";
    await this.#worker.see(
      { kind: "turn-failed", failure: "interrupted", message, resetsAtMs: null },
      "screen",
      says,
    );
  }

  /** Interrupted before it said anything, an agent gives the prompt back: it is taken out of the composer again. */
  async #draft(says: string): Promise<void> {
    const { attempt, pane, terminal, adapter } = this.#worker;
    if (attempt?.cancelling !== true || attempt.phase === "preparing" || pane === null) return;
    if (this.#draftLookedAt === attempt) return;
    this.#draftLookedAt = attempt;
    let reading: ScreenReading;
    try {
      // Taken up in this very moment, a prompt still stands there, and the key was too early to stop its turn.
      await new Promise((resolve) => setTimeout(resolve, takenUpWithinMs));
      reading = adapter.readScreen(await terminal.capture(pane));
    } finally {
      this.#draftLookedAt = null;
    }
    if (this.#worker.attempt !== attempt) return;
    if (reading.state === "busy") await terminal.sendKey(pane, adapter.traits.interruptKey);
    if (reading.state !== "draft") return this.consider(reading);
    await terminal.sendKey(pane, "C-u");
    await this.#worker.end({ kind: "cancelled" }, "screen", `${says}: the prompt came back`);
  }

  /** A turn that ended at a limit is over for us: the agent must not continue it by itself at the reset. */
  async #limited(): Promise<void> {
    const { state, attempt, pane, terminal, signals } = this.#worker;
    if (state.name === "limited" && attempt === null && pane !== null && signals)
      await terminal.sendKey(pane, "Escape");
  }
}
