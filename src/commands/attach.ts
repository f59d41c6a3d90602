/** `attach`: puts the person into a worker's own terminal. The face does that; here is only where it lies. */
import * as z from "zod";
import type { AttachTarget } from "../app.ts";
import { defineCommand } from "./command.ts";
import { workerName } from "./words.ts";

const schema = z.strictObject({ worker: workerName });

export const attach = defineCommand<z.output<typeof schema>, AttachTarget>({
  name: "attach",
  group: "Workers",
  summary: "Go into a worker's terminal; Ctrl+B d comes back",
  arguments: [{ name: "worker", kind: "worker", required: true, many: false }],
  examples: ["attach w1"],
  notes: ["The manager goes on meanwhile. Nothing is typed into a terminal that a person is typing into."],
  needs: "manager",
  face: "attach",
  schema,
  run: (app, { worker }) => app.fleet.attachTarget(worker),
  render: ({ tmuxSocket, session }) => [`tmux -S '${tmuxSocket}' attach -t '=${session}'`],
});
