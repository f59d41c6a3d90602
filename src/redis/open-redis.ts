/**
 * Redis beside a manager: what happens is told on a channel, to whoever listens, and events are taken from a stream. It
 * may be away at any time: the manager goes on without it. Loaded only where it is wished for.
 */
import { createHash, randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { App } from "../app.ts";
import { faultPoint } from "../faults/fault-point.ts";
import type { RedisState } from "../reports/redis.ts";
import { Live, type LiveFact } from "../server/live.ts";
import { causeOf, connectionTo, type Connection } from "./connection.ts";
import { StreamReader } from "./stream-reader.ts";

const PUBLISH = faultPoint("redis.publish");

export interface RedisLink {
  close(): Promise<void>;
}

/** Begins, and returns at once: whether it is there is seen later. */
export function openRedis(app: App, url: string): RedisLink {
  const { prefix } = app.config.redis;
  let state: RedisState = {
    ...{ reachable: false, error: null, taken: 0, rejected: 0, published: 0, unpublished: 0 },
  };
  const note = (change: Partial<RedisState>): void => app.redis.note((state = { ...state, ...change }));
  note({});
  const connect = (): Connection =>
    connectionTo({
      url,
      ready: () => note({ reachable: true, error: null }),
      away: (error) => note({ reachable: false, error }),
    });
  const [telling, reading] = [connect(), connect()];
  const live = new Live(app, randomBytes(6).toString("hex"));
  const publish = (fact: LiveFact): void => {
    const message = JSON.stringify({ kind: "fact", ...fact });
    PUBLISH.pass(() => telling.sendCommand(["PUBLISH", `${prefix}:live`, message])).then(
      () => note({ published: state.published + 1 }),
      () => note({ unpublished: state.unpublished + 1 }),
    );
  };
  live.follow(publish);
  const reader = new StreamReader({
    connection: reading,
    stream: `${prefix}:events`,
    consumer: consumerName(app.config.paths.stateDir),
    // Whoever may write there may write anything.
    take: (events) => app.events.takeShared(events, { foreign: true, via: "redis" }),
    counted: (taken, rejected) => note({ taken: state.taken + taken, rejected: state.rejected + rejected }),
    trouble: (message) => app.events.noteTrouble(message),
    causeOf: (error) => causeOf(error, url),
  });
  const ended = reader.run();
  return {
    close: async () => {
      live.close();
      reader.close();
      telling.destroy();
      reading.destroy();
      await ended;
    },
  };
}

/** One manager a state folder: after any end the next one goes on with what this one had read. */
function consumerName(stateDir: string): string {
  const machine = hostname();
  return `${machine.slice(0, 60)}-${createHash("sha256").update(`${machine} ${stateDir}`).digest("hex").slice(0, 12)}`;
}
