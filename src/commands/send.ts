/** `send` and `answer`: a person's own words into a worker's terminal. */
import * as z from "zod";
import type { App } from "../app.ts";
import { defineCommand, type CommandSpec } from "./command.ts";
import { spokenText, workerName } from "./words.ts";

const schema = z.strictObject({ worker: workerName, text: spokenText });
type Spoken = z.output<typeof schema>;

export const send = defineCommand(
  speaking({
    name: "send",
    summary: "Type your own words into an idle worker, outside any task",
    examples: ["send w1 What did you change last?"],
    speak: (app, { worker, text }) => app.fleet.send(worker, text),
  }),
);

export const answer = defineCommand(
  speaking({
    name: "answer",
    summary: "Answer the question a worker waits with",
    examples: ["answer w2 1", "answer w2 yes, go on"],
    speak: (app, { worker, text }) => app.fleet.answer(worker, text),
  }),
);

function speaking(verb: {
  readonly name: string;
  readonly summary: string;
  readonly examples: readonly string[];
  readonly speak: (app: App, spoken: Spoken) => Promise<void>;
}): CommandSpec<Spoken, { worker: string }> {
  const { speak, ...words } = verb;
  return {
    ...words,
    group: "Workers",
    arguments: [
      { name: "worker", kind: "worker", required: true, many: false },
      { name: "text", kind: "text", required: true, many: true },
    ],
    needs: "manager",
    schema,
    run: async (app, spoken) => {
      await speak(app, spoken);
      return { worker: spoken.worker };
    },
    render: ({ worker }) => [`Typed into ${worker}.`],
  };
}
