/**
 * `ctm usage ...` alone. Scripts ask it again and again, and when nothing changed, counting takes less time than
 * loading the whole program would: so the build puts what it needs into files of its own.
 */
// oxlint-disable-next-line import/no-unassigned-import
import "./plain-checks.ts";
import { exitCodeOf } from "../base/errors.ts";
import { usage } from "../commands/usage.ts";
import { faultWish } from "../config.ts";
import { named } from "../ledger/storage-fault.ts";
import { readArguments, wordsBehindOptions } from "./arguments.ts";
import { refuseBrokenWords } from "./raw-arguments.ts";
import { runAlone } from "./run-alone.ts";
import { openTerminal } from "./terminal.ts";

/** Returns the exit code; null when the words mean something else, and nothing was done. */
export async function runUsage(words: readonly string[]): Promise<number | null> {
  let terminal = openTerminal(words.includes("--json") ? { json: true } : {});
  try {
    refuseBrokenWords(words);
    const [first, second = ""] = wordsBehindOptions(words);
    if (first !== "usage" || second.trim().toLowerCase() === "tasks" || faultWish() !== null) return null;
    const invocation = readArguments(words, [usage]);
    if (invocation.kind !== "command") return null;
    terminal = openTerminal(invocation.settings);
    return await runAlone(invocation.command, invocation.raw, invocation.settings, terminal);
  } catch (thrown) {
    const error = named(thrown);
    terminal.complain(error);
    return exitCodeOf(error);
  }
}
