/** The agents there are, by kind. */
import { CtmError } from "../base/errors.ts";
import { AGENT_KINDS, type AgentAdapter, type AgentKind } from "./adapter.ts";
import { claudeAdapter } from "./claude.ts";
import { codexAdapter } from "./codex.ts";
import { rehearsalAdapter } from "./rehearsal.ts";
import { shellAdapter } from "./shell.ts";

const ADAPTERS: Readonly<Record<AgentKind, AgentAdapter>> = {
  claude: claudeAdapter,
  codex: codexAdapter,
  shell: shellAdapter,
  rehearsal: rehearsalAdapter,
};

/** Every kind of agent, in the order in which they are shown. */
export function agentKinds(): readonly AgentKind[] {
  return AGENT_KINDS;
}

/** Is this the name of an agent kind? */
export function isAgentKind(name: string): name is AgentKind {
  return AGENT_KINDS.some((kind) => kind === name);
}

/** The adapter of a kind; an unknown name is an expected failure (`usage`). */
export function agentAdapter(kind: string): AgentAdapter {
  if (isAgentKind(kind)) return ADAPTERS[kind];
  throw new CtmError("usage", `There is no agent "${kind}": choose one of ${AGENT_KINDS.join(", ")}.`);
}
