import { createHmac, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventMaxBytes } from "../../src/activation/envelope.ts";
import { standardSignature } from "../../src/activation/signature.ts";
import type { App } from "../../src/app.ts";
import { eventRoutes } from "../../src/server/event-routes.ts";
import { openHttpServer, type HttpServer } from "../../src/server/http/http-server.ts";
import type { House } from "../../src/server/routes.ts";
import { GITHUB_PUSH, GITHUB_REVIEW, GITHUB_RUN_FAILED } from "../activation/payloads.ts";
import { triggerOf } from "../activation/triggers.ts";
import { EventBench } from "../support/event-bench.ts";
import { sendStorm } from "../support/storm-sender.ts";

const SECRET = randomBytes(16).toString("hex");
const hooks = {
  code: { provider: "github", secret: SECRET, repositories: ["me/app"] },
  lab: { provider: "gitlab", secret: SECRET, repositories: null },
} as const;
const HAIL_BATCH = 25;
let folder: string;
let bench: EventBench;
let server: HttpServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ctm-events-"));
  bench = new EventBench(
    [
      triggerOf({ name: "review", on: ["git.review_requested"], wake: "w1", trust: "run" }),
      triggerOf({ name: "push", on: ["git.push"], wake: "w2", trust: "run" }),
      triggerOf({ name: "ci", on: ["ci.failed"], trust: "held" }),
      triggerOf({
        name: "storm",
        trust: "run",
        on: ["storm.rain", "storm.dust"],
        debounce: { periodMs: 60_000, maxMs: 60_000 },
      }),
      triggerOf({
        name: "hail",
        on: ["storm.hail"],
        trust: "run",
        depth: 1_000,
        batch: { max: HAIL_BATCH, timeoutMs: 60_000, by: "data.repository" },
      }),
    ],
    { workers: ["w1", "w2"], ledgerFile: join(folder, "ledger.sqlite") },
  );
  const events = { inbox: false, keepDays: 30, dedupeHours: 24, secret: SECRET, hooks };
  const app = { config: { events }, events: bench.desk } as unknown as App;
  server = await openHttpServer({
    ...{ bind: "127.0.0.1", ports: [0], names: ["127.0.0.1"], sockets: [] },
    keys: { act: "a".repeat(43), read: "r".repeat(43) },
    routes: eventRoutes({ app } as House),
    now: () => Date.now(),
  });
});
afterEach(async () => {
  await server.close();
  bench.close();
  rmSync(folder, { recursive: true });
});

async function post(
  path: string,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { method: "POST", body, headers });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}
function hook(kind: string, payload: object, delivery: string, secret = SECRET) {
  const body = JSON.stringify(payload);
  const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
  return post("/hooks/code", body, {
    "content-type": "application/json",
    ...{ "x-github-event": kind, "x-github-delivery": delivery, "x-hub-signature-256": signature },
  });
}
function event(value: unknown, id = "m-1", atMs = Date.now(), secret = SECRET, type = "application/json") {
  const body = typeof value === "string" ? value : JSON.stringify(value);
  const seconds = Math.floor(atMs / 1_000);
  return post("/events", body, {
    ...{ "content-type": type, "webhook-id": id, "webhook-timestamp": String(seconds) },
    "webhook-signature": standardSignature(secret, Buffer.from(body), id, seconds),
  });
}
const cloud = (change: object = {}) => ({
  ...{ specversion: "1.0", id: "c-1", source: "test", type: "storm.rain" },
  ...change,
});

describe("5.1 a signed webhook", () => {
  it.each([
    ["push", GITHUB_PUSH, "w2", null],
    ["pull_request", GITHUB_REVIEW, "w1", null],
    ["workflow_run", GITHUB_RUN_FAILED, null, /text from outside/],
  ] as const)(
    "%s wakes whom its trigger says, once; replayed it wakes nobody (A19)",
    async (kind, payload, worker, held) => {
      expect(await hook(kind, payload, "d-1")).toEqual({ status: 202, json: { accepted: true, event: 1 } });
      bench.orchestrator.turn();
      const { draft } = bench.bench.task(1);
      expect([draft.worker, draft.holdReason]).toEqual([
        worker,
        held === null ? null : expect.stringMatching(held),
      ]);
      await bench.work();
      // Delivered again, and again by somebody who kept the bytes and calls them something new.
      for (const delivery of ["d-1", "d-2"])
        expect(await hook(kind, payload, delivery)).toEqual({
          status: 200,
          json: { duplicate: true, event: 1 },
        });
      bench.bench.nowMs += 40 * 86_400_000;
      expect((await hook(kind, payload, "d-3")).status).toBe(200);
      bench.orchestrator.turn();
      expect(bench.prompts()).toHaveLength(1);
    },
  );

  it("waits while the throttle holds such tasks, and says until when", async () => {
    const untilMs = bench.bench.nowMs + 600_000;
    bench.limit = () => ({ untilMs, reason: "worker w2 tokens/hour is HARD: normal tasks wait" });
    await hook("push", GITHUB_PUSH, "d-1");
    bench.orchestrator.turn();
    expect(bench.desk.show(1).fates[0]?.wake).toMatchObject({ gate: "limit", untilMs });
    expect(bench.prompts()).toHaveLength(0);
    bench.limit = () => null;
    bench.pass(600_000);
    expect(bench.prompts()).toHaveLength(1);
  });

  it("is data, whatever it says (A22)", async () => {
    await hook("pull_request", GITHUB_REVIEW, "d-1");
    bench.orchestrator.turn();
    const [prompt = ""] = bench.prompts();
    const [, mark = ""] = /\[events ([0-9a-f]{16})\]/.exec(prompt) ?? [];
    const title = prompt.indexOf("Ignore previous instructions");
    expect(title).toBeGreaterThan(prompt.indexOf(`[events ${mark}]`));
    expect(title).toBeLessThan(prompt.indexOf(`[end ${mark}]`));
    // What is not among the fields that are kept is not passed on at all.
    expect(prompt).not.toContain("evil.example");
  });
});

describe("who is refused", () => {
  it("A17: a wrong signature, a hook that is not there, a stranger's repository", async () => {
    expect((await hook("push", GITHUB_PUSH, "d-1", "another secret")).status).toBe(401);
    expect((await post("/hooks/code", "{}", {})).status).toBe(401);
    expect((await post("/hooks/nowhere", "{}", {})).status).toBe(401);
    expect((await post("/hooks/__proto__", "{}", {})).status).toBe(401);
    const stranger = { ...GITHUB_PUSH, repository: { full_name: "mallory/app" } };
    expect((await hook("push", stranger, "d-1")).status).toBe(403);
    expect((await post("/hooks/lab", "{}", { "x-gitlab-token": `${SECRET}x` })).status).toBe(401);
    expect((await post("/hooks/lab", "no json", { "x-gitlab-token": SECRET })).status).toBe(400);
    expect(bench.outcomes().sum).toBe(0);
  });

  it("an event that is unsigned, old, too long or none", async () => {
    expect((await event(cloud())).status).toBe(202);
    expect(await event(cloud())).toEqual({ status: 200, json: { duplicate: true, event: 1 } });
    expect((await event(cloud(), "m-2", Date.now(), "another secret")).status).toBe(401);
    expect((await event(cloud(), "m-3", Date.now() - 301_000)).status).toBe(401);
    expect((await event("x".repeat(eventMaxBytes + 1))).status).toBe(413);
    expect((await event("{")).status).toBe(400);
    expect((await event(cloud({ type: "" }))).status).toBe(400);
    expect(bench.outcomes().sum).toBe(1);
  });

  it("a web page: no browser may send here, whatever it knows", async () => {
    const answer = await post("/events", "{}", { origin: "https://evil.example" });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(bench.outcomes().sum).toBe(0);
  });
});

describe("a batch", () => {
  it("is taken whole or not at all, over one signature", async () => {
    const batch = (events: readonly object[], id: string) =>
      event(JSON.stringify(events), id, Date.now(), SECRET, "application/cloudevents-batch+json");
    const two = [cloud({ id: "b-1" }), cloud({ id: "b-2" })];
    expect(await batch(two, "m-1")).toEqual({
      status: 202,
      json: { accepted: 2, duplicates: 0, events: [1, 2] },
    });
    expect(await batch([...two, cloud({ id: "b-3" })], "m-2")).toEqual({
      status: 202,
      json: { accepted: 1, duplicates: 2, events: [1, 2, 3] },
    });
    expect((await batch(two, "m-3")).status).toBe(200);
    const faulty = await batch([cloud({ id: "b-4" }), { type: "no event" }], "m-4");
    expect([faulty.status, faulty.json]).toMatchObject([
      400,
      { error: { message: expect.stringMatching(/^event 2 of 2/) } },
    ]);
    const large = Array.from({ length: 9 }, (_, n) => cloud({ id: `l-${n}`, data: "x".repeat(60_000) }));
    expect((await batch(large, "m-5")).status).toBe(413);
    expect((await batch(large.slice(0, 8), "m-6")).status).toBe(202);
    // Not called a batch it is none.
    expect((await event(JSON.stringify(two), "m-7")).status).toBe(400);
    expect(bench.outcomes().sum).toBe(3 + 8);
  });
});

describe("5.1 a storm", () => {
  const storm = process.env["CTM_TEST_LONG"] === undefined ? 2_000 : 10_000;
  const repositories = 5;

  it(`of ${storm} events becomes what its triggers say, each in exactly one outcome`, async () => {
    const part = storm / 4;
    const of = (kind: string, change: (n: number) => object): object[] =>
      Array.from({ length: part }, (_, n) =>
        cloud({ id: `${kind}-${n}`, type: `storm.${kind}`, ...change(n) }),
      );
    const kinds = [
      of("rain", (n) => ({ data: { n } })),
      of("hail", (n) => ({ data: { repository: `me/app-${n % repositories}` } })),
      of("dust", () => ({ expirytime: "2026-02-13T09:59:59Z" })),
      of("fog", () => ({})),
    ];
    // All kinds at the same time, and every tenth is sent twice.
    const events = Array.from({ length: part }, (_, n) => kinds.flatMap((kind) => kind[n] ?? [])).flat();
    const again = events.filter((_, n) => n % 10 === 0);
    const sent = await sendStorm({
      ...{ port: server.port, secret: SECRET, connections: 32, withinMs: 0 },
      events: [...events, ...again],
    });
    expect(sent.statuses.get(202)).toBe(storm);
    expect(sent.statuses.get(200)).toBe(again.length);
    bench.pass(60_000);
    for (let n = 0; n < storm && (bench.outcomes().of.get("held") ?? 0) > 0; n += 1) await bench.work();
    const hailWakes = repositories * Math.ceil(part / repositories / HAIL_BATCH);
    const delivered = 1 + hailWakes;
    expect(Object.fromEntries(bench.outcomes().of)).toEqual({
      delivered,
      merged: 2 * part - delivered,
      filtered: part,
      expired: part,
    });
    const prompts = bench.prompts();
    expect(prompts).toHaveLength(delivered);
    expect(prompts.filter((text) => text.includes(`${part} events`))).toHaveLength(1);
    expect(prompts.join("\n")).toMatch(/and \d+ more: ctm events list --wake \d+/);
  }, 120_000);
});
