/**
 * What each promise of the README stands on, taken out: a change of the source, and the tests that must fail with it.
 * A text that is not there exactly once fails the table, so that it follows the source.
 */

/** One replacement in a file below `src/`. */
export interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export interface Mutant {
  readonly promise: string;
  /** What is taken out. */
  readonly mechanism: string;
  readonly edits: readonly Edit[];
  /** Test file below `test/`, and a pattern of the titles that are run. */
  readonly file: string;
  readonly title: string;
}

function mutant(
  [promise, mechanism]: readonly [string, string],
  [file, title]: readonly [string, string],
  ...edits: readonly (readonly [string, string, string])[]
): Mutant {
  return {
    promise,
    mechanism,
    edits: edits.map(([path, from, to]) => ({ file: path, from, to })),
    file,
    title,
  };
}

export const MUTANTS: readonly Mutant[] = [
  mutant(
    ["G1", "every commit synced to disk"],
    ["ledger/database.test.ts", "G1"],
    ["ledger/database.ts", 'db.pragma("synchronous = FULL")', 'db.pragma("synchronous = NORMAL")'],
    ["ledger/database.ts", "{ simple: true }) !== 2)", "{ simple: true }) !== 1)"],
  ),
  mutant(
    ["G1", "what shares a commit is told behind its sync"],
    ["kept-writes.test.ts", "follows the disk"],
    ["gathered-writes.ts", "await this.#parts.sync();", ""],
  ),
  mutant(
    ["G2", "a key is looked up, and unique"],
    ["ledger/ledger.test.ts", "G2"],
    ["ledger/ledger.ts", "draft.key === null ? null : this.tasks.byKey(draft.key)", "null"],
    ["ledger/migrations.ts", "CREATE UNIQUE INDEX task_key", "CREATE INDEX task_key"],
  ),
  mutant(
    ["G3", "typing compares what was typed last"],
    ["workers/tmux/typing.test.ts", "F7"],
    [
      "workers/tmux/typing.ts",
      'typing.attemptId.includes(".") ? lastMark(typing.previousAttempt) : lastTyped(typing.previousAttempt),',
      "",
    ],
  ),
  mutant(
    ["G3", "the mark stands behind the paste"],
    ["workers/tmux/typing.test.ts", "F8"],
    [
      "workers/tmux/typing.ts",
      `    pasteCommand(connection, buffer, paneId, typing.bracketed),
    ...steps.marks,`,
      `    ...steps.marks,
    pasteCommand(connection, buffer, paneId, typing.bracketed),`,
    ],
  ),
  mutant(
    ["G3", "a second Enter is claimed once"],
    ["ledger/ledger.test.ts", "second Enter"],
    ["ledger/attempt-rows.ts", "WHERE id = ? AND enter_again_at_ms IS NULL", "WHERE id = ?"],
  ),
  mutant(
    ["G4", "typing asks whose process is in the pane"],
    ["workers/tmux/typing.test.ts", "F12"],
    ["workers/tmux/guard.ts", '    shows("#{pane_pid}", String(pane.panePid)),', ""],
  ),
  mutant(
    ["G4", "typing asks whether the pane takes input"],
    ["workers/tmux/typing.test.ts", "F11"],
    [
      "workers/tmux/guard.ts",
      'allOf([shows("#{pane_in_mode}", "0"), shows("#{pane_input_off}", "0")])',
      'allOf(["1", "1"])',
    ],
  ),
  mutant(
    ["G5", "a start asks the pane for its mark"],
    ["recovery.test.ts", "."],
    ["recovery.ts", "witness !== null && witness.attemptId === attemptId;", "false;"],
  ),
  mutant(
    ["G5", "a session whose start was cut off is known again"],
    ["workers/pool.test.ts", "killed before it could write"],
    ["workers/pool.ts", "if (!known && !(await this.#parts.launching.takeUp(worker)))", "if (!known)"],
  ),
  mutant(
    ["G6", "lost is an end"],
    ["engine.test.ts", "G6"],
    ["worker-reports.ts", 'outcome.kind === "lost" && ended.draft.retryLost', 'outcome.kind === "lost"'],
  ),
  mutant(
    ["G6", "an old attempt moves nothing"],
    ["ledger/ledger.test.ts", "fences its old attempt off"],
    [
      "ledger/move-rows.ts",
      "WHERE id = @id AND state = @from AND attempts = @attempts",
      "WHERE id = @id AND state = @from",
    ],
  ),
  mutant(
    ["G7", "admission counts what is held"],
    ["throttle/throttle.test.ts", "C-45"],
    [
      "throttle/admission.ts",
      "  const standing = gauge.used + gauge.held;",
      "  const standing = gauge.used;",
    ],
  ),
  mutant(
    ["G7", "reservations are read back at a start"],
    ["recovery.test.ts", "."],
    [
      "durable-rows.ts",
      "spend.openReservations(exactFromMs).map(",
      "spend.openReservations(exactFromMs).slice(0, 0).map(",
    ],
  ),
  mutant(
    ["G7", "a reservation is one commit with its attempt"],
    ["ledger/ledger.test.ts", "commits the attempt and its reservation"],
    ["ledger/reservation-rows.ts", "held.tokens,", "0,"],
  ),
  mutant(
    ["G8", "no timer ends a reservation"],
    ["throttle/invariants.test.ts", "P1 to P6"],
    [
      "throttle/throttle.ts",
      "    this.#nowMs = Math.max(this.#nowMs, nowMs);",
      "    this.#nowMs = Math.max(this.#nowMs, nowMs); this.#holds.dropOld(this.#nowMs);",
    ],
    [
      "throttle/holds.ts",
      "    this.#holds.set(attemptId, hold);",
      "    this.#holds.set(attemptId, hold); this.sinceMs.set(attemptId, reservation.sinceMs);",
    ],
    [
      "throttle/holds.ts",
      "  /** What an attempt still holds;",
      `  readonly sinceMs = new Map<string, number>();
  dropOld(nowMs: number): void {
    for (const id of [...this.#holds.keys()])
      if (nowMs - (this.sinceMs.get(id) ?? nowMs) > 1_200_000) this.close(id);
  }

  /** What an attempt still holds;`,
    ],
  ),
  mutant(
    ["G8", "unknown usage is booked at the held amount"],
    ["engine.test.ts", "the end: meter, settle, record"],
    ["ledger/usage-entry.ts", "    bookedTokens: held.tokens,", "    bookedTokens: 0,"],
  ),
  mutant(
    ["G9", "a response is booked under its own id"],
    ["metering/record-pathologies.test.ts", "F24"],
    ["ledger/spend-rows.ts", "    key: entry.key,\n", "    key: `${entry.key}#${Math.random()}`,\n"],
  ),
  mutant(
    ["G9", "sightings are merged by their maximum"],
    ["metering/record-pathologies.test.ts", "F24"],
    [
      "metering/merge-records.ts",
      "else if (!saysNothingNew(known, record)) this.#byKey.set(record.key, mergeTwo(known, record));",
      "else this.#byKey.set(`${record.key}#${this.#byKey.size}`, record);",
    ],
  ),
  mutant(
    ["G10", "one order in the database"],
    ["tasks/order.test.ts", "F19"],
    [
      "ledger/task-rows.ts",
      "ORDER BY priority DESC, id LIMIT @count",
      "ORDER BY priority DESC, attempts, id LIMIT @count",
    ],
  ),
  mutant(
    ["G14", "no control character is typed"],
    ["workers/tmux/typing.test.ts", "is refused as it is"],
    [
      "workers/tmux/typing.ts",
      String.raw`/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/`,
      String.raw`/[\u0000]/`,
    ],
  ),
  mutant(
    ["G14", "no control sequence is shown"],
    ["base/plain-text.test.ts", "."],
    ["base/plain-text.ts", '    .replace(CONTROL_SEQUENCE, "")\n', ""],
    ["base/plain-text.ts", '    .replace(OTHER_CONTROLS, "");', "    ;"],
  ),
  mutant(
    ["G14", "what is hidden in a text is shown"],
    ["reports/cells.test.ts", "as one harmless line"],
    ["reports/cells.ts", '    .replace(HIDDEN, "[hidden]")\n', ""],
  ),
  mutant(
    ["G14", "a line of a pipe ends at a line feed alone, and is text"],
    ["repl/lines.test.ts", "."],
    ["repl/lines.ts", "{ fatal: true }", "{ fatal: false }"],
  ),
  mutant(
    ["G15", "no key is told"],
    ["attacks/secrets.test.ts", "history keeps what was typed"],
    ["repl/history.ts", "append(this.#file, redacted(line));", "append(this.#file, line);"],
  ),
  mutant(
    ["G15", "files are private from their creation on"],
    ["ledger/state-folder.test.ts", "."],
    ["ledger/state-folder.ts", "const FILE_MODE = 0o600;", "const FILE_MODE = 0o644;"],
  ),
  mutant(
    ["G16", "nothing is typed before its intent is on the disk"],
    ["kept-writes.test.ts", "types nothing whose intent"],
    [
      "dispatch.ts",
      "if (kept.attempt(() => atOnce(write(intent))) === null) notWrittenDown();",
      "kept.attempt(() => atOnce(write(intent)));",
    ],
    [
      "dispatch.ts",
      "return kept.gathered(write(intent)).catch(notWrittenDown);",
      "return kept.gather(write(intent));",
    ],
  ),
  mutant(
    ["G16", "no time runs faster than real time"],
    ["ledger-time.test.ts", "F25 one day forward"],
    ["throttle/ledger-clock.ts", "Math.min(wallMs, this.#furthestMs(monotonicMs))", "wallMs"],
  ),
];
