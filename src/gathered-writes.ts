/**
 * Writes that share commits, and the wait for the disk. Such a write goes three steps: it is gathered until the turn of
 * the event loop ends; it is committed, so that everybody reads it and a kill does not undo it; it is synced, so that
 * a cut of the power does not undo it either. What follows from it happens behind the third. The wait for the disk is
 * not the event loop's: meanwhile the next commits are made, and one sync is enough for all that stand before it.
 */

/** Takes what follows from a write (what is told, what counts in memory): it happens when the write is on the disk. */
export type After = (effect: () => void) => void;

/** A write that may share a commit with others. */
export type GatheredWrite = (after: After) => void;

/** What becomes of a gathered write that the disk does not take: it is kept, or given up by calling `failed`. */
export interface Gathered {
  readonly write: GatheredWrite;
  readonly kept: boolean;
  /** Nothing waits for it: it may lie a moment longer, and share the commit of one that is waited for. */
  readonly patient?: boolean;
  /** Hears of an error that is the write's own; of one that is given up also of the storage's. */
  failed(error: unknown): void;
}

export interface GatheredWritesParts {
  /** Does all of it in one commit that nobody waits for, or nothing of it. */
  commit(act: () => void): void;
  /** Every commit made before stands on the disk when it resolves. */
  sync(): Promise<void>;
  /** The same, waited for. */
  syncNow(): void;
  /** Why the storage takes nothing now; null: it is sound. */
  refusal(): Error | null;
  /** Is this error a fault of the storage? Then it is remembered. */
  noticed(error: unknown): boolean;
  /** A write that was not committed, or of which nobody knows whether it reached the disk. */
  refused(each: Gathered, error: unknown): void;
  /** Hears of what an effect threw. */
  trouble(error: unknown): void;
  /** Something was written: perhaps all is. */
  written(): void;
}

/** How long a patient write lies at most. */
const patienceMs = 5;

interface Committed {
  readonly gathered: Gathered;
  readonly effects: (() => void)[];
}

export class GatheredWrites {
  readonly #parts: GatheredWritesParts;
  #gathered: Gathered[] = [];
  /** Committed, and not on the disk for sure. */
  #committed: Committed[] = [];
  /** Those of them the sync under way is for. */
  #inFlight: Committed[] = [];
  #turn: NodeJS.Immediate | null = null;
  #later: NodeJS.Timeout | null = null;
  #syncing = false;
  #closed = false;

  constructor(parts: GatheredWritesParts) {
    this.#parts = parts;
  }

  /** Nothing waits for a commit, for the disk, or for what follows from it. */
  get idle(): boolean {
    return this.#gathered.length + this.#committed.length + this.#inFlight.length === 0;
  }

  /** Once closed nothing more is written, so that nothing more is typed. */
  add(each: Gathered): void {
    if (this.#closed) return;
    this.#gathered.push(each);
    if (each.patient === true) this.#later ??= setTimeout(() => this.commit(), patienceMs);
    else this.#turn ??= setImmediate(() => this.commit());
  }

  /** Hears when everything added until now is on the disk and has been followed. */
  whenSynced(then: () => void): void {
    const last = this.#gathered.length > 0 ? undefined : (this.#committed.at(-1) ?? this.#inFlight.at(-1));
    if (last !== undefined) last.effects.push(then);
    else this.add({ write: (after) => after(then), kept: true, patient: true, failed: this.#parts.trouble });
  }

  /** Commits what was gathered, so that whoever reads next reads it; the disk follows by itself. */
  commit(): void {
    this.#commit();
    void this.#sync();
  }

  /** What was gathered or committed is on the disk, and has been followed, when this returns. */
  flush(): void {
    this.#commit();
    const unsynced = [...this.#inFlight.splice(0), ...this.#committed.splice(0)];
    if (unsynced.length === 0) return;
    try {
      this.#parts.syncNow();
    } catch (error) {
      this.#unknown(unsynced, error);
      return;
    }
    this.#follow(unsynced);
    this.#parts.written();
  }

  /** A write by itself, on the disk and followed when this returns. Throws, and it is not done. */
  now(write: GatheredWrite): void {
    const one: Committed = { gathered: { write, kept: false, failed: this.#parts.trouble }, effects: [] };
    this.#parts.commit(() => run(one));
    this.#parts.syncNow();
    this.#follow([one]);
  }

  /** Forgets what is not committed, and what would follow from the rest. */
  close(): void {
    this.#closed = true;
    this.#cancelCommit();
    this.#gathered = [];
    this.#committed = [];
    this.#inFlight.splice(0);
  }

  #commit(): void {
    this.#cancelCommit();
    const gathered = this.#gathered;
    this.#gathered = [];
    if (gathered.length === 0) return;
    // One of them failed by itself, and nothing of any was written.
    if (this.#commitTogether(gathered) !== null) for (const each of gathered) this.#commitAlone(each);
    this.#parts.written();
  }

  #cancelCommit(): void {
    if (this.#turn !== null) clearImmediate(this.#turn);
    if (this.#later !== null) clearTimeout(this.#later);
    [this.#turn, this.#later] = [null, null];
  }

  /** Null: it is done, or refused by the storage. Else what one of them threw. */
  #commitTogether(gathered: readonly Gathered[]): { cause: unknown } | null {
    const refusal = this.#parts.refusal();
    if (refusal !== null) {
      for (const each of gathered) this.#parts.refused(each, refusal);
      return null;
    }
    const committed = gathered.map((each): Committed => ({ gathered: each, effects: [] }));
    try {
      this.#parts.commit(() => committed.forEach(run));
    } catch (error) {
      if (!this.#parts.noticed(error)) return { cause: error };
      for (const each of gathered) this.#parts.refused(each, error);
      return null;
    }
    this.#committed.push(...committed);
    return null;
  }

  #commitAlone(each: Gathered): void {
    const failed = this.#commitTogether([each]);
    if (failed !== null) each.failed(failed.cause);
  }

  /** One at a time: what is committed while one is under way waits for the next. */
  async #sync(): Promise<void> {
    if (this.#syncing) return;
    this.#syncing = true;
    while (this.#committed.length > 0) {
      const batch = this.#committed;
      [this.#inFlight, this.#committed] = [batch, []];
      try {
        await this.#parts.sync();
      } catch (error) {
        // What was committed meanwhile stands behind it, and a later sync that succeeds says nothing about this one.
        this.#unknown([...batch.splice(0), ...this.#committed.splice(0)], error);
      }
      // A flush may have been faster.
      this.#follow(batch.splice(0));
    }
    this.#syncing = false;
    this.#parts.written();
  }

  #follow(committed: readonly Committed[]): void {
    for (const effect of committed.flatMap(({ effects }) => effects)) {
      try {
        effect();
      } catch (error) {
        if (!this.#parts.noticed(error)) this.#parts.trouble(error);
      }
    }
  }

  /** A sync that failed says nothing about what is on the disk, and the next one would say as little. */
  #unknown(committed: readonly Committed[], error: unknown): void {
    if (!this.#parts.noticed(error)) this.#parts.trouble(error);
    for (const { gathered } of committed) this.#parts.refused(gathered, error);
  }
}

function run({ gathered, effects }: Committed): void {
  gathered.write((effect) => effects.push(effect));
}

/** Runs such a write where each of its commits is one by itself, and what follows from it happens behind it. */
export function atOnce(write: GatheredWrite): true {
  write((effect) => effect());
  return true;
}
