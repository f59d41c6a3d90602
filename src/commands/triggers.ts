/** `triggers …`: which there are, held back or not, and what an event would come to. */
import * as z from "zod";
import { eventsSchema, triggersSchema } from "../trigger-schema.ts";
import { renderTested, renderTriggers, type EventTested, type TriggerRow } from "../reports/events.ts";
import { defineCommand, type CommandSpec } from "./command.ts";
import * as words from "./words.ts";

const nothing = z.strictObject({});

export const triggersList = defineCommand<z.output<typeof nothing>, readonly TriggerRow[]>({
  name: "triggers list",
  aliases: ["triggers"],
  group: "Events",
  summary: "List the triggers, what waits at each and when it last woke",
  notes: ["Triggers stand in the configuration (`triggers:`). `messages` is there by itself."],
  examples: ["triggers"],
  needs: "ledger",
  schema: nothing,
  run: (app) => app.events.triggers(),
  render: (rows, paper) => renderTriggers(rows, paper),
});

const named = z.strictObject({ name: words.label });

export const triggersPause = defineCommand(
  switching("pause", "Let a trigger wake nobody until it is resumed; its events wait", "*"),
);
export const triggersResume = defineCommand(switching("resume", "Let a paused trigger wake again", "review"));

function switching(
  verb: "pause" | "resume",
  summary: string,
  example: string,
): CommandSpec<z.output<typeof named>, readonly TriggerRow[]> {
  return {
    name: `triggers ${verb}`,
    group: "Events",
    summary,
    arguments: [{ name: "name", kind: "word", required: true, many: false }],
    notes: ["`*` means all of them."],
    examples: [`triggers ${verb} ${example}`],
    needs: "ledger",
    schema: named,
    run: (app, { name }) => (verb === "pause" ? app.events.pause(name) : app.events.resume(name)),
    render: (rows, paper) => renderTriggers(rows, paper),
  };
}

const tested = z.strictObject({ text: z.string().max(1_000_000) });

export const triggersTest = defineCommand<z.output<typeof tested>, EventTested>({
  name: "triggers test",
  group: "Events",
  summary: "Say what an event would come to, gate by gate; nothing is sent",
  arguments: [{ name: "file", kind: "file", required: true, many: false }],
  notes: ["The file holds one event in the JSON form of CloudEvents; `-` is standard input."],
  examples: ["triggers test push.json"],
  needs: "ledger",
  schema: tested,
  prepare: async (raw, caller) => {
    const { file } = raw;
    return typeof file === "string" ? { text: await caller.readText(file) } : raw;
  },
  run: (app, { text }) => app.events.test(text),
  render: (model, paper) => renderTested(model, paper),
});

export const triggersJsonSchema = defineCommand<z.output<typeof nothing>, object>({
  name: "triggers schema",
  group: "Events",
  summary: "Print the JSON Schema of `events` and `triggers`, for editors",
  examples: ["triggers schema"],
  needs: "nothing",
  schema: nothing,
  runAlone: () =>
    z.toJSONSchema(z.object({ events: eventsSchema().partial(), triggers: triggersSchema() }).partial(), {
      io: "input",
      unrepresentable: "any",
    }),
  render: (schema) => JSON.stringify(schema, null, 2).split("\n"),
});
