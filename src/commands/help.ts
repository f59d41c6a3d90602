/** `help`: all commands, or one of them, from the one table. */
import * as z from "zod";
import { CtmError } from "../base/errors.ts";
import { defineCommand, type Command } from "./command.ts";
import { commandHelp, overview } from "./help-text.ts";
import { findIn, unknownCommand } from "./find.ts";
import { joined } from "./words.ts";

const schema = z.strictObject({ command: z.preprocess(joined, z.string().optional()) });

/** The command over a table; a function, because the table holds the command itself. */
export function helpFor(commands: () => readonly Command[]): Command {
  return defineCommand<z.output<typeof schema>, { lines: string[] }>({
    name: "help",
    aliases: ["?"],
    group: "Program",
    summary: "List the commands, or explain one",
    arguments: [{ name: "command", kind: "command", required: false, many: true }],
    examples: ["help", "help add"],
    needs: "nothing",
    schema,
    runAlone: ({ command }) => ({
      lines: command === undefined ? overview(commands()) : pageOf(commands(), command),
    }),
    render: ({ lines }) => lines,
  });
}

function pageOf(commands: readonly Command[], name: string): string[] {
  const found = findIn(commands, name);
  if (found === null) throw new CtmError("usage", unknownCommand(commands, name));
  return commandHelp(found);
}
