/** Taking events in: how one that comes again is known, and which triggers there are to look at it. */
import type { Envelope } from "../activation/envelope.ts";
import type { Trigger } from "../activation/trigger.ts";
import type { KeptWrites } from "../kept-writes.ts";
import type { EventJournal, Incoming, Taken } from "../ledger/event-journal.ts";
import { EventGroups } from "./event-groups.ts";

const hourMs = 3_600_000;
/** What is sent again long after carries no time of its own, so that its bytes are remembered. */
const fingerprintKeptMs = 90 * 24 * hourMs;

export interface IntakeParts {
  readonly journal: EventJournal;
  readonly triggers: readonly Trigger[];
  readonly kept: KeptWrites;
  readonly dedupeHours: number;
  now(): number;
  /** Something was taken that is new. */
  taken(count: number): void;
}

/** How an event came. */
export interface Origin {
  readonly foreign: boolean;
  readonly via: string;
  /** Stands for its bytes, where its sender signs no time; null = its id is enough. */
  readonly fingerprint?: string | null;
}

export class Intake {
  readonly #parts: IntakeParts;
  readonly #groups: EventGroups;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#groups = new EventGroups(parts.kept, (incoming) => this.#write(incoming));
  }

  /** On the disk when it returns. Throws CtmError `refused` when too many wait, `ledger`. */
  take(event: Envelope, origin: Origin): Taken {
    const { kept } = this.#parts;
    const [taken] = kept.orThrow(() => this.#write([this.#incoming(event, origin)]));
    if (taken === undefined) throw new Error("an event was not taken");
    this.#tell([taken]);
    return taken;
  }

  /** The same of all of these or none, sharing commits and the wait for the disk with others: on the disk when it resolves. */
  async takeShared(events: readonly Envelope[], origin: Origin): Promise<readonly Taken[]> {
    const taken = await this.#groups.take(events.map((event) => this.#incoming(event, origin)));
    this.#tell(taken);
    return taken;
  }

  /** Events of our own, with a mark of how far they were told. */
  takeOwn(events: readonly Envelope[], via: string, mark: { name: string; value: string }): void {
    const incoming = events.map((event) => this.#incoming(event, { foreign: false, via }));
    this.#tell(this.#parts.kept.attempt(() => this.#write(incoming, mark)) ?? []);
  }

  #tell(taken: readonly Taken[]): void {
    const fresh = taken.filter(({ duplicate }) => !duplicate).length;
    if (fresh > 0) this.#parts.taken(fresh);
  }

  #write(incoming: readonly Incoming[], mark: { name: string; value: string } | null = null): Taken[] {
    const { journal, triggers, now } = this.#parts;
    return journal.take(incoming, triggers, now(), mark);
  }

  #incoming(event: Envelope, { foreign, via, fingerprint = null }: Origin): Incoming {
    const { dedupeHours, now } = this.#parts;
    const keys = [{ key: `id ${event.id}`, untilMs: now() + dedupeHours * hourMs }];
    if (fingerprint !== null) keys.push({ key: `bytes ${fingerprint}`, untilMs: now() + fingerprintKeptMs });
    return { event, foreign, via, keys };
  }
}
