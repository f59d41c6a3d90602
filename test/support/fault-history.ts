/**
 * A history in which the manager is killed at one fault point after the other: it is started again each time, armed
 * with all points that are left, and whoever wanted something of it asks again, as people do.
 */
import { CtmError } from "../../src/base/errors.ts";
import { Day, FINAL, help, taskOf, type Playing, type Script } from "./fault-run.ts";
import { Product, type ManagerProcess, type TaskSeen } from "./product.ts";
import { waitFor } from "./wait-for.ts";

/** A history's script may also do something while no manager runs. */
export interface LongScript extends Pick<Script, "tasks"> {
  play(day: FaultHistory): Promise<void>;
}

/** What a manager says no with: asking again is of no use. */
const REFUSALS: ReadonlySet<string> = new Set(["refused", "illegal-move", "not-found", "usage"]);
/** So long something may take while nothing is struck. */
const patienceMs = 180_000;

export class FaultHistory implements Playing {
  readonly ctm = new Product({ recorded: true, workers: 2 });
  /** Where the manager was killed, in this order. */
  readonly struck: string[] = [];
  readonly #left: Set<string>;
  readonly #script: LongScript;
  readonly #mine: (point: string) => boolean;
  #manager: ManagerProcess | null = null;
  #leaving = false;
  #broken: { readonly error: unknown } | null = null;
  #served: Promise<void> = Promise.resolve();

  /**
   * `left`: the points nobody has struck yet; this history takes out those it strikes. Those of a start come first in
   * every history: of these it strikes its own, until it has served once.
   */
  constructor(script: LongScript, left: Set<string>, mine: (point: string) => boolean) {
    this.#script = script;
    this.#left = left;
    this.#mine = mine;
  }

  /** Plays the script to its end through all deaths, lets the manager leave, drains; says what is wrong then. */
  async run(): Promise<string[]> {
    this.#serve();
    await this.#script.play(this);
    await this.#leave();
    const whole = await this.ctm.serve();
    return new Day(this.ctm, whole, { ...this.#script, play: () => Promise.resolve() }, 1).drain();
  }

  end(): Promise<void> {
    this.#leaving = true;
    return this.ctm.end();
  }

  /** The manager is killed, and started again once `act` is over. */
  async away(act: () => Promise<unknown>): Promise<void> {
    this.#leaving = true;
    await this.#manager?.kill9();
    await this.#served;
    await act();
    this.#leaving = false;
    this.#serve();
  }

  #serve(): void {
    this.#served = this.#keepServing();
    // Whoever asks next tells of it.
    this.#served.catch((error: unknown) => (this.#broken = { error }));
  }

  async #keepServing(): Promise<void> {
    for (let served = false; !this.#leaving; ) {
      const points = [...this.#left].filter((point) => served || this.#mine(point));
      this.#manager = await this.ctm.serve([], false, points.map((point) => `${point}:exit:1`).join());
      await this.#manager.ended;
      served ||= this.#manager.printed().includes("Serving ");
      if (this.#manager.child.signalCode === "SIGKILL") await this.#note(this.#manager);
      else if (!this.#leaving) throw new Error(`the manager left by itself: ${this.#manager.printed()}`);
    }
  }

  /** What it said last may arrive behind its death; a manager that `away` has killed says nothing. */
  async #note(dead: ManagerProcess): Promise<void> {
    const said = (): string | undefined => /^Killed at (\S+)$/m.exec(dead.printed())?.[1];
    const point = await waitFor("where it was killed", () => said() ?? this.#leaving, 5_000);
    if (typeof point !== "string") return;
    this.#left.delete(point);
    this.struck.push(point);
  }

  /** Asks it to leave until it came to its end without being killed on the way. */
  async #leave(): Promise<void> {
    for (;;) {
      const manager = this.#manager;
      if (manager === null) throw new Error("no manager was started");
      await waitFor("a manager to serve", () => manager.printed().includes("Serving ") || hasEnded(manager));
      this.#leaving = !hasEnded(manager);
      manager.child.kill("SIGTERM");
      await manager.ended;
      this.#leaving = manager.child.signalCode !== "SIGKILL";
      if (this.#leaving) return this.#served;
      await this.#note(manager);
      await waitFor("the next manager", () => this.#manager !== manager || null);
    }
  }

  /** As often as the manager dies over it; throws what it refuses. */
  async ask<T>(command: string, raw: Readonly<Record<string, unknown>>): Promise<T> {
    const answered = await this.#patiently(`an answer to ${command}`, () => {
      if (this.#broken !== null) throw this.#broken.error;
      return this.ctm.ask<T>(command, raw, null).then(
        (answer) => ({ answer }),
        (error: unknown) => {
          if (error instanceof CtmError && REFUSALS.has(error.code)) throw error;
          return null;
        },
      );
    });
    return answered.answer;
  }

  /** Waits on, as long as the manager goes on dying; throws how everything stands. */
  async #patiently<T>(what: string, look: () => Promise<T | null | false>): Promise<T> {
    for (;;) {
      const before = this.struck.length;
      try {
        return await waitFor(what, look, patienceMs);
      } catch (error) {
        if (error instanceof CtmError) throw error;
        if (this.struck.length > before && this.#broken === null) continue;
        const stands = await this.ctm.report().catch(() => this.#manager?.printed() ?? "");
        throw new Error(`${String(error)}\nkilled at ${this.struck.join()}\n${stands}`, { cause: error });
      }
    }
  }

  /** Refused where it was done before the manager died over it, or where nobody can do it any more. */
  async act(command: string, raw: Readonly<Record<string, unknown>>): Promise<void> {
    await this.ask(command, raw).catch((error: unknown) => {
      if (!(error instanceof CtmError)) throw error;
    });
  }

  async add(name: string): Promise<number> {
    const raw = { cwd: this.ctm.work, origin: "test", ...taskOf(this.#script, name, 1) };
    return (await this.ask<{ task: TaskSeen }>("add", raw)).task.id;
  }

  /** In one of these states, or at an end that the deaths have brought. */
  async until(id: number, ...states: readonly string[]): Promise<void> {
    await this.#patiently(`task ${id} to be ${states.join(" or ")}`, async () => {
      const { task } = await this.ask<{ task: TaskSeen }>("show", { id });
      if (states.includes(task.state.name) || FINAL.has(task.state.name)) return true;
      // What was unknown at a start paused the dispatch.
      if (task.state.name === "queued") await this.act("resume", {});
      await help(this, task);
      return false;
    });
  }
}

function hasEnded({ child }: ManagerProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
