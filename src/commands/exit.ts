/** `exit`: leaves the prompt. The face asks what becomes of running tasks. */
import * as z from "zod";
import { defineCommand } from "./command.ts";
import { flag } from "./words.ts";

const schema = z.strictObject({ kill: flag });

export const exit = defineCommand<z.output<typeof schema>, null>({
  name: "exit",
  aliases: ["quit"],
  group: "Program",
  summary: "Leave the prompt; workers stay in tmux",
  options: [{ flags: "--kill", summary: "End the workers as well (never adopted sessions)" }],
  examples: ["exit", "exit --kill"],
  needs: "nothing",
  face: "exit",
  schema,
  render: () => [],
});
