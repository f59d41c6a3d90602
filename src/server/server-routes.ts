/** What the server tells of itself: health, figures for Prometheus, the API's description, whom it refused. */
import type { MetricsModel } from "../reports/metrics-model.ts";
import type { StatusModel } from "../reports/status-model.ts";
import { defineRoute, type Route } from "./http/route.ts";
import { openApi } from "./openapi.ts";
import { prometheusText } from "./prometheus.ts";
import type { House } from "./routes.ts";

/** `described`: the routes its description is of. */
export function serverRoutes(
  { app, host, version, live, server }: House,
  described: readonly Route[],
): readonly Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/healthz",
      access: "public",
      summary: "Is the manager there and able to write",
      handle: () => {
        const isWell = app.status().mode.kind !== "stopped";
        return { status: isWell ? 200 : 503, json: { status: isWell ? "ok" : "stopped", version } };
      },
    }),
    defineRoute({
      method: "GET",
      path: "/metrics",
      access: "read",
      summary: "The figures as Prometheus reads them",
      handle: async () => ({
        text: prometheusText(
          (await host.run("status", {})) as StatusModel,
          (await host.run("metrics", {})) as MetricsModel,
          { refused: server().refusedCounts(), readers: live.readers },
        ),
        type: "text/plain; version=0.0.4; charset=utf-8",
      }),
    }),
    defineRoute({
      method: "GET",
      path: "/openapi.json",
      access: "public",
      summary: "This description",
      handle: () => ({ json: openApi(described, version) }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/refusals",
      access: "act",
      summary: "The last calls that were refused, and why",
      handle: () => ({ json: server().refusals() }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/session",
      access: "read",
      summary: "What the key of this call may do",
      handle: ({ rights }) => ({ json: { rights, version, timeZone: app.config.throttle.timeZone } }),
    }),
  ];
}
