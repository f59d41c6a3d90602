/**
 * What is to be written and when. What happens to every task shares its commits and its waits for the disk with all
 * else (`gathered-writes.ts`); what a person waits for has its own.
 *
 * Writes that follow from what has happened (an agent has ended, a pane has refused): the world does not take it back
 * because the disk is full. Such a write is kept, in its order, until the disk takes it; meanwhile nothing is
 * dispatched. After a fault that leaves the outcome of a write unknown nothing more is written by this process: the
 * next start reads what is on the disk, asks the panes and finds the signals, which stay in the spool until then.
 */
import { CtmError } from "./base/errors.ts";
import { atOnce, GatheredWrites, type After, type Gathered, type GatheredWrite } from "./gathered-writes.ts";
import { storageFaultOf, type StorageFault } from "./ledger/storage-fault.ts";

/** There is no event for a disk that has room again: while it is full, and only then, it is tried so often. */
const tryAgainAfterMs = 2_000;

export interface KeptWritesParts {
  /** Does all of it in one commit, or nothing of it. The disk may not have it yet. */
  commit<T>(act: () => T): T;
  /** Every commit made before stands on the disk when it resolves. */
  sync(): Promise<void>;
  /** The same, waited for. */
  syncNow(): void;
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
  readonly #gathered: GatheredWrites;
  #fault: StorageFault | null = null;
  /** What was told last: the message of a fault, or null. */
  #told: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(parts: KeptWritesParts) {
    this.#parts = parts;
    this.#gathered = new GatheredWrites({
      ...parts,
      refusal: () => (this.#fault === null ? null : this.#asError()),
      noticed: (error) => this.noticed(error),
      refused: (each, error) => this.#notWritten(each, error),
      written: () => this.#tellWritten(),
    });
  }

  /** Why nothing is dispatched now; null: the storage is sound. */
  get fault(): StorageFault | null {
    return this.#fault;
  }

  /** Has everything that was to be written been followed? */
  get idle(): boolean {
    return this.#gathered.idle;
  }

  /** How many writes wait for a fault to end. */
  get count(): number {
    return this.#kept.length;
  }

  /**
   * A write that must not be lost, with the others of this turn. `patient`: nothing waits for it, and it may share a
   * commit of a moment later. An error of its own is told as trouble.
   */
  gather(write: GatheredWrite, patient = false): void {
    this.#gathered.add({ write, kept: true, patient, failed: (error) => this.#parts.trouble(error) });
  }

  /** Something has happened: written and never lost, by itself and at once, or gathered as above. */
  happened(how: "alone" | "shared" | "patient", write: GatheredWrite): void {
    if (how === "alone") this.keep(() => void atOnce(write));
    else this.gather(write, how === "patient");
  }

  /** A gathered write that somebody waits for: resolves once it is on the disk; rejects, and it is given up. */
  gathered(write: GatheredWrite): Promise<void> {
    return new Promise((resolve, reject) => {
      const andThen: GatheredWrite = (after) => {
        write(after);
        after(resolve);
      };
      this.#gathered.add({ write: andThen, kept: false, failed: reject });
    });
  }

  /** What was gathered is written, on the disk and followed: every other write goes behind it. */
  flush(): void {
    this.#gathered.flush();
  }

  /**
   * Runs a write that counts at once, and is on the disk before anything gathered after it is: nothing but that may
   * depend on it. Null when the disk does not take it, or did not take one before.
   */
  attemptEarly<T>(write: (after: After) => T): T | null {
    this.#gathered.commit();
    if (this.#fault !== null) return null;
    const effects: (() => void)[] = [];
    try {
      const result = this.#parts.commit(() => write((effect) => effects.push(effect)));
      for (const effect of effects) effect();
      return result;
    } catch (error) {
      if (!this.noticed(error)) throw error;
      return null;
    }
  }

  /** Runs a write that must not be lost: now, or in its order when the disk takes it. Throws what is no storage's fault. */
  keep(write: () => void): void {
    this.flush();
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
    this.flush();
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
    this.flush();
    if (this.#fault?.kind === "broken") throw this.#asError();
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

  /** Resolves when everything that was to be written until now is on the disk. */
  written(): Promise<void> {
    if (this.#allWritten) return Promise.resolve();
    return new Promise((resolve) => {
      // While all goes well, what comes after it need not be waited for.
      if (this.#fault === null && this.#kept.length === 0) this.#gathered.whenSynced(resolve);
      else this.#whenWritten.push(resolve);
    });
  }

  /** Forgets what is kept: the next start finds the signals and the panes it came from. */
  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#gathered.close();
  }

  get #allWritten(): boolean {
    return this.#fault === null && this.#kept.length === 0 && this.#gathered.idle;
  }

  /** Written again, it shares its commit with nobody. */
  #notWritten({ write, kept, failed }: Gathered, error: unknown): void {
    if (kept) this.#kept.push(() => this.#gathered.now(write));
    else failed(error);
  }

  #asError(): CtmError {
    return new CtmError("ledger", this.#fault === null ? "" : faultWords(this.#fault));
  }

  #tellWritten(): void {
    if (!this.#allWritten) return;
    for (const resolve of this.#whenWritten.splice(0)) resolve();
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
    this.#tellWritten();
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
