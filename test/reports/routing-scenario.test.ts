import { describe, expect, it } from "vitest";
import { priceTable } from "../../src/metering/prices.ts";
import { documentMarkdown } from "../../src/reports/document-markdown.ts";
import { routingScenario, scenarioTasks } from "../../src/reports/routing-scenario.ts";
import { scenarioDocument } from "../../src/reports/scenario-document.ts";
import type { TaskType } from "../../src/tasks/task.ts";

const CHEAP = new Set<TaskType>(["ui", "documentation"]);
const then = priceTable("anthropic-2024-11");
/** Haiku for a third of Sonnet. */
const dear = priceTable("anthropic-2024-11", { haiku: { input: 1, output: 5 } });
const month = routingScenario(1, CHEAP, [then, dear]);
const tasks = [...scenarioTasks(1)];

/** Nano-dollars of a token in and out as the document gives them: not from the table that is under test. */
const PRICES = { opus: [15_000, 75_000], sonnet: [3_000, 15_000], haiku: [800, 4_000] } as const;

type ModelOf = (tier: string, type: string) => keyof typeof PRICES;

/** The month again, task by task instead of by sums. */
function recounted(modelOf: ModelOf) {
  let [nanoUsd, sonnet, onHaiku, again, all] = [0, 0, 0, 0, 0];
  for (const { tier, type, inputTokens, outputTokens } of tasks) {
    const cost = (name: keyof typeof PRICES): number =>
      inputTokens * PRICES[name][0] + outputTokens * PRICES[name][1];
    const model = modelOf(tier, type);
    nanoUsd += cost(model);
    sonnet += cost("sonnet");
    all += inputTokens + outputTokens;
    if (model !== "haiku") continue;
    onHaiku += inputTokens + outputTokens;
    again += cost("sonnet");
  }
  const percentOf = (cost: number): number => 100 - (cost / sonnet) * 100;
  return {
    cheapPercent: (onHaiku / all) * 100,
    nanoUsd,
    savedPercent: percentOf(nanoUsd),
    savedAgainPercent: percentOf(nanoUsd + again / 10),
  };
}

describe("a made-up month", () => {
  it.each<[string, ModelOf]>([
    ["all sonnet", () => "sonnet"],
    ["routed by type", (_, type) => (type === "ui" || type === "documentation" ? "haiku" : "sonnet")],
    ["execution tier haiku", (tier) => (tier === "execution" ? "haiku" : "sonnet")],
    [
      "the same, strategic opus",
      (tier) => (tier === "execution" ? "haiku" : tier === "tactical" ? "sonnet" : "opus"),
    ],
    ["all haiku", () => "haiku"],
  ])("costs and saves with %s what its tasks do one by one", (name, modelOf) => {
    const row = month.rows.find((one) => one.name === name);
    const price = row?.prices[0];
    const counted = recounted(modelOf);
    expect(price?.nanoUsd).toBe(counted.nanoUsd);
    expect(row?.cheapPercent).toBeCloseTo(counted.cheapPercent, 9);
    expect(price?.savedPercent).toBeCloseTo(counted.savedPercent, 9);
    expect(price?.savedAgainPercent).toBeCloseTo(counted.savedAgainPercent, 9);
  });

  it("is of the size the document gives an agent's day, and the same for a seed", () => {
    const agentDays = 47 * 21;
    expect(month.tasks).toBe(agentDays * 42);
    expect(Math.abs(month.inputTokens / (agentDays * 125_000) - 1)).toBeLessThan(0.03);
    expect(Math.abs(month.outputTokens / (agentDays * 45_000) - 1)).toBeLessThan(0.03);
    const first = (seed: number): unknown => scenarioTasks(seed).next().value;
    expect(first(1)).toEqual(tasks[0]);
    expect(first(2)).not.toEqual(tasks[0]);
  });

  it("says how many tokens a claim of 72% takes on haiku: 72 of the 73.33 percent it is cheaper by", () => {
    const [needed, neededDear] = month.needed.map(({ cheapPercent }) => cheapPercent);
    expect(needed).toBeCloseTo(72 / (1 - 0.8 / 3), 9);
    expect(neededDear).toBeNull();
  });

  it("saves nothing where nothing is routed", () => {
    const unrouted = routingScenario(1, new Set(), [then]).rows[1];
    expect(unrouted).toMatchObject({ cheapPercent: 0, prices: [{ savedPercent: 0, savedAgainPercent: 0 }] });
  });

  it("is shown beside the claim, and why it does not come to it", () => {
    const text = documentMarkdown(scenarioDocument(month), null).join("\n");
    expect(text).toContain("$1,058 a month with sonnet for all, $298");
    expect(text).toContain("72% takes 98.2% of all tokens on haiku");
    expect(text).toContain("not even haiku for everything saves 72%");
    expect(text).toMatch(/\| all sonnet +\| +0\.0% \| +\$1,033\.12 \| +0\.0% \|/);
    expect(text).toMatch(/\| routed by type +\| +14\.6% \| +\$922\.71 \| +10\.7% \| +9\.2% \|/);
  });
});
