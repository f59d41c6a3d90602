/** `/healthz`: is a manager there, and does it do its work? For whoever watches over it, without a key. */
import { defineRoute, type Route } from "./http/route.ts";
import type { House } from "./routes.ts";

export function healthRoutes({ app, version }: House): readonly Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/healthz",
      access: "public",
      summary: "Is the manager there and able to write",
      handle: () => {
        const { mode } = app.status();
        const isWell = mode.kind !== "stopped";
        return { status: isWell ? 200 : 503, json: { status: isWell ? "ok" : "stopped", version } };
      },
    }),
  ];
}
