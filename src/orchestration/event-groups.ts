/**
 * Events that come at the same time are one commit and one wait for the disk. What comes while a group is on its way to
 * the disk is the next group: the more there is to take, the larger the groups become, and the less each event costs.
 */
import { CtmError } from "../base/errors.ts";
import type { KeptWrites } from "../kept-writes.ts";
import type { Incoming, Taken } from "../ledger/event-journal.ts";

/** Most senders whose events are one group: how long nothing else happens has an end. */
const groupMax = 500;

interface Sender {
  readonly incoming: readonly Incoming[];
  taken(taken: readonly Taken[]): void;
  refused(error: unknown): void;
}

export class EventGroups {
  readonly #kept: Pick<KeptWrites, "gathered" | "fault">;
  readonly #write: (incoming: readonly Incoming[]) => readonly Taken[];
  #waiting: Sender[] = [];
  #underWay = false;

  /** `write`: puts all of them into the journal or throws. */
  constructor(
    kept: Pick<KeptWrites, "gathered" | "fault">,
    write: (incoming: readonly Incoming[]) => readonly Taken[],
  ) {
    this.#kept = kept;
    this.#write = write;
  }

  /** On the disk when it resolves: all of them or none. Rejects with CtmError `refused` or `ledger`. */
  take(incoming: readonly Incoming[]): Promise<readonly Taken[]> {
    return new Promise((taken, refused) => {
      this.#waiting.push({ incoming, taken, refused });
      if (!this.#underWay) void this.#takeAll();
    });
  }

  async #takeAll(): Promise<void> {
    this.#underWay = true;
    while (this.#waiting.length > 0) await this.#takeGroup();
    this.#underWay = false;
  }

  async #takeGroup(): Promise<void> {
    let group: readonly Sender[] | null = null;
    // Who comes until the commit is made belongs to it; a commit that is made once more has the same group.
    const senders = (): readonly Sender[] => (group ??= this.#waiting.splice(0, groupMax));
    try {
      await this.#together(senders);
    } catch (error) {
      const isForAll =
        senders().length === 1 ||
        this.#kept.fault !== null ||
        (error instanceof CtmError && error.code === "refused");
      // Else one of them is to blame, and the others are not to suffer from it.
      for (const sender of senders())
        if (isForAll) sender.refused(error);
        else await this.#together(() => [sender]).catch(sender.refused);
    }
  }

  async #together(senders: () => readonly Sender[]): Promise<void> {
    let taken: readonly Taken[] = [];
    await this.#kept.gathered(() => {
      taken = this.#write(senders().flatMap(({ incoming }) => incoming));
    });
    let from = 0;
    for (const { incoming, taken: hears } of senders()) {
      hears(taken.slice(from, from + incoming.length));
      from += incoming.length;
    }
  }
}
