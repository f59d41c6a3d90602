/** `distribute`: one pass over the queue, now. */
import * as z from "zod";
import { count } from "../reports/numbers.ts";
import { defineCommand } from "./command.ts";

const schema = z.strictObject({});

export const distribute = defineCommand<z.output<typeof schema>, { sent: number }>({
  name: "distribute",
  aliases: ["dispatch"],
  group: "Dispatch",
  summary: "Hand waiting tasks to idle workers once",
  examples: ["distribute"],
  notes: ["`why N` says why a task was not handed out."],
  needs: "manager",
  schema,
  run: async (app) => ({ sent: await app.distribute() }),
  render: ({ sent }) => [sent === 1 ? "1 task went to a worker." : `${count(sent)} tasks went to workers.`],
});
