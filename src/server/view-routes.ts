/** What can be looked at over HTTP: the same models the tables are drawn from, as JSON. Money is nano-dollars. */
import * as z from "zod";
import { CtmError } from "../base/errors.ts";
import { STATE_NAMES, TASK_TYPES, type TaskStateName } from "../tasks/task.ts";
import { TREND_STEPS, type TrendStep } from "../reports/cost-trend.ts";
import { SYSTEM, type Subject } from "../hierarchy/invocation.ts";
import { TIERS } from "../roster/roster.ts";
import { defineRoute, type Route } from "./http/route.ts";
import type { House } from "./routes.ts";

/** Most tasks of one page. */
const pageMax = 500;

const idWord = z.string().regex(/^\d{1,15}$/, "is no number");
const number = (max: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/, "is no number")
    .transform(Number)
    .refine((value) => value >= 1 && value <= max, `is a number from 1 to ${max}`);

const taskPage = z.strictObject({
  /** States with commas between; `held` are those that wait for a person. */
  state: z
    .string()
    .max(200)
    .refine((text) => text.split(",").every(isStateWord), "names states, with commas between")
    .optional(),
  type: z.enum(TASK_TYPES).optional(),
  worker: z.string().max(100).optional(),
  containing: z.string().max(1_000).optional(),
  before: idWord.transform(Number).optional(),
  limit: number(pageMax).optional(),
});

const since = z.strictObject({
  since: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/)
    .optional(),
});

function isStateWord(word: string): boolean {
  return word === "held" || (STATE_NAMES as readonly string[]).includes(word);
}

/** Views of one command each: what it gives is what is answered. */
const PLAIN: readonly (readonly [path: string, command: string, summary: string])[] = [
  ["/api/status", "status", "Queue, limits and workers"],
  ["/api/metrics", "metrics", "Tokens and cost by worker, model and type"],
  ["/api/throttle", "throttle", "Every limit, its level, when it frees, and what runs now"],
  ["/api/limits", "limits", "All limits and their names"],
  ["/api/workers", "workers", "The workers and what they have in hand"],
  ["/api/accounts", "accounts", "The accounts agents run with, and which are parked"],
  ["/api/plan", "plan", "When waiting tasks go, and which fit before a limit resets"],
  ["/api/recap", "recap", "What the last start found"],
  ["/api/roster", "roster", "The agents of the hierarchy"],
  [
    "/api/routes",
    "routes",
    "Models by measured success, for each type of task, and the routes that were adopted",
  ],
  ["/api/findings", "findings", "What the figures of the hierarchy say to do"],
];

export function viewRoutes({ app, host }: House): readonly Route[] {
  const plain = PLAIN.map(([path, command, summary]) =>
    defineRoute({
      method: "GET",
      path,
      access: "read",
      summary,
      handle: async () => ({ json: await host.run(command, {}) }),
    }),
  );
  return [
    ...plain,
    defineRoute({
      method: "GET",
      path: "/api/fleet",
      access: "read",
      summary:
        "The agents, what is left of the day's budget, and the comparison with looking for work by the clock",
      handle: () => ({ json: app.pages.fleet() }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/tasks",
      access: "read",
      summary: "Tasks a page at a time, newest first",
      query: taskPage,
      handle: ({ query }) => ({ json: app.pages.tasks(pageQuery(query)) }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/tasks/:id",
      access: "read",
      summary: "One task: text, moves, attempts, estimate and what it used",
      handle: ({ params }) => ({ json: app.pages.story(taskIdOf(params)) }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/why/:what",
      access: "read",
      summary: "What a task waits for, or how a worker's state is known",
      handle: async ({ params }) => ({ json: await host.run("why", { what: params["what"] }) }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/workers/:worker/output",
      access: "read",
      summary: "What a worker printed last",
      query: z.strictObject({ lines: number(1_000).optional() }),
      handle: async ({ params, query }) => ({
        json: await host.run("output", { worker: params["worker"], lines: query.lines ?? 60 }),
      }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/spend/:step",
      access: "read",
      summary: "What was spent, daily, weekly or monthly, by model and for each completed task",
      handle: ({ params }) => ({ json: app.pages.costTrend(stepOf(params["step"])) }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/hierarchy",
      access: "read",
      summary: "Figures of every agent, department and tier, and of all together",
      query: since,
      handle: async ({ query }) => ({ json: await everySubject(app, query.since ?? null, host) }),
    }),
  ];
}

function pageQuery(query: z.output<typeof taskPage>): Parameters<House["app"]["pages"]["tasks"]>[0] {
  const words = query.state?.split(",") ?? null;
  const isHeldAlone = words !== null && words.length === 1 && words[0] === "held";
  return {
    states:
      words === null
        ? null
        : isHeldAlone
          ? ["queued"]
          : (words.filter((word) => word !== "held") as TaskStateName[]),
    held: isHeldAlone ? true : null,
    type: query.type ?? null,
    worker: query.worker ?? null,
    containing: query.containing ?? null,
    before: query.before ?? null,
    limit: query.limit ?? 100,
  };
}

/** CtmError `not-found` for what is no task's number. */
export function taskIdOf({ id = "" }: Readonly<Record<string, string>>): number {
  const checked = idWord.safeParse(id);
  if (checked.success) return Number(checked.data);
  throw new CtmError("not-found", "tasks have numbers");
}

function stepOf(word: string | undefined): TrendStep {
  const found = TREND_STEPS.find((step) => step === word);
  if (found !== undefined) return found;
  throw new CtmError("not-found", `spending is shown ${TREND_STEPS.join(", ")}`);
}

/** One after another: each is a look at kept sums. */
async function everySubject(app: House["app"], since: string | null, host: House["host"]): Promise<unknown> {
  const { members, departments } = app.hierarchy.roster();
  const subjects: readonly Subject[] = [
    SYSTEM,
    ...TIERS.map((id): Subject => ({ kind: "tier", id })),
    ...departments.map(({ id }): Subject => ({ kind: "department", id })),
    ...members.map(({ id }): Subject => ({ kind: "agent", id })),
  ];
  const figures: unknown[] = [];
  for (const { kind, id } of subjects) {
    const of = kind === "system" ? {} : { id };
    figures.push(await host.run(`metrics ${kind}`, { ...of, ...(since === null ? {} : { since }) }));
  }
  return { hasRoster: members.length > 0, figures };
}
