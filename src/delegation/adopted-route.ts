/**
 * Routes a person has taken up from what was suggested: until they are dropped they stand before the configuration's,
 * for the tasks of a type or of an agent of the roster. What a person forces for one task still wins.
 */
import type { AgentKind } from "../agents/adapter.ts";
import { routeModel, type Routes, type TierTable } from "./routes.ts";
import type { TaskType } from "../tasks/task.ts";

export interface AdoptedRoute {
  readonly kind: "type" | "member";
  /** Task type, or id of an agent of the roster. */
  readonly subject: string;
  /** Kind of agent it was suggested for; another one's tasks go as before. */
  readonly agent: AgentKind;
  readonly model: string;
  /** What it took the place of; null = the agent's own default. */
  readonly insteadOf: string | null;
  /** One sentence with the figures it was adopted for. */
  readonly because: string;
  readonly atMs: number;
}

/** What a task's route is called behind its name, so that it tells how it came to its model. */
const mark = ", adopted";

export function adoptedName(route: string): string {
  return `${route}${mark}`;
}

export function isAdoptedName(route: string): boolean {
  return route.endsWith(mark);
}

export function adoptedFor(
  kind: AdoptedRoute["kind"],
  subject: string,
  adopted: readonly AdoptedRoute[],
): AdoptedRoute | null {
  return adopted.find((route) => route.kind === kind && route.subject === subject) ?? null;
}

/** What decides over the model of a type. */
export interface TypeRules {
  readonly routes: Routes;
  readonly tiers: TierTable;
  readonly preferCheap: boolean;
  readonly adopted: readonly AdoptedRoute[];
}

export interface TypeRoute {
  readonly model: string | null;
  /** What the configuration says alone. */
  readonly configured: string | null;
  readonly adopted: AdoptedRoute | null;
}

/** The model of a type's tasks with an agent, when nobody forces one. `preferCheap` goes over what was adopted, too. */
export function typeRoute(type: TaskType, agent: AgentKind, rules: TypeRules): TypeRoute {
  const configured = routeModel(rules.routes[type], agent, rules.tiers, rules.preferCheap);
  const found = rules.preferCheap ? null : adoptedFor("type", type, rules.adopted);
  const adopted = found?.agent === agent ? found : null;
  return { model: adopted?.model ?? configured, configured, adopted };
}

/** `coding tasks`, `tasks of react-expert` */
export function subjectWords({ kind, subject }: Pick<AdoptedRoute, "kind" | "subject">): string {
  return kind === "type" ? `${subject} tasks` : `tasks of ${subject}`;
}

export function modelWords(model: string | null): string {
  return model ?? "the agent's own default";
}

/** What is told as long as it stands. */
export function adoptedWords(route: AdoptedRoute): string {
  return `${subjectWords(route)} go to ${route.model} instead of ${modelWords(route.insteadOf)} (adopted; \`routes drop ${route.subject}\` takes it back)`;
}
