/**
 * Starting an agent in a worker's pane: a launch folder of its own, the adapter's plan written into it, a tmux
 * session with a generated name, and the wait until the agent takes input.
 */
import { rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { randomBytes, randomUUID } from "node:crypto";
import type { AgentSettings, SubmissionFile } from "../agents/adapter.ts";
import { CtmError } from "../base/errors.ts";
import { faultPoint } from "../faults/fault-point.ts";
import { ensurePrivateFolders, handPrivateFile, writeOver } from "../ledger/state-folder.ts";
import { findProgram } from "./agent-finder.ts";
import { forgetEnvironment, writeLaunchFolder } from "./launcher.ts";
import type { PaneIdentity } from "./tmux/pane-identity.ts";
import type { Worker } from "./worker.ts";

const LAUNCH_FOLDER = faultPoint("launch.folder");
const FORGET = faultPoint("launch.forget");
const TASK_FILE = faultPoint("task-file.write");

export interface LaunchWish {
  readonly model: string | null;
  readonly cwd: string;
  readonly resumeSessionId: string | null;
}

export interface LaunchingParts {
  readonly workersDir: string;
  readonly spoolDir: string;
  readonly hookScript: string;
  readonly cols: number;
  readonly rows: number;
  settings(agent: string, account: string): AgentSettings;
  /** What every agent's process is given of our environment. It may hold keys: it reaches the agent by a 0600 file alone. */
  readonly baseEnv: Readonly<Record<string, string>>;
  /** What is added to that environment so that the agent tells us its usage by telemetry. Left out: nothing. */
  telemetry?(
    agent: string,
    launchId: string,
    env: Readonly<Record<string, string>>,
  ): Readonly<Record<string, string>>;
}

/** How long an agent may take from its start to its first readiness. */
const readyWithinMs = 60_000;

export class Launching {
  readonly #parts: LaunchingParts;

  constructor(parts: LaunchingParts) {
    this.#parts = parts;
  }

  /** Throws CtmError `agent-missing` when the agent's program is not there. */
  requireProgram(agent: string, cwd: string): void {
    const [program = ""] = this.#parts.settings(agent, agent).command;
    if (findProgram(program, this.#parts.baseEnv["PATH"] ?? "", cwd) !== null) return;
    throw new CtmError("agent-missing", `${agent} is not installed: there is no program ${program}`, [
      `Install it, name its program in agents.${agent}.command, or choose another agent (--agent).`,
    ]);
  }

  /**
   * Starts the worker's agent in a new session. Resolves at once; readiness comes as a signal or on the screen. A
   * worker that cannot be started is dead; throws what was in the way.
   */
  async launch(worker: Worker, wish: LaunchWish): Promise<void> {
    try {
      await this.#launch(worker, wish);
    } catch (error) {
      await worker.neverStarted(`its agent could not be started: ${wordsOf(error)}`);
      throw error;
    }
  }

  async #launch(worker: Worker, wish: LaunchWish): Promise<void> {
    const launchId = `${worker.name.replaceAll("_", "-")}-${randomBytes(5).toString("hex")}`;
    const dir = join(this.#parts.workersDir, worker.name, launchId);
    LAUNCH_FOLDER.pass(() => ensurePrivateFolders([dirname(dir), dir]));
    this.#forgetOldLaunch(worker);
    const sessionId = randomUUID();
    const plan = worker.adapter.launch({
      launchId,
      dir,
      sessionId,
      model: wish.model,
      cwd: wish.cwd,
      hookScript: this.#parts.hookScript,
      resumeSessionId: wish.resumeSessionId,
      settings: this.#parts.settings(worker.adapter.traits.kind, worker.record.account),
    });
    const env = { ...this.#parts.baseEnv, ...plan.env };
    const telling = this.#parts.telemetry?.(worker.adapter.traits.kind, launchId, env) ?? {};
    const argv = writeLaunchFolder({
      dir,
      plan,
      cwd: wish.cwd,
      env: { ...env, ...telling, CTM_LAUNCH: launchId, CTM_SPOOL: this.#parts.spoolDir },
    });
    worker.become(
      { name: "starting", sinceMs: Date.now() },
      "process",
      `${worker.adapter.traits.kind} is starting`,
    );
    // Remembered before the start: a signal may come back before the start call does.
    worker.remember({
      model: wish.model,
      cwd: wish.cwd,
      launchId,
      launchDir: dir,
      sessionId: wish.resumeSessionId ?? sessionId,
      recordPath: plan.recordPath ?? null,
      lastAttempt: "",
      lastType: wish.resumeSessionId === null ? null : worker.record.lastType,
    });
    const pane = await this.#startIn(worker, dir, argv);
    worker.remember({ pane: JSON.stringify(pane) });
  }

  async #startIn(worker: Worker, dir: string, argv: readonly string[]): Promise<PaneIdentity> {
    const { cols, rows } = this.#parts;
    const start = { name: worker.record.session, argv, cols, rows, logPath: join(dir, "output.log") };
    try {
      return await worker.terminal.startSession(start);
    } catch (error) {
      // An answer that was lost says nothing: the session may be there, and its name would be taken for ever.
      const pane = await worker.terminal.startedBy(start.name, basename(dir)).catch(() => null);
      if (pane !== null) return pane;
      // The script that would have removed it never ran.
      forgetEnvironment(dir);
      throw error;
    }
  }

  /**
   * Ends the agent and starts it anew with another model or folder. True: it is ready for a task. A conversation in
   * which nothing was said yet is in no record: its agent would refuse to resume it, so another begins.
   */
  async relaunch(worker: Worker, wish: LaunchWish): Promise<boolean> {
    try {
      await this.stop(worker);
    } catch (error) {
      // Its pane is given up already: idle without one, it would be offered task after task.
      await worker.died(`its agent could not be ended: ${wordsOf(error)}`, null);
      throw error;
    }
    const ready = worker.untilReady(readyWithinMs);
    const resumeSessionId = worker.hasConversation() ? wish.resumeSessionId : null;
    await this.launch(worker, { ...wish, resumeSessionId });
    return ready;
  }

  /** Ends the worker's own session. An adopted one is never ended by us. */
  async stop(worker: Worker): Promise<void> {
    if (worker.record.adopted) return;
    const { launchDir, session } = worker.record;
    const unknown = (): Promise<PaneIdentity | null> =>
      launchDir === null
        ? Promise.resolve(null)
        : worker.terminal.startedBy(session, basename(launchDir)).catch(() => null);
    const pane = worker.pane ?? (await unknown());
    if (pane === null) return;
    // Told before the kill, so that the death that follows is not taken for a crash.
    worker.remember({ pane: null, launchId: null });
    await worker.terminal.killSession(session, pane);
    // The next start has another record.
    worker.bookPersonsUsage();
  }

  /**
   * A manager that was killed between starting a session and writing its pane down, or between writing down that it
   * ends one and ending it, left the session behind under the worker's name. A started one is the worker's: true. One
   * that was to end is ended.
   */
  async takeUp(worker: Worker): Promise<boolean> {
    const { launchId, launchDir, session, adopted } = worker.record;
    if (adopted || launchDir === null) return false;
    const pane = await worker.terminal.startedBy(session, basename(launchDir));
    if (pane === null) return false;
    if (launchId !== null) {
      worker.remember({ pane: JSON.stringify(pane) });
      return true;
    }
    await worker.terminal.killSession(session, pane);
    worker.bookPersonsUsage();
    return false;
  }

  /** Writes a file (0600) into the worker's launch folder, e.g. the script of a shell task. */
  writeFile(worker: Worker, { name, text, inPlace }: SubmissionFile): void {
    const { launchDir } = worker.record;
    if (launchDir === null) return;
    const write = inPlace === true ? writeOver : handPrivateFile;
    TASK_FILE.pass(() => write(join(launchDir, name), text));
  }

  /** The folder of the launch before this one: its output log has served. */
  #forgetOldLaunch(worker: Worker): void {
    const { launchDir, recordPath } = worker.record;
    // A record that lies in the launch folder (rehearsal) may still be read.
    if (launchDir === null || recordPath?.startsWith(launchDir) === true) return;
    try {
      FORGET.pass(() => rmSync(launchDir, { recursive: true, force: true, maxRetries: 2, retryDelay: 20 }));
    } catch {
      // The agent before may still be writing there as it dies. A folder left behind keeps no other from its start.
    }
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
