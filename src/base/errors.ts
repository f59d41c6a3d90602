/**
 * The one error type of the product: an expected failure with a code and a sentence for the person.
 * Anything else that is thrown is a bug. The faces render it; nobody else words it again.
 */

/** Why an operation was refused or could not be done. */
export type ErrorCode =
  | "usage" // the words of a call are off: argv, REPL line, file, socket
  | "config" // the configuration has faults (all of them stand in `details`)
  | "not-found" // a task, worker, limit or session that does not exist
  | "illegal-move" // the thing exists, but not in a state that allows this
  | "refused" // a guard said no (hostile text, unsafe folder, dialog in the way)
  | "manager-running" // another manager holds this state folder
  | "paused" // dispatch is paused, and the call would wait for its end
  | "no-manager" // the call needs a running manager and there is none
  | "tmux-missing"
  | "tmux-too-old"
  | "tmux-failed"
  | "agent-missing"
  | "ledger" // the database cannot be opened, read or written
  | "io"
  | "some-failed"; // a batch ended, and at least one of its tasks did not complete

const EXIT_CODES: Record<ErrorCode, number> = {
  usage: 2,
  config: 2,
  "not-found": 2,
  "illegal-move": 2,
  refused: 2,
  "manager-running": 75,
  paused: 75,
  "no-manager": 69,
  "tmux-missing": 69,
  "tmux-too-old": 69,
  "tmux-failed": 70,
  "agent-missing": 69,
  ledger: 74,
  io: 74,
  "some-failed": 1,
};

/** An expected failure. `message` is one clear sentence; `details` are further lines, one fault each. */
export class CtmError extends Error {
  readonly code: ErrorCode;
  readonly details: readonly string[];

  constructor(code: ErrorCode, message: string, details: readonly string[] = [], options?: ErrorOptions) {
    super(message, options);
    this.name = "CtmError";
    this.code = code;
    this.details = details;
  }
}

/** Process exit code for whatever was thrown: the table above for a `CtmError`, 70 (a bug) otherwise. */
export function exitCodeOf(error: unknown): number {
  return error instanceof CtmError ? EXIT_CODES[error.code] : 70;
}
