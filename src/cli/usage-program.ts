/**
 * `ctm usage ...` alone. Scripts ask it again and again, and when little changed, counting takes less time than
 * loading the whole program would: so the build puts what it needs into a file of its own.
 */
// oxlint-disable-next-line import/no-unassigned-import
import "./plain-checks.ts";
import { fileURLToPath } from "node:url";
import { exitCodeOf } from "../base/errors.ts";
import { usage } from "../commands/usage.ts";
import { configPlaces, faultWish, pathsIn, stateFolder, type Config } from "../config.ts";
import { NewAnswer } from "../kept-answers.ts";
import { named } from "../ledger/storage-fault.ts";
import { placesOfRoster } from "../roster-file.ts";
import type { ReadingThreads } from "../transcripts/reading-threads.ts";
import type { LookedAt } from "../transcripts/stamps.ts";
import { readArguments, wordsBehindOptions, type Settings } from "./arguments.ts";
import { callerHere } from "./caller.ts";
import { refuseBrokenWords } from "./raw-arguments.ts";
import { runAlone } from "./run-alone.ts";
import { configOf, overridesOf } from "./settings-config.ts";
import { openTerminal } from "./terminal.ts";
import { questionHere } from "./usage-question.ts";

/** Another build, or another time zone of the machine, may answer otherwise. */
const AROUND = [fileURLToPath(import.meta.url), "/etc/localtime"];

/** Returns the exit code; null when the words mean something else, and nothing was done. */
export async function runUsage(
  words: readonly string[],
  readers: ReadingThreads | undefined,
): Promise<number | null> {
  let terminal = openTerminal(words.includes("--json") ? { json: true } : {});
  try {
    refuseBrokenWords(words);
    const [first, second = ""] = wordsBehindOptions(words);
    if (first !== "usage" || second.trim().toLowerCase() === "tasks" || faultWish() !== null) return null;
    const invocation = readArguments(words, [usage]);
    if (invocation.kind !== "command") return null;
    const { command, raw, settings } = invocation;
    const answer = newAnswer(words, settings);
    terminal = openTerminal(settings, (text) => answer.add(text));
    let config: Promise<Config> | null = null;
    const caller = callerHere("argv", () => (config ??= configOf(settings)));
    const onPlaces = (places: readonly (string | LookedAt)[]): void => answer.madeOf(places);
    const code = await runAlone(command, raw, { ...caller, onPlaces, readers }, terminal);
    if (code === 0) answer.keep(rosterPlaces(await caller.config()));
    return code;
  } catch (thrown) {
    const error = named(thrown);
    terminal.complain(error);
    return exitCodeOf(error);
  }
}

function newAnswer(words: readonly string[], settings: Settings): NewAnswer {
  const overrides = overridesOf(settings);
  const { usageAnswers, pricesFile } = pathsIn(stateFolder(overrides));
  const settingsFiles = [...AROUND, pricesFile, ...configPlaces(overrides)];
  return new NewAnswer(usageAnswers, questionHere(words), settingsFiles, Date.now());
}

/** A roster with a fault is told, whatever is asked. */
function rosterPlaces({ roster, workers }: Config): readonly string[] {
  return [...placesOfRoster(workers.cwd), ...(roster === null ? [] : [roster.file])];
}
