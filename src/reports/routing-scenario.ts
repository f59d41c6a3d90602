/**
 * A made-up month of 47 agents, priced several ways: what would routing save of it? The tasks are those of one seed, their
 * types what the classifier makes of their texts, their sizes those of an agent's day as a document gives them (42 tasks,
 * 125,000 tokens in and 45,000 out). Nothing is run, and nothing is said of whether the cheaper model would have done.
 */
import { generator } from "../base/seeded-random.ts";
import { classify } from "../delegation/classify.ts";
import { measuredSaving, type MeasuredSaving } from "../metering/savings.ts";
import type { PriceTable } from "../metering/prices.ts";
import { NO_USAGE } from "../metering/usage.ts";
import { TIERS, type Tier } from "../roster/roster.ts";
import { TASK_TYPES, type TaskType } from "../tasks/task.ts";

/** Agents of each tier: 5 + 10 + 32. */
const AGENTS: Readonly<Record<Tier, number>> = { strategic: 5, tactical: 10, execution: 32 };
const tasksADay = 42;
const workingDays = 21;
/** Tokens of a task on average: the sample day of an agent, divided by its tasks. */
const MEAN = { input: 125_000 / tasksADay, output: 45_000 / tasksADay };
/** What the document says, in dollars a month, and the models it says it of. */
const CLAIMED = { uniformUsd: 1_058, routedUsd: 298, savedPercent: 72 };
const [cheap, uniform, dearest] = ["haiku", "sonnet", "opus"];
/** Of the tasks a cheap model did, so many are done again in the cautious reckoning. */
const againPercent = 10;

/** What specialists are asked, by department, each for as many as it has. */
const SPECIALISTS: readonly { readonly agents: number; readonly texts: readonly string[] }[] = [
  {
    agents: 4,
    texts: [
      "Make the header of the {} page look calmer",
      "Align the buttons of the {} form",
      "Fix the layout of the {} page on phones",
    ],
  },
  {
    agents: 8,
    texts: [
      "Add an endpoint that lists each {}",
      "Fix the crash when a {} has no owner",
      "Refactor the {} service",
    ],
  },
  { agents: 3, texts: ["Write tests for the {} module", "Fix the flaky test of the {} queue"] },
  { agents: 4, texts: ["Write a Dockerfile for the {} service", "Fix the deployment of the {} worker"] },
  {
    agents: 7,
    texts: [
      "Explain why the {} report is slow",
      "Write a migration that splits the {} table",
      "Compare two ways to store a {}",
    ],
  },
  { agents: 3, texts: ["Restyle the {} screen of the app", "Fix the crash of the {} screen on tablets"] },
  {
    agents: 3,
    texts: [
      "Write a guide to the {} API",
      "Document how a {} is configured",
      "Correct the README of the {} package",
    ],
  },
  { agents: 3, texts: ["Implement the {} webhook", "Handle errors of the {} provider"] },
  { agents: 4, texts: ["Review the {} login for weaknesses", "Fix the injection in the {} search"] },
  { agents: 4, texts: ["Analyze the complexity of the {} module", "Find dead code in the {} package"] },
];
const COORDINATORS = [
  "Plan the work on the {} feature",
  "Compare the risks of two designs of the {} flow",
  "Review the {} change",
];
const STRATEGISTS = [
  "Decide how the {} service should be split",
  "Assess the architecture of the {} platform",
];
const THINGS = ["order", "invoice", "customer", "profile", "payment", "product", "message", "account"];

export interface ScenarioTask {
  readonly tier: Tier;
  readonly type: TaskType;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** All tasks of the month, some 41,000. The same seed gives the same ones. */
export function* scenarioTasks(seed: number): Generator<ScenarioTask> {
  const random = generator(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const texts = textsByAgent();
  const types = new Map<string, TaskType>();
  for (const tier of TIERS) {
    for (const own of texts[tier]) {
      for (let task = 0; task < tasksADay * workingDays; task += 1) {
        const text = pick(own).replace("{}", pick(THINGS));
        const type = types.get(text) ?? classify(text).type;
        types.set(text, type);
        // A fifth of the mean at least, a good four times at most, most of them small: 1 on average.
        const size = 0.2 + 4 * random() ** 4;
        yield {
          tier,
          type,
          inputTokens: Math.round(MEAN.input * size),
          outputTokens: Math.round(MEAN.output * size),
        };
      }
    }
  }
}

/** One list of texts an agent. Departments have 43 specialists between them: some stand in two, and count once here. */
function textsByAgent(): Readonly<Record<Tier, readonly (readonly string[])[]>> {
  const places = SPECIALISTS.flatMap(({ agents, texts }) => Array.from({ length: agents }, () => texts));
  const twice = places.length - AGENTS.execution;
  const specialists = places.slice(0, AGENTS.execution);
  return {
    strategic: Array.from({ length: AGENTS.strategic }, () => STRATEGISTS),
    tactical: Array.from({ length: AGENTS.tactical }, () => COORDINATORS),
    // The first agents take what the last places would have been.
    execution: specialists.map((texts, at) =>
      at < twice ? [...texts, ...(places[AGENTS.execution + at] ?? [])] : texts,
    ),
  };
}

/** Tokens of a tier and type. */
export interface ScenarioSum {
  readonly tier: Tier;
  readonly type: TaskType;
  readonly tasks: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Which model a task goes to. */
interface Plan {
  readonly name: string;
  model(tier: Tier, type: TaskType): string;
}

export interface ScenarioPrice {
  readonly profile: string;
  /** Null: a model of the row has no price. */
  readonly nanoUsd: number | null;
  /** Against the uniform model; null: nothing to save from. */
  readonly savedPercent: number | null;
  /** The same where a part of what the cheap model did is done again by the uniform one. */
  readonly savedAgainPercent: number | null;
}

export interface ScenarioRow {
  readonly name: string;
  /** Share of all tokens that the cheap model has, in percent. */
  readonly cheapPercent: number;
  readonly prices: readonly ScenarioPrice[];
}

export interface RoutingScenario {
  readonly seed: number;
  readonly agents: number;
  readonly tasks: number;
  readonly workingDays: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cheap: string;
  readonly uniform: string;
  readonly types: Readonly<Record<TaskType, number>>;
  readonly rows: readonly ScenarioRow[];
  /** Share of all tokens the cheap model would need for the claim, by price table; null: not even with all of them. */
  readonly needed: readonly { readonly profile: string; readonly cheapPercent: number | null }[];
  readonly claimed: typeof CLAIMED;
  /** Part of what the cheap model did that is done again, in percent. */
  readonly againPercent: number;
}

/**
 * The month at the prices of each of these tables; tasks of `cheapTypes` are those whose route is the cheap model. A table
 * without a price for one of the two models is left out.
 */
export function routingScenario(
  seed: number,
  cheapTypes: ReadonlySet<TaskType>,
  tables: readonly PriceTable[],
): RoutingScenario {
  const sums = sumsOf(scenarioTasks(seed));
  const total = (pick: (sum: ScenarioSum) => number): number => sums.reduce((all, sum) => all + pick(sum), 0);
  const priced = tables.filter((table) => savedBy(sums, () => cheap, table) !== null);
  return {
    seed,
    agents: AGENTS.strategic + AGENTS.tactical + AGENTS.execution,
    tasks: total((sum) => sum.tasks),
    workingDays,
    inputTokens: total((sum) => sum.inputTokens),
    outputTokens: total((sum) => sum.outputTokens),
    cheap,
    uniform,
    types: Object.fromEntries(
      TASK_TYPES.map((type) => [type, total((sum) => (sum.type === type ? sum.tasks : 0))]),
    ) as Record<TaskType, number>,
    rows: plansWith(cheapTypes).map(({ name, model }) => ({
      name,
      cheapPercent:
        (total((sum) => (model(sum.tier, sum.type) === cheap ? tokensIn(sum) : 0)) / total(tokensIn)) * 100,
      prices: priced.map((table) => priceOf(sums, model, table)),
    })),
    needed: priced.map((table) => ({ profile: table.profile, cheapPercent: neededShare(sums, table) })),
    claimed: CLAIMED,
    againPercent,
  };
}

function plansWith(cheapTypes: ReadonlySet<TaskType>): readonly Plan[] {
  const byTier = { strategic: dearest, tactical: uniform, execution: cheap };
  return [
    { name: `all ${uniform}`, model: () => uniform },
    { name: "routed by type", model: (_, type) => (cheapTypes.has(type) ? cheap : uniform) },
    { name: `execution tier ${cheap}`, model: (tier) => (tier === "execution" ? cheap : uniform) },
    { name: `the same, strategic ${dearest}`, model: (tier) => byTier[tier] },
    { name: `all ${cheap}`, model: () => cheap },
  ];
}

function tokensIn({ inputTokens, outputTokens }: ScenarioSum): number {
  return inputTokens + outputTokens;
}

/** A handful of sums, so that a month need not be kept. */
function sumsOf(tasks: Iterable<ScenarioTask>): ScenarioSum[] {
  const sums = new Map<string, ScenarioSum>();
  for (const { tier, type, inputTokens, outputTokens } of tasks) {
    const key = `${tier} ${type}`;
    const known = sums.get(key);
    sums.set(key, {
      ...{ tier, type, tasks: (known?.tasks ?? 0) + 1 },
      inputTokens: (known?.inputTokens ?? 0) + inputTokens,
      outputTokens: (known?.outputTokens ?? 0) + outputTokens,
    });
  }
  return [...sums.values()];
}

/** Null: a model has no price. */
function savedBy(
  sums: readonly ScenarioSum[],
  model: Plan["model"],
  table: PriceTable,
): MeasuredSaving | null {
  const used = sums.map(({ tier, type, inputTokens, outputTokens }) => ({
    model: model(tier, type),
    usage: { ...NO_USAGE, inputTokens, outputTokens },
  }));
  const saving = measuredSaving(used, uniform, table);
  return saving === null || saving.unpricedTokens > 0 ? null : saving;
}

function priceOf(sums: readonly ScenarioSum[], model: Plan["model"], table: PriceTable): ScenarioPrice {
  const { profile } = table;
  const saving = savedBy(sums, model, table);
  if (saving === null) return { profile, nanoUsd: null, savedPercent: null, savedAgainPercent: null };
  const cheapSums = sums.filter(({ tier, type }) => model(tier, type) === cheap);
  const again = ((savedBy(cheapSums, () => uniform, table)?.uniformNanoUsd ?? 0) * againPercent) / 100;
  const { spentNanoUsd, uniformNanoUsd, savedPercent } = saving;
  return {
    profile,
    nanoUsd: spentNanoUsd,
    savedPercent,
    savedAgainPercent: uniformNanoUsd === 0 ? null : (1 - (spentNanoUsd + again) / uniformNanoUsd) * 100,
  };
}

/** All tokens cheap saves so much; the claim is a part of that, or more than it. */
function neededShare(sums: readonly ScenarioSum[], table: PriceTable): number | null {
  const most = savedBy(sums, () => cheap, table)?.savedPercent ?? 0;
  return most < CLAIMED.savedPercent ? null : (CLAIMED.savedPercent / most) * 100;
}
