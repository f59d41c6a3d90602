/**
 * Context budgets of a roster, watched on what agents record while they run. Near its budget a conversation is warned of,
 * once; over it, it is due: no task is given to it until its agent has compacted it, between two turns, and that stands in
 * its record. A conversation whose agent cannot do that, or did not, is left: the next task begins another.
 *
 * What is due stands in the ledger before anything is typed, with the mark of the pane, so that a start after a crash
 * goes on with it and types nothing twice.
 */
import { statSync } from "node:fs";
import { CtmError } from "./base/errors.ts";
import type { FactBus } from "./events/bus.ts";
import type { KeptWrites } from "./kept-writes.ts";
import type { ContextEventKind } from "./ledger/context-rows.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { contextSize } from "./metering/context-size.ts";
import type { UsageRecord } from "./metering/usage.ts";
import {
  contextBudget,
  contextLevel,
  contextManagerOf,
  contextWords,
  nearWords,
  type ContextStand,
} from "./roster/context-budget.ts";
import { LEVEL_OF_TARGET } from "./roster/escalation.ts";
import { memberOf, superiorOf, type Member, type Roster } from "./roster/roster.ts";
import { compactConversation, lookAfterCompacting, wasTyped } from "./workers/compacting.ts";
import type { WorkerPool } from "./workers/pool.ts";
import { RecordEvents } from "./workers/record-events.ts";
import { compactedSince } from "./workers/record-reader.ts";
import type { Worker } from "./workers/worker.ts";
import type { WorkerNews } from "./workers/worker-news.ts";

/** How long what is in the way (a person, a draft, a pause) is left alone before the next look. */
const againMs = 5_000;
/** So long an agent that was told to compact may look idle without it standing in its record. */
const compactWithinMs = 60_000;

export interface ContextKeeperParts {
  readonly roster: Roster;
  /** `fresh`: each task begins a conversation of its own anyway. */
  readonly context: "keep" | "clear" | "fresh";
  readonly ledger: Ledger;
  readonly kept: KeptWrites;
  readonly bus: FactBus;
  readonly pool: WorkerPool;
  now(): number;
  trouble(error: unknown): void;
}

/** What is known of a conversation's context by its record. */
type MeasuredContext = Pick<
  ContextStand,
  "worker" | "sessionId" | "member" | "name" | "taskId" | "tokens" | "maxTokens"
>;

export class ContextKeeper {
  readonly #parts: ContextKeeperParts;
  /** Conversations near or over their budget, by worker: as in the ledger. */
  readonly #stands = new Map<string, ContextStand>();
  /** The request each worker's context was read from last, and what it came to. */
  readonly #measured = new WeakMap<Worker, { key: string; own: MeasuredContext }>();
  readonly #acting = new Set<Worker>();
  /** Something happened while one of them was acted on. */
  readonly #askedAgain = new Set<Worker>();
  readonly #events = new Map<string, RecordEvents>();
  readonly #again = new Map<Worker, NodeJS.Timeout>();
  /** What the workers tell now is our own doing. */
  #telling = false;
  #closed = false;

  constructor(parts: ContextKeeperParts) {
    this.#parts = parts;
    parts.pool.onNews((worker, news) => this.#hear(worker, news));
  }

  /** After a start, with the workers of before in the pool: what was due stays due. */
  async restore(): Promise<void> {
    const workers = new Map(this.#parts.pool.all().map((worker) => [worker.name, worker]));
    for (const stand of this.#parts.ledger.contexts.all()) {
      const worker = workers.get(stand.worker);
      const isHere =
        worker?.record.sessionId === stand.sessionId && memberOf(this.#parts.roster, stand.member) !== null;
      if (worker === undefined || !isHere) {
        this.#book(stand, null, true);
        continue;
      }
      const unsent = stand.mark !== null && !(await wasTyped(worker, stand.mark));
      this.#set(worker, unsent ? { ...stand, stage: "due", mark: null, askedAtMs: null } : stand);
    }
  }

  /** The slow net behind the events: what is due is looked at again. */
  async sweep(): Promise<void> {
    for (const worker of this.#parts.pool.all()) await this.#act(worker);
  }

  /**
   * A person wants the conversation of a task in hand compacted, however full it is: when its turn has ended, and before
   * its worker takes another. Whether it can be is only looked at without `act`. CtmError `refused` where it cannot.
   */
  compactAfter(taskId: number, act: boolean): { readonly worker: string } {
    const worker = this.#parts.pool.all().find(({ attempt }) => attempt?.taskId === taskId);
    if (worker === undefined) throw refused(`no agent has task ${taskId} in hand`);
    const own = this.#measured.get(worker)?.own;
    const stand = this.#stands.get(worker.name);
    if (stand !== undefined && stand.stage !== "warned") throw refused(contextWords(stand));
    if (own === undefined || own.taskId !== taskId || own.sessionId !== worker.record.sessionId)
      throw refused(`${worker.name} has recorded nothing of task ${taskId} that tells its context yet`);
    if (!this.#compacts(worker))
      throw refused(
        `agent ${worker.record.agent} cannot be told to compact here: its next task begins anew, or it has no such command`,
      );
    if (!act) return { worker: worker.name };
    const wish = { stage: "due", wished: true, recordBytes: recordBytes(worker) } as const;
    this.#set(worker, { ...own, ...wish, mark: null, askedAtMs: null });
    setImmediate(() => void this.#act(worker));
    return { worker: worker.name };
  }

  #compacts({ adapter: { traits } }: Worker): boolean {
    return (
      traits.compactLine !== undefined && traits.goesOnBy === undefined && this.#parts.context !== "fresh"
    );
  }

  close(): void {
    this.#closed = true;
    for (const events of this.#events.values()) events.close();
    for (const timer of this.#again.values()) clearTimeout(timer);
  }

  #hear(worker: Worker, news: WorkerNews): void {
    if (news.kind === "used" || news.kind === "ended")
      this.#measure(worker, news.attemptId, news.records ?? []);
    const stand = this.#stands.get(worker.name);
    if (stand === undefined) return;
    // Behind all that hear of this: whoever does so first gives it no task, for it is withheld.
    const isNew = news.kind === "ended" || (news.kind === "changed" && !this.#telling);
    if (isNew) setImmediate(() => void this.#act(worker));
    else if (news.kind === "used") this.#look(worker, stand);
  }

  /** The size of the conversation by what was just recorded, against the budget of the agent whose task it is. */
  #measure(worker: Worker, attemptId: string, records: readonly UsageRecord[]): void {
    const { roster, ledger } = this.#parts;
    const { sessionId } = worker.record;
    const attempt = ledger.attempts.byId(attemptId);
    const member = attempt?.member == null ? null : memberOf(roster, attempt.member);
    const size = contextSize(records, sessionId);
    if (attempt === null || member === null || sessionId === null || size === null) return;
    if (this.#measured.get(worker)?.key === size.key) return;
    const { maxTokens } = contextBudget(roster, member);
    const own = {
      worker: worker.name,
      sessionId,
      member: member.id,
      name: member.name,
      taskId: attempt.task_id,
    };
    const figures = { tokens: size.tokens, maxTokens };
    this.#measured.set(worker, { key: size.key, own: { ...own, ...figures } });
    worker.evidence.note({ source: "record", says: sizeWords(figures), atMs: Date.now() }, false);
    const before = this.#stands.get(worker.name);
    const known = before?.sessionId === sessionId && before.member === member.id ? before : undefined;
    if (known !== undefined && known.stage !== "warned") return;
    const stand: ContextStand = {
      ...{ ...own, ...figures, stage: "warned", recordBytes: recordBytes(worker) },
      ...{ mark: null, askedAtMs: null, wished: false },
    };
    const level = contextLevel(size.tokens, maxTokens);
    // An agent that compacted by itself on the way: what it sends from now on is less.
    if (before !== undefined && (known === undefined || level === "below") && !this.#look(worker, before))
      this.#over(worker, before, "renewed");
    if (level === "below") return;
    if (known === undefined) this.#warn(worker, stand, member);
    if (level === "full") this.#limit(worker, stand, member);
  }

  #warn(worker: Worker, stand: ContextStand, member: Member): void {
    const coordinator = superiorOf(this.#parts.roster, member);
    this.#set(worker, stand);
    this.#tell(stand, "near", coordinator);
  }

  /** Over its budget: handed up to level 3, and no task for it until there is room. */
  #limit(worker: Worker, stand: ContextStand, member: Member): void {
    const { ledger, kept, now, roster } = this.#parts;
    const full: ContextStand = { ...stand, stage: this.#compacts(worker) ? "due" : "fresh" };
    this.#set(worker, full);
    const manager = contextManagerOf(roster, member);
    const reason = `its context is full: ${sizeWords(stand)}`;
    kept.keep(() =>
      ledger.escalate(
        ledger.task(stand.taskId),
        LEVEL_OF_TARGET.coordinator,
        manager?.id ?? null,
        reason,
        now(),
      ),
    );
    this.#tell(full, "full", manager);
  }

  // ── compacting ──────────────────────────────────────────────────────────────────────────────────

  /** Does what can be done now for a conversation that is over its budget. */
  async #act(worker: Worker): Promise<void> {
    if (this.#closed) return;
    if (this.#acting.has(worker)) {
      this.#askedAgain.add(worker);
      return;
    }
    this.#acting.add(worker);
    do {
      this.#askedAgain.delete(worker);
      await this.#step(worker).catch((error: unknown) => this.#parts.trouble(error));
    } while (this.#askedAgain.has(worker) && !this.#closed);
    this.#acting.delete(worker);
  }

  async #step(worker: Worker): Promise<void> {
    const stand = this.#stands.get(worker.name);
    if (stand === undefined || this.#look(worker, stand)) return;
    if (stand.stage === "due" && worker.betweenTurns && !this.#paused) await this.#ask(worker, stand);
    else if (stand.stage === "asked") await this.#lookAfter(worker, stand);
    if (worker.withheld !== null) this.#actLater(worker);
  }

  #actLater(worker: Worker): void {
    clearTimeout(this.#again.get(worker));
    if (this.#closed) return;
    const timer = setTimeout(() => void this.#act(worker), againMs);
    timer.unref();
    this.#again.set(worker, timer);
  }

  get #paused(): boolean {
    return this.#parts.ledger.settings.get("paused") !== null;
  }

  async #ask(worker: Worker, stand: ContextStand): Promise<void> {
    const member = memberOf(this.#parts.roster, stand.member);
    const line = member === null ? undefined : this.#lineFor(worker, member);
    if (line === undefined) return;
    const asked = { ...stand, stage: "asked" as const, recordBytes: recordBytes(worker) };
    const result = await compactConversation(worker, {
      line,
      intend: (mark) => this.#attempt(worker, { ...asked, mark, askedAtMs: this.#parts.now() }),
      notTyped: () => this.#set(worker, stand),
    });
    worker.evidence.note(
      {
        source: "typing",
        says: result.kind === "told" ? "told to compact" : `not told to compact yet: ${result.reason}`,
        atMs: Date.now(),
      },
      false,
    );
  }

  /** Its agent waits, and nothing of a compaction stands in its record: the conversation is left with the next task. */
  async #lookAfter(worker: Worker, stand: ContextStand): Promise<void> {
    const { now, roster, trouble } = this.#parts;
    const member = memberOf(roster, stand.member);
    if (stand.askedAtMs === null || member === null || now() - stand.askedAtMs < againMs) return;
    const found = await lookAfterCompacting(worker, this.#lineFor(worker, member) ?? "");
    const current = this.#stands.get(worker.name);
    if (found !== "over" || current !== stand || now() - stand.askedAtMs < compactWithinMs) return;
    if (this.#look(worker, stand)) return;
    this.#set(worker, { ...stand, stage: "fresh" });
    trouble(
      new Error(
        `${worker.name} was told to compact its conversation and did not: ${contextWords({ ...stand, stage: "fresh" })}`,
      ),
    );
  }

  #lineFor(worker: Worker, member: Member): string | undefined {
    return worker.adapter.traits.compactLine?.(contextBudget(this.#parts.roster, member).retainedTokens);
  }

  /** Is it over: compacted by whomever, or another conversation? */
  #look(worker: Worker, stand: ContextStand): boolean {
    const { sessionId } = worker.record;
    if (sessionId !== stand.sessionId) this.#over(worker, stand, "renewed");
    else if (compactedSince(worker.agentRecord(), stand.recordBytes)) this.#over(worker, stand, "compacted");
    else return false;
    return true;
  }

  #over(worker: Worker, stand: ContextStand, how: "compacted" | "renewed"): void {
    this.#stands.delete(worker.name);
    this.#follow(worker, null);
    const onlyWarned = stand.stage === "warned" && how === "renewed";
    this.#book(stand, onlyWarned ? null : how, true);
    worker.freshNext = false;
    this.#withhold(worker, null);
    this.#publish(stand, onlyWarned ? "below" : how, null);
  }

  // ── what is kept and told ───────────────────────────────────────────────────────────────────────

  #set(worker: Worker, stand: ContextStand): void {
    this.#stands.set(worker.name, stand);
    this.#book(stand, null, false);
    this.#apply(worker, stand);
  }

  /** False: the disk does not take it, and all stays as it was. */
  #attempt(worker: Worker, stand: ContextStand): boolean {
    const { kept, ledger, now } = this.#parts;
    const change = { atMs: now(), event: null, stand, over: false, note: null };
    if (kept.attempt(() => (ledger.bookContext(change), true)) === null) return false;
    this.#stands.set(worker.name, stand);
    this.#apply(worker, stand);
    return true;
  }

  #apply(worker: Worker, stand: ContextStand): void {
    const waits = stand.stage === "due" || stand.stage === "asked";
    worker.freshNext = stand.stage === "fresh";
    this.#withhold(worker, waits ? contextWords(stand) : null);
    this.#follow(worker, waits ? stand : null);
  }

  /** That it is told is no reason to look again: a typing that is refused would be tried without a pause. */
  #withhold(worker: Worker, reason: string | null): void {
    this.#telling = true;
    try {
      worker.withhold(reason);
    } finally {
      this.#telling = false;
    }
  }

  /** While a compaction is awaited its record is listened to. */
  #follow(worker: Worker, stand: ContextStand | null): void {
    const { name } = worker;
    const paths = stand === null ? undefined : worker.agentRecord()?.paths.slice(0, 1);
    if (paths === undefined) {
      this.#events.get(name)?.close();
      this.#events.delete(name);
      return;
    }
    const events = this.#events.get(name) ?? new RecordEvents(() => void this.#act(worker));
    this.#events.set(name, events);
    events.follow(paths);
  }

  #book(stand: ContextStand, event: ContextEventKind | null, over: boolean): void {
    const { kept, ledger, now } = this.#parts;
    const atMs = now();
    kept.keep(() => ledger.bookContext({ atMs, event, stand, over, note: null }));
  }

  /** Booked with a note for whom it concerns, and told. */
  #tell(stand: ContextStand, event: "near" | "full", to: Member | null): void {
    const { kept, ledger, now } = this.#parts;
    const atMs = now();
    const text = event === "near" ? nearWords(stand.name) : `Agent ${stand.name} reached its context limit`;
    const note =
      to === null ? null : { member: to.id, text: `${text} (task ${stand.taskId}, ${sizeWords(stand)})` };
    kept.keep(() => ledger.bookContext({ atMs, event, stand, over: false, note }));
    this.#publish(stand, event, to);
  }

  #publish(stand: ContextStand, event: ContextEventKind | "below", to: Member | null): void {
    const { worker, member, name, taskId, tokens, maxTokens } = stand;
    this.#parts.bus.publish({
      ...{ kind: "context", atMs: this.#parts.now(), event, worker, member, name, taskId, tokens, maxTokens },
      told: to?.id ?? null,
    });
  }
}

function refused(why: string): CtmError {
  return new CtmError("refused", why);
}

function sizeWords({ tokens, maxTokens }: Pick<ContextStand, "tokens" | "maxTokens">): string {
  return `context ${tokens.toLocaleString("en-US")} of ${maxTokens.toLocaleString("en-US")} tokens`;
}

/** How long the conversation's own record is; 0: it is not there. */
function recordBytes(worker: Worker): number {
  const [path] = worker.agentRecord()?.paths ?? [];
  return path === undefined ? 0 : (statSync(path, { throwIfNoEntry: false })?.size ?? 0);
}
