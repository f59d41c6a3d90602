/**
 * The delegator: what a task is, who does it with which model, and what is held for it. Pure: routes, prices and
 * history are handed in as rules. What the person forces (type, model, agent, worker) always wins.
 */
import type { AgentKind } from "../agents/adapter.ts";
import { CtmError } from "../base/errors.ts";
import { nearest } from "../base/suggest.ts";
import { priceTable, resolveModel, type PriceTable } from "../metering/prices.ts";
import {
  promptOf,
  TASK_TYPES,
  type AssignedMember,
  type Assignment,
  type TaskDraft,
  type TaskType,
} from "../tasks/task.ts";
import type { Sample } from "./calibration.ts";
import type { Member, Roster } from "../roster/roster.ts";
import { adoptedFor, adoptedName, typeRoute, type AdoptedRoute } from "./adopted-route.ts";
import { classify, type Classification } from "./classify.ts";
import { complexityOf } from "./complexity.ts";
import { codePoints, promptTokens } from "./estimate.ts";
import { asMember, assignedMember, preambleFor } from "./member-choice.ts";
import { mixCostNanoUsd, reservationFor, type AgentFloor, type Reservation } from "./reservation.ts";
import type { TaskHistory } from "./task-history.ts";
import { forecastTask, type TaskForecast } from "./task-forecast.ts";
import { modelsOf, takesModel, tiersOf, type Routes, type TierTable } from "./routes.ts";

/** What decides besides the text. */
export interface DelegationRules {
  readonly routes: Routes;
  readonly tiers: TierTable;
  readonly defaultAgent: AgentKind;
  /** Everything goes to the cheap model, unless one is forced. */
  readonly preferCheap: boolean;
  /** Routes a person adopted; they stand before the others. */
  readonly adopted: readonly AdoptedRoute[];
  readonly overheadTokens: number;
  readonly minSamples: number;
  readonly prices: PriceTable;
  readonly floors: Readonly<Record<AgentKind, AgentFloor>>;
  /** Settled tasks of one class, most recent first; at most 200 are looked at. */
  samples(agent: AgentKind, model: string | null, type: TaskType): readonly Sample[];
  /** What finished tasks say, also of their folders and prompts; null = only `samples` are known. */
  readonly history: TaskHistory | null;
  /** The project's hierarchy; null = all is one flat group. */
  readonly roster: Roster | null;
  /** Agent kind a worker runs; null = no such worker yet, or not known. */
  agentOfWorker(worker: string): AgentKind | null;
}

/** A task as far as the delegator reads it. Names are still as a person typed them. */
export type DelegationRequest = Pick<TaskDraft, "text" | "worker" | "model" | "agent"> & {
  readonly type: string | null;
  /** The folder it is about, where that is known. */
  readonly cwd?: string;
  /** Agent of the roster that shall do it. */
  readonly as?: string | null;
};

/** A decision with its grounds, for `route`. Costs are expectations; null = the model has no price. */
export interface Explanation extends Assignment {
  readonly confidence: number;
  readonly reasons: readonly string[];
  readonly costNanoUsd: number | null;
  /** What the whole task is expected to use; null = no history is kept, or the agent spends nothing. */
  readonly forecast: TaskForecast | null;
  /** The same task with the other models of this agent. */
  readonly alternatives: readonly { readonly model: string | null; readonly nanoUsd: number | null }[];
}

/** CtmError `usage`: a forced type, agent or model that does not exist, or that do not go together. */
export function delegate(request: DelegationRequest, rules: DelegationRules): Assignment {
  return decide(request, rules).assignment;
}

/** The same decision with its grounds. Throws what `delegate` throws. */
export function explain(asked: DelegationRequest, rules: DelegationRules): Explanation {
  const { assignment, classification, agent, reservation, request } = decide(asked, rules);
  const others = modelsOf(agent, rules.tiers, rules.routes).filter((model) => model !== assignment.model);
  return {
    ...assignment,
    confidence: classification.confidence,
    reasons: classification.reasons,
    costNanoUsd: reservation.expectedNanoUsd,
    forecast: forecastOf({ ...assignment, agent }, request, rules),
    alternatives: others.map((model) => ({
      model,
      nanoUsd: alternativeCost(model, agent, assignment, request, rules),
    })),
  };
}

interface Decision {
  readonly assignment: Assignment;
  readonly classification: Classification;
  readonly agent: AgentKind;
  readonly reservation: Reservation;
  /** What was asked, with what its agent of the roster adds. */
  readonly request: DelegationRequest;
}

function decide(asked: DelegationRequest, rules: DelegationRules): Decision {
  const classification = typeOf(asked);
  const { type } = classification;
  const route = rules.routes[type];
  const routed = route.agent ?? rules.defaultAgent;
  const chosen = assignedMember(asked, type, rules.roster);
  const found = chosen === null ? null : adoptedFor("member", chosen.id, rules.adopted);
  const given = found?.agent === (asked.agent ?? chosen?.agent ?? routed) ? found : null;
  const own = given?.model ?? chosen?.model ?? null;
  const wanted = chosen === null ? asked : asMember(asked, { ...chosen, model: own }, routed);
  const agent = agentOf(wanted, routed, rules);
  const member = chosen === null ? null : memberAt(chosen, agent, wanted.worker);
  const request = { ...wanted, text: promptOf(asked.text, member) };
  const ofType = typeRoute(type, agent, rules);
  const model = forcedModel(request, agent, rules) ?? ofType.model;
  const isAdopted = asked.model === null && (wanted.model === null ? ofType.adopted : given) !== null;
  const floor = floorOf(agent, rules);
  const estimateTokens = floor.spends ? promptTokens(request.text, rules.overheadTokens) : 0;
  const reservation = reserve({ agent, model, type, estimateTokens }, request, rules);
  const assignment: Assignment = {
    type,
    complexity: complexityOf(asked.text),
    route: isAdopted ? adoptedName(route.name) : route.name,
    agent,
    model,
    estimateTokens,
    member,
    reserveTokens: reservation.tokens,
    reserveNanoUsd: reservation.nanoUsd,
    reserveBasis: reservation.basis,
  };
  return { assignment, classification, agent, reservation, request };
}

function memberAt(member: Member, agent: AgentKind, worker: string | null): AssignedMember {
  return { id: member.id, preamble: preambleFor(member, agent), worker };
}

/** What the decision has come to before anything is held. */
interface Chosen {
  readonly agent: AgentKind;
  readonly model: string | null;
  readonly type: TaskType;
  readonly estimateTokens: number;
}

function reserve(chosen: Chosen, request: DelegationRequest, rules: DelegationRules): Reservation {
  const { minSamples, prices } = rules;
  const { agent, model, type } = chosen;
  const samples = rules.samples(agent, model, type);
  const forecast = forecastOf(chosen, request, rules);
  const forecastP90 =
    forecast === null ? null : { tokens: forecast.tokens.p90, nanoUsd: forecast.nanoUsd.p90 };
  return reservationFor({
    ...chosen,
    floor: floorOf(agent, rules),
    samples,
    minSamples,
    prices,
    forecastP90,
  });
}

/** Null: there is no history, or the agent spends nothing. */
function forecastOf(
  { agent, model, type, estimateTokens }: Chosen,
  { text, cwd = "" }: DelegationRequest,
  rules: DelegationRules,
): TaskForecast | null {
  const { prices, history } = rules;
  const { spends, firstRequestTokens } = floorOf(agent, rules);
  if (history === null || !spends) return null;
  const promptChars = codePoints(text);
  const task = { agent, model: model ?? "", type, folder: cwd, promptChars };
  return forecastTask(task, model, { firstRequestTokens, estimateTokens, prices }, history);
}

/** With history of its own an alternative is judged by it, else by its price for the same tokens. */
function alternativeCost(
  model: string | null,
  agent: AgentKind,
  { type, estimateTokens, reserveTokens }: Assignment,
  request: DelegationRequest,
  rules: DelegationRules,
): number | null {
  const own = reserve({ agent, model, type, estimateTokens }, request, rules);
  if (own.calibration.samples > 0 || !floorOf(agent, rules).spends) return own.expectedNanoUsd;
  return mixCostNanoUsd(reserveTokens, model, rules.prices);
}

function typeOf({ text, type }: DelegationRequest): Classification {
  if (type === null) return classify(text);
  const known = TASK_TYPES.find((name) => name === type.toLowerCase());
  if (known === undefined) throw unknown("task type", type, TASK_TYPES);
  return { type: known, confidence: 1, reasons: ["type set by hand"] };
}

function agentOf({ agent, worker }: DelegationRequest, routed: AgentKind, rules: DelegationRules): AgentKind {
  if (agent !== null && !Object.hasOwn(rules.floors, agent))
    throw unknown("agent", agent, Object.keys(rules.floors));
  const atWorker = worker === null ? null : rules.agentOfWorker(worker);
  if (worker !== null && atWorker !== null && agent !== null && agent !== atWorker) {
    throw new CtmError("usage", `worker ${shown(worker)} runs ${atWorker}, not ${agent}`);
  }
  return agent ?? atWorker ?? routed;
}

/** A worker may still run an agent that no rule knows any more: it spends, and nobody knows how much. */
function floorOf(agent: AgentKind, { floors }: DelegationRules): AgentFloor {
  return floors[agent] ?? { spends: true, firstRequestTokens: 0 };
}

/** `cheap` and `premium` may be forced as well: they mean what they mean for the agent. */
function forcedModel({ model }: DelegationRequest, agent: AgentKind, rules: DelegationRules): string | null {
  if (model === null) return null;
  const { tiers, routes, prices } = rules;
  if (model === "cheap" || model === "premium") return tiersOf(agent, tiers)[model];
  const named = modelsOf(agent, tiers, routes);
  if (named.includes(model)) return model;
  if (!takesModel(agent, model)) {
    throw usage(
      agent === "shell" ? "the shell has no models" : `${agent} cannot run the model ${shown(model)}`,
    );
  }
  if (isPriced(model, prices)) return model;
  const known = [...named.filter((name) => name !== null), ...listed.aliases.keys(), ...listed.models.keys()];
  throw unknown(
    "model",
    model,
    known.filter((name) => takesModel(agent, name)),
    "set a price for it in the configuration to use it",
  );
}

const listed = priceTable("list");

/** Is this a model that somebody has a price for? A profile with one price for everything knows no names. */
function isPriced(model: string, prices: PriceTable): boolean {
  if (resolveModel(model, listed) !== null) return true;
  return prices.matching !== "any" && resolveModel(model, prices) !== null;
}

const namesShownMax = 6;

function unknown(what: string, word: string, known: readonly string[], advice?: string): CtmError {
  const near = nearest(word, known);
  const names = known.slice(0, namesShownMax).join(", ");
  const hint = near === null ? `there are ${names}` : `did you mean ${near}?`;
  const more = advice === undefined ? "" : `; ${advice}`;
  return usage(`${shown(word)} is no ${what} (${hint})${more}`);
}

function usage(message: string): CtmError {
  return new CtmError("usage", message);
}

/** What a person typed, in a sentence: short and without anything a terminal would obey. */
function shown(word: string): string {
  const plain = word.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, "?");
  return JSON.stringify(plain.length > 60 ? `${plain.slice(0, 59)}…` : plain);
}
