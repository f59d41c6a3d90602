/** Events and triggers, as a person asks for them: sent, looked at, repeated, put aside, tried without effect. */
import { randomUUID } from "node:crypto";
import { parseEnvelope, parseEnvelopeText, type Envelope, type Json } from "../activation/envelope.ts";
import { nextMoment } from "../activation/schedule.ts";
import type { Outcome, Trigger } from "../activation/trigger.ts";
import { chainName, isAtWork, isWaiting } from "../activation/wake.ts";
import { CtmError } from "../base/errors.ts";
import { labelMaxChars } from "../base/limits.ts";
import type { Taken } from "../ledger/event-journal.ts";
import type { EventQuery, KeptEvent } from "../ledger/event-rows.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { KeptWrites } from "../kept-writes.ts";
import { launchOfKey } from "../report-key.ts";
import type {
  DeadLetters,
  EventDetails,
  EventMetrics,
  EventRow,
  EventTested,
  TriggerRow,
} from "../reports/events.ts";
import { taskText } from "../tasks/task-text.ts";
import type { Priority } from "../tasks/priority.ts";
import { eventMetrics } from "./event-metrics.ts";
import { triedEvent } from "./event-trial.ts";
import type { Origin } from "./intake.ts";
import { pauseKey, type Orchestrator } from "./orchestrator.ts";
import { MESSAGE, PERSON } from "./own-triggers.ts";
import { ownEvent } from "./own-events.ts";

/** Wakes and events that are listed of what was put aside. */
const asideMax = 200;

export interface EventDeskParts {
  readonly ledger: Ledger;
  readonly kept: KeptWrites;
  readonly orchestrator: Orchestrator;
  readonly triggers: readonly Trigger[];
  /** Whom a group's name stands for. CtmError `not-found`. */
  group(target: string): readonly string[];
  now(): number;
  trouble(error: unknown): void;
}

/** What a person sends by hand; what is null is made up. */
export interface SentEvent {
  readonly type: string;
  readonly data: unknown;
  readonly source: string | null;
  readonly id: string | null;
  readonly subject: string | null;
  readonly priority: Priority | null;
  readonly target: string | null;
  /** The word of a worker's environment; null = a person sends it. */
  readonly key: string | null;
}

export interface Sent extends Taken {
  readonly id: string;
  readonly outcome: Outcome;
}

export class EventDesk {
  readonly #parts: EventDeskParts;

  constructor(parts: EventDeskParts) {
    this.#parts = parts;
  }

  /** Takes an event that came from elsewhere: a file, a hook. Throws CtmError `usage`, `refused`, `ledger`. */
  take(event: Envelope, origin: Origin): Taken {
    return this.#parts.orchestrator.intake.take(event, origin);
  }

  /** The same of all of these or none, sharing the wait for the disk with others. */
  takeShared(events: readonly Envelope[], origin: Origin): Promise<readonly Taken[]> {
    return this.#parts.orchestrator.intake.takeShared(events, origin);
  }

  /** What a source of events has to tell the person. */
  noteTrouble(message: string): void {
    this.#parts.trouble(message);
  }

  send({ key, ...sent }: SentEvent): Sent {
    const from = this.#sender(key);
    const event = parseEnvelope({
      specversion: "1.0",
      ...Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== null)),
      id: sent.id ?? randomUUID(),
      source: sent.source ?? from.source,
      ...(from.chain === null ? {} : { correlationid: from.chain }),
    });
    return this.#sent(event, { foreign: from.chain !== null, via: "command" });
  }

  /** To a worker, an agent of the roster or a kind of agent: read at the end of its turn. CtmError `not-found`. */
  message(to: string, text: string, key: string | null): Sent {
    const from = this.#sender(key);
    this.#parts.orchestrator.addressOf(to);
    return this.#sent(messageOf(from, to, text), { foreign: key !== null, via: "message" });
  }

  /**
   * To each of a group, by a message of its own: all or none. From a person alone: agents that answer groups by groups
   * would be more with each round. CtmError `not-found`, `refused`.
   */
  async messageGroup(group: string, text: string, key: string | null): Promise<Sent[]> {
    const from = this.#sender(key);
    if (key !== null) throw new CtmError("refused", "a worker writes to one at a time, not to a group");
    const events = this.#parts.group(group).map((to) => messageOf(from, to, text));
    const taken = await this.takeShared(events, { foreign: false, via: "message" });
    return events.flatMap(({ id }, at) => {
      const one = taken[at];
      return one === undefined ? [] : [{ ...one, id, outcome: this.show(one.seq).outcome }];
    });
  }

  #sent(event: Envelope, origin: Origin): Sent {
    const taken = this.take(event, origin);
    return { ...taken, id: event.id, outcome: this.show(taken.seq).outcome };
  }

  /** Who sends, and the chain what they send belongs to. CtmError `refused` for a word nobody here made. */
  #sender(key: string | null): { source: string; chain: string | null } {
    if (key === null) return { source: PERSON, chain: null };
    const { ledger } = this.#parts;
    const launchId = launchOfKey(ledger, key);
    if (launchId === null)
      throw new CtmError("refused", "the word in CTM_REPORT was not made here: nothing was sent");
    const worker = ledger.workers.all().find((known) => known.launchId === launchId);
    if (worker === undefined) throw new CtmError("not-found", "this worker is gone: it sends nothing more");
    const attempt = ledger.attempts.byId(worker.lastAttempt);
    const wake = attempt === null ? null : ledger.journal.wakes.byTask(attempt.task_id);
    return { source: `ctm/worker/${worker.name}`, chain: wake === null ? null : chainName(wake.id) };
  }

  // ── looking ─────────────────────────────────────────────────────────────────────────────────────

  /** `agoMs`: not older than that; null = of any age. */
  list({ agoMs, ...query }: Omit<EventQuery, "sinceMs"> & { readonly agoMs: number | null }): EventRow[] {
    const sinceMs = agoMs === null ? null : this.#parts.now() - agoMs;
    return this.#parts.ledger.journal.events.list({ ...query, sinceMs }).map((kept) => this.#row(kept));
  }

  /** By its number or its id. CtmError `not-found`. */
  show(ref: number | string): EventDetails {
    const { journal } = this.#parts.ledger;
    const kept = this.#kept(ref);
    const fates = journal.events.fatesOf(kept.seq).map(({ trigger, outcome, reason, wakeId }) => ({
      ...{ trigger, outcome, reason },
      wake: wakeId === null ? null : journal.wakes.byId(wakeId),
    }));
    const { event, depth, foreign } = kept;
    return { ...this.#row(kept), event, depth, foreign, fates };
  }

  #kept(ref: number | string): KeptEvent {
    const { events } = this.#parts.ledger.journal;
    const kept = typeof ref === "number" ? events.bySeq(ref) : events.byId(ref);
    if (kept === null) throw new CtmError("not-found", `there is no event ${ref}`);
    return kept;
  }

  #row(kept: KeptEvent): EventRow {
    const { seq, event, via, acceptedMs, duplicates } = kept;
    const { id, source, type, subject, priority } = event;
    const outcomes = new Set(this.#parts.ledger.journal.events.fatesOf(seq).map(({ outcome }) => outcome));
    const outcome = TELLING.find((one) => outcomes.has(one)) ?? "filtered";
    return { ...{ seq, id, source, type, subject, via, priority, outcome, duplicates }, atMs: acceptedMs };
  }

  /** Of the last so many milliseconds. */
  metrics(agoMs: number): EventMetrics {
    const { ledger, now } = this.#parts;
    return eventMetrics(ledger, agoMs, now());
  }

  // ── again, and aside ────────────────────────────────────────────────────────────────────────────

  /** Takes an event once more, as a new one that names the old. */
  replay(ref: number | string): Sent {
    const { event, foreign, seq } = this.#kept(ref);
    const again = {
      id: randomUUID(),
      replayOf: `${event.source} ${event.id}`,
      correlation: null,
      timeMs: null,
    };
    return this.#sent({ ...event, ...again, expiresMs: null }, { foreign, via: `replay of ${seq}` });
  }

  /** All that are not older, oldest first. */
  replaySince(agoMs: number): Sent[] {
    const rows = this.list({ type: null, outcome: null, wakeId: null, agoMs, limit: 1_000 });
    return rows
      .filter(({ via }) => !via.startsWith("replay of"))
      .reverse()
      .map(({ seq }) => this.replay(seq));
  }

  deadLetters(): DeadLetters {
    const { wakes, events } = this.#parts.ledger.journal;
    return { wakes: wakes.dead(asideMax), events: events.deadAlone(asideMax).map((kept) => this.#row(kept)) };
  }

  /** `w12` or `12` is a wake, `e7` an event without one. */
  retryDead(ref: string): void {
    const { kept, ledger, orchestrator, now } = this.#parts;
    const { kind, id } = deadRef(ref);
    if (kind === "wake") kept.orThrow(() => ledger.journal.revive(id, now()));
    else {
      this.replay(id);
      kept.orThrow(() => ledger.journal.dropEvent(id));
    }
    orchestrator.wake();
  }

  dropDead(ref: string): void {
    const { kept, ledger, now } = this.#parts;
    const { kind, id } = deadRef(ref);
    if (kind === "event") this.#kept(id);
    kept.orThrow(() => (kind === "wake" ? ledger.journal.drop(id, now()) : ledger.journal.dropEvent(id)));
  }

  // ── triggers ────────────────────────────────────────────────────────────────────────────────────

  triggers(): TriggerRow[] {
    const { ledger, triggers, orchestrator, now } = this.#parts;
    const open = ledger.journal.wakes.open();
    return triggers.map((trigger): TriggerRow => {
      const { name, on, wake, mode, schedule } = trigger;
      const own = open.filter((one) => one.trigger === name);
      return {
        ...{ name, on, wake, mode },
        paused: orchestrator.isPaused(name),
        waiting: own.filter((one) => isWaiting(one)).reduce((sum, { events }) => sum + events, 0),
        atWork: own.filter((one) => isAtWork(one)).length,
        lastMs: ledger.journal.wakes.claimsMs(name, 1)[0] ?? null,
        nextMs: schedule === null ? null : nextMoment(schedule, now()),
      };
    });
  }

  /** `*` pauses them all: events are taken and wait. */
  pause(name: string): TriggerRow[] {
    return this.#setPaused(name, "yes");
  }

  resume(name: string): TriggerRow[] {
    return this.#setPaused(name, null);
  }

  #setPaused(name: string, value: string | null): TriggerRow[] {
    const { ledger, kept, orchestrator, triggers } = this.#parts;
    if (name !== "*") this.#trigger(name);
    kept.orThrow(() => {
      ledger.settings.set(pauseKey(name), value);
      // Resuming all resumes each.
      if (name === "*" && value === null)
        for (const trigger of triggers) ledger.settings.set(pauseKey(trigger.name), null);
    });
    orchestrator.wake();
    return this.triggers();
  }

  #trigger(name: string): Trigger {
    const trigger = this.#parts.triggers.find((one) => one.name === name);
    if (trigger === undefined) throw new CtmError("not-found", `there is no trigger ${name}`);
    return trigger;
  }

  /** What an event would come to, as its text stands in a file: nothing is kept and nobody woken. */
  test(text: string): EventTested {
    return triedEvent(parseEnvelopeText(text), this.#parts);
  }
}

function messageOf(from: { source: string; chain: string | null }, to: string, text: string): Envelope {
  return ownEvent({
    ...{ id: randomUUID(), type: MESSAGE, source: from.source, target: to, correlation: from.chain },
    data: { from: from.source, text: taskText(text) },
  });
}

/** Of an event that concerns several triggers the outcome that says most. */
const TELLING: readonly Outcome[] = ["held", "delivered", "merged", "dead", "expired", "filtered"];

function deadRef(ref: string): { kind: "wake" | "event"; id: number } {
  const [, kind = "", digits = ""] = /^([we]?)(\d{1,15})$/i.exec(ref.trim()) ?? [];
  if (digits === "" || ref.length > labelMaxChars)
    throw new CtmError("usage", "dead letters are named as `events dlq` lists them: w12 or e7");
  return { kind: kind.toLowerCase() === "e" ? "event" : "wake", id: Number(digits) };
}

/** The data of an event as a person writes it: JSON, or a plain text. */
export function writtenData(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
