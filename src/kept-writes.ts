/**
 * Writes that follow from what has happened (an agent has ended, a pane has refused): the world does not take it back
 * because the disk is full. Such a write is kept, in its order, until the disk takes it; meanwhile nothing is
 * dispatched. After a fault that leaves the outcome of a write unknown nothing more is written by this process: the
 * next start reads what is on the disk, asks the panes and finds the signals, which stay in the spool until then.
 */
import { CtmError } from "./base/errors.ts";
import { storageFaultOf, type StorageFault } from "./ledger/storage-fault.ts";

/** There is no event for a disk that has room again: while it is full, and only then, it is tried so often. */
const tryAgainAfterMs = 2_000;

export interface KeptWritesParts {
  /** A harmless write that proves the disk takes one. Throws when it does not. */
  probe(): void;
  /** Hears of each fault, and of its end (null). */
  changed(fault: StorageFault | null): void;
  /** Hears of what a kept write threw that is no fault of the storage. */
  trouble(error: unknown): void;
}

export class KeptWrites {
  readonly #parts: KeptWritesParts;
  readonly #kept: (() => void)[] = [];
  readonly #whenWritten: (() => void)[] = [];
  #fault: StorageFault | null = null;
  /** What was told last: the message of a fault, or null. */
  #told: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(parts: KeptWritesParts) {
    this.#parts = parts;
  }

  /** Why nothing is dispatched now; null: the storage is sound. */
  get fault(): StorageFault | null {
    return this.#fault;
  }

  /** How many writes wait. */
  get count(): number {
    return this.#kept.length;
  }

  /** Runs a write that must not be lost: now, or in its order when the disk takes it. Throws what is no storage's fault. */
  keep(write: () => void): void {
    if (this.#fault !== null) {
      this.#kept.push(write);
      return;
    }
    try {
      write();
    } catch (error) {
      if (!this.noticed(error)) throw error;
      this.#kept.push(write);
    }
  }

  /** Runs a write that may be given up: null when the disk does not take it, or did not take one before. */
  attempt<T>(write: () => T): T | null {
    if (this.#fault !== null) return null;
    try {
      return write();
    } catch (error) {
      if (!this.noticed(error)) throw error;
      return null;
    }
  }

  /** Runs a write somebody waits for: what it throws is thrown, and a fault of the storage noticed. */
  orThrow<T>(write: () => T): T {
    if (this.#fault?.kind === "broken") throw new CtmError("ledger", faultWords(this.#fault));
    try {
      return write();
    } catch (error) {
      this.noticed(error);
      throw error;
    }
  }

  /** Is this error a fault of the storage? Then nothing is dispatched until it is over. */
  noticed(error: unknown): boolean {
    const fault = storageFaultOf(error);
    if (fault === null) return false;
    if (this.#fault?.kind !== "broken") this.#fault = fault;
    this.#tell();
    if (this.#fault.kind !== "broken") this.#tryLater();
    return true;
  }

  /** Resolves when nothing is kept: at once, as long as the storage is sound. */
  written(): Promise<void> {
    if (this.#fault === null && this.#kept.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenWritten.push(resolve));
  }

  /** Forgets what is kept: the next start finds the signals and the panes it came from. */
  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** The same fault is told once. */
  #tell(): void {
    const words = this.#fault?.message ?? null;
    if (this.#told === words) return;
    this.#told = words;
    this.#parts.changed(this.#fault);
  }

  #tryLater(): void {
    if (this.#closed || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#tryAgain();
    }, tryAgainAfterMs);
    this.#timer.unref();
  }

  #tryAgain(): void {
    if (this.#fault?.kind === "broken") return;
    try {
      this.#parts.probe();
    } catch (error) {
      if (!this.noticed(error)) this.#parts.trouble(error);
      return this.#tryLater();
    }
    this.#fault = null;
    if (!this.#writeKept()) return;
    this.#tell();
    for (const resolve of this.#whenWritten.splice(0)) resolve();
  }

  /** Writes what was kept, in its order. False: a fault came again, and the rest waits on. */
  #writeKept(): boolean {
    for (;;) {
      const [write] = this.#kept;
      if (this.#fault !== null || write === undefined) return this.#fault === null;
      try {
        write();
      } catch (error) {
        if (this.noticed(error)) return false;
        this.#parts.trouble(error);
      }
      this.#kept.shift();
    }
  }
}

/** What a person is told, in one sentence. */
export function faultWords(fault: StorageFault): string {
  switch (fault.kind) {
    case "full":
      return `${fault.message}: nothing is handed out until there is room; agents go on, and what they report is kept`;
    case "busy":
      return `${fault.message}: nothing is handed out until it lets go; agents go on, and what they report is kept`;
    case "broken":
      return `${fault.message}: nothing is handed out until ctm is started again; agents go on, and their signals wait`;
    default:
      return fault.kind satisfies never;
  }
}
