/** How far a batch is: one line kept in place on a terminal, else a line a change; questions of workers stand out. */
import type { Fact } from "../events/facts.ts";
import { factText } from "../events/fact-text.ts";
import type { CommandHost } from "../commands/host.ts";
import { batchProgress, type BatchModel } from "../reports/batch-summary.ts";
import { oneLine } from "../reports/cells.ts";
import { figureOf, sumFigures, UNKNOWN, type Figure } from "../reports/figure.ts";
import { isFinal, type TaskStateName } from "../tasks/task.ts";
import type { Terminal } from "./terminal.ts";

export interface Progress {
  begin(ids: readonly number[]): void;
  end(): void;
}

const redrawMs = 250;

/** Listens from now on, so that no move between queueing and `begin` is missed. */
export function showProgress(host: CommandHost, terminal: Terminal): Progress {
  const tracker = new Tracker();
  const draw = (): void => {
    if (terminal.redraws)
      process.stdout.write(`\r${batchProgress(tracker.model(), terminal.paper())}\u001b[K`);
  };
  const following = host.follow("watch", {}, (item) => {
    const fact = item as Fact;
    if (!tracker.take(fact)) return;
    const line = lineOf(fact);
    if (line !== null && !terminal.json) tell(line, terminal);
  });
  // A broken connection ends the wait as well, and is told there.
  following.done.catch(() => undefined);
  const clock = terminal.redraws ? setInterval(draw, redrawMs) : null;
  let ended = false;
  return {
    begin: (ids) => tracker.begin(ids, Date.now()),
    end: () => {
      if (ended) return;
      ended = true;
      following.stop();
      if (clock !== null) clearInterval(clock);
      if (terminal.redraws) process.stdout.write("\r\u001b[K");
    },
  };
}

function tell(line: string, terminal: Terminal): void {
  if (terminal.redraws) process.stdout.write(`\r\u001b[K${line}\n`);
  else terminal.print([line]);
}

/** What is worth a line of its own. */
function lineOf(fact: Fact): string | null {
  if (fact.kind === "task-moved" && (fact.to === "running" || isFinal(fact.to)))
    return oneLine(factText(fact));
  if (fact.kind === "worker-asks") {
    return `\u0007${oneLine(factText(fact))} -> ctm answer ${fact.worker} ... | ctm attach ${fact.worker}`;
  }
  if (fact.kind === "account-parked" || fact.kind === "account-freed" || fact.kind === "trouble")
    return oneLine(factText(fact));
  return null;
}

/** The states and the usage of a batch's tasks, from facts alone. */
class Tracker {
  #ids: ReadonlySet<number> = new Set();
  #startedAtMs = Date.now();
  readonly #states = new Map<number, TaskStateName>();
  readonly #tokens: Figure[] = [];
  #unknown = 0;

  begin(ids: readonly number[], nowMs: number): void {
    this.#ids = new Set(ids);
    this.#startedAtMs = nowMs;
  }

  /** Does the fact concern this batch? */
  take(fact: Fact): boolean {
    if (fact.kind === "task-moved") this.#states.set(fact.taskId, fact.to);
    const ours =
      !("taskId" in fact) || fact.taskId === null || this.#ids.size === 0 || this.#ids.has(fact.taskId);
    if (ours && fact.kind === "usage-booked") this.#book(fact.tokens, fact.source);
    return ours;
  }

  model(): BatchModel {
    const states = [...this.#ids].map((id) => this.#states.get(id) ?? "queued");
    const count = (...names: readonly TaskStateName[]): number =>
      states.filter((state) => names.includes(state)).length;
    const queued = count("queued");
    const ended = count("completed", "failed", "lost", "cancelled");
    return {
      total: states.length,
      completed: count("completed"),
      failed: count("failed"),
      lost: count("lost"),
      cancelled: count("cancelled"),
      running: states.length - queued - ended,
      queued,
      held: 0,
      tokens: this.#sum(),
      cost: UNKNOWN,
      unknownUsageTasks: this.#unknown,
      simulated: this.#tokens[0]?.source === "simulated",
      startedAtMs: this.#startedAtMs,
      endedAtMs: null,
      failures: [],
      attention: [],
    };
  }

  #book(tokens: number, source: Figure["source"]): void {
    if (source === "unknown") this.#unknown += 1;
    const sum = sumFigures([...this.#tokens, figureOf(tokens, source)]).figure;
    this.#tokens.splice(0, this.#tokens.length, sum);
  }

  #sum(): Figure {
    return this.#tokens[0] ?? figureOf(0, "actual");
  }
}
