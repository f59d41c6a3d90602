/**
 * Where each type of task goes. Routes are profiles with names of their own: `codex` is a profile on the premium
 * model of whatever agent runs by default, not the Codex CLI. All of it is data that a configuration can replace.
 */
import type { AgentKind, BuiltInAgent } from "../agents/adapter.ts";
import { modelFamily, modelSpellings } from "../metering/model-name.ts";
import type { TaskType } from "../tasks/task.ts";

export interface Route {
  readonly name: string;
  /** null = the default agent. */
  readonly agent: AgentKind | null;
  /** A tier (`cheap`, `premium`) that each agent kind has its own model for, or a model as its CLI names it. */
  readonly model: string;
}

export type Routes = Readonly<Record<TaskType, Route>>;

/** What the tiers mean for an agent kind; null = whatever model its CLI starts with. */
export interface ModelTiers {
  readonly cheap: string | null;
  readonly premium: string | null;
}

export type TierTable = Readonly<Record<AgentKind, ModelTiers>>;

export const DEFAULT_ROUTES: Routes = Object.freeze({
  ui: { name: "comet", agent: null, model: "cheap" },
  coding: { name: "codex", agent: null, model: "premium" },
  documentation: { name: "haiku", agent: null, model: "cheap" },
  analysis: { name: "codex", agent: null, model: "premium" },
});

export const DEFAULT_TIERS: Readonly<Record<BuiltInAgent, ModelTiers>> = Object.freeze({
  claude: { cheap: "haiku", premium: "sonnet" },
  codex: { cheap: null, premium: null },
  gemini: { cheap: "gemini-2.5-flash", premium: "gemini-2.5-pro" },
  opencode: { cheap: null, premium: null },
  shell: { cheap: null, premium: null },
  rehearsal: { cheap: "haiku", premium: "sonnet" },
});

/** Models an agent kind is known to take by short name: what an explanation compares with. */
const SHORT_NAMES: Readonly<Partial<Record<AgentKind, readonly string[]>>> = {
  claude: ["haiku", "sonnet", "opus"],
  codex: [],
  shell: [],
  rehearsal: ["haiku", "sonnet", "opus"],
};

/** Which provider's models an agent kind runs; null = any (rehearsal takes every name, the shell none; a declared agent is taken at its word). */
const PROVIDERS: Readonly<Partial<Record<AgentKind, string | null>>> = {
  claude: "anthropic",
  codex: "openai",
  gemini: "google",
  // It runs models of any provider, named <provider>/<model>.
  opencode: null,
  shell: "none",
  rehearsal: null,
};

/** Can this agent kind run that model? A model of no provider we know is taken on trust, except by the shell. */
export function takesModel(agent: AgentKind, model: string): boolean {
  const own = PROVIDERS[agent] ?? null;
  const provider = providerOf(model);
  return own === null || own === provider || (provider === null && own !== "none");
}

/**
 * The model a route means for an agent kind: its tier, or the route's own model where the kind can run it, else the
 * premium model of the kind. `preferCheap` takes the cheap tier whatever the route says.
 */
export function routeModel(
  route: Route,
  agent: AgentKind,
  tiers: TierTable,
  preferCheap: boolean,
): string | null {
  if (preferCheap || route.model === "cheap") return tiersOf(agent, tiers).cheap;
  if (route.model === "premium" || !takesModel(agent, route.model)) return tiersOf(agent, tiers).premium;
  return route.model;
}

/** Models of an agent kind, from the cheap one up; empty: no order of them is known. */
export function modelLadder(agent: AgentKind, tiers: TierTable): readonly string[] {
  const short = SHORT_NAMES[agent] ?? [];
  if (short.length > 0) return short;
  const { cheap, premium } = tiersOf(agent, tiers);
  return [...new Set([cheap, premium])].filter((model) => model !== null);
}

/** The next model down or up from one, by its short name too; null: there is none, or it stands on no step. */
export function nextModel(model: string, ladder: readonly string[], direction: "down" | "up"): string | null {
  const family = modelFamily(model);
  const at = ladder.findIndex((step) => step === model || (family !== null && modelFamily(step) === family));
  return at < 0 ? null : (ladder[at + (direction === "up" ? 1 : -1)] ?? null);
}

/** Every model this agent kind could be given: its tiers, its short names and the models routes name for it. */
export function modelsOf(agent: AgentKind, tiers: TierTable, routes: Routes): readonly (string | null)[] {
  const named = Object.values(routes).map((route) => routeModel(route, agent, tiers, false));
  const { cheap, premium } = tiersOf(agent, tiers);
  return [...new Set([cheap, premium, ...named, ...(SHORT_NAMES[agent] ?? [])])];
}

/** The tiers of an agent; of one that the table does not know, its own default model is all there is. */
export function tiersOf(agent: AgentKind, tiers: TierTable): ModelTiers {
  return tiers[agent] ?? { cheap: null, premium: null };
}

function providerOf(model: string): string | null {
  const bare = modelSpellings(model).at(-1) ?? "";
  if (modelFamily(model) !== null || /^(?:claude-|fable\b)/.test(bare)) return "anthropic";
  if (/^(?:gpt-|codex-|o\d)/.test(bare)) return "openai";
  return bare.startsWith("gemini-") ? "google" : null;
}
