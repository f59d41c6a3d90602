/**
 * How a task reaches its worker: the right agent start, the right conversation, an idle and empty composer, the
 * durable intent, one guarded typing, and the agent's acceptance. At most once, whole or not at all: after the
 * typing nothing is ever pasted again; the most that follows is one guarded Enter.
 */
import { createHash } from "node:crypto";
import { CtmError } from "../base/errors.ts";
import type { SubmissionFile } from "../agents/adapter.ts";
import type { Intent } from "../ledger/attempt-rows.ts";
import { promptOf, workKind, type Task } from "../tasks/task.ts";
import type { AttemptInHand } from "./attempt-in-hand.ts";
import type { Launching } from "./launching.ts";
import type { PaneIdentity } from "./tmux/pane-identity.ts";
import type { Worker } from "./worker.ts";

/** How long a composer may take to become idle and empty before the task goes elsewhere. */
const composerWithinMs = 5_000;
const composerStepMs = 50;
/** A person whose client did something so recently is at the keyboard. */
export const personActiveMs = 10_000;
export const clearWithinMs = 5_000;
/** From the arrival of a typed command to the moment its Enter was pressed and taken. */
const commandTakenMs = 400;

export interface DeliveryOrder {
  readonly task: Task;
  readonly attemptId: string;
  /** Commits the intent, at once or with others of this turn. Throws or rejects: nothing may be typed. */
  intend(intent: Intent): void | Promise<void>;
}

export type DeliveryResult =
  | { readonly kind: "typed" }
  | { readonly kind: "not-typed"; readonly reason: string }
  | { readonly kind: "uncertain"; readonly reason: string };

export interface DeliveryParts {
  readonly launching: Launching;
  readonly context: "keep" | "clear" | "fresh";
  /** What an agent of the roster is to be told with its next task; left out = there is no roster. */
  readonly notes?: MemberNotes;
  /** Claims the one second Enter of an attempt, durably. False: it was pressed before. */
  claimSecondEnter(attemptId: string): boolean;
}

export interface MemberNotes {
  /** Oldest first. */
  for(member: string): readonly { readonly id: number; readonly text: string }[];
  /** All up to this one were typed with an attempt. */
  told(member: string, lastId: number, attemptId: string): void;
}

/** What must happen to the agent before this task can be typed. */
export type Preparation = "none" | "clear" | "relaunch";

/** Pure: what the worker's last task, model and folder say about the next one. */
export function preparationFor(worker: Worker, task: Task, context: DeliveryParts["context"]): Preparation {
  const { record, adapter } = worker;
  const { kind } = adapter.traits;
  if (kind === "shell" || record.adopted) return "none";
  const otherModel = task.assignment.model !== null && task.assignment.model !== record.model;
  if (otherModel || task.draft.cwd !== record.cwd) return "relaunch";
  // One that is a process a task begins a conversation with each.
  if (worker.freshNext && adapter.traits.goesOnBy === undefined)
    return adapter.traits.clearCommand === null ? "relaunch" : "clear";
  if (record.lastType === null) return "none";
  if (context === "fresh") return "relaunch";
  const otherWork = record.lastType !== workKind(task.assignment) || record.lastCwd !== task.draft.cwd;
  return context === "clear" && otherWork && adapter.traits.clearCommand !== null ? "clear" : "none";
}

export class Delivery {
  readonly #parts: DeliveryParts;
  /** Commands that were typed into a composer, and not seen to have left it. */
  readonly #commands = new WeakMap<Worker, string>();

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  /** The whole way of one task into one pane. The worker is taken at once, before the first await. */
  async deliver(worker: Worker, order: DeliveryOrder): Promise<DeliveryResult> {
    const { task, attemptId } = order;
    const member = task.assignment.member?.id ?? null;
    const isTold = member !== null && worker.adapter.traits.kind !== "shell";
    const notes = isTold ? (this.#parts.notes?.for(member) ?? []) : [];
    const prompt = promptOf(task.draft.text, task.assignment.member);
    const submission = worker.adapter.submission(attemptId, withNotes(notes, prompt), task.draft.cwd);
    const attempt: AttemptInHand = {
      id: attemptId,
      taskId: task.id,
      paste: submission.paste,
      phase: "preparing",
      marks: new Map(),
      cancelling: false,
      capped: false,
      question: null,
    };
    worker.take(attempt);
    try {
      const obstacle = (await this.#prepare(worker, task)) ?? (await this.#obstacle(worker));
      const pane = worker.pane;
      if (obstacle !== null || pane === null || attempt.cancelling) {
        return this.#notTyped(worker, obstacle ?? (attempt.cancelling ? "cancelled" : "it has no pane"));
      }
      attempt.marks = worker.bookPersonsUsage();
      const result = await this.#type(worker, pane, order, attempt, submission);
      const last = notes.at(-1);
      if (result.kind === "typed" && member !== null && last !== undefined)
        this.#parts.notes?.told(member, last.id, attemptId);
      return result;
    } catch (error) {
      const reason = error instanceof CtmError ? error.message : String(error);
      return attempt.phase === "preparing" ? this.#notTyped(worker, reason) : uncertain(worker, reason);
    } finally {
      worker.delivered();
    }
  }

  #notTyped(worker: Worker, reason: string): DeliveryResult {
    worker.giveBack(reason);
    return { kind: "not-typed", reason: `${worker.name}: ${reason}` };
  }

  /** Makes the agent fit for the task. Null: it is; else what is in the way. */
  async #prepare(worker: Worker, task: Task): Promise<string | null> {
    const wanted = preparationFor(worker, task, this.#parts.context);
    // One that sleeps has no session: it is started, and has its conversation again where it would have gone on in it.
    const preparation = worker.asleep ? "relaunch" : wanted;
    switch (preparation) {
      case "none":
        return null;
      case "clear":
        return this.#clear(worker);
      case "relaunch": {
        // A person's own turn or draft is not ended with the agent.
        const obstacle = worker.asleep ? null : await this.#obstacle(worker);
        if (obstacle !== null) return obstacle;
        const keeps = this.#parts.context === "keep" || wanted === "none";
        const sameConversation = keeps && worker.record.cwd === task.draft.cwd && !worker.freshNext;
        const started = await this.#parts.launching.relaunch(worker, {
          model: task.assignment.model ?? worker.record.model,
          cwd: task.draft.cwd,
          resumeSessionId: sameConversation ? worker.record.sessionId : null,
        });
        if (!started) return "its agent did not become ready after a new start";
        worker.freshNext = false;
        return null;
      }
      default:
        return preparation satisfies never;
    }
  }

  async #clear(worker: Worker): Promise<string | null> {
    const { pane, adapter, terminal } = worker;
    const command = adapter.traits.clearCommand;
    if (pane === null || command === null) return null;
    const obstacle = await this.#obstacle(worker);
    if (obstacle !== null) return obstacle;
    const before = (await terminal.capture(pane)).join("\n");
    const ready = worker.untilReady(clearWithinMs);
    if (!(await terminal.typeCommand(pane, command))) return "it does not take input now";
    this.#commands.set(worker, command);
    // Some agents signal the cleared conversation only with the next prompt: then the screen has to do.
    if (adapter.traits.readyBy === "signal") await ready;
    else await this.#untilScreenSettles(worker, before);
    worker.freshNext = false;
    return null;
  }

  /** The command has arrived when the screen shows something new, and was taken when it shows nothing newer for a while. */
  async #untilScreenSettles(worker: Worker, before: string): Promise<void> {
    let shown = before;
    let stillMs = 0;
    for (let waitedMs = 0; waitedMs < clearWithinMs && worker.pane !== null; waitedMs += composerStepMs) {
      const now = (await worker.terminal.capture(worker.pane)).join("\n");
      stillMs = now === shown ? stillMs + composerStepMs : 0;
      shown = now;
      if (shown !== before && stillMs >= commandTakenMs) return;
      await pause(composerStepMs);
    }
  }

  /**
   * Waits for an idle, empty composer without a person at it. Null: it is there; else what is in the way. An agent that
   * still draws its list of commands when an Enter comes lets it go by, and the command stands there for ever: where
   * nothing but what we typed does, it is pressed again.
   */
  async #obstacle(worker: Worker): Promise<string | null> {
    let obstacle = "it has no pane";
    let unsentMs = 0;
    for (let waitedMs = 0; waitedMs < composerWithinMs; waitedMs += composerStepMs) {
      const { pane } = worker;
      if (pane === null || worker.state.name === "dead") return obstacle;
      const { takesTypedAhead } = worker.adapter.traits;
      const [personActive, screen] = await Promise.all([
        worker.terminal.personActive(pane, personActiveMs),
        takesTypedAhead === true ? null : worker.terminal.capture(pane),
      ]);
      if (personActive) return "a person is at its keyboard";
      if (screen === null) return null;
      const reading = worker.adapter.readScreen(screen);
      // An interrupted turn leaves an empty composer; a limit is over when a task is sent, its notice is waved away.
      if (reading.state === "idle" || reading.state === "interrupted") {
        this.#commands.delete(worker);
        return null;
      }
      const command = this.#commands.get(worker);
      const isUnsent = reading.state === "draft" && command !== undefined && reading.text?.trim() === command;
      unsentMs = isUnsent ? unsentMs + composerStepMs : 0;
      if (unsentMs >= commandTakenMs) {
        await worker.terminal.sendKey(pane, "Enter");
        unsentMs = 0;
      }
      if (reading.state === "limited" && waitedMs > 0) return null;
      if (reading.state === "limited") await worker.terminal.sendKey(pane, "Escape");
      if (reading.state === "dialog") {
        worker.asks(reading.text ?? "a dialog is open", "screen", `screen: ${reading.because}`);
        return `a dialog is open: ${reading.text ?? reading.because}`;
      }
      obstacle =
        reading.state === "draft"
          ? "its composer holds a draft"
          : `its screen is ${reading.state}: ${reading.because}`;
      await pause(composerStepMs);
    }
    return obstacle;
  }

  async #type(
    worker: Worker,
    pane: PaneIdentity,
    order: DeliveryOrder,
    attempt: AttemptInHand,
    submission: ReturnType<Worker["adapter"]["submission"]>,
  ): Promise<DeliveryResult> {
    const { record } = worker;
    if (submission.file !== null) this.#parts.launching.writeFile(worker, submission.file);
    await order.intend({
      attemptId: attempt.id,
      launchId: record.launchId ?? "",
      pane: JSON.stringify(pane),
      previousAttempt: record.lastAttempt,
      textSha256: createHash("sha256").update(submission.paste).digest("hex"),
      sessionId: record.sessionId,
      recordPath: record.recordPath,
    });
    if (attempt.cancelling) return this.#notTyped(worker, "cancelled");
    // From here on the prompt may be in the pane, whatever else happens.
    attempt.phase = "typed";
    const typed = await worker.terminal.type({
      pane,
      attemptId: attempt.id,
      previousAttempt: record.lastAttempt,
      paste: submission.paste,
      bracketed: submission.bracketed,
      enterAfterMs: submission.enterAfterMs,
      ...(submission.submitKey === undefined ? {} : { submitKey: submission.submitKey }),
      foreground: record.foreground,
    });
    if (typed.kind === "refused") {
      attempt.phase = "preparing";
      return this.#notTyped(worker, typed.reason);
    }
    if (typed.kind === "unknown") return uncertain(worker, typed.reason);
    worker.remember({
      lastAttempt: attempt.id,
      lastType: workKind(order.task.assignment),
      lastCwd: order.task.draft.cwd,
    });
    this.awaitAcceptance(worker, attempt, submission.enterAfterMs ?? 0);
    return { kind: "typed" };
  }

  /** Writes a file of a task into the worker's launch folder. */
  writeFile(worker: Worker, file: SubmissionFile): void {
    this.#parts.launching.writeFile(worker, file);
  }

  /** The agent must be seen to take the prompt; if not, one guarded Enter, then a person is asked. */
  awaitAcceptance(worker: Worker, attempt: AttemptInHand, settleMs = 0): void {
    const timer = setTimeout(() => {
      void this.#checkAcceptance(worker, attempt, settleMs).catch((error: unknown) =>
        worker.asks(`delivery uncertain: ${String(error)}`, "typing", String(error)),
      );
    }, settleMs + worker.adapter.traits.acceptWithinMs);
    timer.unref();
  }

  async #checkAcceptance(worker: Worker, attempt: AttemptInHand, settleMs: number): Promise<void> {
    const { pane } = worker;
    if (worker.attempt !== attempt || attempt.phase !== "typed" || pane === null) return;
    const reading = worker.adapter.readScreen(await worker.terminal.capture(pane));
    if (worker.attempt !== attempt || attempt.phase !== "typed") return;
    if (reading.state === "busy") {
      worker.accepted("screen", `screen: ${reading.because}`);
      return;
    }
    const unsent = reading.state === "draft";
    if (unsent && this.#parts.claimSecondEnter(attempt.id)) {
      await worker.terminal.pressEnterOnce(pane, attempt.id);
      this.awaitAcceptance(worker, attempt, settleMs);
      return;
    }
    const says = unsent
      ? "its text still stands in the composer"
      : `the agent was not seen to take it up (${reading.because})`;
    worker.asks(`delivery uncertain: ${says}`, "screen", says);
  }
}

/** Notes stand before the prompt, so that what the task says has the last word. */
function withNotes(notes: readonly { readonly text: string }[], prompt: string): string {
  if (notes.length === 0) return prompt;
  return `${notes.map(({ text }) => `(Note: ${text})`).join("\n")}\n\n${prompt}`;
}

function uncertain(worker: Worker, reason: string): DeliveryResult {
  worker.asks(`delivery uncertain: ${reason}`, "typing", reason);
  return { kind: "uncertain", reason };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
