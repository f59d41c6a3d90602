/** The dashboard of a manager: its HTTP server with all that is served there. Loaded only where it is wished for. */
import { randomBytes } from "node:crypto";
import type { App } from "../app.ts";
import { CtmError } from "../base/errors.ts";
import type { CommandHost } from "../commands/host.ts";
import { isLoopback } from "../config-dashboard.ts";
import { dashboardKeys, noteDashboard } from "../dashboard-file.ts";
import { openHttpServer, type HttpServer } from "./http/http-server.ts";
import { Live } from "./live.ts";
import { liveSocket } from "./live-routes.ts";
import { openMcpDoor } from "./mcp-routes.ts";
import { allRoutes } from "./routes.ts";

/** How many ports are tried, from the configured one on: each project with a manager of its own has one. */
const portsTried = 10;

export interface Dashboard {
  readonly url: string;
  /** What the person should know, a sentence each. */
  readonly notices: readonly string[];
  close(): Promise<void>;
}

export interface DashboardParts {
  readonly app: App;
  readonly host: CommandHost;
  readonly version: string;
}

/** Serves it. Throws CtmError `io` where it cannot listen, `refused` where the file of its keys is not ours. */
export async function openDashboard({ app, host, version }: DashboardParts): Promise<Dashboard> {
  const { bind, port, hosts } = app.config.dashboard;
  const file = app.config.paths.dashboardFile;
  const keys = dashboardKeys(file);
  const live = new Live(app, randomBytes(6).toString("hex"));
  let opened: HttpServer | null = null;
  const frame = { app, host, live, version, server: () => needed(opened) };
  const mcp = openMcpDoor(frame);
  const house = { ...frame, mcp: mcp.routes };
  const server = await openHttpServer({
    bind,
    ports: portsFrom(port),
    names: servedNames(bind, hosts),
    keys,
    routes: allRoutes(house),
    sockets: [await liveSocket(live)],
    now: () => Date.now(),
  });
  opened = server;
  const [name = bind] = isLoopback(bind) ? [bind] : hosts;
  const url = `http://${name.includes(":") ? `[${name}]` : name}:${server.port}/`;
  try {
    noteDashboard(file, url);
  } catch (error) {
    await server.close();
    throw error;
  }
  return {
    url,
    notices: noticesOf(bind, port, server.port),
    close: async () => {
      live.close();
      await mcp.close();
      await server.close();
      try {
        noteDashboard(file, null);
      } catch (error) {
        // A full disk keeps nobody from leaving: an address nobody answers at is seen as such.
        if (!(error instanceof CtmError)) throw error;
      }
    },
  };
}

function needed(server: HttpServer | null): HttpServer {
  if (server === null) throw new Error("it was called before it listened");
  return server;
}

/** Names it is called by. "Every address" is none: browsers reach this machine under it from pages that have no name here. */
export function servedNames(bind: string, hosts: readonly string[]): readonly string[] {
  const own = /^[0:.]+$/.test(bind) ? [] : [bind];
  return [...own, "127.0.0.1", "localhost", "::1", ...hosts];
}

function portsFrom(port: number): readonly number[] {
  if (port === 0) return [0];
  return Array.from({ length: portsTried }, (_, at) => port + at).filter((number) => number <= 65_535);
}

function noticesOf(bind: string, wished: number, got: number): string[] {
  const notices: string[] = [];
  if (wished !== 0 && got !== wished) notices.push(`port ${wished} is taken: the dashboard is on ${got}`);
  if (!isLoopback(bind))
    notices.push(
      `the dashboard listens at ${bind}, without encryption: whoever can listen in on that network reads its keys`,
    );
  return notices;
}
