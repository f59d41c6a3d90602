/**
 * The process of the rehearsal agent: an agent's behaviour in a terminal, without any model behind it. It takes a
 * pasted prompt and Enter, works for a while, asks, answers, fails or dies as the prompt's directives say, calls the
 * same hook script as a real agent and writes a record of pretended usage.
 *
 * As with real agents, an interrupt (Escape) calls no hook: only the screen tells of it.
 */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { rehearsalRecordName } from "../agents/rehearsal.ts";
import { readKeys, settleKeys, type Key } from "../agents/rehearsal-keys.ts";
import { drawRehearsal, type RehearsalView } from "../agents/rehearsal-screen.ts";
import { planTurn, type RehearsalTurn } from "../agents/rehearsal-script.ts";
import { taskTextMaxBytes } from "../base/limits.ts";
import { formatRehearsalRecord } from "../metering/rehearsal-record.ts";

/** How long an Escape byte may wait for the rest of a key sequence. */
const escapeWaitMs = 40;
/** How long a second Ctrl+C counts as the second. */
const interruptAgainMs = 2_000;
const transcriptLinesMax = 400;
const compactMs = 200;

interface Options {
  readonly session: string;
  readonly model: string;
  readonly dir: string;
  readonly hook: string;
}

interface RunningTurn {
  readonly prompt: string;
  readonly plan: RehearsalTurn;
  timer: NodeJS.Timeout | null;
  /** Responses that are recorded already. */
  recorded: number;
}

class RehearsalAgent {
  readonly #options: Options;
  #session: string;
  #mode: RehearsalView["mode"] = "idle";
  #transcript: string[] = [];
  #interrupted = false;
  #composer = "";
  #turn: RunningTurn | null = null;
  #limitTimer: NodeJS.Timeout | null = null;
  #interruptAtMs = Number.NEGATIVE_INFINITY;
  /** Hooks are called one after another, so that their files keep the order of what happened. */
  #hooks: Promise<void> = Promise.resolve();

  constructor(options: Options) {
    this.#options = options;
    this.#session = options.session;
  }

  start(): void {
    process.stdout.write("\u001b[?1049h\u001b[?2004h");
    this.draw();
    this.#hook("SessionStart", { source: "startup" });
  }

  handle(key: Key): void {
    if (key.kind === "interrupt") this.#interruptKey();
    else if (this.#mode === "asking") this.#answerKey(key);
    else if (key.kind === "escape") this.#escape();
    else if (key.kind === "enter") this.#enter();
    else if (key.kind === "end-of-input" && this.#composer === "") void this.exit(0);
    else this.#edit(key);
    this.draw();
  }

  draw(): void {
    const { columns = 80, rows = 24 } = process.stdout;
    const lines = drawRehearsal({
      mode: this.#mode,
      model: this.#options.model,
      transcript: this.#transcript,
      interrupted: this.#interrupted,
      question: this.#mode === "asking" ? (this.#turn?.plan.question ?? null) : null,
      composer: this.#composer,
      columns,
      rows,
    });
    process.stdout.write(`\u001b[H${lines.map((line) => `${line}\u001b[K`).join("\r\n")}\u001b[J`);
  }

  /** A proper end: the session is closed first. */
  async exit(code: number, reason = "prompt_input_exit"): Promise<void> {
    if (this.#turn?.timer) clearTimeout(this.#turn.timer);
    this.#hook("SessionEnd", { reason });
    await this.#leave(code);
  }

  /** Ends the process once all hooks were called. */
  async #leave(code: number): Promise<void> {
    await this.#hooks;
    process.stdout.write("\u001b[?2004l\u001b[?1049l");
    process.exit(code);
  }

  #edit(key: Key): void {
    if (key.kind === "text") this.#composer = (this.#composer + key.text).slice(0, taskTextMaxBytes);
    else if (key.kind === "backspace") this.#composer = [...this.#composer].slice(0, -1).join("");
    else if (key.kind === "clear-line") this.#composer = "";
  }

  #enter(): void {
    const prompt = this.#composer.trim();
    if (this.#turn !== null || prompt === "") return;
    this.#composer = "";
    this.#interrupted = false;
    if (prompt === "/exit") void this.exit(0);
    else if (prompt === "/clear") this.#clear();
    else if (prompt === "/compact") this.#compact();
    else this.#begin(prompt);
  }

  #begin(prompt: string): void {
    const plan = planTurn(prompt);
    this.#turn = { prompt, plan, timer: null, recorded: 0 };
    this.#say(`❯ ${prompt}`);
    this.#hook("UserPromptSubmit", { prompt });
    if (plan.question === null) return this.#work();
    this.#mode = "asking";
    this.#hook("PermissionRequest", { question: plan.question });
  }

  #work(): void {
    const turn = this.#turn;
    if (turn === null) return;
    this.#mode = "busy";
    const { delayMs, responses } = turn.plan;
    turn.timer = setTimeout(() => this.#respond(turn), delayMs / responses);
  }

  /** One response of several stands in the record as soon as it has come; the last one ends the turn. */
  #respond(turn: RunningTurn): void {
    if (turn.recorded + 1 >= turn.plan.responses) return this.#finish(turn);
    this.#record([this.#usageLine(turn)]);
    this.#say(`● Response ${turn.recorded} of ${turn.plan.responses}`);
    this.draw();
    this.#work();
  }

  #finish(turn: RunningTurn): void {
    if (turn.plan.exitCode !== null) return void this.#leave(turn.plan.exitCode);
    this.#turn = null;
    this.#mode = "idle";
    if (turn.plan.failure === null) this.#complete(turn);
    else this.#fail(turn.plan);
    this.draw();
  }

  #complete(turn: RunningTurn): void {
    const { plan } = turn;
    this.#record([
      this.#usageLine(turn),
      JSON.stringify({ type: "rehearsal-turn", session: this.#session, answer: plan.answer }),
    ]);
    this.#say(`● ${plan.answer}`);
    this.#hook("Stop", { last_assistant_message: plan.answer });
  }

  /** The usage of the next response: an even share of the turn's. */
  #usageLine(turn: RunningTurn): string {
    const { responses, inputTokens, outputTokens, cacheReadTokens } = turn.plan;
    const n = turn.recorded++;
    const share = (tokens: number): number =>
      Math.floor((tokens * (n + 1)) / responses) - Math.floor((tokens * n) / responses);
    return formatRehearsalRecord({
      id: randomUUID(),
      session: this.#session,
      model: this.#options.model,
      input: share(inputTokens),
      output: share(outputTokens),
      cacheRead: share(cacheReadTokens),
      cacheWrite: 0,
      at: Date.now(),
    });
  }

  #fail(plan: RehearsalTurn): void {
    const message = `Rehearsed failure: ${plan.failure}`;
    const limited = plan.failure === "quota-exhausted";
    const resetsAtMs = limited ? Date.now() + plan.resetsInMs : null;
    this.#say(`● ${message}`);
    if (limited) this.#limit(plan.resetsInMs);
    this.#hook("StopFailure", {
      error: plan.failure,
      last_assistant_message: message,
      resets_at_ms: resetsAtMs,
    });
  }

  #limit(resetsInMs: number): void {
    this.#mode = "limited";
    if (this.#limitTimer !== null) clearTimeout(this.#limitTimer);
    this.#limitTimer = setTimeout(() => {
      if (this.#mode === "limited") this.#mode = "idle";
      this.draw();
    }, resetsInMs);
  }

  #answerKey(key: Key): void {
    const typed = key.kind === "text" ? key.text.trim().toLowerCase() : "";
    if (key.kind === "escape") return this.#escape();
    if (typed === "2" || typed === "n") {
      const turn = this.#turn;
      if (turn !== null)
        this.#finish({ ...turn, plan: { ...turn.plan, failure: null, answer: "It was declined." } });
    } else if (key.kind === "enter" || typed === "1" || typed === "y") {
      this.#hook("PermissionAnswered", {});
      this.#work();
    }
  }

  #escape(): void {
    if (this.#turn === null) return;
    if (this.#turn.timer !== null) clearTimeout(this.#turn.timer);
    this.#turn = null;
    this.#mode = "idle";
    this.#interrupted = true;
  }

  #interruptKey(): void {
    if (Date.now() - this.#interruptAtMs < interruptAgainMs) return void this.exit(0);
    this.#interruptAtMs = Date.now();
    this.#composer = "";
    this.#escape();
  }

  #clear(): void {
    this.#transcript = [];
    this.#hook("SessionEnd", { reason: "clear" });
    this.#session = randomUUID();
    this.#hook("SessionStart", { source: "clear" });
  }

  /** Takes a moment, as a summary does. */
  #compact(): void {
    this.#mode = "busy";
    setTimeout(() => {
      if (this.#mode === "busy") this.#mode = "idle";
      this.#record([JSON.stringify({ type: "rehearsal-compacted", session: this.#session })]);
      this.#say("Conversation compacted");
      this.#hook("PostCompact", { trigger: "manual" });
      this.draw();
    }, compactMs);
  }

  #say(text: string): void {
    this.#transcript = [...this.#transcript, ...text.split("\n"), ""].slice(-transcriptLinesMax);
  }

  #recordPath(): string {
    return join(this.#options.dir, rehearsalRecordName(this.#session));
  }

  #record(lines: readonly string[]): void {
    appendFileSync(this.#recordPath(), lines.map((line) => `${line.trimEnd()}\n`).join(""), { mode: 0o600 });
  }

  #hook(event: string, more: Readonly<Record<string, unknown>>): void {
    const payload = {
      session_id: this.#session,
      transcript_path: this.#recordPath(),
      hook_event_name: event,
      ...more,
    };
    this.#hooks = this.#hooks.then(() => callHook(this.#options.hook, event, payload));
  }
}

/** Calls the hook script as a real agent does. A hook that fails is the manager's trouble, not the agent's. */
function callHook(script: string, event: string, payload: unknown): Promise<void> {
  return new Promise((resolve) => {
    const hook = execFile(script, [event], { timeout: 10_000 }, () => resolve());
    hook.stdin?.on("error", () => undefined);
    hook.stdin?.end(JSON.stringify(payload));
  });
}

function options(): Options {
  const flag = { type: "string", default: "" } as const;
  const { values } = parseArgs({ options: { session: flag, model: flag, dir: flag, hook: flag } });
  return values;
}

function run(): void {
  const agent = new RehearsalAgent(options());
  let rest = "";
  let settling: NodeJS.Timeout | null = null;
  process.stdin.setRawMode?.(true);
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (chunk) => {
    if (settling !== null) clearTimeout(settling);
    const reading = readKeys((rest + String(chunk)).slice(-4 * taskTextMaxBytes));
    rest = reading.rest;
    for (const key of reading.keys) agent.handle(key);
    settling = setTimeout(() => {
      const settled = settleKeys(rest);
      rest = settled.rest;
      for (const key of settled.keys) agent.handle(key);
    }, escapeWaitMs);
  });
  process.stdin.on("end", () => void agent.exit(0, "other"));
  process.stdout.on("resize", () => agent.draw());
  process.on("SIGTERM", () => void agent.exit(143, "other"));
  agent.start();
}

run();
