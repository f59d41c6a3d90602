/**
 * Which session drives us: the agent among the processes that started this one, and its record. It says of itself that
 * it coordinates, so that what it uses is coordination. One nobody knows is named all the same: what it uses is unknown.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { adoptableAgent } from "../adoption.ts";
import type { CommandHost } from "../commands/host.ts";
import { recordOfProcess } from "../workers/adopted-record.ts";
import { turnBeganMs } from "./turn-began.ts";

/** Shells and starters that may stand between an agent and us. */
const parentsMax = 5;

export interface Driver {
  readonly agent: string;
  readonly session: string;
  readonly record: string | null;
}

export class CoordinatingSession {
  readonly #trouble: (error: unknown) => void;
  readonly #driver: () => Driver;
  #said: Driver | null = null;
  #turnBeganMs: number | null = null;

  /** `driver` is asked at each call: an agent may begin another conversation. */
  constructor(driver: () => Driver, trouble: (error: unknown) => void) {
    this.#driver = driver;
    this.#trouble = trouble;
  }

  /** When the turn began whose calls are carried out, as far as the record told at the last of them; null: it did not. */
  get turnBeganMs(): number | null {
    return this.#turnBeganMs;
  }

  /** Says so at the first call, and again when the agent has begun another conversation. It keeps no call from its answer. */
  async coordinates(host: CommandHost): Promise<void> {
    const driver = this.#driver();
    // What led to the first call is coordination too: it counts from the prompt on.
    this.#turnBeganMs = driver.record === null ? null : turnBeganMs(driver.agent, driver.record);
    if (this.#said?.session === driver.session) return;
    try {
      if (this.#said !== null) await host.run("coordinate", { ...this.#said, end: true });
      await host.run("coordinate", { ...driver, end: false, sinceMs: this.#turnBeganMs });
      this.#said = driver;
    } catch (error) {
      this.#trouble(error);
    }
  }

  async end(withHost: (act: (host: CommandHost) => Promise<unknown>) => Promise<unknown>): Promise<void> {
    const said = this.#said;
    if (said === null) return;
    try {
      await withHost((host) => host.run("coordinate", { ...said, end: true }));
    } catch (error) {
      this.#trouble(error);
    }
  }
}

/** A known agent among this process and its parents, the nearest; else one nobody knows, by this name. */
export function driverAt(from: number | null, unknownName: string): Driver {
  let pid = from ?? 0;
  for (let n = 0; n < parentsMax && pid > 1; n += 1) {
    const found = processOf(pid);
    if (found === null) break;
    const agent = adoptableAgent(found.argv);
    const record = agent === null ? null : recordOfProcess(agent, { pid, argv: found.argv, cwd: found.cwd });
    if (agent !== null && record !== null)
      return { agent, session: record.sessionId, record: record.recordPath };
    pid = found.parent;
  }
  return { agent: "unknown", session: unknownName, record: null };
}

function processOf(pid: number): { argv: string[]; cwd: string; parent: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    const argv = readFileSync(`/proc/${pid}/cmdline`, "utf8")
      .split("\0")
      .filter((word) => word !== "");
    return { argv, cwd: readlinkSync(`/proc/${pid}/cwd`), parent };
  } catch {
    return null; // It is gone, or not ours to ask.
  }
}
