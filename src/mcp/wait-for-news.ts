/** Waiting for what an agent would otherwise look for again and again: ends, questions and stops of tasks. */
import type { CommandHost } from "../commands/host.ts";
import type { Fact } from "../events/facts.ts";
import { isFinal, type Task } from "../tasks/task.ts";

/** What comes together is told together. */
const togetherMs = 250;
const newsMax = 100;

export interface News {
  readonly news: readonly Fact[];
  readonly tasks: readonly { readonly id: number; readonly state: string }[];
}

export interface Wait {
  readonly withinMs: number;
  readonly until: "any" | "all";
  /** Nobody waits any more. */
  readonly signal?: AbortSignal;
}

/**
 * Of these tasks alone, or of all where none is named. `all`: an end is told once all of them have ended; a question or a
 * stop at once all the same. CtmError `no-manager` where nothing could happen.
 */
export async function waitForNews(
  host: CommandHost,
  ids: readonly number[],
  { withinMs, until, signal }: Wait,
): Promise<News> {
  const news: Fact[] = [];
  const over = new AbortController();
  const given = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
  const open = new Set(ids);
  let come = (): void => undefined;
  const came = new Promise<void>((resolve) => (come = resolve));
  // Listens first and looks then: what happens in between is not missed.
  const following = host.follow("watch", {}, (item) => {
    const fact = item as Fact;
    if (!isNews(fact, ids)) return;
    const ended = endedTask(fact);
    if (ended !== null) open.delete(ended);
    // That they are completed is told by their states.
    const isTold = until === "any" || !("to" in fact && fact.to === "completed");
    if (isTold && news.length < newsMax) news.push(fact);
    if (until === "any" || ended === null || open.size === 0) come();
  });
  try {
    const broken = following.done.then(() => undefined);
    const before = await statesOf(host, ids);
    for (const { id, state } of before) if (isFinal(state)) open.delete(id);
    const isOver = ids.length > 0 && open.size === 0;
    if (!isOver) {
      await Promise.race([came, broken, after(withinMs, given)]);
      if (news.length > 0) await after(togetherMs, given);
    }
    return { news, tasks: await statesOf(host, ids) };
  } finally {
    over.abort();
    following.stop();
  }
}

function endedTask(fact: Fact): number | null {
  return fact.kind === "task-moved" && isFinal(fact.to) ? fact.taskId : null;
}

function isNews(fact: Fact, ids: readonly number[]): boolean {
  if (fact.kind === "worker-asks") return true;
  if (fact.kind !== "task-moved" || (ids.length > 0 && !ids.includes(fact.taskId))) return false;
  return isFinal(fact.to) || fact.to === "needs-input" || fact.to === "parked";
}

async function statesOf(
  host: CommandHost,
  ids: readonly number[],
): Promise<{ id: number; state: Task["state"]["name"] }[]> {
  const details = await Promise.all(ids.map((id) => host.run("show", { id }) as Promise<{ task: Task }>));
  return details.map(({ task }) => ({ id: task.id, state: task.state.name }));
}

/** Resolves after this time, or as soon as nobody waits any more. */
function after(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
