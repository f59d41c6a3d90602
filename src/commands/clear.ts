/** `clear`: takes ended tasks off the lists. */
import * as z from "zod";
import type { TaskStateName } from "../tasks/task.ts";
import { count } from "../reports/numbers.ts";
import { defineCommand } from "./command.ts";
import { flag } from "./words.ts";

const schema = z.strictObject({ failed: flag, all: flag });

export const clear = defineCommand<z.output<typeof schema>, { cleared: number }>({
  name: "clear",
  group: "Tasks",
  summary: "Take completed and cancelled tasks off the lists",
  options: [
    { flags: "--failed", summary: "Failed and lost ones instead" },
    { flags: "--all", summary: "All that have ended" },
  ],
  examples: ["clear", "clear --all"],
  notes: ["Their usage stays booked and their keys stay taken."],
  needs: "ledger",
  schema,
  run: (app, input) => ({ cleared: app.clear(statesOf(input)) }),
  render: ({ cleared }) => [`${count(cleared)} ${cleared === 1 ? "task" : "tasks"} cleared.`],
});

function statesOf({ failed, all }: { failed: boolean; all: boolean }): TaskStateName[] {
  const done: TaskStateName[] = ["completed", "cancelled"];
  const undone: TaskStateName[] = ["failed", "lost"];
  if (all) return [...done, ...undone];
  return failed ? undone : done;
}
