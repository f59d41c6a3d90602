/**
 * The prompt at work: a line comes in, a command is carried out, its result is printed; what happens meanwhile is
 * printed above the line being typed. What commands do stands in `commands/`, how the terminal is drawn on in
 * `prompt.ts` and `screen.ts`; here is only who has the terminal when.
 */
import type { AttachTarget, DispatchState } from "../app.ts";
import { CtmError } from "../base/errors.ts";
import { approved, isApproved, isPlanned, planQuestion } from "../commands/batch.ts";
import type { Caller, Command, RawInput } from "../commands/command.ts";
import { commandHelp } from "../commands/help-text.ts";
import { followAlone } from "../commands/following.ts";
import type { CommandHost } from "../commands/host.ts";
import { splitLine } from "../commands/line.ts";
import { parseWords, takesText } from "../commands/parse.ts";
import type { Fact } from "../events/facts.ts";
import { harmlessLines } from "../reports/cells.ts";
import { jsonText } from "../reports/json-text.ts";
import { paintFor } from "../reports/paint.ts";
import type { Paper } from "../reports/paper.ts";
import { complete } from "./completion.ts";
import type { TerminalInput } from "./keyboard.ts";
import type { History } from "./history.ts";
import { mayLeave } from "./leave.ts";
import { noticeOf } from "./notices.ts";
import { Pastes } from "./pastes.ts";
import { Prompt } from "./prompt.ts";
import { askForTask, askYes } from "./questions.ts";
import { ALTERNATE_OFF, ALTERNATE_ON, frame } from "./screen.ts";

export interface ReplParts {
  readonly host: CommandHost;
  readonly caller: Caller;
  readonly history: History;
  readonly input: TerminalInput;
  readonly output: NodeJS.WriteStream;
  paper(): Paper;
  /** Puts the person into a worker's terminal; resolves when they are back. */
  attach(target: AttachTarget): Promise<unknown>;
  /** Printed above the first prompt. */
  readonly greeting: readonly string[];
  readonly autoIsOn: boolean;
}

export interface ReplEnd {
  readonly workers: "leave" | "kill";
}

export class Repl {
  readonly #parts: ReplParts;
  readonly #prompt: Prompt;
  readonly #pastes = new Pastes();
  readonly #lines: string[] = [];
  #carrying = false;
  /** Ends the waiting for the command under way; null when none is. */
  #abandon: (() => void) | null = null;
  /** Would Ctrl+C end auto mode? A client ends only what it began. */
  #endsAuto: boolean;
  /** One more Ctrl+C at the empty prompt leaves. */
  #armed = false;
  #end: (end: ReplEnd) => void = () => undefined;

  constructor(parts: ReplParts) {
    this.#parts = parts;
    this.#endsAuto = parts.autoIsOn && parts.host.role === "manager";
    this.#prompt = new Prompt({
      input: parts.input,
      output: parts.output,
      history: () => parts.history.lines(),
      complete: (line) => complete(line, parts.host),
      onPaste: (text) => this.#pastes.take(text),
      onLine: (line) => void this.#enter(line),
      onInterrupt: () => void this.#interrupt(),
      onEnd: () => void this.#leave("leave"),
    });
  }

  /** Runs until the person leaves, or `ended` resolves. */
  async run(ended: Promise<unknown>): Promise<ReplEnd> {
    const left = new Promise<ReplEnd>((resolve) => (this.#end = resolve));
    const facts = this.#parts.host.follow("watch", {}, (item) => this.#hear(item as Fact));
    // A connection that breaks is told by `ended`.
    facts.done.catch(() => undefined);
    this.#prompt.open();
    this.#prompt.print(this.#parts.greeting);
    this.#prompt.ready();
    const end = await Promise.race([left, ended.then((): ReplEnd => ({ workers: "leave" }))]);
    facts.stop();
    this.#prompt.close();
    return end;
  }

  #hear(fact: Fact): void {
    const { host, paper } = this.#parts;
    if (fact.kind === "dispatch-changed" && (host.role === "manager" || !fact.auto))
      this.#endsAuto = fact.auto;
    this.#prompt.print(noticeOf(fact, paper()));
  }

  // ── lines ───────────────────────────────────────────────────────────────────────────────────────

  async #enter(line: string): Promise<void> {
    this.#armed = false;
    this.#lines.push(line);
    if (this.#carrying) return;
    this.#carrying = true;
    for (let next = this.#lines.shift(); next !== undefined; next = this.#lines.shift())
      await this.#take(next);
    this.#carrying = false;
    this.#prompt.ready();
  }

  async #take(line: string): Promise<void> {
    const text = this.#pastes.expand(line);
    // A line that stands for a pasted text would mean nothing next time.
    if (text === line) this.#parts.history.add(line);
    if (text.trim() === "") return;
    try {
      await this.#carryOut(text);
    } catch (error) {
      this.#prompt.print(faultLines(error, this.#parts.paper()));
    }
  }

  async #carryOut(line: string): Promise<void> {
    const { command, words } = this.#split(line);
    const { raw, json, help } = parseWords(command, words);
    if (help) return this.#prompt.print(commandHelp(command));
    const asked = command.name === "add" && words.length === 0 ? await this.#ask() : raw;
    if (asked === null) return;
    const input = command.check(await command.prepare(asked, this.#parts.caller));
    if (command.face === "serve" || command.face === "mcp")
      throw new CtmError("usage", `\`${command.name}\` is for the shell; here a manager runs already`);
    if (command.face === "repair" || (command.name === "doctor" && input["repair"] === true))
      throw new CtmError(
        "usage",
        "the database is mended from the shell, with no manager running: leave first",
      );
    if (command.face === "exit") return this.#leave(input["kill"] === true ? "kill" : "leave");
    if (command.follows(input))
      return command.name === "watch" ? this.#sayAlwaysOn() : this.#follow(command, input);
    const result = command.alone
      ? await command.runAlone(input, this.#parts.caller)
      : await this.#patiently(this.#parts.host.run(command.name, input));
    if (result === undefined) return;
    if (command.face === "attach" && !json) return this.#attach(result as AttachTarget);
    if (command.name === "auto") this.#endsAuto = (result as DispatchState).auto;
    if (isPlanned(command, input)) return this.#queuePlanned(command, input, result, json);
    this.#prompt.print(json ? [jsonText(result)] : command.render(result, this.#parts.paper()));
  }

  /** What was shown is queued once the person has said yes; as JSON only if they had beforehand, both in one document. */
  async #queuePlanned(command: Command, input: RawInput, plan: unknown, json: boolean): Promise<void> {
    const { host, paper } = this.#parts;
    if (!json) this.#prompt.print(command.render(plan, paper()));
    const approval = isApproved(command, input);
    if (json && !approval) return this.#prompt.print([jsonText(plan)]);
    if (!approval && !(await this.#lend(() => askYes(planQuestion(input)))))
      return this.#prompt.print(["Nothing was queued."]);
    const queued = await host.run(command.name, approved(input));
    this.#prompt.print(json ? [jsonText({ plan, queued })] : command.render(queued, paper()));
  }

  /** Lines of a paste are never run one by one: they are one text, or nothing. */
  #split(line: string): { command: Command; words: readonly string[] } {
    const lines = line.trim().split("\n").length;
    const fault = `a pasted text of ${lines} lines is not run line by line: put \`add\` in front to make it one task`;
    if (lines === 1) return splitLine(line);
    const [first = ""] = line.trimStart().split(/\s/, 1);
    if (!/^(add|edit|send|answer|route|!low|!normal|!high|!critical)$/.test(first))
      throw new CtmError("usage", fault);
    const split = splitLine(line);
    if (!takesText(split.command)) throw new CtmError("usage", fault);
    return split;
  }

  /** Waits for an answer, unless Ctrl+C gives it up; undefined then. */
  async #patiently(answer: Promise<unknown>): Promise<unknown> {
    const abandoned = new Promise<undefined>((resolve) => (this.#abandon = () => resolve(undefined)));
    answer.catch(() => undefined);
    try {
      return await Promise.race([answer, abandoned]);
    } finally {
      this.#abandon = null;
    }
  }

  #sayAlwaysOn(): void {
    this.#prompt.print([
      "What happens is printed here anyway; `ctm watch` shows all of it in another terminal.",
    ]);
  }

  // ── others that take the terminal ───────────────────────────────────────────────────────────────

  /** The terminal is somebody else's until `act` is through. */
  async #lend<T>(act: () => Promise<T>): Promise<T> {
    this.#prompt.hold();
    this.#prompt.close();
    try {
      return await act();
    } finally {
      this.#prompt.open();
    }
  }

  #ask(): Promise<RawInput | null> {
    return this.#lend(askForTask);
  }

  async #attach(target: AttachTarget): Promise<void> {
    await this.#lend(() => this.#parts.attach(target));
    this.#prompt.print([`Back from ${target.worker}.`]);
  }

  /** Draws a status in place, or prints a worker's output, until a key is pressed. */
  async #follow(command: Command, input: RawInput): Promise<void> {
    const { host, caller, output, paper } = this.#parts;
    const inPlace = command.redraws;
    this.#prompt.hold();
    if (inPlace) output.write(ALTERNATE_ON);
    try {
      const show = (item: unknown): void => {
        const lines = command.renderItem?.(item, paper()) ?? [];
        output.write(inPlace ? frame(lines, output.rows) : lines.map((line) => `${line}\r\n`).join(""));
      };
      const following = command.alone
        ? followAlone(command, input, caller, show)
        : host.follow(command.name, input, show);
      this.#prompt.captureKeys(() => following.stop());
      await following.done;
    } finally {
      if (inPlace) output.write(ALTERNATE_OFF);
      this.#prompt.captureKeys(null);
      this.#prompt.release();
    }
  }

  // ── ending ──────────────────────────────────────────────────────────────────────────────────────

  /** Ctrl+C: gives up waiting, else ends auto and only auto, else clears the line, else leaves at the second time. */
  async #interrupt(): Promise<void> {
    if (this.#abandon !== null) return this.#abandon();
    if (this.#endsAuto) return this.#endAuto();
    if (!this.#prompt.isBlank) return this.#prompt.clearLine();
    if (this.#armed) return this.#leave("leave");
    this.#armed = true;
    this.#prompt.print(["Ctrl+C again leaves; so does `exit`."]);
  }

  async #endAuto(): Promise<void> {
    this.#endsAuto = false;
    this.#armed = true;
    try {
      await this.#parts.host.run("auto", { mode: "off" });
      this.#prompt.print(["Auto mode has ended; tasks at work go on."]);
    } catch (error) {
      this.#prompt.print(faultLines(error, this.#parts.paper()));
    }
  }

  async #leave(workers: ReplEnd["workers"]): Promise<void> {
    const { host, output } = this.#parts;
    this.#prompt.close();
    const leaves = await mayLeave(host, (line) => void output.write(`${line}\n`)).catch(() => true);
    if (leaves) return this.#end({ workers });
    this.#armed = false;
    this.#prompt.open();
    this.#prompt.ready();
  }
}

function faultLines(error: unknown, paper: Paper): string[] {
  const { bad } = paintFor(paper);
  const message = error instanceof CtmError ? error.message : `unexpected: ${String(error)}`;
  const details = error instanceof CtmError ? error.details : [];
  return [
    ...harmlessLines(message, 20).map((line) => bad(line)),
    ...details.flatMap((detail) => harmlessLines(detail, 20)).map((line) => `  ${line}`),
  ];
}
