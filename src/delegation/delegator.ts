/** The delegator as a library: `getDelegator().delegateTask("Create a user authentication system")`. */
import { AGENT_KINDS, type AgentKind } from "../agents/adapter.ts";
import { agentAdapter } from "../agents/agents.ts";
import { priceTable } from "../metering/prices.ts";
import type { Complexity, TaskType } from "../tasks/task.ts";
import { defaultMinSamples } from "./calibration.ts";
import { explain, type DelegationRequest, type DelegationRules, type Explanation } from "./delegate.ts";
import { defaultOverheadTokens } from "./estimate.ts";
import type { AgentFloor } from "./reservation.ts";
import { DEFAULT_ROUTES, DEFAULT_TIERS } from "./routes.ts";

/** What was decided for a text. */
export interface DelegatedTask {
  readonly type: TaskType;
  /** As named to the agent's CLI; null = its own default. */
  readonly model: string | null;
  readonly agent: string;
  readonly route: string;
  readonly complexity: Complexity;
  /** Prompt tokens by the plain formula. */
  readonly estimatedTokens: number;
  /** Expected cost in nano-dollars; null when the model has no price. */
  readonly estimatedNanoUsd: number | null;
  readonly confidence: number;
  readonly reasons: readonly string[];
}

/** What the caller forces. */
export type TaskOptions = Partial<Omit<DelegationRequest, "text">>;

export interface Delegator {
  /** Throws CtmError `usage` for a type, model or agent that does not exist. */
  delegateTask(text: string, options?: TaskOptions): DelegatedTask;
  /** The whole explanation, with reservation and alternatives. */
  explain(text: string, options?: TaskOptions): Explanation;
}

/** A delegator with the default routes, list prices and no history; each rule can be replaced. */
export function getDelegator(rules: Partial<DelegationRules> = {}): Delegator {
  const all: DelegationRules = { ...defaultRules(), ...rules };
  const explained = (text: string, options: TaskOptions) =>
    explain({ type: null, model: null, agent: null, worker: null, ...options, text }, all);
  return {
    explain: (text, options = {}) => explained(text, options),
    delegateTask(text, options = {}) {
      const { type, model, agent, route, complexity, confidence, reasons, ...figures } = explained(
        text,
        options,
      );
      return {
        type,
        model,
        agent,
        route,
        complexity,
        estimatedTokens: figures.estimateTokens,
        estimatedNanoUsd: figures.costNanoUsd,
        confidence,
        reasons,
      };
    },
  };
}

/** The rules without a configuration: Claude Code, default routes, list prices, nothing learnt yet. */
export function defaultRules(): DelegationRules {
  return {
    routes: DEFAULT_ROUTES,
    tiers: DEFAULT_TIERS,
    defaultAgent: "claude",
    preferCheap: false,
    adopted: [],
    overheadTokens: defaultOverheadTokens,
    minSamples: defaultMinSamples,
    prices: priceTable("list"),
    floors: agentFloors(),
    samples: () => [],
    history: null,
    roster: null,
    agentOfWorker: () => null,
  };
}

/** What each agent kind says of itself. */
export function agentFloors(): Readonly<Record<AgentKind, AgentFloor>> {
  return Object.fromEntries(AGENT_KINDS.map((kind) => [kind, agentAdapter(kind).traits]));
}
