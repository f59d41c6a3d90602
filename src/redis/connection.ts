/** A connection to Redis that comes back by itself. What is asked of it while it is away fails at once. */
import { createRequire } from "node:module";
import type { RedisClientType } from "@redis/client";
import { faultPoint } from "../faults/fault-point.ts";

const CONNECT = faultPoint("redis.connect");

const firstDelayMs = 100;
const delayMaxMs = 10_000;
/** Commands that may wait for an answer at once. */
const commandsMax = 1_000;
/** A line on which nothing comes for so long is dead; blocked reads and pings answer more often. */
const silenceMaxMs = 90_000;
const pingMs = 30_000;

/** What is used of the client: raw commands, and how it stands. */
export type Connection = Pick<RedisClientType, "sendCommand" | "isReady" | "destroy">;

export interface ConnectionParts {
  readonly url: string;
  /** It stands, or stands again. */
  ready(): void;
  /** It does not, and why. */
  away(why: string): void;
}

/** Begins to connect, and goes on trying until it is destroyed. */
export function connectionTo({ url, ready, away }: ConnectionParts): Connection {
  // Not bundled: it is many files, loaded only here.
  const { createClient } = createRequire(import.meta.url)("@redis/client") as typeof import("@redis/client");
  const client = createClient({
    url,
    RESP: 2,
    disableOfflineQueue: true,
    commandsQueueMaxLength: commandsMax,
    disableClientInfo: true,
    maintNotifications: "disabled",
    pingInterval: pingMs,
    socket: { connectTimeout: 5_000, socketTimeout: silenceMaxMs, reconnectStrategy: delayOf },
  });
  client.on("ready", ready);
  client.on("error", (error: unknown) => away(causeOf(error, url)));
  // It rejects when it is destroyed before it ever stood.
  CONNECT.pass(() => void client.connect().catch(() => undefined));
  return client;
}

/** Each time longer, and never quite the same for all that wait for one Redis. */
function delayOf(retries: number): number {
  const delayMs = Math.min(delayMaxMs, firstDelayMs * 2 ** Math.min(retries, 10));
  return Math.round(delayMs * (0.75 + Math.random() / 2));
}

/** Why it failed, without what the address holds beside host and port. */
export function causeOf(error: unknown, url: string): string {
  const { username, password } = new URL(url);
  const nested = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const text = nested instanceof Error ? nested.message || nested.name : String(nested);
  const secrets = [password, decodeURIComponent(password), url, username].filter((part) => part.length > 2);
  const clean = secrets.reduce((rest, secret) => rest.replaceAll(secret, "[redacted]"), text);
  return clean.replaceAll(/[\p{Cc}\p{Cs}\s]+/gu, " ").slice(0, 200);
}
