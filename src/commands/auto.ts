/** `auto`: hands out tasks whenever one can go. */
import * as z from "zod";
import type { DispatchState } from "../app.ts";
import { defineCommand } from "./command.ts";
import { dispatchLine } from "./render.ts";
import { unknownWord } from "./words.ts";

const WORDS = ["on", "off"] as const;

const schema = z.strictObject({
  mode: z
    .unknown()
    .transform((value, context) => {
      const word = WORDS.find((known) => known === (value ?? "on"));
      if (word !== undefined) return word;
      context.addIssue({ code: "custom", message: unknownWord("mode of auto", value, WORDS) });
      return z.NEVER;
    })
    .optional(),
});

export const auto = defineCommand<z.output<typeof schema>, DispatchState>({
  name: "auto",
  group: "Dispatch",
  summary: "Hand out tasks whenever one can go, until `auto off`",
  arguments: [{ name: "mode", kind: "word", required: false, many: false, choices: WORDS }],
  examples: ["auto", "auto off"],
  notes: ["Works on events: a task added, a worker idle, a limit freed. A slow tick stands behind them."],
  needs: "manager",
  schema,
  run: (app, { mode }) => app.setAuto(mode !== "off"),
  render: (state) => [dispatchLine(state)],
});
