/** One worker over a scripted terminal, with everything it tells, and a record file of its own. */
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentAdapter } from "../../src/agents/adapter.ts";
import { rehearsalAdapter } from "../../src/agents/rehearsal.ts";
import type { WorkerRecord } from "../../src/ledger/worker-rows.ts";
import { formatRehearsalRecord } from "../../src/metering/rehearsal-record.ts";
import type { AttemptInHand } from "../../src/workers/attempt-in-hand.ts";
import { Worker } from "../../src/workers/worker.ts";
import type { WorkerNews } from "../../src/workers/worker-news.ts";
import { ScriptedTerminal } from "./scripted-terminal.ts";

export const LAUNCH = "launch-1";

export function workerRecordOf(change: Partial<WorkerRecord> = {}): WorkerRecord {
  return {
    name: "concurrent_worker1",
    agent: "rehearsal",
    model: "sonnet",
    cwd: "/tmp",
    adopted: false,
    tmuxSocket: null,
    session: "concurrent_worker1",
    pane: null,
    launchId: LAUNCH,
    launchDir: null,
    sessionId: null,
    recordPath: null,
    lastAttempt: "",
    lastType: null,
    lastCwd: null,
    draining: false,
    foreground: null,
    account: change.agent ?? "rehearsal",
    ...change,
  };
}

export class WorkerBench {
  readonly terminal = new ScriptedTerminal();
  readonly news: WorkerNews[] = [];
  readonly worker: Worker;
  readonly dir: string;
  readonly recordPath: string;
  /** Hears of each as well. */
  onNews: (worker: Worker, news: WorkerNews) => void = () => undefined;
  #responses = 0;

  constructor(change: Partial<WorkerRecord> = {}, adapter: AgentAdapter = rehearsalAdapter) {
    this.dir = mkdtempSync(join(tmpdir(), "ctm-worker-"));
    this.recordPath = join(this.dir, "rehearsal-s1.jsonl");
    const pane = JSON.stringify(this.terminal.openPane());
    const record = workerRecordOf({ pane, launchDir: this.dir, ...change });
    this.worker = new Worker(record, adapter, this.terminal.terminal, (worker, news) => {
      this.news.push(news);
      this.onNews(worker, news);
    });
  }

  close(): void {
    this.worker.leave();
    rmSync(this.dir, { recursive: true });
  }

  /** Idle in its pane, its record known. */
  async idle(): Promise<this> {
    this.worker.become({ name: "starting", sinceMs: Date.now() }, "process", "started");
    await this.signal("SessionStart", { session_id: "s1", transcript_path: this.recordPath });
    return this;
  }

  attempt(change: Partial<AttemptInHand> = {}): AttemptInHand {
    return {
      id: "a1",
      taskId: 1,
      paste: "do it",
      phase: "typed",
      marks: new Map(),
      cancelling: false,
      capped: false,
      question: null,
      ...change,
    };
  }

  /** Takes an attempt in hand that was typed. */
  async typed(change: Partial<AttemptInHand> = {}): Promise<AttemptInHand> {
    const attempt = this.attempt(change);
    this.worker.take(attempt);
    this.worker.delivered();
    return attempt;
  }

  async accepted(change: Partial<AttemptInHand> = {}): Promise<AttemptInHand> {
    const attempt = await this.typed(change);
    await this.signal("UserPromptSubmit", { prompt: attempt.paste ?? "" });
    return attempt;
  }

  signal(event: string, payload: Record<string, unknown> = {}): Promise<void> {
    return this.worker.hear({ launchId: LAUNCH, event, atMs: 0, payload });
  }

  /** Writes a response into the agent's own record, and the end of its turn. */
  respond(tokens: number, answer: string | null = null): void {
    const id = `r${(this.#responses += 1)}`;
    const usage = { input: tokens, output: 0, cacheRead: 0, cacheWrite: 0 };
    const line = formatRehearsalRecord({ id, session: "s1", model: "sonnet", ...usage, at: 1 });
    const turn = JSON.stringify({ type: "rehearsal-turn", answer });
    appendFileSync(this.recordPath, answer === null ? `${line}\n` : `${line}\n${turn}\n`);
  }

  look(): Promise<void> {
    return this.worker.look(this.worker.adapter.readScreen(this.terminal.screen));
  }

  told<K extends WorkerNews["kind"]>(kind: K): Extract<WorkerNews, { kind: K }>[] {
    return this.news.filter((news): news is Extract<WorkerNews, { kind: K }> => news.kind === kind);
  }

  /** What was reported of the end, in short: `completed 120`, `failed null`. */
  ends(): string[] {
    return this.told("ended").map(({ outcome, records }) => {
      const tokens = records?.reduce((sum, { usage }) => sum + usage.inputTokens, 0) ?? null;
      return `${outcome.kind} ${tokens}`;
    });
  }
}
