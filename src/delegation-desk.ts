/** TEMPORARY until delegation lands. */
import { agentAdapter } from "./agents/agents.ts";
import { processEnvironment, type Config } from "./config.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { priceTable, type PriceTable } from "./metering/prices.ts";
import type { Assignment, TaskDraft } from "./tasks/task.ts";
import { chooseAgent, findProgram } from "./workers/agent-finder.ts";

export class DelegationDesk {
  readonly prices: PriceTable;
  readonly defaultAgent: string;
  readonly notices: readonly string[];
  constructor(
    readonly config: Config,
    _ledger: Ledger,
  ) {
    this.prices = priceTable(config.prices.profile, config.prices.overrides);
    const env = processEnvironment();
    const chosen =
      config.workers.agent === "auto"
        ? chooseAgent((kind) =>
            findProgram(config.agents[kind].command[0] ?? "", env["PATH"] ?? "", process.cwd()),
          )
        : { kind: config.workers.agent, because: "" };
    this.defaultAgent = chosen.kind;
    this.notices = chosen.kind === "rehearsal" ? ["rehearsal"] : [];
  }
  launchModel(agent: string): string | null {
    return agent === "claude" || agent === "rehearsal" ? "sonnet" : null;
  }
  delegate(draft: TaskDraft): Assignment {
    const agent = draft.agent ?? this.defaultAgent;
    const spends = agentAdapter(agent).traits.spends;
    return {
      type: draft.type ?? "coding",
      complexity: "medium",
      route: "codex",
      agent,
      model: draft.model ?? this.launchModel(agent),
      estimateTokens: Math.floor(draft.text.length / 4) + 1000,
      reserveTokens: spends ? 1008 : 0,
      reserveNanoUsd: spends ? 3_000_000 : 0,
      reserveBasis: "formula",
    };
  }
  explain(): never {
    throw new Error("not yet");
  }
}
