/** What Tab offers: commands, flags and choices from the command table; ids, workers and limits from the house. */
import type { Command, OptionSpec, WordKind } from "../commands/command.ts";
import type { CommandHost } from "../commands/host.ts";
import { allCommands, findCommand } from "../commands/index.ts";
import { COMMON_OPTIONS } from "../commands/parse.ts";
import type { LimitRow } from "../reports/limits-table.ts";
import type { WorkerRow } from "../reports/workers-table.ts";
import type { Task } from "../tasks/task.ts";

const offersMax = 100;

/** The words that could stand at the end of the line, and the part of it they would replace. */
export async function complete(line: string, host: CommandHost): Promise<[string[], string]> {
  const words = line.trimStart().split(/\s+/);
  const last = words.at(-1) ?? "";
  const candidates = words.length <= 1 ? allNames() : await candidatesFor(words, last, host);
  const fitting = candidates.filter((word) => word.startsWith(last)).slice(0, offersMax);
  return [fitting.map((word) => `${word} `), last];
}

async function candidatesFor(words: readonly string[], last: string, host: CommandHost): Promise<string[]> {
  const [first = "", second = ""] = words;
  const double = words.length > 2 ? findCommand(`${first} ${second}`) : null;
  const command = double ?? findCommand(first);
  if (command === null) return [];
  const before = words.slice(double === null ? 1 : 2, -1);
  const options = [...command.options, ...COMMON_OPTIONS];
  const valued = options.find(
    (option) => option.flags.includes("<") && flagsOf(option).includes(before.at(-1) ?? ""),
  );
  if (valued !== undefined)
    return valued.choices ? [...valued.choices] : wordsOf(valued.kind ?? "word", host);
  if (last.startsWith("-")) return options.flatMap(flagsOf);
  const subcommands = before.length === 0 ? subcommandsOf(first) : [];
  return [...subcommands, ...(await argumentWords(command, before, host))];
}

async function argumentWords(
  command: Command,
  before: readonly string[],
  host: CommandHost,
): Promise<string[]> {
  const at = before.filter((word) => !word.startsWith("-")).length;
  const argument = command.arguments[at] ?? command.arguments.findLast(({ many }) => many);
  if (argument === undefined) return [];
  if (argument.choices !== undefined) return [...argument.choices];
  return wordsOf(argument.kind, host);
}

/** A house that does not answer offers nothing. */
async function wordsOf(kind: WordKind, host: CommandHost): Promise<string[]> {
  try {
    switch (kind) {
      case "task":
        return ((await host.run("tasks", { limit: offersMax })) as Task[]).map(({ id }) => String(id));
      case "worker":
        return ((await host.run("workers", {})) as WorkerRow[]).flatMap(({ alias, name }) => [alias, name]);
      case "limit":
        return ((await host.run("limits", {})) as LimitRow[]).map(({ limitId }) => quoted(limitId));
      case "command":
        return allNames();
      default:
        return [];
    }
  } catch {
    return [];
  }
}

/** Names of limits may hold blanks. */
function quoted(word: string): string {
  return word.includes(" ") ? `"${word}"` : word;
}

function allNames(): string[] {
  return allCommands().flatMap(({ name, aliases }) => (name.includes(" ") ? [] : [name, ...aliases]));
}

function subcommandsOf(first: string): string[] {
  const prefix = `${first} `;
  return allCommands().flatMap(({ name }) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
}

function flagsOf(option: OptionSpec): string[] {
  return option.flags.split(/[ ,]+/).filter((word) => word.startsWith("-"));
}
