/**
 * The manager's unix socket: other processes of the same person hand their commands over here. Whoever holds the
 * manager's lock owns the path, so a file left by a crash is simply replaced.
 */
import { lstatSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { CtmError } from "../base/errors.ts";
import type { CommandHost } from "../commands/host.ts";
import { faultPoint } from "../faults/fault-point.ts";
import { ensurePrivateFolders } from "../ledger/state-folder.ts";
import { serveConnection } from "./connection.ts";

const STALE = faultPoint("socket.remove-stale");
const LISTEN = faultPoint("socket.listen");

/** Callers at once. */
const connectionsMax = 64;

export interface ManagerSocket {
  /** Stops listening and cuts every connection. */
  close(): Promise<void>;
}

/**
 * Listens at `path`, in a folder that is ours alone (0700). Call it only while holding the manager's lock.
 * Throws CtmError `io` or `refused`.
 */
export async function openManagerSocket(options: {
  readonly path: string;
  readonly host: CommandHost;
  readonly version: string;
}): Promise<ManagerSocket> {
  const { path, host, version } = options;
  ensurePrivateFolders([dirname(path)]);
  removeStale(path);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serveConnection(socket, host, version);
  });
  server.maxConnections = connectionsMax;
  await listenPrivately(server, path);
  return {
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function removeStale(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new CtmError("refused", `${path} is in the way and is not a socket`);
  STALE.pass(() => rmSync(path, { force: true }));
}

/** The socket is 0600 from its creation on: bind happens inside `listen`, under our umask. */
function listenPrivately(server: Server, path: string): Promise<void> {
  return new Promise((listening, failed) => {
    server.once("error", (error) =>
      failed(
        new CtmError("io", `the manager's socket ${path} cannot be opened: ${error.message}`, [], {
          cause: error,
        }),
      ),
    );
    const before = process.umask(0o177);
    try {
      LISTEN.pass(() => server.listen(path, () => listening()));
    } finally {
      process.umask(before);
    }
  });
}
