/**
 * An attempt that waited for its account is told to go on, in its own conversation: once, by a guarded typing whose
 * intent is durable before it, and only if the agent does not go on by itself.
 */
import type { ScreenReading } from "../agents/adapter.ts";
import { furtherRun } from "../agents/one-process.ts";
import type { AttemptInHand } from "./attempt-in-hand.ts";
import { personActiveMs } from "./delivery.ts";
import type { PaneIdentity } from "./tmux/pane-identity.ts";
import type { SubmissionFile } from "../agents/adapter.ts";
import type { Worker } from "./worker.ts";

export type ResumeResult =
  | { readonly kind: "told" }
  /** It works again already: by itself, or because a person said something. */
  | { readonly kind: "goes-on" }
  /** Not now: its agent will do it, a person is there, or its screen takes no input. */
  | { readonly kind: "later"; readonly reason: string }
  /** It waits no more: it ended, or its agent is gone. */
  | { readonly kind: "over" };

export interface ResumeOrder {
  readonly attemptId: string;
  readonly words: string;
  /** An agent that promised to go on by itself is waited for; when it did not, its promise is waved away. */
  readonly insist: boolean;
  /** Called once, just before the first key, with what stands on the pane. */
  intend(mark: string): void;
  /** Writes a file into the worker's launch folder. */
  writeFile(file: SubmissionFile): void;
  /** The agent must be seen to take what was typed. */
  awaitAcceptance(attempt: AttemptInHand, settleMs: number): void;
}

const settleMs = 150;
/** So long a busy machine may take to draw its screen without the notice that was waved away. */
const wavedAwayWithinMs = 3_000;
/** The agent's own promise, as Claude Code words it before and after the reset. */
const CONTINUES_BY_ITSELF = /Continuing (?:automatically|shortly)/;

/** Throws CtmError `tmux-failed` where the server does not answer: nothing is known then, and nothing was promised. */
export async function resumeAttempt(worker: Worker, order: ResumeOrder): Promise<ResumeResult> {
  const { pane, terminal } = worker;
  if (pane === null || waiting(worker, order) === null) return { kind: "over" };
  if (await terminal.personActive(pane, personActiveMs))
    return { kind: "later", reason: "a person is at its keyboard" };
  const reading = await cleared(worker, pane, order.insist);
  const attempt = waiting(worker, order);
  if (attempt === null) return { kind: "over" };
  switch (reading.state) {
    case "busy":
      worker.accepted("screen", `screen: ${reading.because}: it went on by itself`);
      return { kind: "goes-on" };
    case "idle":
    case "interrupted":
      return tell(worker, pane, order, attempt);
    case "limited":
      return { kind: "later", reason: "its agent says that it goes on by itself" };
    case "dialog":
    case "draft":
    case "unknown":
      return { kind: "later", reason: `its screen is ${reading.state}: ${reading.because}` };
    default:
      return reading.state satisfies never;
  }
}

function waiting(worker: Worker, { attemptId }: ResumeOrder): AttemptInHand | null {
  const { attempt } = worker;
  return attempt?.id === attemptId && attempt.phase === "parked" ? attempt : null;
}

/** The screen, once the notice of the limit is waved away; not where the agent is about to go on. */
async function cleared(worker: Worker, pane: PaneIdentity, insist: boolean): Promise<ScreenReading> {
  const { adapter, terminal } = worker;
  const reading = adapter.readScreen(await terminal.capture(pane));
  if ((reading.state !== "limited" && reading.state !== "dialog") || (promises(reading) && !insist))
    return reading;
  await terminal.sendKey(pane, "Escape");
  for (let waitedMs = settleMs; ; waitedMs += settleMs) {
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const after = adapter.readScreen(await terminal.capture(pane));
    // A notice that stays until something is sent holds nothing back.
    if (after.state === "limited" && !promises(after)) return { ...after, state: "idle" };
    const isDrawn = after.state !== "limited" && after.state !== "dialog" && after.state !== "unknown";
    if (isDrawn || waitedMs >= wavedAwayWithinMs) return after;
  }
}

function promises({ state, text }: ScreenReading): boolean {
  return state === "limited" && CONTINUES_BY_ITSELF.test(text ?? "");
}

async function tell(
  worker: Worker,
  pane: PaneIdentity,
  order: ResumeOrder,
  attempt: AttemptInHand,
): Promise<ResumeResult> {
  const witness = await worker.terminal.witness(pane);
  if (witness === null || waiting(worker, order) === null) return { kind: "over" };
  const reply = replyFor(worker, order);
  order.intend(witness.mark);
  const result = await worker.terminal.answer(pane, order.attemptId, reply);
  if (result.kind === "refused") return { kind: "later", reason: result.reason };
  // Typed, or nobody can say: it is not typed again; that it is taken up must be seen.
  worker.goesOn(order.words);
  order.awaitAcceptance(attempt, settleMs);
  return { kind: "told" };
}

/** What is typed: the words themselves, or the line that starts another process with them in the same conversation. */
function replyFor(worker: Worker, { attemptId, words, writeFile }: ResumeOrder) {
  const { adapter, record } = worker;
  if (adapter.traits.goesOnBy !== "process") return { paste: words, bracketed: true, enterAfterMs: settleMs };
  // A name of its own each time: the runner starts none a second time.
  const run = furtherRun(attemptId, Date.now().toString(36));
  const { file, paste, bracketed, enterAfterMs } = adapter.submission(run, words, record.cwd);
  if (file !== null && record.sessionId !== null) {
    writeFile({ name: `${file.name}.session`, text: record.sessionId });
    writeFile(file);
  }
  return { paste, bracketed, enterAfterMs };
}
