/**
 * A worker's agent is told to compact its conversation: between two turns, into an idle and empty composer, once. The
 * same guarded typing as a task's: what stands on the pane before it is written down first, so that a start after a
 * crash knows whether it was typed.
 */
import { personActiveMs } from "./delivery.ts";
import type { Worker } from "./worker.ts";

export type CompactResult =
  /** Typed, or nobody can say: it is not typed again. */
  | { readonly kind: "told" }
  /** Not now: a turn, a draft, a person or a dialog is there. */
  | { readonly kind: "later"; readonly reason: string };

export interface CompactOrder {
  readonly line: string;
  /** Called once, just before the first key, with what stands on the pane. False: it could not be written down. */
  intend(mark: string): boolean;
  /** It was refused after all: nothing was typed. */
  notTyped(): void;
}

/** As long as any command's: the agent has to see its name before the Enter. */
const settleMs = 150;

/** Throws CtmError `tmux-failed` where the server does not answer before anything was typed. */
export async function compactConversation(worker: Worker, order: CompactOrder): Promise<CompactResult> {
  const { pane, terminal, adapter, record } = worker;
  if (pane === null || !worker.betweenTurns) return later("it has a turn in hand");
  if (await terminal.personActive(pane, personActiveMs)) return later("a person is at its keyboard");
  const reading = adapter.readScreen(await terminal.capture(pane));
  if (reading.state !== "idle" && reading.state !== "interrupted")
    return later(`its screen is ${reading.state}: ${reading.because}`);
  const witness = await terminal.witness(pane);
  if (witness === null || witness.attemptId !== record.lastAttempt || record.lastAttempt === "")
    return later("something else was typed into its pane");
  if (!worker.betweenTurns) return later("it has a turn in hand");
  if (!order.intend(witness.mark)) return later("the disk takes no writes");
  const typed = await terminal.answer(pane, record.lastAttempt, {
    paste: order.line,
    bracketed: false,
    enterAfterMs: settleMs,
  });
  if (typed.kind !== "refused") return { kind: "told" };
  order.notTyped();
  return later(typed.reason);
}

/**
 * What has become of it a while later, by its screen. `unsent`: its line still stands in the composer and got its one
 * further Enter. `over`: the agent waits, so whatever it did is done.
 */
export async function lookAfterCompacting(
  worker: Worker,
  line: string,
): Promise<"works" | "unsent" | "over"> {
  const { pane, terminal, adapter, record } = worker;
  if (pane === null) return "works";
  const reading = adapter.readScreen(await terminal.capture(pane));
  const [draft = ""] = reading.state === "draft" ? (reading.text ?? "").split("\n") : [];
  const [command = ""] = line.split(" ");
  if (draft.startsWith(command) && line.startsWith(draft)) {
    await terminal.pressEnterOnce(pane, record.lastAttempt);
    return "unsent";
  }
  return reading.state === "idle" || reading.state === "interrupted" ? "over" : "works";
}

/** Was what followed this mark typed? After a start the pane alone can tell. */
export async function wasTyped({ pane, terminal }: Worker, mark: string): Promise<boolean> {
  const witness = pane === null ? null : await terminal.witness(pane);
  return witness !== null && witness.mark !== mark;
}

function later(reason: string): CompactResult {
  return { kind: "later", reason };
}
