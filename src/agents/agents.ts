/** The agents there are: those that come with the product, and those that a configuration declares. */
import { CtmError } from "../base/errors.ts";
import { AGENT_KINDS, type AgentAdapter, type AgentMode, type BuiltInAgent } from "./adapter.ts";
import { claudeAdapter } from "./claude.ts";
import { codexAdapter } from "./codex.ts";
import { declaredAdapter, undeclaredAdapter } from "./declared.ts";
import type { DeclaredAgent } from "./declared-agent.ts";
import { geminiAdapter } from "./gemini.ts";
import { headlessClaude, headlessCodex } from "./headless.ts";
import { opencodeAdapter } from "./opencode.ts";
import { interactiveOpencode } from "./opencode-terminal.ts";
import { rehearsalAdapter } from "./rehearsal.ts";
import { shellAdapter } from "./shell.ts";

const ADAPTERS: Readonly<Record<BuiltInAgent, AgentAdapter>> = {
  claude: claudeAdapter,
  codex: codexAdapter,
  gemini: geminiAdapter,
  opencode: opencodeAdapter,
  shell: shellAdapter,
  rehearsal: rehearsalAdapter,
};

const HEADLESS: Readonly<Partial<Record<string, AgentAdapter>>> = {
  claude: headlessClaude,
  codex: headlessCodex,
};

/** Of agents that are one process a task unless the configuration says otherwise. */
const INTERACTIVE: Readonly<Partial<Record<string, AgentAdapter>>> = { opencode: interactiveOpencode };

/** What of an agent's configuration decides which adapter drives it. */
export interface AgentChoice {
  readonly mode: AgentMode;
  /** null: it comes with the product. */
  readonly declared: DeclaredAgent | null;
}

function isBuiltIn(name: string): name is BuiltInAgent {
  return AGENT_KINDS.some((kind) => kind === name);
}

/** The adapter of an agent that comes with the product; an unknown name is an expected failure (`usage`). */
export function agentAdapter(kind: string): AgentAdapter {
  if (isBuiltIn(kind)) return ADAPTERS[kind];
  throw new CtmError("usage", `There is no agent "${kind}": choose one of ${AGENT_KINDS.join(", ")}.`);
}

/**
 * The adapters as a configuration has them, by name; always the same one for a name. One that is not in it (a worker
 * of an earlier configuration) is one into which nothing is typed.
 */
export function adaptersOf(
  agents: Readonly<Record<string, AgentChoice | undefined>>,
): (name: string) => AgentAdapter {
  const made = new Map<string, AgentAdapter>();
  return (name) => {
    const adapter =
      made.get(name) ?? adapterFor(name, Object.hasOwn(agents, name) ? agents[name] : undefined);
    made.set(name, adapter);
    return adapter;
  };
}

function adapterFor(name: string, choice: AgentChoice | undefined): AgentAdapter {
  if (choice === undefined) return isBuiltIn(name) ? ADAPTERS[name] : undeclaredAdapter(name);
  if (choice.declared !== null) return declaredAdapter(name, choice.declared);
  const chosen = choice.mode === "headless" ? HEADLESS : INTERACTIVE;
  return chosen[name] ?? agentAdapter(name);
}
