/** Where events come in over HTTP: the real server and its routes, before the orchestrator on a real ledger. */
import { createHmac, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hook } from "../../src/activation/hooks.ts";
import { standardSignature } from "../../src/activation/signature.ts";
import type { Trigger } from "../../src/activation/trigger.ts";
import type { App } from "../../src/app.ts";
import { eventRoutes } from "../../src/server/event-routes.ts";
import { openHttpServer, type HttpServer } from "../../src/server/http/http-server.ts";
import type { House } from "../../src/server/routes.ts";
import { EventBench } from "./event-bench.ts";

export const SECRET = randomBytes(16).toString("hex");
const hooks = {
  code: { provider: "github", secret: SECRET, repositories: ["me/app"] },
  lab: { provider: "gitlab", secret: SECRET, repositories: null },
  build: { provider: "generic", secret: SECRET, repositories: null },
} as const satisfies Record<string, Hook>;

export interface Answered {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

/** What may differ from the usual of a call of Standard Webhooks. */
export interface Signing {
  readonly id?: string;
  readonly atMs?: number;
  readonly secret?: string;
  readonly type?: string;
}

export class EventServer {
  readonly #folder = mkdtempSync(join(tmpdir(), "ctm-events-"));
  readonly bench: EventBench;
  /** The clock of the server's bounds. */
  now = (): number => Date.now();
  #http: HttpServer | null = null;

  constructor(triggers: readonly Trigger[]) {
    this.bench = new EventBench(triggers, {
      workers: ["w1", "w2"],
      ledgerFile: join(this.#folder, "ledger.sqlite"),
    });
  }

  static async open(triggers: readonly Trigger[]): Promise<EventServer> {
    const made = new EventServer(triggers);
    const events = { inbox: false, keepDays: 30, dedupeHours: 24, secret: SECRET, hooks };
    const app = { config: { events }, events: made.bench.desk } as unknown as App;
    made.#http = await openHttpServer({
      ...{ bind: "127.0.0.1", ports: [0], names: ["127.0.0.1"], sockets: [] },
      keys: { act: "a".repeat(43), read: "r".repeat(43) },
      routes: eventRoutes({ app } as House),
      now: () => made.now(),
    });
    return made;
  }

  get port(): number {
    return this.#http?.port ?? 0;
  }

  async close(): Promise<void> {
    await this.#http?.close();
    this.bench.close();
    rmSync(this.#folder, { recursive: true });
  }

  async post(path: string, body: string, headers: Readonly<Record<string, string>>): Promise<Answered> {
    const answer = await fetch(`http://127.0.0.1:${this.port}${path}`, { method: "POST", body, headers });
    return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
  }

  /** A delivery of GitHub's. */
  hook(kind: string, payload: object, delivery: string, secret = SECRET): Promise<Answered> {
    const body = JSON.stringify(payload);
    return this.post("/hooks/code", body, {
      "content-type": "application/json",
      ...{ "x-github-event": kind, "x-github-delivery": delivery, ...hexSigned(body, secret) },
    });
  }

  /** A call of any CI. */
  build(payload: object): Promise<Answered> {
    const body = JSON.stringify(payload);
    return this.post("/hooks/build", body, hexSigned(body, SECRET));
  }

  /** An event, signed as Standard Webhooks. */
  event(value: unknown, signing: Signing = {}): Promise<Answered> {
    const { id = "m-1", atMs = Date.now(), secret = SECRET, type = "application/json" } = signing;
    const body = typeof value === "string" ? value : JSON.stringify(value);
    const seconds = Math.floor(atMs / 1_000);
    return this.post("/events", body, {
      ...{ "content-type": type, "webhook-id": id, "webhook-timestamp": String(seconds) },
      "webhook-signature": standardSignature(secret, Buffer.from(body), id, seconds),
    });
  }
}

function hexSigned(body: string, secret: string): Record<string, string> {
  const hex = createHmac("sha256", secret).update(body).digest("hex");
  return { "x-hub-signature-256": `sha256=${hex}` };
}
