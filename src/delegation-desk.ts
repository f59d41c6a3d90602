/** The delegator with the rules of this machine: configuration, prices, history of the ledger, agents found. */
import { adaptersOf } from "./agents/agents.ts";
import type { AgentKind } from "./agents/adapter.ts";
import { AdoptedRoutes } from "./adopted-routes.ts";
import { CtmError } from "./base/errors.ts";
import { processEnvironment, type Config } from "./config.ts";
import { adoptedWords, typeRoute, type TypeRoute } from "./delegation/adopted-route.ts";
import {
  delegate,
  explain,
  type DelegationRequest,
  type DelegationRules,
  type Explanation,
} from "./delegation/delegate.ts";
import { codePoints } from "./delegation/estimate.ts";
import { modelLadder, tiersOf } from "./delegation/routes.ts";
import { forecastTask, type TaskForecast } from "./delegation/task-forecast.ts";
import { TaskHistory } from "./delegation/task-history.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { finishedTask } from "./ledger/sample-rows.ts";
import type { PriceTable } from "./metering/prices.ts";
import { PriceBook } from "./price-book.ts";
import { promptOf, type Assignment, type Task, type TaskDraft, type TaskType } from "./tasks/task.ts";
import { chooseAgent, findProgram } from "./workers/agent-finder.ts";

/** Newest settled tasks of a class that an estimate may learn from. */
const samplesMax = 200;
/** Newest finished tasks that forecasts are learnt from at a start. */
const learntMax = 20_000;

/** What `estimate` is drawn from. */
export interface Forecasted {
  readonly explained: Explanation;
  readonly costKnown: boolean;
}

export class DelegationDesk {
  readonly priceBook: PriceBook;
  readonly adopted: AdoptedRoutes;
  /** What a worker runs when nobody says otherwise. */
  readonly defaultAgent: AgentKind;
  /** What each agent says of itself. */
  readonly floors: DelegationRules["floors"];
  readonly #rehearsal: readonly string[];
  readonly #rules: DelegationRules;
  readonly #ledger: Ledger;
  #history = new TaskHistory();
  /** The newest finished task that was learnt from. */
  #learntId = 0;

  constructor(config: Config, ledger: Ledger) {
    this.#ledger = ledger;
    const learnt = (): TaskHistory => this.#learnt();
    const adopted = new AdoptedRoutes(ledger.settings);
    this.adopted = adopted;
    const priceBook = new PriceBook(config);
    this.priceBook = priceBook;
    const chosen = agentFor(config);
    this.defaultAgent = chosen.kind;
    const adapterOf = adaptersOf(config.agents);
    this.floors = Object.fromEntries(
      Object.keys(config.agents).map((kind) => [kind, adapterOf(kind).traits]),
    );
    this.#rehearsal = chosen.kind === "rehearsal" ? [`REHEARSAL: ${chosen.because}`] : [];
    this.#rules = {
      routes: config.routes,
      tiers: Object.fromEntries(Object.entries(config.agents).map(([kind, { models }]) => [kind, models])),
      defaultAgent: chosen.kind,
      preferCheap: config.preferCheap,
      get adopted() {
        return adopted.all;
      },
      overheadTokens: config.estimate.overheadTokens,
      minSamples: config.estimate.minSamples,
      // Looked up each time: an update counts at once.
      get prices() {
        return priceBook.table;
      },
      floors: this.floors,
      samples: (agent, model, type) =>
        ledger.spend
          .samples(agent, model ?? "", type, samplesMax)
          .map(({ tokens, nano }) => ({ tokens, nanoUsd: nano })),
      get history() {
        return learnt();
      },
      roster: config.roster?.roster ?? null,
      agentOfWorker: (worker) => ledger.workers.all().find(({ name }) => name === worker)?.agent ?? null,
    };
  }

  /** What a person must know, one sentence each. */
  get notices(): readonly string[] {
    return [...this.#rehearsal, ...this.priceBook.notices, ...this.adopted.all.map(adoptedWords)];
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
    overrides: { type: string | null; model: string | null; agent: string | null; as?: string | null },
  ): Explanation {
    return explain({ text, worker: null, ...overrides }, this.#rules);
  }

  /** A decision with its forecast, and whether anybody knows what it costs. CtmError `usage` as for `explain`. */
  forecast(asked: Omit<DelegationRequest, "worker">): Forecasted {
    const explained = explain({ ...asked, worker: null }, this.#rules);
    const { agent, model, type } = explained;
    const alike = this.#learnt().tasksOf({ agent, model: model ?? "", type, folder: "" }, "type");
    // Of a model that nobody named, only the finished tasks know a price.
    const seen = model === null && alike.length > 0 && alike.every(({ priced }) => priced);
    return { explained, costKnown: explained.costNanoUsd !== null || seen };
  }

  /** What a task that waits or runs will use in all; null: its agent spends nothing. */
  forecastOf({ draft, assignment }: Pick<Task, "draft" | "assignment">): TaskForecast | null {
    const { agent, model, type, estimateTokens } = assignment;
    const traits = this.floors[agent];
    if (traits?.spends !== true) return null;
    const promptChars = codePoints(promptOf(draft.text, assignment.member));
    const task = { agent, model: model ?? "", type, folder: draft.cwd, promptChars };
    const { firstRequestTokens } = traits;
    const grounds = { firstRequestTokens, estimateTokens, prices: this.prices };
    return forecastTask(task, model, grounds, this.#learnt());
  }

  /** Costs of finished tasks were computed again: what was learnt of them is learnt anew. */
  forget(): void {
    this.#history = new TaskHistory();
    this.#learntId = 0;
  }

  /** The history, brought up to date with the tasks that have ended since. */
  #learnt(): TaskHistory {
    const { samples } = this.#ledger;
    const fresh = this.#learntId === 0 ? samples.newest(learntMax) : samples.after(this.#learntId, learntMax);
    for (const row of fresh) this.#history.add(finishedTask(row));
    this.#learntId = fresh.at(-1)?.id ?? this.#learntId;
    return this.#history;
  }

  /** Where tasks of a type go when nobody forces anything. */
  routeOf(type: TaskType): TypeRoute & { readonly agent: AgentKind } {
    const agent = this.#rules.routes[type].agent ?? this.defaultAgent;
    return { agent, ...typeRoute(type, agent, this.#rules) };
  }

  /** Models of an agent from the cheap one up, as far as an order of them is known. */
  ladderOf(agent: AgentKind): readonly string[] {
    return modelLadder(agent, this.#rules.tiers);
  }

  /** The model a worker of this agent starts with: the one most of its tasks will want. */
  launchModel(agent: string): string | null {
    const known = Object.keys(this.floors);
    if (!known.includes(agent))
      throw new CtmError(
        "usage",
        `there is no agent ${JSON.stringify(agent)}: choose one of ${known.join(", ")}`,
      );
    const { cheap, premium } = tiersOf(agent, this.#rules.tiers);
    return this.#rules.preferCheap ? cheap : premium;
  }
}

function agentFor(config: Config): { readonly kind: AgentKind; readonly because: string } {
  const { agent } = config.workers;
  if (agent !== "auto")
    return { kind: agent, because: "it was chosen; nothing is sent to any model, nothing is spent" };
  const path = processEnvironment()["PATH"] ?? "";
  return chooseAgent((kind) => findProgram(config.agents[kind]?.command[0] ?? "", path, config.workers.cwd));
}
