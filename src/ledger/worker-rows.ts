/** What must be known of a worker after the manager died: who it is, where it sits, what it was last given. */
import type { Db } from "./database.ts";
import { commitPoint, written } from "./storage-fault.ts";

const SAVE = commitPoint("worker.commit");
const REMOVE = commitPoint("worker-removed.commit");

export interface WorkerRecord {
  readonly name: string;
  readonly agent: string;
  readonly model: string | null;
  readonly cwd: string;
  readonly adopted: boolean;
  /** Socket of a foreign tmux server (adopted), or null: our own. "" = the person's default server. */
  readonly tmuxSocket: string | null;
  readonly session: string;
  /** Pane identity as JSON, or null before the first launch. */
  readonly pane: string | null;
  readonly launchId: string | null;
  readonly launchDir: string | null;
  readonly sessionId: string | null;
  readonly recordPath: string | null;
  readonly lastAttempt: string;
  readonly lastType: string | null;
  readonly lastCwd: string | null;
  readonly draining: boolean;
  /** Name of the program that must be in front when an adopted pane is typed into; null for our own panes. */
  readonly foreground: string | null;
  /** The account its agent runs with: workers of one account share what its provider allows. */
  readonly account: string;
}

interface WorkerRowStored {
  name: string;
  agent: string;
  model: string | null;
  cwd: string;
  adopted: number;
  tmux_socket: string | null;
  session: string;
  pane: string | null;
  launch_id: string | null;
  launch_dir: string | null;
  session_id: string | null;
  record_path: string | null;
  last_attempt: string | null;
  last_type: string | null;
  last_cwd: string | null;
  draining: number;
  foreground: string | null;
  account: string;
}

export class WorkerRows {
  readonly #db: Db;
  readonly #save;

  constructor(db: Db) {
    this.#db = db;
    this.#save = db.prepare(
      `INSERT OR REPLACE INTO worker VALUES (@name, @agent, @model, @cwd, @adopted, @tmuxSocket, @session, @pane,
        @launchId, @launchDir, @sessionId, @recordPath, @lastAttempt, @lastType, @lastCwd, @draining, @foreground, @account)`,
    );
  }

  all(): WorkerRecord[] {
    return this.#db
      .prepare<[], WorkerRowStored>("SELECT * FROM worker ORDER BY length(name), name")
      .all()
      .map((row) => ({
        name: row.name,
        agent: row.agent,
        model: row.model,
        cwd: row.cwd,
        adopted: row.adopted === 1,
        tmuxSocket: row.tmux_socket,
        session: row.session,
        pane: row.pane,
        launchId: row.launch_id,
        launchDir: row.launch_dir,
        sessionId: row.session_id,
        recordPath: row.record_path,
        lastAttempt: row.last_attempt ?? "",
        lastType: row.last_type,
        lastCwd: row.last_cwd,
        draining: row.draining === 1,
        foreground: row.foreground,
        account: row.account,
      }));
  }

  save(worker: WorkerRecord): void {
    written(SAVE, () =>
      this.#save.run({ ...worker, adopted: worker.adopted ? 1 : 0, draining: worker.draining ? 1 : 0 }),
    );
  }

  remove(name: string): void {
    written(REMOVE, () => this.#db.prepare("DELETE FROM worker WHERE name = ?").run(name));
  }
}
