/** Which worker a call comes from: the word that was given to the launch its agent runs in. */
import { processEnvironment } from "../config.ts";
import type { Caller } from "./command.ts";

/** As the caller tells it, else as this process's environment does; null: from none. */
export function workerWord(caller: Caller): string | null {
  if (caller.workerWord !== undefined) return caller.workerWord;
  const word = processEnvironment()["CTM_REPORT"];
  return word === undefined || word === "" ? null : word;
}
