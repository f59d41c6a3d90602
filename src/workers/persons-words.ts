/** A person's own words to a worker: into an idle one outside any task, or as the answer to its question. */
import { CtmError } from "../base/errors.ts";
import { clearWithinMs, personActiveMs } from "./delivery.ts";
import type { Worker } from "./worker.ts";

/** Words that stand for a key. */
const KEYS: Readonly<Record<string, string>> = {
  enter: "Enter",
  esc: "Escape",
  escape: "Escape",
  tab: "Tab",
  up: "Up",
  down: "Down",
};
const settleMs = 150;

/**
 * Types text and Enter into a worker whose composer is idle. CtmError `refused` when it is not. An agent told to leave its
 * conversation has left it then; where it has not, its next task begins another.
 */
export async function sendWords(worker: Worker, text: string): Promise<void> {
  const { pane, terminal, adapter } = worker;
  if (pane === null) throw new CtmError("refused", `${worker.name} has no pane`);
  if (await terminal.personActive(pane, personActiveMs))
    throw new CtmError("refused", `a person is at the keyboard of ${worker.name}`);
  const reading = adapter.readScreen(await terminal.capture(pane));
  if (reading.state !== "idle")
    throw new CtmError("refused", `${worker.name} does not take words now: ${reading.because}`);
  if (adapter.traits.kind === "shell")
    throw new CtmError("refused", "a shell worker takes tasks only: add --agent shell");
  const leaves = text.trim() === adapter.traits.clearCommand && adapter.traits.readyBy === "signal";
  const left = leaves && worker.signals ? worker.untilReady(clearWithinMs) : null;
  const { freshNext } = worker;
  worker.freshNext ||= left !== null;
  const typed = await terminal.typeText(pane, { paste: text, bracketed: true, enterAfterMs: settleMs });
  if (!typed) {
    worker.freshNext = freshNext;
    throw new CtmError("refused", `${worker.name} does not take input now`);
  }
  if (left !== null && (await left)) worker.freshNext = false;
}

/**
 * Answers the open question. One character or a key's name (enter, esc, …) is a key press; anything else is text and
 * Enter. Refused when the question on the screen is not the one that was told.
 */
export async function answerQuestion(worker: Worker, answer: string): Promise<void> {
  const { pane, terminal, adapter, state, attempt } = worker;
  if (pane === null || state.name !== "needs-input")
    throw new CtmError("illegal-move", `${worker.name} asks nothing now`);
  const reading = adapter.readScreen(await terminal.capture(pane));
  if (reading.state === "idle" || reading.state === "busy") {
    await worker.look(reading);
    throw new CtmError("refused", `the question of ${worker.name} is gone: its screen is ${reading.state}`);
  }
  const key = KEYS[answer.toLowerCase()];
  if (key !== undefined) {
    if (!(await terminal.sendKey(pane, key)))
      throw new CtmError("refused", `${worker.name} does not take keys now`);
    return;
  }
  const single = [...answer].length === 1;
  const reply = { paste: answer, bracketed: false, enterAfterMs: single ? null : settleMs };
  if (attempt === null) {
    if (!(await terminal.typeText(pane, reply)))
      throw new CtmError("refused", `${worker.name} does not take input now`);
    return;
  }
  const result = await terminal.answer(pane, attempt.id, reply);
  if (result.kind !== "typed") throw new CtmError("refused", `the answer was not typed: ${result.reason}`);
}
