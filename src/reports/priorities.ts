/** Which priorities may run, in words. */
import { PRIORITIES, type Priority } from "../tasks/priority.ts";

/** `all priorities`, `normal, high, critical`, or `nothing`. */
export function admittedWords(
  admitted: readonly Priority[],
  separator = ", ",
  all = "all priorities",
): string {
  const shown = PRIORITIES.filter((priority) => admitted.includes(priority));
  if (shown.length === PRIORITIES.length) return all;
  return shown.length === 0 ? "nothing" : shown.join(separator);
}
