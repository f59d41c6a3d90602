/**
 * Events, triggers and dispatch rounds over HTTP: what came in and why it woke somebody or not, taken again, held back.
 * Each is a command of the prompt, by the same rules.
 */
import * as z from "zod";
import { OUTCOMES } from "../activation/trigger.ts";
import { defineRoute, type Route } from "./http/route.ts";
import type { House } from "./routes.ts";

/** Most events of one list. */
const eventsMax = 500;

/** Of the last 30m, 2h or 7d. */
const since = z
  .string()
  .regex(/^\d{1,4}[mhd]$/, "is no time such as 30m, 2h or 7d")
  .optional();
const word = z.string().min(1).max(200);
const nothing = z.strictObject({});

const list = z.strictObject({
  type: word.optional(),
  outcome: z.enum(OUTCOMES).optional(),
  wake: z
    .string()
    .regex(/^\d{1,9}$/, "is no number")
    .optional(),
  since,
  limit: z
    .string()
    .regex(/^\d{1,3}$/, "is no number")
    .refine((text) => Number(text) >= 1 && Number(text) <= eventsMax, `is a number from 1 to ${eventsMax}`)
    .optional(),
});

export function eventViewRoutes(house: House): readonly Route[] {
  return [...looking(house), ...acting(house)];
}

function looking({ host }: House): readonly Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/events",
      access: "read",
      summary: "Events, newest first, and what became of each",
      query: list,
      handle: async ({ query }) => ({ json: await host.run("events list", query) }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/events/:event",
      access: "read",
      summary: "One event with its data, and why it woke somebody or not, by its number or id",
      handle: async ({ params }) => ({ json: await host.run("events why", params) }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/event-metrics",
      access: "read",
      summary: "Latency, tokens and counts of what events woke, of the last day unless said otherwise",
      query: z.strictObject({ since }),
      handle: async ({ query }) => ({ json: await host.run("events metrics", query) }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/triggers",
      access: "read",
      summary: "The triggers, what waits at each and when it woke somebody",
      handle: async () => ({ json: await host.run("triggers list", {}) }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/dead-letters",
      access: "read",
      summary: "Wakes and events that were put aside",
      handle: async () => ({ json: await host.run("events dlq", {}) }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/dispatches",
      access: "read",
      summary: "The newest dispatch rounds, or all: tokens of agents and of coordinators, overhead, tests",
      query: z.strictObject({ all: z.enum(["true"]).optional() }),
      handle: async ({ query }) => ({ json: await host.run("dispatches", { all: query.all === "true" }) }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/dispatches/:name",
      access: "read",
      summary: "All figures of one dispatch round",
      handle: async ({ params }) => ({ json: await host.run("dispatch show", params) }),
    }),
  ];
}

function acting({ host }: House): readonly Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/api/events/:event/replay",
      access: "act",
      summary: "Take an event once more, as a new one that names the old",
      body: nothing,
      handle: async ({ params }) => ({ json: await host.run("events replay", params) }),
    }),
    defineRoute({
      method: "POST",
      path: "/api/triggers/test",
      access: "act",
      summary: "Say what an event (CloudEvents 1.0) would come to, gate by gate; nothing is sent",
      body: z.strictObject({ event: z.record(z.string(), z.unknown()) }),
      handle: async ({ body }) => ({
        json: await host.run("triggers test", { text: JSON.stringify(body.event) }),
      }),
    }),
    ...(["pause", "resume"] as const).map((verb) =>
      defineRoute({
        method: "POST",
        path: `/api/triggers/:name/${verb}`,
        access: "act",
        summary: verb === "pause" ? "Let a trigger wake nobody; its events wait" : "Let it wake again",
        body: nothing,
        handle: async ({ params }) => ({ json: await host.run(`triggers ${verb}`, params) }),
      }),
    ),
    ...(["retry", "drop"] as const).map((action) =>
      defineRoute({
        method: "POST",
        path: `/api/dead-letters/:ref/${action}`,
        access: "act",
        summary: action === "retry" ? "Try what was put aside again" : "Give up what was put aside",
        body: nothing,
        handle: async ({ params }) => ({
          json: await host.run("events dlq", { action, refs: [params["ref"]] }),
        }),
      }),
    ),
  ];
}
