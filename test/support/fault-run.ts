/**
 * A day of the product, played by a script while one fault is armed; then a manager that nothing is wrong with, which
 * must bring everything to its end. What must hold afterwards stands in `invariants.ts`.
 */
import { unended, violations } from "./invariants.ts";
import { Product, type ManagerProcess, type TaskSeen } from "./product.ts";
import { waitFor } from "./wait-for.ts";

/** What a script does a day with. */
export interface Playing {
  readonly ctm: Product;
  /** What a command answers. */
  ask<T>(command: string, raw: Readonly<Record<string, unknown>>): Promise<T>;
  /** The same, where nothing depends on the answer. */
  act(command: string, raw: Readonly<Record<string, unknown>>): Promise<void>;
  /** Queues the task of this name, as often as one likes. Returns its id. */
  add(name: string): Promise<number>;
  until(id: number, ...states: readonly string[]): Promise<void>;
}

/** What happens in a day. Every script can be begun again: tasks have keys. */
export interface Script {
  readonly tasks: Readonly<Record<string, Readonly<Record<string, unknown>> & { readonly text: string }>>;
  /** What a person does, as far as they come. */
  play(day: Playing): Promise<void>;
  /** What another manager left behind, in a product of this run's own. */
  prepare?(ctm: Product, round: number): Promise<void>;
}

export interface FaultRunResult {
  /** Did the fault strike? An `exit` that did killed the manager. */
  readonly killed: boolean;
  /** How often each point was passed, when the run only counted. */
  readonly passings: Readonly<Record<string, number>>;
  /** What is wrong afterwards; empty when all is well. */
  readonly wrong: readonly string[];
}

/** No answer of a manager that works takes as long; one that stands still on purpose is not waited for longer. */
const standsStillMs = 4_000;
export const FINAL = new Set(["completed", "failed", "cancelled", "lost"]);

/** One product that lives through fault after fault: its agents go on, as they do for a person. */
export class FaultBench {
  #ctm: Product | null = null;
  #rounds = 0;
  /** What was wrong before is not the next fault's. */
  readonly #told = new Set<string>();

  /** Plays the script with this fault (`point:action:n`, or `count`), starts anew, drains, and looks at everything. */
  async run(script: Script, fault: string): Promise<FaultRunResult> {
    if (script.prepare !== undefined) await this.end();
    this.#ctm ??= new Product({ recorded: true, workers: 2 });
    const ctm = this.#ctm;
    this.#rounds += 1;
    await script.prepare?.(ctm, this.#rounds);
    const broken = await ctm.serve([], false, fault);
    const day = new Day(ctm, broken, script, this.#rounds);
    await day.play(fault.includes(":exit") || fault === "count");
    await Promise.race([broken.stop(), pause(standsStillMs)]);
    const killed = broken.child.signalCode === "SIGKILL";
    await broken.kill9();
    const again = await ctm.serve();
    const wrong = await new Day(ctm, again, script, this.#rounds).drain();
    if (script.prepare !== undefined) await this.end();
    const fresh = wrong.filter((line) => !this.#told.has(line));
    for (const line of fresh) this.#told.add(line);
    return { killed, passings: passingsIn(broken.printed()), wrong: fresh };
  }

  async end(): Promise<void> {
    await this.#ctm?.end();
    this.#ctm = null;
    this.#told.clear();
  }
}

/** A task of a script as it is queued in one round: its text and its key are that round's own. */
export function taskOf(script: Script, name: string, round: number): Readonly<Record<string, unknown>> {
  const { text, ...more } = script.tasks[name] ?? { text: name };
  const own = more["agent"] === "shell" ? text : `${text} (${round})`;
  return { type: "coding", ...more, text: own, key: `${name}-${round}` };
}

function passingsIn(printed: string): Readonly<Record<string, number>> {
  const found = /^Passings: (\{.*\})$/m.exec(printed)?.[1];
  return found === undefined ? {} : (JSON.parse(found) as Record<string, number>);
}

export class Day implements Playing {
  readonly #script: Script;
  readonly #round: number;
  /** Something that stands still on purpose is not waited for as long as a slow machine. */
  #patienceMs = 120_000;

  constructor(
    readonly ctm: Product,
    readonly manager: ManagerProcess,
    script: Script,
    round: number,
  ) {
    this.#script = script;
    this.#round = round;
  }

  /** Until the script is at its end, the manager is, or nothing moves any more. */
  async play(strict: boolean): Promise<void> {
    if (!strict) this.#patienceMs = 8_000;
    const played = this.#serving().then(() => this.#script.play(this));
    const over = this.manager.ended.then(() => "ended");
    try {
      await Promise.race([played, over]);
    } catch (error) {
      // What was asked of a manager that dies fails before its death is seen.
      const ended = await Promise.race([over, pause(500)]);
      if (ended === undefined && strict)
        throw new Error(`${String(error)}\n${await this.ctm.report()}`, { cause: error });
    }
    played.catch(() => undefined);
  }

  async #serving(): Promise<void> {
    await waitFor("a manager to serve", () => this.manager.printed().includes("Serving "), 60_000);
  }

  /** Asks the manager; throws what it answers, or that it does not. */
  async ask<T>(command: string, raw: Readonly<Record<string, unknown>>): Promise<T> {
    const late = pause(standsStillMs).then(() => {
      throw new Error(`${command} was not answered`);
    });
    return Promise.race([this.ctm.ask<T>(command, raw, null), late]);
  }

  async act(command: string, raw: Readonly<Record<string, unknown>>): Promise<void> {
    await this.ask(command, raw);
  }

  async add(name: string): Promise<number> {
    const raw = { cwd: this.ctm.work, origin: "test", ...taskOf(this.#script, name, this.#round) };
    return (await this.ask<{ task: TaskSeen }>("add", raw)).task.id;
  }

  async until(id: number, ...states: readonly string[]): Promise<void> {
    await waitFor(
      `task ${id} to be ${states.join(" or ")}`,
      async () => {
        const { task } = await this.ask<{ task: TaskSeen }>("show", { id });
        return states.includes(task.state.name);
      },
      this.#patienceMs,
    );
  }

  /** Queues again what may have been lost on the way, brings every task to its end, and says what is wrong then. */
  async drain(): Promise<string[]> {
    const keys = Object.keys(this.#script.tasks);
    const ids = new Set<number>();
    for (const key of keys) ids.add(await this.add(key));
    await this.ask("resume", {});
    const ended = await waitFor("all tasks to end", () => this.#helpAll(), 120_000).catch(() => null);
    const held = (await this.ask<{ limitId: string; held: number }[]>("limits", {})).filter(
      (limit) => limit.held > 0,
    );
    const stands = ended === null ? [await this.ctm.report()] : [];
    await this.manager.kill9();
    return [
      ...stands,
      ...(ids.size === keys.length ? [] : [`${keys.length} keys came to ${ids.size} tasks`]),
      ...(ended === null ? unended(this.ctm) : []),
      ...held.map((limit) => `${limit.limitId} holds ${limit.held} for nobody`),
      ...violations(this.ctm),
    ];
  }

  /** What a person does with what waits for them. True: nothing waits, all tasks have ended. */
  async #helpAll(): Promise<boolean> {
    const open = (await this.ask<TaskSeen[]>("tasks", { limit: 1_000 })).filter(
      ({ state }) => !FINAL.has(state.name),
    );
    for (const task of open) await help(this, task).catch(() => undefined);
    return open.length === 0;
  }
}

/** What a person does with a task that waits for them. */
export async function help(day: Playing, { id, state, draft }: TaskSeen): Promise<void> {
  if (state.name === "queued" && state.holdReason != null) await day.act("release", { ids: [id] });
  if (state.name === "needs-input" && state.question === "May I?")
    await day.act("answer", { worker: state.worker, text: "1" });
  if (state.name === "needs-input" && state.question?.startsWith("delivery uncertain") === true)
    await day.act("cancel", { ids: [id] });
  if (state.name === "parked") await day.act("accounts free", { name: "rehearsal" });
  if (state.name === "running" && draft.text.includes("[[delay:600000]]"))
    await day.act("cancel", { ids: [id] });
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
}
