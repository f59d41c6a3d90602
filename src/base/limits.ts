/** Everything that grows has a named limit. Sizes are bytes of UTF-8 unless the name says otherwise. */

/** Longest text of one task. A prompt beyond this is a document: name its file in the task instead. */
export const taskTextMaxBytes = 1024 * 1024;
/** Most tasks that may wait in the ledger at once. */
export const queuedTasksMax = 1_000_000;
/** Longest line the manager's socket, a batch file or a signal may carry. */
export const messageMaxBytes = 4 * 1024 * 1024;
/** Ids the dispatcher holds in memory at once; the rest stays in the ledger. */
export const readyWindowMax = 64;
/** Longest idempotency key, reason, name or label given by a person, in characters. */
export const labelMaxChars = 200;
/** Size at which a worker's output log is begun anew (one older log is kept). */
export const outputLogMaxBytes = 16 * 1024 * 1024;
/** Facts kept for a late reader of the bus before the oldest is dropped. */
export const factsKeptMax = 1_000;
/** Lines of REPL history kept on disk. */
export const historyLinesMax = 1_000;
/** Backups the program makes by itself, before a migration, that are kept. */
export const backupsKeptMax = 3;
/** Most workers one manager drives. */
export const workersMax = 100;
