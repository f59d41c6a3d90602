/** Reaching the house: as its manager, as a client of the manager that runs, or straight at the ledger. */
import { openApp, type App } from "../app.ts";
import { CtmError } from "../base/errors.ts";
import { localHost, type CommandHost } from "../commands/host.ts";
import type { Config } from "../config.ts";
import { openManagerSocket } from "../server/manager-socket.ts";
import { connectManager, type RemoteHost } from "../server/remote-host.ts";
import { openSources } from "../triggers/sources.ts";
import type { RedisLink } from "../redis/open-redis.ts";
import type { Settings } from "./arguments.ts";
import { VERSION } from "./version.ts";

/** How long a manager that holds the lock may take to open its socket. */
const socketWaitMaxMs = 15_000;
const socketRetryMs = 100;

export interface Manager {
  readonly app: App;
  readonly host: CommandHost;
  /** Resolves with the reason when nothing more can be written until a new start. */
  readonly broken: Promise<CtmError>;
  close(workers: "leave" | "kill"): Promise<void>;
}

/** Becomes the manager. Throws CtmError `manager-running` when there is one. */
export async function becomeManager(config: Config, settings: Settings): Promise<Manager> {
  const app = await openApp(config, "manager", { adopt: settings.adopt === true });
  const host = localHost(app);
  const broken = new Promise<CtmError>((resolve) => {
    app.onFact((fact) => {
      if (fact.kind === "storage-changed" && fact.ends)
        resolve(new CtmError("ledger", fact.fault ?? "the database cannot be written"));
    });
  });
  try {
    const socket = await openManagerSocket({ path: config.paths.managerSocket, host, version: VERSION });
    const sources = openSources(app);
    const redis = await redisBeside(app);
    return {
      app,
      host,
      broken,
      close: async (workers) => {
        sources.close();
        await redis?.close();
        await socket.close();
        await app.close({ workers });
      },
    };
  } catch (error) {
    await app.close({ workers: "leave" });
    throw error;
  }
}

/** null: it is not wished for, and nothing of it is loaded. */
async function redisBeside(app: App): Promise<RedisLink | null> {
  const { url } = app.config.redis;
  if (url === null) return null;
  const { openRedis } = await import("../redis/open-redis.ts");
  return openRedis(app, url);
}

/** The manager, or its client when another process is the manager already. */
export async function joinHouse(config: Config, settings: Settings): Promise<Manager | RemoteHost> {
  try {
    return await becomeManager(config, settings);
  } catch (error) {
    if (!(error instanceof CtmError) || error.code !== "manager-running") throw error;
    return connectSoon(config, error);
  }
}

/** Runs something at the manager, or at the ledger when none runs. */
export async function withHost<T>(config: Config, act: (host: CommandHost) => Promise<T>): Promise<T> {
  const remote = await connectManager(config.paths.managerSocket);
  if (remote !== null) {
    try {
      return await act(remote);
    } finally {
      remote.close();
    }
  }
  const app = await openApp(config, "offline");
  try {
    return await act(localHost(app));
  } finally {
    await app.close({ workers: "leave" });
  }
}

/** A manager that has the lock opens its socket a moment later. */
async function connectSoon(config: Config, refusal: CtmError): Promise<RemoteHost> {
  const endMs = Date.now() + socketWaitMaxMs;
  for (;;) {
    const remote = await connectManager(config.paths.managerSocket);
    if (remote !== null) return remote;
    if (Date.now() > endMs) throw refusal;
    await new Promise((again) => setTimeout(again, socketRetryMs));
  }
}
