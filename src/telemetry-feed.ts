/**
 * Telemetry that agents send us about their own responses, kept beside what their records say. Switched on by the
 * configuration alone. Agents outlive a manager, so its next start listens on the same port, with the same secrets.
 */
import { createHmac, randomBytes } from "node:crypto";
import { telemetryEnvironment } from "./agents/telemetry-environment.ts";
import type { KeptWrites } from "./kept-writes.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { toldResponsesMax } from "./ledger/telemetry-rows.ts";
import { readOtlpLogs } from "./metering/otlp-logs.ts";
import {
  TELLING_AGENTS,
  toldResponses,
  type TellingAgent,
  type ToldResponse,
} from "./metering/otlp-usage.ts";
import { openOtlpHttp, type OtlpHttp, type OtlpHttpParts } from "./telemetry/otlp-http.ts";

export interface TelemetryFeedParts {
  /** 0 = the one of the last start, else any that is free. */
  readonly port: number;
  readonly ledger: Ledger;
  readonly kept: KeptWrites;
  now(): number;
  /** The clock agents go by. */
  wallNow(): number;
  trouble(error: unknown): void;
}

/** Settings that keep what agents of an earlier start were told. */
const SECRET = "telemetry-secret";
const PORT = "telemetry-port";
/** Exporters send four times a second. */
const toldWithinMs = 1_000;
/** A record of an earlier day is dated now: nobody holds one back that long. */
const oldestMs = 24 * 3_600_000;

export class TelemetryFeed {
  readonly #parts: TelemetryFeedParts;
  readonly #http: OtlpHttp;
  /** On the process's own clock. */
  #endedMs = Number.NEGATIVE_INFINITY;

  private constructor(parts: TelemetryFeedParts, http: OtlpHttp) {
    this.#parts = parts;
    this.#http = http;
  }

  /** Listens; null, and told as trouble, where the port cannot be had: agents then work without telling. */
  static async open(parts: TelemetryFeedParts): Promise<TelemetryFeed | null> {
    const { settings } = parts.ledger;
    try {
      const secret = settings.get(SECRET) ?? randomBytes(32).toString("hex");
      settings.set(SECRET, secret);
      const secretOf = (launchId: string) => createHmac("sha256", secret).update(launchId).digest("hex");
      const full = new Set<string>();
      const take: OtlpHttpParts["take"] = (launchId, text) => takeLogs(parts, full, launchId, text);
      const http = await listen({ ...parts, secretOf, take });
      settings.set(PORT, String(http.port));
      return new TelemetryFeed(parts, http);
    } catch (error) {
      parts.trouble(error);
      return null;
    }
  }

  get port(): number {
    return this.#http.port;
  }

  /**
   * What is added to the environment of an agent about to be started, so that it tells us; nothing for one that cannot,
   * or whose environment says where its telemetry goes.
   */
  environmentFor(
    agent: string,
    launchId: string,
    env: Readonly<Record<string, string>>,
  ): Readonly<Record<string, string>> {
    const telling = tellingAgent(agent);
    const added = telling && telemetryEnvironment(telling, this.#http.endpoint(launchId), env);
    if (added === null) return {};
    // Without its row nothing is taken from it; it starts all the same.
    this.#parts.kept.keep(() => this.#parts.ledger.telemetry.addLaunch(launchId, agent));
    return added;
  }

  /** A task ended just now: its agent may still have something to tell of it. */
  taskEnded(): void {
    this.#endedMs = performance.now();
  }

  /** Resolves when an exporter has had the time to tell of the last task that ended. */
  async lastWords(): Promise<void> {
    const restMs = toldWithinMs - (performance.now() - this.#endedMs);
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
  }

  close(): Promise<void> {
    return this.#http.close();
  }
}

/** The port of the last start may be somebody else's by now: agents of before are not heard then, which is told. */
async function listen(parts: OtlpHttpParts & TelemetryFeedParts): Promise<OtlpHttp> {
  const last = Number(parts.ledger.settings.get(PORT) ?? 0);
  if (parts.port !== 0 || last === 0) return openOtlpHttp(parts);
  try {
    return await openOtlpHttp({ ...parts, port: last });
  } catch {
    const http = await openOtlpHttp(parts);
    const lost = `the port ${last} is taken: telemetry of agents that run already is not received until their \`restart\``;
    parts.trouble(new Error(lost));
    return http;
  }
}

function tellingAgent(agent: string | null): TellingAgent | null {
  return TELLING_AGENTS.find((name) => name === agent) ?? null;
}

function takeLogs(
  { ledger, kept, now, wallNow, trouble }: TelemetryFeedParts,
  full: Set<string>,
  launchId: string,
  text: string,
): { readonly rejected: number } | { readonly faulty: string } {
  const agent = tellingAgent(ledger.telemetry.agentOf(launchId));
  if (agent === null) return { faulty: "this launch was not asked to tell anything" };
  const reading = readOtlpLogs(text);
  if (reading.kind === "faulty") return { faulty: reading.why };
  const { responses, rejected } = toldResponses(agent, reading.events);
  // The ledger's time goes by the wall clock as far as that can be trusted: what counts is how long ago it was.
  const nowMs = now();
  const dated = responses.map((response) => ({ ...response, atMs: nowMs - ageOf(response, wallNow()) }));
  if (dated.length === 0) return { rejected: reading.rejected + rejected };
  kept.gather((after) => {
    const over = ledger.telemetry.add(launchId, dated);
    if (over === 0 || full.has(launchId)) return;
    full.add(launchId);
    const told = `${launchId} has told more than ${toldResponsesMax} responses by telemetry: the rest is not kept`;
    after(() => trouble(new Error(told)));
  });
  return { rejected: reading.rejected + rejected };
}

function ageOf({ atMs }: ToldResponse, wallNowMs: number): number {
  const ageMs = wallNowMs - atMs;
  return ageMs > 0 && ageMs < oldestMs ? ageMs : 0;
}
