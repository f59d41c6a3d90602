/** Finding a command by what a person typed, and what to say when there is none. */
import type { Command } from "./command.ts";
import { quote, suggestion } from "./words.ts";

/** The command of this name or alias (`limits set` has two words), or null. */
export function findIn(commands: readonly Command[], name: string): Command | null {
  const wanted = name.trim().toLowerCase();
  return commands.find((command) => command.name === wanted || command.aliases.includes(wanted)) ?? null;
}

/** `"statsu" is no command, did you mean status? …` */
export function unknownCommand(commands: readonly Command[], word: string): string {
  const near = suggestion(
    word,
    commands.flatMap(({ name, aliases }) => [name, ...aliases]),
  );
  return `${quote(word)} is no command${near === "" ? ";" : near} \`help\` lists them all`;
}
