/** Everything that is served over HTTP, one list. A part that wants to be reached adds its routes here. */
import type { App } from "../app.ts";
import type { CommandHost } from "../commands/host.ts";
import { healthRoutes } from "./health-routes.ts";
import type { Route } from "./http/route.ts";

/** What routes are made from. */
export interface House {
  readonly app: App;
  /** Carries commands out, by the same rules as the prompt. */
  readonly host: CommandHost;
  readonly version: string;
}

export function allRoutes(house: House): readonly Route[] {
  return [...healthRoutes(house)];
}
