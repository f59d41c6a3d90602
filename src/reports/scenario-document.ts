/** `report scenario` as a document: the month several ways, beside what was once claimed of it, and why they differ. */
import { count, dollars, NOT_KNOWN, shortCount } from "./numbers.ts";
import { section, type DocumentColumn, type ReportDocument } from "./report-document.ts";
import type { RoutingScenario } from "./routing-scenario.ts";

export function scenarioDocument(scenario: RoutingScenario): ReportDocument {
  const { seed, agents, tasks, workingDays, inputTokens, outputTokens, uniform, cheap, types, rows } =
    scenario;
  const { claimed, againPercent } = scenario;
  const profiles = rows[0]?.prices.map(({ profile }) => profile) ?? [];
  const right = (head: string): DocumentColumn => ({ head, align: "right" });
  return {
    title: "What routing would save: a made-up month",
    facts: [
      `Simulated (seed ${seed}): ${agents} agents, ${workingDays} working days, ${count(tasks)} tasks, ${shortCount(inputTokens)} tokens in and ${shortCount(outputTokens)} out. Nothing was run or spent.`,
    ],
    notices: [],
    sections: [
      ...profiles.map((profile, at) =>
        section(`Prices: ${profile}`, {
          table: {
            columns: [
              { head: "the same tasks", align: "left", flexible: true },
              right(`on ${cheap}`),
              right("cost"),
              right("saved"),
              right(`${againPercent}% again`),
            ],
            rows: rows.map(({ name, cheapPercent, prices }) => [
              name,
              `${cheapPercent.toFixed(1)}%`,
              costWords(prices[at]?.nanoUsd),
              percentWords(prices[at]?.savedPercent),
              percentWords(prices[at]?.savedAgainPercent),
            ]),
          },
        }),
      ),
      section("Claimed", { sentences: claimWords(scenario) }),
      section("Assumed", {
        items: [
          `An agent has 42 tasks a day with 125,000 tokens in and 45,000 out in all, the sample day of the document that claims ${claimed.savedPercent}%; single tasks have a fifth to four times the mean. No caching.`,
          `Each model uses the same tokens for a task, and succeeds as often. The last column has ${againPercent}% of what ${cheap} did done again by ${uniform}.`,
          `Types are what the classifier makes of made-up texts: ${Object.entries(types)
            .map(([type, n]) => `${type} ${count(n)}`)
            .join(", ")}. Yours will be others: \`report monthly\` says what was saved on your own tokens.`,
        ],
      }),
    ],
  };
}

function percentWords(value: number | null | undefined): string {
  return value === null || value === undefined ? NOT_KNOWN : `${value.toFixed(1)}%`;
}

function costWords(nanoUsd: number | null | undefined): string {
  return nanoUsd === null || nanoUsd === undefined ? NOT_KNOWN : dollars(nanoUsd, 2);
}

/** The claim, and why the month here does not come to it. */
function claimWords({
  needed,
  cheap,
  uniform,
  claimed,
  rows,
  agents,
  workingDays,
}: RoutingScenario): string[] {
  const routed = rows.find(({ name }) => name === "routed by type")?.cheapPercent ?? 0;
  return [
    `The claim: $${count(claimed.uniformUsd)} a month with ${uniform} for all, $${claimed.routedUsd} once agents were given other models: ${claimed.savedPercent}% less. It names no tasks. Its sample day, times ${agents} agents and ${workingDays} days, comes near that baseline at its prices; routing does not come near that saving.`,
    `A saving is the share of tokens on ${cheap} times how much cheaper it is; routing by type gives it ${routed.toFixed(1)}% of them.`,
    ...needed.map(({ profile, cheapPercent }) =>
      cheapPercent === null
        ? `At the prices of ${profile} not even ${cheap} for everything saves ${claimed.savedPercent}%.`
        : `At the prices of ${profile} ${claimed.savedPercent}% takes ${cheapPercent.toFixed(1)}% of all tokens on ${cheap}, whatever the tasks are.`,
    ),
    "So it is no measurement of routing, and nothing here promises it.",
  ];
}
