/** What agents tell, kept beside what is booked, over restarts of the manager. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { KeptWrites } from "../src/kept-writes.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import type { AttemptRow } from "../src/ledger/attempt-rows.ts";
import { TelemetryFeed } from "../src/telemetry-feed.ts";
import { claudeRequest, geminiResponse, logsOf } from "./support/telemetry.ts";

const LOGS = {
  claude: "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
  gemini: "GEMINI_TELEMETRY_OTLP_ENDPOINT",
} as const;

function world() {
  const ledger = Ledger.open(":memory:");
  const troubles: string[] = [];
  const kept = new KeptWrites({
    commit: (act) => ledger.commit(act),
    sync: () => ledger.sync(),
    syncNow: () => ledger.syncNow(),
    probe: () => undefined,
    changed: () => undefined,
    trouble: (error) => troubles.push(String(error)),
  });
  // The ledger's time stands an hour behind the wall clock: it was set forward.
  const wallMs = 1_800_000_000_000;
  const open = async (port = 0) => {
    const feed = await TelemetryFeed.open({
      ...{ port, ledger, kept },
      now: () => wallMs - 3_600_000,
      wallNow: () => wallMs,
      trouble: (error) => troubles.push(error instanceof Error ? error.message : String(error)),
    });
    if (feed !== null) onTestFinished(() => feed.close());
    return feed;
  };
  const told = (launchId: string, fromMs: number, toMs: number | null) =>
    ledger.telemetry.ofAttempt({
      launch_id: launchId,
      intent_at_ms: fromMs,
      ended_at_ms: toMs,
    } as AttemptRow);
  return { ledger, kept, troubles, open, told, wallMs };
}

async function opened(at: ReturnType<typeof world>, port = 0) {
  const feed = await at.open(port);
  if (feed === null) throw new Error(at.troubles.join());
  return feed;
}

async function post(url: string, text: string): Promise<number> {
  const headers = { "content-type": "application/json" };
  return (await fetch(url, { method: "POST", headers, body: text })).status;
}

describe("the environment of an agent", () => {
  it("points its own telemetry at us, with a secret of its launch", async () => {
    const feed = await opened(world());
    const one = feed.environmentFor("claude", "w1-a", { PATH: "/bin" });
    expect(one).toMatchObject({
      CLAUDE_CODE_ENABLE_TELEMETRY: "1",
      OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "http/json",
    });
    expect(one[LOGS.claude]).toMatch(
      new RegExp(`^http://127\\.0\\.0\\.1:${feed.port}/w1-a/[0-9a-f]{64}/v1/logs$`),
    );
    const two = feed.environmentFor("claude", "w1-b", {});
    expect(two[LOGS.claude]?.split("/")[4]).not.toBe(one[LOGS.claude]?.split("/")[4]);
    expect(feed.environmentFor("gemini", "w1-c", {})[LOGS.gemini]).toMatch(/\/w1-c\/[0-9a-f]{64}$/);
  });

  it("is left alone where it says already where telemetry goes, or the agent has none for us", async () => {
    const at = world();
    const feed = await opened(at);
    expect(feed.environmentFor("claude", "w1", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://theirs" })).toEqual({});
    expect(feed.environmentFor("claude", "w1", { CLAUDE_CODE_ENABLE_TELEMETRY: "1" })).toEqual({});
    expect(feed.environmentFor("gemini", "w1", { GEMINI_TELEMETRY_ENABLED: "false" })).toEqual({});
    for (const agent of ["codex", "opencode", "shell", "rehearsal", "mine"])
      expect(feed.environmentFor(agent, "w1", {})).toEqual({});
    expect(at.told("w1", 0, null)).toBeNull();
  });
});

describe("what is told", () => {
  it("belongs to the attempt in hand at its moment, once however often it is sent", async () => {
    const at = world();
    const feed = await opened(at);
    const url = feed.environmentFor("claude", "w1", {})[LOGS.claude] ?? "";
    const nowMs = at.wallMs - 3_600_000;
    expect(at.told("w1", nowMs, null)).toMatchObject({ responses: 0, costNanoUsd: null });
    const aMinuteAgo = logsOf("claude", [claudeRequest()], at.wallMs - 60_000);
    const now = logsOf("claude", [claudeRequest(), claudeRequest({ query_source: "compact" })], at.wallMs);
    for (const text of [aMinuteAgo, now, aMinuteAgo, now]) expect(await post(url, text)).toBe(200);
    at.kept.flush();
    expect(at.told("w1", nowMs - 90_000, nowMs - 30_000)).toEqual({
      responses: 1,
      usage: {
        inputTokens: 1_020,
        cacheReadTokens: 202,
        cacheWrite5mTokens: 30,
        cacheWrite1hTokens: 2,
        outputTokens: 12,
        reasoningTokens: 0,
      },
      costNanoUsd: 4_520_400,
      sources: [{ source: "repl_main_thread", responses: 1 }],
    });
    expect(at.told("w1", nowMs - 10_000, null)).toMatchObject({
      responses: 2,
      usage: { inputTokens: 2_040 },
      sources: [
        { source: "compact", responses: 1 },
        { source: "repl_main_thread", responses: 1 },
      ],
    });
  });

  it("is in no sum, and in nothing that limits count", async () => {
    const at = world();
    const feed = await opened(at);
    const url = feed.environmentFor("gemini", "w1", {})[LOGS.gemini] ?? "";
    expect(await post(`${url}/v1/logs`, logsOf("gemini", [geminiResponse()], at.wallMs))).toBe(200);
    at.kept.flush();
    expect(at.told("w1", 0, null)).toMatchObject({ responses: 1, costNanoUsd: null });
    expect(at.ledger.spend.spendTotals()).toEqual([]);
    expect(at.ledger.external.sums(0)).toEqual([]);
  });

  it("of another agent than the launch's is not believed, and what is no telemetry is refused", async () => {
    const at = world();
    const feed = await opened(at);
    const url = feed.environmentFor("claude", "w1", {})[LOGS.claude] ?? "";
    expect(await post(url, logsOf("gemini", [geminiResponse()], at.wallMs))).toBe(200);
    expect(await post(url, '{"resourceLogs"')).toBe(400);
    at.kept.flush();
    expect(at.told("w1", 0, null)).toMatchObject({ responses: 0 });
  });

  it("before it was switched on, or of a launch that was not asked, is nothing that is known", async () => {
    const at = world();
    await opened(at);
    expect(at.told("w0", 0, null)).toBeNull();
  });
});

describe("a new start of the manager", () => {
  it("hears agents of before, on their port and by their secret, and knows what they told", async () => {
    const at = world();
    const before = await opened(at);
    const url = before.environmentFor("claude", "w1", {})[LOGS.claude] ?? "";
    expect(await post(url, logsOf("claude", [claudeRequest()], at.wallMs))).toBe(200);
    at.kept.flush();
    await before.close();
    await opened(at);
    expect(await post(url, logsOf("claude", [claudeRequest({ "event.sequence": 9 })], at.wallMs))).toBe(200);
    at.kept.flush();
    expect(at.told("w1", 0, null)).toMatchObject({ responses: 2 });
    expect(at.troubles).toEqual([]);
  });

  it("takes another port where that one is somebody else's, and says what is lost", async () => {
    const at = world();
    const before = await opened(at);
    const { port } = before;
    await before.close();
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(port, "127.0.0.1", resolve));
    onTestFinished(() => void squatter.close());
    expect((await opened(at)).port).not.toBe(port);
    expect(at.troubles).toEqual([expect.stringContaining(`the port ${port} is taken`)]);
  });

  it("with a port of the person's that is taken agents work without telling, and it is said", async () => {
    const at = world();
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void squatter.close());
    const { port } = squatter.address() as AddressInfo;
    expect(await at.open(port)).toBeNull();
    expect(at.troubles).toEqual([expect.stringContaining(`cannot be received on port ${port}`)]);
  });
});
