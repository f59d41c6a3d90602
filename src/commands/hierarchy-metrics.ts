/** `metrics agent`, `metrics department`, `metrics tier`, `metrics system`, and the files they are written to. */
import * as z from "zod";
import { SYSTEM, type Subject } from "../hierarchy/invocation.ts";
import {
  hierarchyCsv,
  hierarchyMarkdown,
  renderHierarchyMetrics,
  type HierarchyMetrics,
  type MetricsRebuilt,
} from "../reports/hierarchy-metrics.ts";
import { TIERS } from "../roster/roster.ts";
import { firstInstantOf } from "../throttle/zone.ts";
import { defineCommand, type Command, type OptionSpec } from "./command.ts";
import * as words from "./words.ts";

/** What is shown, and how. */
interface Shown extends HierarchyMetrics {
  readonly form: "table" | "csv" | "md";
}

const formed = {
  since: words.orNull(words.localDate("--since")),
  csv: words.flag,
  md: words.flag,
};

const options: readonly OptionSpec[] = [
  { flags: "-s, --since <date>", summary: "Only what began on this day or later" },
  { flags: "--csv", summary: "As comma-separated values" },
  { flags: "--md", summary: "As a Markdown table" },
];

interface Asked {
  readonly subject: Subject;
  readonly since: string | null;
  readonly csv: boolean;
  readonly md: boolean;
}

function subjectCommand<Input extends object>(spec: {
  readonly word: "agent" | "department" | "tier" | "system";
  readonly summary: string;
  readonly schema: z.ZodType<Input>;
  readonly example: string;
  readonly choices?: readonly string[];
  asked(input: Input): Asked;
}): Command {
  return defineCommand<Input, Shown>({
    name: `metrics ${spec.word}`,
    group: "Hierarchy",
    summary: spec.summary,
    ...(spec.word === "system"
      ? {}
      : {
          arguments: [
            {
              name: "id",
              kind: "word",
              required: true,
              many: false,
              ...(spec.choices === undefined ? {} : { choices: spec.choices }),
            },
          ],
        }),
    options,
    notes: [
      "Counted since there is a roster, as each attempt ended. n/a is what nobody told; in --json it is null.",
    ],
    examples: [spec.example],
    needs: "ledger",
    schema: spec.schema,
    run: (app, input) => {
      const { subject, since, csv, md } = spec.asked(input);
      const sinceMs =
        since === null
          ? null
          : firstInstantOf(app.config.throttle.timeZone, Date.parse(`${since}T00:00:00Z`));
      return { ...app.hierarchy.metrics(subject, sinceMs), form: csv ? "csv" : md ? "md" : "table" };
    },
    render: (model, paper) => {
      if (model.form === "csv") return hierarchyCsv(model);
      return model.form === "md" ? hierarchyMarkdown(model) : renderHierarchyMetrics(model, paper);
    },
  });
}

const named = z.strictObject({ id: words.label, ...formed });
const ofTier = z.strictObject({ id: words.choice("tier", TIERS), ...formed });
const ofSystem = z.strictObject(formed);

export const metricsAgent = subjectCommand({
  word: "agent",
  summary: "Show the figures of an agent of the roster",
  schema: named,
  example: "metrics agent react-expert --since 2026-11-01",
  asked: ({ id, ...form }) => ({ subject: { kind: "agent", id }, ...form }),
});

export const metricsDepartment = subjectCommand({
  word: "department",
  summary: "Show the figures of a department",
  schema: named,
  example: "metrics department frontend --md",
  asked: ({ id, ...form }) => ({ subject: { kind: "department", id }, ...form }),
});

export const metricsTier = subjectCommand({
  word: "tier",
  summary: "Show the figures of a tier",
  schema: ofTier,
  example: "metrics tier execution",
  choices: TIERS,
  asked: ({ id, ...form }) => ({ subject: { kind: "tier", id }, ...form }),
});

export const metricsSystem = subjectCommand({
  word: "system",
  summary: "Show the figures of all agents together",
  schema: ofSystem,
  example: "metrics system --csv",
  asked: (form) => ({ subject: SYSTEM, ...form }),
});

const nothing = z.strictObject({});

export const metricsRebuild = defineCommand<z.output<typeof nothing>, MetricsRebuilt>({
  name: "metrics rebuild",
  group: "Hierarchy",
  summary: "Count all figures and write all metrics files anew",
  notes: ["The files say what the ledger says, byte for byte: they may be deleted at any time."],
  examples: ["metrics rebuild"],
  needs: "ledger",
  schema: nothing,
  run: (app) => app.hierarchy.rebuildMetrics(),
  render: ({ files, folder }) => [
    folder === null
      ? "Counted anew; no files are written (no roster, or roster.metrics says none)."
      : `Written: ${files} files in ${folder}`,
  ],
});
