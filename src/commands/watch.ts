/** `watch`: what happens, as it happens. */
import * as z from "zod";
import type { Fact } from "../events/facts.ts";
import { factText } from "../events/fact-text.ts";
import { oneLine } from "../reports/cells.ts";
import { timeOfDay } from "../reports/times.ts";
import { defineCommand } from "./command.ts";
import { fit } from "./render.ts";

const schema = z.strictObject({});

export const watch = defineCommand<z.output<typeof schema>, null>({
  name: "watch",
  group: "Views",
  summary: "Print what happens as it happens, until Ctrl+C",
  examples: ["watch"],
  notes: ["At the prompt this is always on: what happens is printed above the line being typed."],
  needs: "manager",
  schema,
  run: () => null,
  render: () => [],
  follows: () => true,
  follow: (app, _input, emit) => app.onFact(emit),
  renderItem: (item, paper) => {
    const fact = item as Fact;
    return [fit(`${timeOfDay(fact.atMs, paper)} ${oneLine(factText(fact))}`, paper)];
  },
});
