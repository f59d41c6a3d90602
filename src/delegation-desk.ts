/** The delegator with the rules of this machine: configuration, prices, history of the ledger, agents found. */
import { agentAdapter, agentKinds, isAgentKind } from "./agents/agents.ts";
import type { AgentKind } from "./agents/adapter.ts";
import { CtmError } from "./base/errors.ts";
import { processEnvironment, type Config } from "./config.ts";
import { delegate, explain, type DelegationRules, type Explanation } from "./delegation/delegate.ts";
import type { AgentFloor } from "./delegation/reservation.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { PriceTable } from "./metering/prices.ts";
import { PriceBook } from "./price-book.ts";
import type { Assignment, TaskDraft } from "./tasks/task.ts";
import { chooseAgent, findProgram } from "./workers/agent-finder.ts";

/** Newest settled tasks of a class that an estimate may learn from. */
const samplesMax = 200;

export class DelegationDesk {
  readonly priceBook: PriceBook;
  /** What a worker runs when nobody says otherwise. */
  readonly defaultAgent: AgentKind;
  readonly #rehearsal: readonly string[];
  readonly #rules: DelegationRules;

  constructor(config: Config, ledger: Ledger) {
    const priceBook = new PriceBook(config);
    this.priceBook = priceBook;
    const chosen = agentFor(config);
    this.defaultAgent = chosen.kind;
    this.#rehearsal = chosen.kind === "rehearsal" ? [`REHEARSAL: ${chosen.because}`] : [];
    this.#rules = {
      routes: config.routes,
      tiers: tiersOf(config),
      defaultAgent: chosen.kind,
      preferCheap: config.preferCheap,
      overheadTokens: config.estimate.overheadTokens,
      minSamples: config.estimate.minSamples,
      // Looked up each time: an update counts at once.
      get prices() {
        return priceBook.table;
      },
      floors: FLOORS,
      samples: (agent, model, type) =>
        ledger.spend
          .samples(agent, model ?? "", type, samplesMax)
          .map(({ tokens, nano }) => ({ tokens, nanoUsd: nano })),
      agentOfWorker: (worker) => {
        const agent = ledger.workers.all().find(({ name }) => name === worker)?.agent ?? "";
        return isAgentKind(agent) ? agent : null;
      },
    };
  }

  /** What a person must know, one sentence each. */
  get notices(): readonly string[] {
    return [...this.#rehearsal, ...this.priceBook.notices];
  }

  get prices(): PriceTable {
    return this.priceBook.table;
  }

  /** CtmError `usage` for an unknown type, agent or model. */
  delegate(draft: TaskDraft): Assignment {
    return delegate(draft, this.#rules);
  }

  explain(
    text: string,
    overrides: { type: string | null; model: string | null; agent: string | null },
  ): Explanation {
    return explain({ text, worker: null, ...overrides }, this.#rules);
  }

  /** The model a worker of this agent starts with: the one most of its tasks will want. */
  launchModel(agent: string): string | null {
    if (!isAgentKind(agent))
      throw new CtmError(
        "usage",
        `there is no agent ${JSON.stringify(agent)}: choose one of ${agentKinds().join(", ")}`,
      );
    const { cheap, premium } = this.#rules.tiers[agent];
    return this.#rules.preferCheap ? cheap : premium;
  }
}

const FLOORS: Readonly<Record<AgentKind, AgentFloor>> = perAgent((kind) => agentAdapter(kind).traits);

function tiersOf({ agents }: Config): DelegationRules["tiers"] {
  return perAgent((kind) => agents[kind].models);
}

function agentFor(config: Config): { readonly kind: AgentKind; readonly because: string } {
  const { agent } = config.workers;
  if (agent !== "auto")
    return { kind: agent, because: "it was chosen; nothing is sent to any model, nothing is spent" };
  const path = processEnvironment()["PATH"] ?? "";
  return chooseAgent((kind) => findProgram(config.agents[kind].command[0] ?? "", path, config.workers.cwd));
}

function perAgent<T>(of: (kind: AgentKind) => T): Record<AgentKind, T> {
  return { claude: of("claude"), codex: of("codex"), shell: of("shell"), rehearsal: of("rehearsal") };
}
