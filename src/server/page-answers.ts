/** Everything the pages can show, asked once: what a copy of them in files holds. Long lists are cut where pages begin. */
import { CtmError } from "../base/errors.ts";
import { redacted } from "../base/redact.ts";
import type { EventRow } from "../reports/events.ts";
import {
  EVENT_LISTS,
  eventQuestion,
  eventsQuestion,
  PLAIN_QUESTIONS,
  SPEND_QUESTIONS,
  statesFilter,
  storyQuestion,
  TASK_LISTS,
  tasksQuestion,
  waitingQuestion,
  whyQuestion,
  type ExportedPages,
} from "../reports/page-questions.ts";
import type { TaskPage } from "../reports/task-pages.ts";
import { checkedQuery } from "./http/taken-input.ts";
import { Router } from "./http/router.ts";
import type { Route } from "./http/route.ts";

/** Answers an address of the API. Rejects with a CtmError. */
export type Ask = (path: string) => Promise<unknown>;

/** Stories that are in it: of the newest tasks of all, and of the newest of each list. */
const storiesMax = 200;
const storiesOfAList = 25;
/** Texts and answers of tasks may be long: no further stories beyond this, in bytes of JSON. */
const storiesMaxBytes = 16 * 1024 * 1024;

/** Throws CtmError where one of the views cannot be had. */
export async function pageAnswers(ask: Ask): Promise<Pick<ExportedPages, "answers" | "stories">> {
  const answers: Record<string, unknown> = {};
  const take = async (path: string): Promise<unknown> => {
    const answer = withoutKeys(await ask(path));
    answers[path] = answer;
    return answer;
  };
  for (const path of [...PLAIN_QUESTIONS, ...SPEND_QUESTIONS]) await take(path);
  const waiting = (await take(waitingQuestion)) as TaskPage;
  for (const { id } of waiting.tasks) await ifThere(() => take(whyQuestion(id)));
  for (const [outcome] of EVENT_LISTS) {
    const rows = (await take(eventsQuestion(outcome))) as readonly EventRow[];
    if (outcome !== "") continue;
    for (const { seq } of rows) await ifThere(() => take(eventQuestion(String(seq))));
  }
  const wanted = new Set<number>();
  for (const [states] of TASK_LISTS) {
    const { tasks } = (await take(tasksQuestion(statesFilter(states), null))) as TaskPage;
    for (const { id } of tasks.slice(0, states === "" ? storiesMax : storiesOfAList)) wanted.add(id);
  }
  let stories = 0;
  let bytes = 0;
  for (const id of [...wanted].sort((a, b) => b - a)) {
    if (bytes > storiesMaxBytes) break;
    await ifThere(async () => {
      bytes += JSON.stringify(await take(storyQuestion(String(id)))).length;
      stories += 1;
    });
  }
  return { answers, stories };
}

/** A task may be cleared away while the others are asked for. */
async function ifThere(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof CtmError) || error.code !== "not-found") throw error;
  }
}

/** A copy is given to others: of what looks like a key only its kind is left, in whatever text it stands. */
function withoutKeys(value: unknown): unknown {
  if (typeof value === "string") return redacted(value);
  if (Array.isArray(value)) return value.map(withoutKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutKeys(part)]));
}

/** Asks these routes in this process, by the rules of a call with the reading key. */
export function askRoutes(routes: readonly Route[]): Ask {
  const router = new Router(routes);
  return async (address) => {
    const [path = "", words = ""] = address.split("?");
    const found = router.find("GET", path);
    if (!("route" in found) || found.route.access !== "read") throw new Error(`nobody may ask ${path}`);
    const { route, params } = found;
    const query = checkedQuery(route, new URLSearchParams(words));
    const answer = await route.handle({
      ...{ params, query, body: null, raw: Buffer.alloc(0), headers: {}, peerPort: null },
      rights: "read",
    });
    if (!("json" in answer)) throw new Error(`${path} answers no JSON`);
    // As it is over the network: plain data, whatever is undefined left out.
    return JSON.parse(JSON.stringify(answer.json ?? null)) as unknown;
  };
}
