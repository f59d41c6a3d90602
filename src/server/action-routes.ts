/**
 * What can be done over HTTP. Each is a command of the prompt, carried out by the same rules; what is checked here is
 * only the shape, so that it can be described. Nothing is done by GET.
 */
import * as z from "zod";
import { CtmError } from "../base/errors.ts";
import { labelMaxChars, taskTextMaxBytes } from "../base/limits.ts";
import { REPORT_KINDS } from "../hierarchy/reports.ts";
import { PRIORITIES } from "../tasks/priority.ts";
import { TASK_TYPES } from "../tasks/task.ts";
import { defineRoute, type Call, type Route } from "./http/route.ts";
import type { House } from "./routes.ts";
import { taskIdOf } from "./view-routes.ts";

const label = z.string().min(1).max(labelMaxChars);
const text = z.string().min(1).max(taskTextMaxBytes);
/** In JSON a character can take six bytes, and a text has at most one MiB of them. */
const textBodyMaxBytes = 6 * taskTextMaxBytes + 16 * 1024;

const draft = z.strictObject({
  text,
  priority: z.enum(PRIORITIES).optional(),
  type: z.enum(TASK_TYPES).optional(),
  model: label.optional(),
  agent: label.optional(),
  worker: label.optional(),
  as: label.optional(),
  cwd: z.string().max(4_096).optional(),
  /** The same key is the same task, however often it is sent. */
  key: label.optional(),
  hold: label.optional(),
  cap: label.optional(),
});

const nothing = z.strictObject({});
const reason = z.strictObject({ reason: label.optional() });
const report = z.strictObject({
  what: z.enum(REPORT_KINDS),
  amount: z.number().min(0).optional(),
  passed: z.number().min(0).optional(),
});

/** Acts on one task: `POST /api/tasks/7/…`. */
function onTask<Body>(
  { host }: House,
  act: string,
  summary: string,
  body: z.ZodType<Body>,
  input: (id: number, body: Body) => Readonly<Record<string, unknown>>,
): Route {
  return defineRoute<Readonly<Record<string, never>>, Body>({
    method: "POST",
    path: `/api/tasks/:id/${act}`,
    access: "act",
    summary,
    body,
    handle: async (call) => ({ json: await host.run(act, input(taskIdOf(call.params), call.body)) }),
  });
}

function taskActions(house: House): readonly Route[] {
  const { host, app } = house;
  const many = (id: number): { ids: number[] } => ({ ids: [id] });
  return [
    defineRoute({
      method: "POST",
      path: "/api/tasks",
      access: "act",
      summary: "Queue a task",
      body: draft,
      bodyMaxBytes: textBodyMaxBytes,
      handle: async ({ body }) => {
        const cwd = body.cwd ?? app.config.workers.cwd;
        return { status: 201, json: await host.run("add", { ...body, cwd, origin: "http" }) };
      },
    }),
    onTask(house, "cancel", "Cancel a task; one at work is stopped at its worker", nothing, many),
    onTask(house, "retry", "Queue a failed, lost or cancelled task again", nothing, many),
    onTask(house, "release", "Let a held task go", nothing, many),
    onTask(house, "hold", "Keep a waiting task back", reason, (id, body) => ({ id, ...body })),
    onTask(
      house,
      "priority",
      "Change a task's priority",
      z.strictObject({ level: z.enum(PRIORITIES) }),
      (id, body) => ({
        id,
        ...body,
      }),
    ),
    onTask(house, "cap", "Cap what one task may use", z.strictObject({ amount: label }), (id, body) => ({
      id,
      ...body,
    })),
  ];
}

export function actionRoutes(house: House): readonly Route[] {
  const { host } = house;
  return [
    ...taskActions(house),
    defineRoute({
      method: "POST",
      path: "/api/workers/:worker/answer",
      access: "act",
      summary: "Answer the question a worker waits with",
      body: z.strictObject({ text }),
      handle: async ({ params, body }) => ({
        json: await host.run("answer", { worker: params["worker"], text: body.text }),
      }),
    }),
    defineRoute({
      method: "POST",
      path: "/api/limits/raise",
      access: "act",
      summary: "Raise a limit until a given time, with a reason that is booked",
      body: z.strictObject({ id: label, amount: label, until: label, reason: label }),
      handle: async ({ body }) => ({ json: await host.run("limits raise", body) }),
    }),
    defineRoute({
      method: "POST",
      path: "/api/dispatch",
      access: "act",
      summary: "Turn auto mode on or off, pause the dispatch or end its pause",
      body: z.strictObject({ act: z.enum(["auto", "manual", "pause", "resume"]), reason: label.optional() }),
      handle: async ({ body }) => ({ json: await dispatch(host, body) }),
    }),
    defineRoute({
      method: "POST",
      path: "/api/findings/:id/ack",
      access: "act",
      summary: "Say that a finding was seen",
      body: nothing,
      handle: async ({ params }) => ({ json: await host.run("findings ack", { id: params["id"] }) }),
    }),
    ...routeActions(house),
    defineRoute({
      method: "POST",
      path: "/api/report",
      access: "signed",
      summary: "An agent reports on the task it has in hand; its CTM_REPORT stands in the head x-ctm-report",
      body: report,
      handle: async (call) => ({ json: await host.run("report", { ...call.body, key: reportKeyOf(call) }) }),
    }),
  ];
}

function routeActions({ host }: House): readonly Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/api/routes/:what/adopt",
      access: "act",
      summary:
        "Send a type of task to the model suggested for it; without `yes` it is only told what would change",
      body: z.strictObject({ yes: z.boolean().optional() }),
      handle: async ({ params, body }) => ({
        json: await host.run("routes adopt", { what: params["what"], ...body }),
      }),
    }),
    defineRoute({
      method: "POST",
      path: "/api/routes/:what/drop",
      access: "act",
      summary: "Take an adopted route back: one of a type, or of an agent of the roster",
      body: nothing,
      handle: async ({ params }) => ({ json: await host.run("routes drop", { what: params["what"] }) }),
    }),
  ];
}

function dispatch(
  host: House["host"],
  { act, reason: why }: { act: "auto" | "manual" | "pause" | "resume"; reason?: string | undefined },
): Promise<unknown> {
  switch (act) {
    case "auto":
      return host.run("auto", { mode: "on" });
    case "manual":
      return host.run("auto", { mode: "off" });
    case "pause":
      return host.run("pause", why === undefined ? {} : { reason: why });
    case "resume":
      return host.run("resume", {});
    default:
      return act satisfies never;
  }
}

/** Without one it would be a person's word, and a person has a key of the dashboard. */
function reportKeyOf({ headers }: Call): string {
  const key = headers["x-ctm-report"];
  if (typeof key === "string" && key !== "") return key;
  throw new CtmError("refused", "a report needs the CTM_REPORT of its worker in the head x-ctm-report");
}
