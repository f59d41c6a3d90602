/** `survivors`: processes that outlived their worker; ended only when asked for. */
import * as z from "zod";
import { survivorLine, type SurvivorRow } from "../reports/recap.ts";
import { defineCommand } from "./command.ts";
import { fit } from "./render.ts";
import { flag } from "./words.ts";

const schema = z.strictObject({ end: flag });

interface Survivors {
  /** Ended by this call. */
  readonly ended: readonly SurvivorRow[];
  readonly there: readonly SurvivorRow[];
}

export const survivors = defineCommand<z.output<typeof schema>, Survivors>({
  name: "survivors",
  group: "Workers",
  summary: "List processes that outlived their worker",
  options: [{ flags: "--end", summary: "End them: SIGTERM, after two seconds SIGKILL" }],
  examples: ["survivors", "survivors --end"],
  notes: [
    "What an agent started ends with its pane, unless it ignores the hang-up or left its session. It may go on working",
    "and spending. Found by what ctm puts into its agents' environment; Linux only.",
  ],
  needs: "ledger",
  schema,
  run: async (app, { end }) => (end ? app.fleet.endSurvivors() : { ended: [], there: app.fleet.survivors() }),
  isBad: ({ there }) => there.length > 0,
  render: ({ ended, there }, paper) => {
    const lines = [
      ...ended.map((row) => `ended: ${survivorLine(row)}`),
      ...there.map((row) => survivorLine(row)),
    ];
    return lines.length === 0 ? ["No process outlived its worker."] : lines.map((line) => fit(line, paper));
  },
});
