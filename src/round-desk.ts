/** Dispatch rounds as they are asked for: begun, given tasks, ended, shown, and taken over from a written log. */
import type { Submission } from "./app.ts";
import { childOf, type ChildWish } from "./child-tasks.ts";
import { alikeAmong, refuseDuplicates } from "./duplicates.ts";
import { CtmError } from "./base/errors.ts";
import type { Config } from "./config.ts";
import type { CoordinatorWatch } from "./coordinator-watch.ts";
import type { KeptWrites } from "./kept-writes.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { AlsoAdded } from "./ledger/likeness-rows.ts";
import type { KeptRound, RoundDraft } from "./ledger/round-rows.ts";
import { launchOfKey } from "./report-key.ts";
import { roundModel, roundsModel, type RoundSources } from "./overview/rounds.ts";
import type { AlikeAmong } from "./reports/alike.ts";
import type { RoundFigures } from "./reports/round-figures.ts";
import type { RoundsModel } from "./reports/rounds-table.ts";
import { LocalDates } from "./reports/times.ts";
import type { RoundOrigin } from "./rounds/round.ts";
import type { ToldRound } from "./rounds/told-figures.ts";
import type { TaskDraft } from "./tasks/task.ts";

export interface RoundWish {
  readonly name: string;
  /** null: its name. */
  readonly workspace: string | null;
  readonly phase: string | null;
  readonly notes: string | null;
  /** When the turn began that asked for it; absent or null: now. */
  readonly sinceMs?: number | null;
}

/** What was queued in a round. */
export interface RoundQueued {
  /** null: nothing was new, so there is no round of it. */
  readonly round: string | null;
  readonly queued: readonly number[];
  /** Tasks that were there already by their keys. */
  readonly known: readonly number[];
  readonly alike: AlikeAmong;
}

export interface RoundsImported {
  readonly imported: readonly RoundFigures[];
  /** Names that were there already: nothing was changed of them. */
  readonly known: readonly string[];
}

export interface RoundDeskParts {
  readonly config: Config;
  readonly ledger: Ledger;
  readonly kept: KeptWrites;
  /** null: no manager runs. */
  readonly coordinatorWatch: CoordinatorWatch | null;
  /** Queues tasks, and in the same commit what belongs to the new ones. */
  submitMany(drafts: readonly TaskDraft[], also: AlsoAdded): Submission[];
  now(): number;
}

export class RoundDesk {
  readonly #parts: RoundDeskParts;

  constructor(parts: RoundDeskParts) {
    this.#parts = parts;
  }

  /** Begins a round with these tasks (or none yet). CtmError `refused` where its name is taken. */
  start(wish: RoundWish, drafts: readonly TaskDraft[]): RoundQueued {
    const begin = (created: readonly number[]): void => {
      this.#parts.ledger.rounds.begin(this.#draft(wish, "person"), created);
    };
    if (drafts.length === 0) this.#parts.kept.orThrow(() => begin([]));
    return this.#queued(wish.name, drafts, begin);
  }

  /** Further tasks of an open round. CtmError `not-found`, or `illegal-move` where it is over. */
  add(name: string, drafts: readonly TaskDraft[]): RoundQueued {
    const round = this.#open(name);
    return this.#queued(round.name, drafts, (created) => this.#parts.ledger.rounds.hold(round.id, created));
  }

  /** Tasks that were handed in together: a round with a name made for it, which ends with them. `refuseAlike` as in `submit`. */
  batch(drafts: readonly TaskDraft[], refuseAlike = false): RoundQueued {
    const name = this.#batchName();
    const wish = { name, workspace: null, phase: null, notes: null };
    let begun = false;
    const queued = this.#queued(name, drafts, (created, added) => {
      if (refuseAlike) refuseDuplicates(created, added);
      if (created.length === 0) return;
      this.#parts.ledger.rounds.begin(this.#draft(wish, "batch"), created);
      begun = true;
    });
    return begun ? queued : { ...queued, round: null };
  }

  /** A task submitted from inside another, in the round of that one. CtmError `refused` beyond what a child may be. */
  child(wish: ChildWish): Submission {
    const { ledger } = this.#parts;
    const { draft, parentId, rootId, depth } = childOf(wish, ledger);
    const round = ledger.rounds.ofTask(parentId);
    const [submission] = this.#parts.submitMany([draft], (created) => {
      for (const id of created) ledger.addChild(id, parentId, { rootId, depth });
      if (round !== null) ledger.rounds.hold(round.id, created);
    });
    if (submission === undefined) throw new Error("one draft came to no task");
    return submission;
  }

  /** Was this word given to a launch of ours? What its agent may do is asked at each call. */
  knowsWorker(word: string): boolean {
    return launchOfKey(this.#parts.ledger, word) !== null;
  }

  /** It is over; its tasks go on. CtmError `not-found`, or `illegal-move` where it was over before. */
  end(name: string, notes: string | null): RoundFigures {
    const round = this.#open(name);
    const { ledger, kept, now } = this.#parts;
    kept.orThrow(() => ledger.rounds.end(round.id, notes, now()));
    return this.show(round.name);
  }

  show(name: string): RoundFigures {
    const sources = this.#looked();
    return roundModel(this.#found(name), sources);
  }

  list(shownMax: number): RoundsModel {
    return roundsModel(this.#looked(), shownMax);
  }

  /** Rounds of another log. Those whose names are taken are left out; all of the rest, or none. */
  import(told: readonly ToldRound[]): RoundsImported {
    const { ledger, kept } = this.#parts;
    const isKnown = ({ name }: ToldRound): boolean => ledger.rounds.find(name)?.name === name;
    const fresh = told.filter((round) => !isKnown(round));
    kept.orThrow(() =>
      ledger.rounds.takeOver(fresh.map((round) => ({ draft: toldDraft(round), told: round.figures }))),
    );
    const sources = this.#looked();
    return {
      imported: fresh.map(({ name }) => roundModel(this.#found(name), sources)),
      known: told.filter((round) => !fresh.includes(round)).map(({ name }) => name),
    };
  }

  /** What coordinators used until now counts in what is shown. */
  #looked(): RoundSources {
    const { ledger, kept, config, coordinatorWatch, now } = this.#parts;
    kept.flush();
    coordinatorWatch?.look();
    return { ledger, timeZone: config.throttle.timeZone, now };
  }

  #queued(round: string, drafts: readonly TaskDraft[], also: AlsoAdded): RoundQueued {
    const submissions = drafts.length === 0 ? [] : this.#parts.submitMany(drafts, also);
    const ids = (created: boolean): number[] =>
      submissions.filter((one) => one.created === created).map(({ task }) => task.id);
    return { round, queued: ids(true), known: ids(false), alike: alikeAmong(submissions) };
  }

  #draft({ name, workspace, phase, notes, sinceMs }: RoundWish, origin: RoundOrigin): RoundDraft {
    const nowMs = this.#parts.now();
    // A turn may begin several: what was used until the last of them changed is not the next one's.
    const earliestMs =
      sinceMs === undefined || sinceMs === null ? nowMs : this.#parts.ledger.rounds.lastChangeMs();
    const startedAtMs = Math.min(Math.max(sinceMs ?? nowMs, earliestMs), nowMs);
    return { name, workspace: workspace ?? name, phase, notes, origin, startedAtMs, endedAtMs: null };
  }

  #found(name: string): KeptRound {
    const round = this.#parts.ledger.rounds.find(name);
    if (round === null)
      throw new CtmError("not-found", `there is no dispatch round ${name}`, ["`dispatches` lists them."]);
    return round;
  }

  #open(name: string): KeptRound {
    const round = this.#found(name);
    if (round.origin !== "person")
      throw new CtmError(
        "illegal-move",
        `${round.name} is ${round.origin === "batch" ? "a batch: it ends with its tasks" : "a round of another log"}`,
      );
    if (round.endedAtMs !== null) throw new CtmError("illegal-move", `the round ${round.name} is over`);
    return round;
  }

  /** batch-20260213-1, and so on by the day. */
  #batchName(): string {
    const { ledger, config, now } = this.#parts;
    const day = new LocalDates(config.throttle.timeZone).of(now());
    const prefix = `batch-${day.replaceAll("-", "")}-`;
    for (let n = ledger.rounds.countNamed(prefix) + 1; ; n += 1) {
      const name = `${prefix}${n}`;
      if (ledger.rounds.find(name) === null) return name;
    }
  }
}

/** Its day at midnight of UTC: a written log knows no time. */
function toldDraft({ name, day, workspace, phase, notes }: ToldRound): RoundDraft {
  const atMs = Date.parse(`${day}T00:00:00Z`);
  return {
    name,
    workspace: workspace ?? name,
    phase,
    notes,
    origin: "import",
    startedAtMs: atMs,
    endedAtMs: atMs,
  };
}
