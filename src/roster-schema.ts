/** What the file of a roster may say, key by key, and how it becomes a roster. */
import * as z from "zod";
import {
  choice,
  dollarAmount,
  entries,
  label,
  section,
  text,
  tokenAmount,
  wholeNumber,
} from "./config-rules.ts";
import {
  BUDGET_WINDOWS,
  TIER_BUDGETS,
  TIERS,
  type BudgetWindow,
  type Roster,
  type SpendBudget,
  type Tier,
} from "./roster/roster.ts";
import { TASK_TYPES } from "./tasks/task.ts";
import { taskText } from "./tasks/task-text.ts";

/** Most agents of one roster. */
export const membersMax = 1_000;
const preambleMaxChars = 16_384;

/** Ids become names of files, on any system: no path, no name that a system keeps for itself. */
const ID = /^(?!(?:con|prn|aux|nul|com\d|lpt\d)$)[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$/;
const ID_RULE =
  "an id of 1 to 64 lower-case letters, digits, - and _ (and none that systems keep for themselves, such as con)";

/** Is this the id of an agent or department? */
export function isRosterId(id: string): boolean {
  return ID.test(id);
}

function amounts(amount: typeof tokenAmount) {
  return section({ day: amount().optional(), week: amount().optional(), month: amount().optional() });
}

function budget() {
  return section({ tokens: amounts(tokenAmount).optional(), cost: amounts(dollarAmount).optional() });
}

function words() {
  return z
    .array(text(/^[\p{L}\p{N}][\p{L}\p{N}+#.-]{0,39}$/u, "a single word"), {
      error: "must be a list of words",
    })
    .max(100, { error: "must not have more than 100 words" });
}

function types() {
  return z.array(choice(TASK_TYPES), { error: `must be a list of ${TASK_TYPES.join(", ")}` });
}

function preamble() {
  const error = `must be a text of at most ${preambleMaxChars} characters that can be typed into a terminal`;
  return z.string({ error }).max(preambleMaxChars, { error }).refine(isTypable, { error });
}

function isTypable(preambleText: string): boolean {
  try {
    return taskText(preambleText) !== "";
  } catch {
    return false;
  }
}

function tier() {
  return section({
    maxTokens: wholeNumber(1, 100_000_000).optional(),
    retainedTokens: wholeNumber(1, 100_000_000).optional(),
    budget: budget().optional(),
  });
}

/** `agents`: the kinds of agent CLI there are. */
export function rosterSchema(agents: readonly string[]) {
  return section({
    tiers: section({
      strategic: tier().optional(),
      tactical: tier().optional(),
      execution: tier().optional(),
    }).optional(),
    departments: entries(
      ID,
      ID_RULE,
      section({
        name: label("a name").optional(),
        types: types().optional(),
        words: words().optional(),
        coordinator: text(ID, ID_RULE).nullable().optional(),
        specialists: wholeNumber(0, membersMax).optional(),
        budget: budget().optional(),
      }),
    ).optional(),
    agents: z
      .array(
        section({
          id: text(ID, ID_RULE),
          name: label("a name").optional(),
          tier: choice(TIERS),
          departments: z
            .array(text(ID, ID_RULE), { error: "must be a list of departments" })
            .max(50, { error: "must not have more than 50 departments" })
            .optional(),
          model: label("a model name, cheap or premium").nullable().optional(),
          agent: choice(agents).nullable().optional(),
          worker: text(
            /^(concurrent_worker|worker|w)[1-9]\d{0,2}$/,
            "a worker such as w1 or concurrent_worker1",
          )
            .nullable()
            .optional(),
          types: types().optional(),
          words: words().optional(),
          preamble: preamble().nullable().optional(),
          reportsTo: text(ID, ID_RULE).nullable().optional(),
          maxTokens: wholeNumber(1, 100_000_000).optional(),
          retainedTokens: wholeNumber(1, 100_000_000).optional(),
          budget: budget().optional(),
        }),
        { error: "must be a list of agents" },
      )
      .max(membersMax, { error: `must not have more than ${membersMax} agents` }),
    budget: budget().optional(),
  });
}

type RosterInput = z.output<ReturnType<typeof rosterSchema>>;

/** The roster with every default in its place. */
export function rosterOf(input: RosterInput): Roster {
  const departments = Object.entries(input.departments ?? {}).map(([id, department]) => ({
    id,
    name: department.name ?? nameOf(id),
    types: department.types ?? [],
    words: department.words ?? [],
    coordinator: department.coordinator ?? null,
    specialists: department.specialists ?? null,
    budget: budgetOf(department.budget),
  }));
  const members = input.agents.map((agent) => ({
    id: agent.id,
    name: agent.name ?? nameOf(agent.id),
    tier: agent.tier,
    departments: agent.departments ?? [],
    model: agent.model ?? null,
    agent: agent.agent ?? null,
    worker: agent.worker == null ? null : `concurrent_worker${/\d+$/.exec(agent.worker)?.[0] ?? ""}`,
    types: agent.types ?? null,
    words: agent.words ?? [],
    preamble: agent.preamble == null ? null : taskText(agent.preamble).trim(),
    reportsTo: agent.reportsTo ?? null,
    maxTokens: agent.maxTokens ?? null,
    retainedTokens: agent.retainedTokens ?? null,
    budget: budgetOf(agent.budget),
  }));
  return { tiers: tiersOf(input.tiers), departments, members, budget: budgetOf(input.budget) };
}

function tiersOf(told: RosterInput["tiers"]): Roster["tiers"] {
  const tierOf = (name: Tier): Roster["tiers"][Tier] => ({
    maxTokens: told?.[name]?.maxTokens ?? TIER_BUDGETS[name].maxTokens,
    retainedTokens: told?.[name]?.retainedTokens ?? TIER_BUDGETS[name].retainedTokens,
    budget: budgetOf(told?.[name]?.budget),
  });
  return { strategic: tierOf("strategic"), tactical: tierOf("tactical"), execution: tierOf("execution") };
}

function budgetOf(told: z.output<ReturnType<typeof budget>> | undefined): SpendBudget {
  const filled = (amount: Partial<Record<BudgetWindow, number | null>> = {}) =>
    Object.fromEntries(BUDGET_WINDOWS.map((window) => [window, amount[window] ?? null])) as Record<
      BudgetWindow,
      number | null
    >;
  return { tokens: filled(told?.tokens), nanoUsd: filled(told?.cost) };
}

/** `react-expert` is shown as React Expert. */
function nameOf(id: string): string {
  return id
    .split(/[-_]/)
    .filter((part) => part !== "")
    .map((part) => part[0]?.toUpperCase() + part.slice(1))
    .join(" ");
}
