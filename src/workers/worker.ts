/**
 * One worker: an agent in a tmux pane, and the attempt it has in hand. It fuses what the agent signals, what its
 * process does, what its record says and what its screen shows into one state, and reports on the attempt. It
 * decides nothing about tasks. What its agent signals is understood in `signal-evidence.ts`, what it shows in
 * `screen-evidence.ts`; how a task is delivered stands in `delivery.ts`, how an agent is started in `launching.ts`.
 */
import type { AgentAdapter, AgentEvent, AgentRecord, ScreenReading, Signal } from "../agents/adapter.ts";
import { agentWords } from "../base/agent-words.ts";
import type { WorkerRecord } from "../ledger/worker-rows.ts";
import type { UsageRecord } from "../metering/usage.ts";
import type { Outcome } from "../tasks/task.ts";
import type { ParkReason } from "../throttle/account-parking.ts";
import { processInFront, recordOfProcess } from "./adopted-record.ts";
import type { AttemptInHand } from "./attempt-in-hand.ts";
import { inPlainWords, isUnderWay, overItsCap } from "./attempt-outcome.ts";
import {
  isBegun,
  markRecord,
  readEndedTurn,
  readRecord,
  recordGoesOn,
  type RecordMarks,
  withBeyond,
} from "./record-reader.ts";
import { RecordTail } from "./record-tail.ts";
import { ScreenEvidence } from "./screen-evidence.ts";
import { SignalEvidence } from "./signal-evidence.ts";
import type { PaneIdentity } from "./tmux/pane-identity.ts";
import type { Terminal } from "./tmux/terminal.ts";
import type { WorkerNews } from "./worker-news.ts";
import { EvidenceLog, type EvidenceSource, type WorkerState } from "./worker-state.ts";

/** States of a worker that has an attempt in hand. */
const IN_HAND: ReadonlySet<WorkerState["name"]> = new Set(["busy", "needs-input", "limited"]);
/** How long a parked worker stays so when nobody said until when. */
const parkedMs = 60_000;

export class Worker {
  readonly adapter: AgentAdapter;
  readonly evidence = new EvidenceLog();
  readonly #screen = new ScreenEvidence(this);
  readonly #signals = new SignalEvidence(this);
  readonly #tell: (worker: Worker, news: WorkerNews) => void;
  #record: WorkerRecord;
  #pane: PaneIdentity | null;
  #state: WorkerState;
  #attempt: AttemptInHand | null = null;
  /** Between `take` and `delivered`: what was typed last is not written down yet. */
  #inDelivery = false;
  /** The last attempt it was given came back without having been typed. */
  #refusedLast = false;
  #readyWaiters: ((ready: boolean) => void)[] = [];
  #unpark: NodeJS.Timeout | null = null;
  /** Found in its pane at a start: it may have signalled its readiness to the manager before, so its screen counts. */
  #foundAgain = false;
  /** Its session was stopped because nothing was to be done; its next task starts it again. */
  #asleep = false;
  /** Why it takes no task although it is idle; null = it does. */
  #withheld: string | null = null;
  /** Its next task must find it in a new conversation. */
  #freshNext = false;
  /** The attempt in hand was at work while no manager was there. */
  #resumed = false;
  /** Where the record stood when it was last read for what a person used; null until then. */
  #marks: RecordMarks | null = null;
  /** How far the record was read since these marks. */
  #tail: { readonly of: RecordMarks; readonly tail: RecordTail } | null = null;

  constructor(
    record: WorkerRecord,
    adapter: AgentAdapter,
    readonly terminal: Terminal,
    tell: (worker: Worker, news: WorkerNews) => void,
  ) {
    this.#record = record;
    this.#pane = record.pane === null ? null : (JSON.parse(record.pane) as PaneIdentity);
    this.adapter = adapter;
    this.#tell = tell;
    this.#state = { name: "dead", sinceMs: Date.now(), reason: "not started", restartAtMs: null };
  }

  // ── what it is ──────────────────────────────────────────────────────────────────────────────────

  get name(): string {
    return this.#record.name;
  }

  get record(): WorkerRecord {
    return this.#record;
  }

  get state(): WorkerState {
    return this.#state;
  }

  get attempt(): AttemptInHand | null {
    return this.#attempt;
  }

  /** The pane it sits in, or null before its first start. */
  get pane(): PaneIdentity | null {
    return this.#pane;
  }

  /** Idle, and it may be given work. */
  get free(): boolean {
    return this.betweenTurns && !this.#record.draining && this.#withheld === null;
  }

  /** It has nothing in hand, and its agent waits. */
  get betweenTurns(): boolean {
    return this.#state.name === "idle" && this.#attempt === null && !this.#inDelivery;
  }

  /** Idle without a session: its next task starts its agent again, in the conversation it had. */
  get asleep(): boolean {
    return this.#asleep;
  }

  /** Its session is stopped. It stays idle since when it was. */
  fallsAsleep(): void {
    this.#asleep = true;
    const sinceMs = this.#state.name === "idle" ? this.#state.sinceMs : Date.now();
    this.become({ name: "idle", sinceMs }, "process", "asleep: its next task wakes it in its conversation");
  }

  /** Why it takes no task now although its agent waits; null = nothing of the kind. */
  get withheld(): string | null {
    return this.#withheld;
  }

  /** Keeps it from tasks, for a reason; null lets them come again. */
  withhold(reason: string | null): void {
    if (reason === this.#withheld) return;
    this.#withheld = reason;
    this.#tell(this, { kind: "changed", because: reason ?? "it takes tasks again" });
  }

  /** Shall its next task begin a new conversation? */
  get freshNext(): boolean {
    return this.#freshNext;
  }

  set freshNext(wanted: boolean) {
    this.#freshNext = wanted;
  }

  /** The last task it was given could not be typed: another worker is the better choice. */
  get refusedLast(): boolean {
    return this.#refusedLast;
  }

  /** Does its agent call our hooks? An adopted one does not: its screen and its record are all there is. */
  get signals(): boolean {
    return this.#record.launchId !== null;
  }

  /** An adopted agent is asked anew where its record lies: it may have begun another conversation. */
  locateRecord(): void {
    if (this.signals || this.#pane === null) return;
    const front = processInFront(this.#pane.panePid);
    const found = front === null ? null : recordOfProcess(this.#record.agent, front);
    if (found !== null && found.recordPath !== this.#record.recordPath) this.remember(found);
  }

  /** Changes what must survive a restart of the manager; the pool writes it down. */
  remember(change: Partial<WorkerRecord>): void {
    this.#record = { ...this.#record, ...change };
    if (change.pane !== undefined && change.pane !== null) this.#asleep = false;
    if (change.pane !== undefined)
      this.#pane = change.pane === null ? null : (JSON.parse(change.pane) as PaneIdentity);
    this.#tell(this, { kind: "saved", typing: Object.keys(change).every((key) => key.startsWith("last")) });
  }

  /** Where this session's own record lies, as far as is known. */
  agentRecord(): AgentRecord | null {
    const { sessionId, recordPath } = this.#record;
    if (sessionId === null && recordPath === null) return null;
    return this.adapter.record(sessionId ?? "", recordPath);
  }

  /** Was anything said in its conversation? A record of this start alone, and none, say nothing of what was said before. */
  hasConversation(): boolean {
    const { launchDir, recordPath, lastType } = this.#record;
    const record = this.agentRecord();
    const isOfThisStart = launchDir !== null && recordPath?.startsWith(`${launchDir}/`) === true;
    if ((record === null || isOfThisStart) && lastType !== null) return true;
    return record !== null && isBegun(record);
  }

  // ── its attempt ─────────────────────────────────────────────────────────────────────────────────

  /** Takes an attempt in hand at once, so that nobody else offers this worker. */
  take(attempt: AttemptInHand): void {
    this.#attempt = attempt;
    this.#resumed = false;
    this.#inDelivery = true;
    this.#refusedLast = false;
    this.become(
      { name: "busy", sinceMs: Date.now(), attemptId: attempt.id },
      "typing",
      "a task was given to it",
    );
  }

  /** Its delivery is over and written down. A fast agent has ended the attempt before: now it may have the next. */
  delivered(): void {
    this.#inDelivery = false;
    if (this.free) this.#tell(this, { kind: "changed", because: "the delivery is over" });
  }

  /** May the end of the attempt in hand have been told while nobody listened? Only once it was seen to be taken. */
  get missedSignals(): boolean {
    return this.#resumed && this.#attempt?.phase === "accepted";
  }

  /** Gives an attempt back that was not typed. */
  giveBack(reason: string): void {
    this.#attempt = null;
    this.#refusedLast = true;
    if (this.#state.name === "busy")
      this.become({ name: "idle", sinceMs: Date.now() }, "typing", `not typed: ${reason}`);
  }

  /** After a restart of the manager: its agent sits in its pane as it did before. */
  foundAgain(): void {
    this.#foundAgain = true;
    this.become({ name: "starting", sinceMs: Date.now() }, "process", "found again in its pane");
  }

  /** After a restart of the manager: the attempt was typed before. */
  resume(attempt: AttemptInHand): void {
    this.#foundAgain = false;
    this.#attempt = attempt;
    this.#resumed = true;
    // Its agent died meanwhile: what it left in the spool and in its record may still tell how the task ended.
    if (this.#state.name === "dead") return;
    const [attemptId, sinceMs] = [attempt.id, Date.now()];
    const says = "found at start: typed before";
    if (attempt.phase === "parked")
      this.become(
        {
          name: "limited",
          sinceMs,
          untilMs: null,
          message: attempt.capped ? overItsCap(attempt) : "its account is parked",
        },
        "typing",
        says,
      );
    else if (attempt.question === null) this.become({ name: "busy", sinceMs, attemptId }, "typing", says);
    else this.become({ name: "needs-input", sinceMs, attemptId, question: attempt.question }, "typing", says);
  }

  /** The agent was seen to take the prompt up. */
  accepted(source: EvidenceSource, says: string): void {
    const attempt = this.#attempt;
    if (attempt === null || attempt.phase === "accepted" || attempt.phase === "ending") return;
    attempt.phase = "accepted";
    attempt.capped = false;
    if (this.#state.name === "needs-input" || this.#state.name === "limited") {
      // Whether it had arrived at all was the question.
      attempt.question = null;
      this.become({ name: "busy", sinceMs: Date.now(), attemptId: attempt.id }, source, says);
    } else this.evidence.note({ source, says, atMs: Date.now() }, true);
    const { sessionId, recordPath } = this.#record;
    this.#tell(this, { kind: "accepted", attemptId: attempt.id, sessionId, recordPath });
  }

  /** A question only a person can answer stands in the pane. */
  asks(words: string, source: EvidenceSource, says: string): void {
    const question = agentWords(words);
    const attemptId = this.#attempt?.id ?? null;
    if (this.#state.name === "needs-input" && this.#state.question === question) return;
    // The agent's own words say more than what its dialog looks like.
    if (
      this.#state.name === "needs-input" &&
      source === "screen" &&
      this.evidence.decided?.source === "signal"
    )
      return;
    if (this.#attempt !== null) this.#attempt.question = question;
    this.become({ name: "needs-input", sinceMs: Date.now(), attemptId, question }, source, says);
    this.#tell(this, { kind: "asks", attemptId, question });
  }

  /** The question is gone: the agent works on, or waits for the next task. */
  answered(source: EvidenceSource, says: string): void {
    if (this.#state.name !== "needs-input") return;
    const attempt = this.#attempt;
    if (attempt === null) {
      this.become({ name: "idle", sinceMs: Date.now() }, source, says);
      return;
    }
    attempt.question = null;
    if (attempt.phase === "typed") attempt.phase = "accepted";
    this.become({ name: "busy", sinceMs: Date.now(), attemptId: attempt.id }, source, says);
    this.#tell(this, { kind: "answered", attemptId: attempt.id });
  }

  /** Ends the attempt in hand: waits for the agent's record to be written, then reports once. */
  async end(outcome: Outcome, source: EvidenceSource, says: string): Promise<void> {
    const attempt = this.#attempt;
    if (attempt === null || attempt.phase === "ending") return;
    attempt.phase = "ending";
    this.evidence.note({ source, says, atMs: Date.now() }, true);
    const records = await this.#recordsOf(attempt, outcome);
    if (this.#goesOnByItself(attempt, outcome)) {
      attempt.phase = "accepted";
      this.evidence.note({ source, says: "a report of its own waits: it goes on", atMs: Date.now() }, true);
      return;
    }
    this.tellWindows();
    this.#attempt = null;
    if (IN_HAND.has(this.#state.name)) this.become({ name: "idle", sinceMs: Date.now() }, source, says);
    this.#tell(this, { kind: "ended", attemptId: attempt.id, outcome: inPlainWords(outcome), records });
  }

  /** It said something, and begins another turn at once with what was reported to it meanwhile. */
  #goesOnByItself({ marks }: AttemptInHand, outcome: Outcome): boolean {
    if (outcome.kind !== "completed" || outcome.answer === null || this.#state.name === "dead") return false;
    return recordGoesOn(this.agentRecord(), marks, outcome.answer);
  }

  async #recordsOf(attempt: AttemptInHand, outcome: Outcome): Promise<readonly UsageRecord[] | null> {
    if (!this.adapter.traits.spends) return [];
    this.locateRecord();
    const record = this.agentRecord();
    const records =
      outcome.kind === "completed"
        ? ((await readEndedTurn(record, attempt.marks, outcome.answer))?.records ?? null)
        : readRecord(record, attempt.marks);
    return records && withBeyond(record, attempt.marks, records);
  }

  /** What the attempt in hand has recorded so far; null: nobody can tell, or not tell it from a person's turn. */
  recordsSoFar(): readonly UsageRecord[] | null {
    const attempt = this.#attempt;
    if (attempt === null || attempt.phase === "preparing" || attempt.phase === "ending") return null;
    return this.#signals.foreignTurn ? null : this.#readOn(attempt);
  }

  /** Only what is new is read; a record of which that cannot be told, from where the attempt began. */
  #readOn({ marks }: AttemptInHand): readonly UsageRecord[] | null {
    const record = this.agentRecord();
    if (record?.format === undefined) return readRecord(record, marks);
    if (this.#tail?.of !== marks) this.#tail = { of: marks, tail: new RecordTail(marks) };
    return this.#tail.tail.read(record, record.format);
  }

  /** Tells what the attempt's record says of the provider's windows, and was not told yet. */
  tellWindows(): void {
    if (this.#attempt === null) return;
    this.#readOn(this.#attempt);
    const windows = this.#tail?.tail.takeWindows() ?? [];
    if (windows.length > 0) this.#tell(this, { kind: "windows", windows });
  }

  // ── what is seen of it ──────────────────────────────────────────────────────────────────────────

  /** One signal from its spool. */
  async hear(signal: Signal): Promise<void> {
    const event = this.adapter.interpret(signal);
    if (event !== null) await this.see(event, "signal", signal.event);
  }

  /** One event, from whatever source. */
  see(event: AgentEvent, source: EvidenceSource, says: string): Promise<void> {
    return this.#signals.consider(event, source, says);
  }

  /** Tells the pool. */
  tell(news: WorkerNews): void {
    this.#tell(this, news);
  }

  /** The attempt stays in hand and waits in its conversation: nothing of it was in vain. */
  parkAttempt(attempt: AttemptInHand, reason: ParkReason, source: EvidenceSource, says: string): void {
    attempt.phase = "parked";
    attempt.question = null;
    this.#signals.forgetForeignTurn();
    const { message, resetsAtMs } = reason;
    this.tellWindows();
    this.become({ name: "limited", sinceMs: Date.now(), untilMs: resetsAtMs, message }, source, says);
    this.#tell(this, { kind: "limited", attemptId: attempt.id, reason });
  }

  /** Its attempt has reached its task's cap: it waits in its conversation until a person decides. */
  halted(): void {
    const attempt = this.#attempt;
    if (attempt === null || !isUnderWay(attempt)) return;
    attempt.phase = "parked";
    attempt.capped = true;
    attempt.question = null;
    const message = overItsCap(attempt);
    this.become({ name: "limited", sinceMs: Date.now(), untilMs: null, message }, "typing", message);
  }

  /** It was told to go on: what was typed is its prompt now, and must be seen to be taken. */
  goesOn(words: string): void {
    const attempt = this.#attempt;
    if (attempt === null) return;
    const because = attempt.capped ? "a person lets it" : "its account is free again";
    attempt.paste = words;
    attempt.phase = "typed";
    delete attempt.said;
    attempt.capped = false;
    this.become(
      { name: "busy", sinceMs: Date.now(), attemptId: attempt.id },
      "typing",
      `told to go on: ${because}`,
    );
  }

  /** Its provider lets nothing through, and it has no attempt in hand: it waits for the reset. */
  park(reason: ParkReason): void {
    const untilMs = reason.resetsAtMs ?? Date.now() + parkedMs;
    this.become(
      { name: "limited", sinceMs: Date.now(), untilMs, message: reason.message },
      "signal",
      reason.message,
    );
    this.#tell(this, { kind: "limited", attemptId: null, reason });
    if (this.#unpark !== null) clearTimeout(this.#unpark);
    const delayMs = Math.min(Math.max(untilMs - Date.now(), 1_000), 24 * 3_600_000);
    this.#unpark = setTimeout(() => {
      if (this.#state.name === "limited")
        this.become({ name: "idle", sinceMs: Date.now() }, "process", "the stated reset has passed");
    }, delayMs);
    this.#unpark.unref();
  }

  /**
   * Books what was recorded since this was last asked, or since the record's beginning after a start of the manager:
   * a turn may have ended while nobody looked, and a response that was booked before is not booked again. An adopted
   * session's record may be older than its adoption: there the first look books nothing. Returns where the record ends.
   */
  bookPersonsUsage(): RecordMarks {
    this.locateRecord();
    const record = this.agentRecord();
    const before = this.#marks ?? (this.#record.adopted ? null : new Map<string, number>());
    const marks = markRecord(record);
    this.#marks = marks;
    const records = before === null || !this.adapter.traits.spends ? null : readRecord(record, before);
    if (records !== null && records.length > 0) this.#tell(this, { kind: "foreign-usage", records });
    return marks;
  }

  // ── starting and dying ──────────────────────────────────────────────────────────────────────────

  /** The agent signalled that it takes input; the screen has the last word before anything is typed. */
  ready(): void {
    this.#foundAgain = false;
    for (const waiter of this.#readyWaiters.splice(0)) waiter(true);
    if (this.#state.name !== "starting") return;
    const sinceMs = Date.now();
    // Started anew for a task it has in hand already, it is not idle.
    const attemptId = this.#attempt?.id ?? null;
    this.become(
      attemptId === null ? { name: "idle", sinceMs } : { name: "busy", sinceMs, attemptId },
      "signal",
      "it is ready",
    );
  }

  /** Resolves true at the next readiness (start or cleared conversation), false when it takes longer or it dies. */
  async untilReady(withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(false), withinMs);
      const settle = (ready: boolean): void => {
        clearTimeout(timer);
        this.#readyWaiters = this.#readyWaiters.filter((waiter) => waiter !== settle);
        resolve(ready);
      };
      this.#readyWaiters.push(settle);
    });
  }

  /** What one look at the screen adds. */
  look(reading: ScreenReading): Promise<void> {
    return this.#screen.consider(reading);
  }

  /** Found again at a start, and its composer takes a prompt: nothing is asked of its signals any more. */
  foundWaiting(): void {
    if (this.#foundAgain) this.ready();
  }

  /** Its process or its pane is gone. A typed attempt is failed when its agent said how it ended, else lost. */
  async died(reason: string, exitCode: number | null): Promise<void> {
    // An agent that is gone ends no turn any more, whoever began it.
    this.#signals.forgetForeignTurn();
    if (this.#state.name !== "dead") {
      this.#foundAgain = false;
      this.become({ name: "dead", sinceMs: Date.now(), reason, restartAtMs: null }, "process", reason);
      for (const waiter of this.#readyWaiters.splice(0)) waiter(false);
    }
    const attempt = this.#attempt;
    if (attempt === null || attempt.phase === "preparing") return;
    if (attempt.cancelling) await this.end({ kind: "cancelled" }, "process", reason);
    else if (exitCode !== null) await this.end({ kind: "failed", reason, exitCode }, "process", reason);
    else await this.end({ kind: "lost", reason }, "process", reason);
  }

  /** A start that failed is a death of its own, with its own reason, also of a worker that was dead already. */
  async neverStarted(reason: string): Promise<void> {
    const wasDead = this.#state.name === "dead";
    await this.died(reason, null);
    if (wasDead)
      this.become({ name: "dead", sinceMs: Date.now(), reason, restartAtMs: null }, "process", reason);
  }

  /** When a dead one will be started again, as the pool has planned it; null = never by itself. */
  startsAgainAt(restartAtMs: number | null): void {
    if (this.#state.name === "dead") this.#state = { ...this.#state, restartAtMs };
  }

  /** One state, with the evidence that decided it. */
  become(state: WorkerState, source: EvidenceSource, says: string): void {
    this.#state = state;
    this.evidence.note({ source, says, atMs: Date.now() }, true);
    this.#tell(this, { kind: "changed", because: agentWords(says) });
  }

  /** Forgets timers; the pane and its agent go on. */
  leave(): void {
    if (this.#unpark !== null) clearTimeout(this.#unpark);
    for (const waiter of this.#readyWaiters.splice(0)) waiter(false);
  }
}
