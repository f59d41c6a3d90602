import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventMaxBytes } from "../../src/activation/envelope.ts";
import {
  GITHUB_DEPLOYMENT,
  GITHUB_PUSH,
  GITHUB_REVIEW,
  GITHUB_RUN_FAILED,
  GITLAB_DEPLOYMENT,
  GITLAB_PIPELINE,
  GITLAB_PUSH,
  GITLAB_REVIEW,
} from "../activation/payloads.ts";
import { triggerOf } from "../activation/triggers.ts";
import { EventServer, SECRET } from "../support/event-server.ts";
import { sendStorm } from "../support/storm-sender.ts";

const HAIL_BATCH = 25;
let served: EventServer;
let bench: EventServer["bench"];

beforeEach(async () => {
  served = await EventServer.open([
    triggerOf({ name: "review", on: ["git.review_requested"], wake: "w1", trust: "run" }),
    triggerOf({ name: "push", on: ["git.push"], wake: "w2", trust: "run" }),
    triggerOf({ name: "ci", on: ["ci.failed"], trust: "held" }),
    triggerOf({
      name: "storm",
      on: ["storm.rain", "storm.dust"],
      trust: "run",
      debounce: { periodMs: 60_000, maxMs: 60_000 },
    }),
    triggerOf({
      name: "hail",
      on: ["storm.hail"],
      trust: "run",
      depth: 1_000,
      batch: { max: HAIL_BATCH, timeoutMs: 60_000, by: "data.repository" },
    }),
  ]);
  ({ bench } = served);
});
afterEach(() => served.close());

const hook: EventServer["hook"] = (...args) => served.hook(...args);
const event: EventServer["event"] = (...args) => served.event(...args);
const post: EventServer["post"] = (...args) => served.post(...args);
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

describe("every kind of sender", () => {
  it("reaches its trigger in its own way, and is what it is called", async () => {
    const lab = async (kind: string, payload: object): Promise<number> =>
      (
        await post("/hooks/lab", JSON.stringify(payload), {
          "x-gitlab-event": kind,
          "x-gitlab-token": SECRET,
        })
      ).status;
    const statuses = [
      (await hook("deployment_status", GITHUB_DEPLOYMENT, "d-1")).status,
      await lab("Push Hook", GITLAB_PUSH),
      await lab("Merge Request Hook", GITLAB_REVIEW),
      await lab("Pipeline Hook", GITLAB_PIPELINE),
      await lab("Deployment Hook", GITLAB_DEPLOYMENT),
      (await served.build({ id: "n-1", name: "nightly", status: "error" })).status,
      (await served.build({ id: "n-2", stage: "canary", environment: "eu" })).status,
    ];
    expect(statuses).toEqual(statuses.map(() => 202));
    bench.orchestrator.turn();
    const rows = bench.desk.list({ type: null, outcome: null, wakeId: null, agoMs: null, limit: 10 });
    expect(rows.map(({ type, source, outcome }) => `${source} ${type} ${outcome}`).toReversed()).toEqual([
      "hooks/code deploy.stage filtered",
      "hooks/lab git.push held",
      "hooks/lab git.review_requested held",
      "hooks/lab ci.failed held",
      "hooks/lab deploy.stage filtered",
      "hooks/build ci.failed held",
      "hooks/build deploy.stage filtered",
    ]);
    expect(bench.prompts()).toHaveLength(3);
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
    expect((await event(cloud(), { id: "m-2", secret: "another secret" })).status).toBe(401);
    for (const offMs of [-302_000, 302_000])
      expect((await event(cloud(), { id: "m-3", atMs: Date.now() + offMs })).status).toBe(401);
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
      event(events, { id, type: "application/cloudevents-batch+json" });
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
    expect((await event(two, { id: "m-7" })).status).toBe(400);
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
      ...{ port: served.port, secret: SECRET, connections: 32, withinMs: 0 },
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
