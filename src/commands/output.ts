/** `output`: what a worker printed last, once or as it comes. */
import * as z from "zod";
import { harmlessLines } from "../reports/cells.ts";
import { defineCommand } from "./command.ts";
import { count, flag, workerName } from "./words.ts";

const linesMax = 10_000;

const schema = z.strictObject({
  worker: workerName,
  lines: count("--lines", 1, linesMax)
    .optional()
    .transform((value) => value ?? 40),
  follow: flag,
});

export const output = defineCommand<z.output<typeof schema>, string[]>({
  name: "output",
  group: "Workers",
  summary: "Show what a worker printed last",
  arguments: [{ name: "worker", kind: "worker", required: true, many: false }],
  options: [
    { flags: "-n, --lines <n>", summary: "How many lines (default 40)" },
    { flags: "-f, --follow", summary: "Go on as it prints, until a key is pressed" },
  ],
  examples: ["output w1", "output w2 --follow"],
  needs: "manager",
  schema,
  run: (app, { worker, lines }) => app.fleet.output(worker, lines),
  render: (lines) => lines.flatMap((line) => harmlessLines(line, 1)),
  follows: ({ follow }) => follow,
  follow: (app, { worker, lines }, emit) => {
    for (const line of app.fleet.output(worker, lines)) emit(line);
    return app.fleet.followOutput(worker, emit);
  },
  renderItem: (item) => harmlessLines(String(item), linesMax),
});
