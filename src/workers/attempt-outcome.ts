/** How an attempt in hand ends, and in which words. */
import type { TurnFailure } from "../agents/adapter.ts";
import { agentWords } from "../base/agent-words.ts";
import type { Outcome } from "../tasks/task.ts";
import type { AttemptInHand } from "./attempt-in-hand.ts";

/** What the exit code of the process of one task makes of it. */
export function commandOutcome(
  { cancelling, capped, said }: AttemptInHand,
  exitCode: number,
  failure: TurnFailure | null,
): Outcome {
  if (cancelling) return { kind: "cancelled" };
  if (exitCode === 0) return { kind: "completed", exitCode, answer: said?.answer ?? null };
  // A process that was interrupted has no conversation that could go on.
  if (capped) return { kind: "failed", reason: "stopped at its cap", exitCode };
  const code = `exit code ${exitCode}`;
  const reason = failure === null ? code : `${failure.failure}: ${failure.message} (${code})`;
  return { kind: "failed", reason, exitCode };
}

/** What is kept of an end; only now, because the record is searched for the answer as it was said. */
export function inPlainWords(outcome: Outcome): Outcome {
  switch (outcome.kind) {
    case "completed":
      return outcome.answer === null ? outcome : { ...outcome, answer: agentWords(outcome.answer) };
    case "failed":
    case "lost":
      return { ...outcome, reason: agentWords(outcome.reason) };
    case "cancelled":
      return outcome;
    default:
      return outcome satisfies never;
  }
}

/** Typed and not over: an attempt that a person is ending is not kept waiting. */
export function isUnderWay({ phase, cancelling }: AttemptInHand): boolean {
  return !cancelling && phase !== "preparing" && phase !== "ending";
}

/** What a person is told of one that waits at its cap. */
export function overItsCap({ taskId }: AttemptInHand): string {
  return `task ${taskId} is over its cap: release ${taskId}, cap ${taskId} AMOUNT or cancel ${taskId}`;
}
