/** Everything that is served over HTTP, one list. A part that wants to be reached adds its routes here. */
import type { App } from "../app.ts";
import type { CommandHost } from "../commands/host.ts";
import { actionRoutes } from "./action-routes.ts";
import { eventRoutes } from "./event-routes.ts";
import { eventViewRoutes } from "./event-view-routes.ts";
import type { HttpServer } from "./http/http-server.ts";
import type { Route } from "./http/route.ts";
import type { Live } from "./live.ts";
import { liveRoutes } from "./live-routes.ts";
import { openingRoute } from "./opening-route.ts";
import { pageRoutes } from "./page-routes.ts";
import { serverRoutes } from "./server-routes.ts";
import { viewRoutes } from "./view-routes.ts";

/** What routes are made from. */
export interface House {
  readonly app: App;
  /** Carries commands out, by the same rules as the prompt. */
  readonly host: CommandHost;
  readonly live: Live;
  readonly version: string;
  /** The tools for agents: described by their own protocol. */
  readonly mcp: readonly Route[];
  /** The server they are served by, once it listens. */
  server(): HttpServer;
}

export function allRoutes(house: House): readonly Route[] {
  const api = [
    ...viewRoutes(house),
    ...actionRoutes(house),
    ...liveRoutes(house.live),
    ...eventRoutes(house),
    ...eventViewRoutes(house),
  ];
  const own = serverRoutes(house, api);
  return [...pageRoutes(), ...api, ...own, openingRoute([...api, ...own]), ...house.mcp];
}
