/**
 * The metrics files: one a subject, in the project's folder, a projection of the ledger that is never read back. They
 * are written aside and renamed, only when their text has changed, and at most once a second. What cannot be written is
 * told once and tried again with the next change; nothing outside of their folder is ever written.
 */
import { lstatSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { CtmError } from "./base/errors.ts";
import type { RosterSetting } from "./config-shape.ts";
import { faultPoint } from "./faults/fault-point.ts";
import type { Subject } from "./hierarchy/invocation.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { handPrivateFile } from "./ledger/state-folder.ts";
import { figuresOf } from "./overview/hierarchy.ts";
import { metricsText } from "./reports/metrics-file.ts";
import { isRosterId } from "./roster-schema.ts";

const FOLDER = faultPoint("metrics-folder.create");
/** A file is written at most so often. */
const pauseMs = 1_000;

export interface MetricsFilesParts {
  readonly setting: RosterSetting | null;
  readonly ledger: Ledger;
  trouble(error: unknown): void;
}

export class MetricsFiles {
  readonly #parts: MetricsFilesParts;
  /** Text that stands in each file, as far as it was written or read. */
  readonly #texts = new Map<string, string>();
  readonly #waiting = new Map<string, Subject>();
  #timer: NodeJS.Timeout | null = null;
  #lastMs = 0;
  #told: string | null = null;

  constructor(parts: MetricsFilesParts) {
    this.#parts = parts;
  }

  /** All of them are looked at: a manager that was killed may have left some behind. */
  begin(): void {
    for (const subject of this.#parts.ledger.hierarchy.subjects()) this.#wait(subject);
    this.changed();
  }

  #wait(subject: Subject): void {
    this.#waiting.set(`${subject.kind} ${subject.id}`, subject);
  }

  /** Figures may have changed: their files are written soon. */
  changed(): void {
    if (this.#parts.setting?.metricsDir == null) return;
    for (const subject of this.#parts.ledger.hierarchy.takeChanged()) this.#wait(subject);
    if (this.#waiting.size === 0 || this.#timer !== null) return;
    const inMs = Math.max(0, this.#lastMs + pauseMs - Date.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.flush();
    }, inMs);
    this.#timer.unref();
  }

  /** Writes what waits now. What is in the way is told, once. */
  flush(): void {
    this.#lastMs = Date.now();
    try {
      this.#write([...this.#waiting.values()]);
      this.#told = null;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== this.#told) this.#parts.trouble(error);
      this.#told = message;
    }
  }

  /** Writes every file anew, whatever is there. Throws what is in the way; returns how many there are. */
  writeAll(): number {
    this.#texts.clear();
    const subjects = this.#parts.ledger.hierarchy.subjects();
    this.#write(subjects);
    return subjects.length;
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#parts.setting?.metricsDir == null) return;
    this.changed();
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#waiting.size > 0) this.flush();
  }

  #write(subjects: readonly Subject[]): void {
    const { setting, ledger } = this.#parts;
    if (setting?.metricsDir == null) return;
    const { metricsDir, file, roster } = setting;
    const folders = new Set<string>();
    for (const subject of subjects) {
      const path = pathOf(subject, metricsDir);
      const folder = dirname(path);
      if (!folders.has(folder)) ensureFolder(folder, metricsDir, dirname(file));
      folders.add(folder);
      const text = metricsText(figuresOf(subject, ledger, roster));
      if ((this.#texts.get(path) ?? textOf(path)) !== text) handPrivateFile(path, text);
      this.#texts.set(path, text);
      this.#waiting.delete(`${subject.kind} ${subject.id}`);
    }
  }
}

/** Where the figures of a subject are written. */
export function pathOf({ kind, id }: Subject, metricsDir: string): string {
  if (kind === "system") return join(metricsDir, "system.json");
  // The ledger may have been written by anybody.
  if (!isRosterId(id)) throw new CtmError("refused", `${JSON.stringify(id)} becomes no name of a file`);
  const suffix = kind === "agent" ? "" : `-${kind}`;
  return join(metricsDir, `${kind}s`, `${id}${suffix}.json`);
}

/**
 * The folder and those above it, up to the project's (or the one the metrics were configured into): each is made if it
 * is missing, and must be a folder and no link, so that nothing is written elsewhere. Throws CtmError `refused`, `io`.
 */
function ensureFolder(folder: string, metricsDir: string, project: string): void {
  const isInside = !relative(project, metricsDir).startsWith("..");
  const base = isInside ? project : dirname(metricsDir);
  let path = base;
  for (const part of relative(base, folder).split(sep)) {
    path = join(path, part);
    const facts = lstatSync(path, { throwIfNoEntry: false });
    if (facts === undefined) createFolder(path);
    else if (facts.isSymbolicLink())
      throw new CtmError(
        "refused",
        `no metrics are written: ${path} is a link, and what it leads to is not ours`,
      );
    else if (!facts.isDirectory())
      throw new CtmError("refused", `no metrics are written: ${path} is no folder`);
  }
}

function createFolder(path: string): void {
  try {
    FOLDER.pass(() => mkdirSync(path));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CtmError("io", `no metrics are written: the folder ${path} cannot be made: ${why}`, [], {
      cause: error,
    });
  }
}

/** Null: there is no such file, or none that can be read. A link in its place will be replaced, not followed. */
function textOf(path: string): string | null {
  try {
    return lstatSync(path).isFile() ? readFileSync(path, "utf8") : null;
  } catch {
    return null;
  }
}
