/**
 * A tmux terminal that exists only in words: what its panes show, who sits at them, what a typing comes to. It keeps
 * the marks a real pane keeps, so that typing twice is refused here too.
 */
import { basename, dirname } from "node:path";
import type { PaneIdentity } from "../../src/workers/tmux/pane-identity.ts";
import { samePane } from "../../src/workers/tmux/pane-identity.ts";
import type { PaneInfo, SessionStart, Terminal } from "../../src/workers/tmux/terminal.ts";
import type { Typing, TypeResult } from "../../src/workers/tmux/typing.ts";
import type { Witness } from "../../src/workers/tmux/witness.ts";
import { drawRehearsal, type RehearsalView } from "../../src/agents/rehearsal-screen.ts";

export class ScriptedTerminal {
  /** Sessions on this server that no worker has. */
  strays: string[] = [];
  /** What a capture shows. */
  screen: readonly string[] = rehearsalScreen("idle");
  personAtKeyboard = false;
  /** How often it was asked for all panes at once, and for one. */
  sweeps = 0;
  looks = 0;
  /** What the next typings come to, instead of being typed. */
  readonly typeResults: (TypeResult | Error)[] = [];
  readonly typings: Typing[] = [];
  readonly commands: string[] = [];
  readonly texts: string[] = [];
  readonly keys: string[] = [];
  readonly secondEnters: string[] = [];
  readonly started: SessionStart[] = [];
  readonly killed: string[] = [];
  readonly unpiped: string[] = [];
  /** What answers within an attempt come to. */
  answerResult: TypeResult["kind"] = "typed";
  takesInput = true;
  mark = "";
  /** Runs after a start, a command or a key, as an agent would react. */
  onStart: (start: SessionStart) => void = () => undefined;
  onCommand: (command: string) => void = () => undefined;
  onKey: (key: string) => void = () => undefined;
  startFails: Error | null = null;
  killFails: Error | null = null;
  /** What a start that was done is answered with. */
  answerLost: Error | null = null;
  readonly #alive = new Map<string, PaneIdentity>();
  #panes = 0;

  /** The same object, as the product's classes take it. */
  get terminal(): Terminal {
    return this as unknown as Terminal;
  }

  async startSession(start: SessionStart): Promise<PaneIdentity> {
    if (this.startFails !== null) throw this.startFails;
    this.started.push(start);
    const pane = this.openPane();
    if (this.answerLost !== null) {
      this.leftBehind.set(`${start.name} ${basename(dirname(start.logPath))}`, pane);
      throw this.answerLost;
    }
    this.mark = "";
    setImmediate(() => this.onStart(start));
    return pane;
  }

  /** What `startedBy` finds, by session and launch. */
  readonly leftBehind = new Map<string, PaneIdentity>();

  async startedBy(session: string, launchId: string): Promise<PaneIdentity | null> {
    return this.leftBehind.get(`${session} ${launchId}`) ?? null;
  }

  async listPanes(): Promise<PaneInfo[]> {
    return this.strays.map((session) => ({ session }) as PaneInfo);
  }

  openPane(): PaneIdentity {
    this.#panes += 1;
    const pane = {
      serverPid: 100,
      serverStartTime: 1_700_000_000,
      sessionId: `$${this.#panes}`,
      windowId: `@${this.#panes}`,
      paneId: `%${this.#panes}`,
      panePid: 1_000 + this.#panes,
      panePidStartTime: 5_000 + this.#panes,
    };
    this.#alive.set(pane.paneId, pane);
    return pane;
  }

  closePane(pane: PaneIdentity): void {
    this.#alive.delete(pane.paneId);
  }

  async keepReachable(): Promise<void> {
    // There is no socket to lose.
  }

  async isAlive(pane: PaneIdentity): Promise<boolean> {
    this.looks += 1;
    return this.#holds(pane);
  }

  async stillThere(panes: readonly PaneIdentity[]): Promise<ReadonlySet<PaneIdentity>> {
    this.sweeps += 1;
    return new Set(panes.filter((pane) => this.#holds(pane)));
  }

  #holds(pane: PaneIdentity): boolean {
    const there = this.#alive.get(pane.paneId);
    return there !== undefined && samePane(there, pane);
  }

  async witness(pane: PaneIdentity): Promise<Witness | null> {
    return (await this.isAlive(pane)) ? this.#witness() : null;
  }

  #witness(): Witness {
    const attemptId = this.mark.split(".")[0] ?? "";
    const rest = { entered: this.mark, refused: "", enteredAgain: "", inMode: false, inputOff: false };
    return { mark: this.mark, attemptId, ...rest };
  }

  async capture(pane: PaneIdentity): Promise<string[]> {
    if (!(await this.isAlive(pane))) throw new Error("the program is not in its pane any more");
    return [...this.screen];
  }

  async personActive(): Promise<boolean> {
    return this.personAtKeyboard;
  }

  async type(typing: Typing): Promise<TypeResult> {
    const scripted = this.typeResults.shift();
    if (scripted instanceof Error) throw scripted;
    if (scripted !== undefined) return scripted;
    if (!(await this.isAlive(typing.pane)))
      return { kind: "refused", reason: "its program is gone", witness: null };
    if (this.#witness().attemptId !== typing.previousAttempt)
      return { kind: "refused", reason: "something else was typed", witness: this.#witness() };
    this.mark = typing.attemptId;
    this.typings.push(typing);
    return { kind: "typed", witness: this.#witness() };
  }

  async answer(_pane: PaneIdentity, attemptId: string, reply: Pick<Typing, "paste">): Promise<TypeResult> {
    if (this.answerResult !== "typed")
      return { kind: "refused", reason: "another question stands there", witness: null };
    this.texts.push(`${attemptId}: ${reply.paste}`);
    return { kind: "typed", witness: this.#witness() };
  }

  async typeCommand(_pane: PaneIdentity, line: string): Promise<boolean> {
    if (!this.takesInput) return false;
    this.commands.push(line);
    setImmediate(() => this.onCommand(line));
    return true;
  }

  async typeText(_pane: PaneIdentity, text: Pick<Typing, "paste">): Promise<boolean> {
    if (this.takesInput) this.texts.push(text.paste);
    return this.takesInput;
  }

  async sendKey(_pane: PaneIdentity, key: string): Promise<boolean> {
    if (!this.takesInput) return false;
    this.keys.push(key);
    this.onKey(key);
    return true;
  }

  async pressEnterOnce(_pane: PaneIdentity, attemptId: string): Promise<boolean> {
    this.secondEnters.push(attemptId);
    return true;
  }

  async killSession(name: string, pane: PaneIdentity): Promise<boolean> {
    if (this.killFails !== null) throw this.killFails;
    this.killed.push(name);
    this.closePane(pane);
    return true;
  }

  async pipeAdopted(): Promise<boolean> {
    return true;
  }

  async unpipeAdopted(pane: PaneIdentity): Promise<void> {
    this.unpiped.push(pane.paneId);
  }
}

/** A screen of the rehearsal agent. */
export function rehearsalScreen(
  mode: RehearsalView["mode"],
  change: Partial<RehearsalView> = {},
): readonly string[] {
  return drawRehearsal({
    mode,
    model: "sonnet",
    transcript: ["hello"],
    interrupted: false,
    question: mode === "asking" ? "May I run make?" : null,
    composer: "",
    columns: 80,
    rows: 24,
    ...change,
  });
}
