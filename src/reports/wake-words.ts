/** Where a wake stands, in words: on a terminal and on a page alike. */
import type { Wake } from "../activation/wake.ts";
import { count } from "./numbers.ts";

/** `wake 12 (3 events) waits at cooldown until 10:46: its trigger cools down` */
export function wakeWords(
  { id, events, state, gate, untilMs, reason, taskId, ackedMs }: Wake,
  moment: (atMs: number) => string,
): string {
  const what = `wake ${id} (${events === 1 ? "1 event" : `${count(events)} events`})`;
  const until = untilMs === null ? "" : ` until ${moment(untilMs)}`;
  const why = reason === null ? "" : `: ${reason}`;
  const as = taskId === null ? "" : ` as task ${taskId}`;
  switch (state) {
    case "debounce":
    case "batch":
      return `${what} gathers (${state})${until}`;
    case "ready":
      return gate === null ? `${what} is ready` : `${what} waits at ${gate}${until}${why}`;
    case "delivered":
    case "done":
      return `${what} was taken up${as}${ackedMs === null ? "" : ` at ${moment(ackedMs)}`}`;
    default:
      return `${what} is ${state}${as}${why}`;
  }
}
