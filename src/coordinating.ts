/** Saying who coordinates: a worker, which gets no tasks then, or a session of a person's own. */
import { CtmError } from "./base/errors.ts";
import type { Coordinator } from "./ledger/coordinator-rows.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { RecordFolders } from "./transcripts/formats.ts";
import { findRecordFiles } from "./transcripts/find-files.ts";
import type { Worker } from "./workers/worker.ts";

export type WorkerRole = "worker" | "coordinator";

/** Most sessions that are kept as coordinators. */
const coordinatorsMax = 10_000;

export interface SessionWish {
  readonly agent: string;
  readonly session: string;
  /** null: looked for by the session's id. */
  readonly record: string | null;
  /** It coordinates no more. */
  readonly end: boolean;
  /** From when on; absent or null: from now on. Later than now is now. */
  readonly sinceMs?: number | null;
}

/** A worker that coordinates takes no task; one that works on a task cannot begin to. CtmError `illegal-move`. */
export function setRole(worker: Worker, role: WorkerRole, ledger: Ledger, nowMs: number): void {
  const { name, record, attempt } = worker;
  if (role === "worker") {
    ledger.coordinators.unmark(name, nowMs);
    worker.remember({ draining: false });
    return;
  }
  if (attempt !== null)
    throw new CtmError(
      "illegal-move",
      `${name} works on task ${attempt.taskId}: it can coordinate once that has ended`,
    );
  const { agent, sessionId, recordPath } = record;
  worker.remember({ draining: true });
  ledger.coordinators.mark({ name, agent, sessionId, recordPath, sinceMs: nowMs });
}

/** A session of a person's own, by its agent and id. CtmError `not-found` where nothing is known of it that could end. */
export function coordinate(
  wish: SessionWish,
  ledger: Ledger,
  folders: RecordFolders,
  nowMs: number,
): Coordinator {
  const { agent, session, record, end } = wish;
  const name = `${agent}:${session}`;
  const known = ledger.coordinators.all();
  const before = known.find((one) => one.name === name);
  if (end) {
    if (before === undefined) throw new CtmError("not-found", `${name} was not said to coordinate`);
    ledger.coordinators.unmark(name, nowMs);
    return { ...before, untilMs: before.untilMs ?? nowMs };
  }
  if (before === undefined && known.length >= coordinatorsMax)
    throw new CtmError("refused", `${coordinatorsMax} sessions coordinated; more are not kept`);
  const recordPath = record ?? before?.recordPath ?? recordOfSession(agent, session, folders);
  const sinceMs = before?.sinceMs ?? Math.min(wish.sinceMs ?? nowMs, nowMs);
  ledger.coordinators.mark({ name, agent, sessionId: session, recordPath, sinceMs });
  return {
    name,
    agent,
    sessionId: session,
    recordPath,
    sinceMs,
    untilMs: null,
    wasRead: before?.wasRead ?? false,
  };
}

function recordOfSession(agent: string, session: string, folders: RecordFolders): string | null {
  const found = findRecordFiles(folders).find(
    (file) => file.agent === agent && file.path.endsWith(`${session}.jsonl`),
  );
  return found?.path ?? null;
}
