/** `pause` and `resume`: holds back the whole dispatch; tasks at work go on. */
import * as z from "zod";
import type { DispatchState } from "../app.ts";
import { defineCommand } from "./command.ts";
import { dispatchLine } from "./render.ts";
import { joined, label } from "./words.ts";

const reasoned = z.strictObject({
  reason: z.preprocess((value) => joined(value) ?? "paused by hand", label),
});
const nothing = z.strictObject({});

export const pause = defineCommand<z.output<typeof reasoned>, DispatchState>({
  name: "pause",
  group: "Dispatch",
  summary: "Send nothing more to workers until `resume`",
  arguments: [{ name: "reason", kind: "text", required: false, many: true }],
  examples: ["pause", "pause the release is out"],
  notes: ["Tasks at work go on. The pause outlives the manager."],
  needs: "ledger",
  schema: reasoned,
  run: (app, { reason }) => app.pause(reason),
  render: (state) => [dispatchLine(state)],
});

export const resume = defineCommand<z.output<typeof nothing>, DispatchState>({
  name: "resume",
  group: "Dispatch",
  summary: "End a pause",
  examples: ["resume"],
  needs: "ledger",
  schema: nothing,
  run: (app) => app.resume(),
  render: (state) => [dispatchLine(state)],
});
