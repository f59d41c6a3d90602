import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket, type RawData } from "ws";
import { openApp, type App } from "../../src/app.ts";
import { localHost } from "../../src/commands/host.ts";
import { loadConfig } from "../../src/config.ts";
import { readDashboardFile } from "../../src/dashboard-file.ts";
import type { LocalApp } from "../../src/local-app.ts";
import { askManager } from "../../src/server/asked-manager.ts";
import { openDashboard, type Dashboard } from "../../src/server/dashboard.ts";
import { Live } from "../../src/server/live.ts";
import { askRoutes, pageAnswers } from "../../src/server/page-answers.ts";
import { pageFile } from "../../src/server/page-routes.ts";
import { allRoutes } from "../../src/server/routes.ts";
import { waitFor } from "../support/wait-for.ts";
import { webCall, type Got, type Sent } from "../support/web-client.ts";

const folder = mkdtempSync(join(tmpdir(), "ctm-dashboard-"));
let app: App;
let dashboard: Dashboard;
let port: number;
let keys: { readonly act: string; readonly read: string };

beforeAll(async () => {
  const config = await loadConfig({
    env: { HOME: folder, TZ: "UTC" },
    cwd: folder,
    overrides: { stateDir: join(folder, "state") },
  });
  app = await openApp({ ...config, dashboard: { ...config.dashboard, port: 0 } }, "offline");
  dashboard = await openDashboard({ app, host: localHost(app), version: "1.2.3" });
  port = Number(new URL(dashboard.url).port);
  const facts = readDashboardFile(config.paths.dashboardFile);
  if (facts === null) throw new Error("there are no keys");
  keys = facts;
});
afterAll(async () => {
  await dashboard.close();
  await app.close({ workers: "leave" });
  rmSync(folder, { recursive: true, force: true });
});

const call = (path: string, sent: Sent = {}): Promise<Got> => webCall(port, path, sent);

async function look<T>(path: string): Promise<T> {
  const got = await call(path, { key: keys.read });
  expect([path, got.status, got.text.slice(0, 200)]).toEqual([path, 200, expect.any(String)]);
  return JSON.parse(got.text) as T;
}

async function act(
  path: string,
  body: unknown,
  key = keys.act,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const headers = { "content-type": "application/json" };
  const got = await call(path, { method: "POST", headers, body: JSON.stringify(body), key });
  return { status: got.status, json: JSON.parse(got.text) as Record<string, unknown> };
}

interface Page {
  readonly tasks: readonly { readonly id: number; readonly text: string; readonly held: boolean }[];
  readonly before: number | null;
  readonly counts: Readonly<Record<string, number>>;
}

it("names its files with what they hold, and lets only these be kept", async () => {
  const page = await call("/");
  const version = createHash("sha256").update(pageFile("index.html")).digest("base64url").slice(0, 16);
  const versioned = await call(`/?v=${version}`);
  expect([page, versioned].map(({ headers }) => headers["cache-control"])).toEqual(["no-store", "no-store"]);
  const named = [...page.text.matchAll(/"((?:app|chart|icon)\.[a-z]+\?v=[\w-]{16})"/g)].map(
    ([, name = ""]) => name,
  );
  const files = named.map((name) => name.split("?")[0]);
  expect(new Set(files)).toEqual(new Set(["app.css", "app.js", "chart.js", "icon.svg"]));
  for (const name of named) {
    const kept = await call(`/${name}`);
    expect([name, kept.status, kept.headers["cache-control"]]).toEqual([
      ...[name, 200, "private, max-age=31536000, immutable"],
    ]);
    const other = await call(`/${name.slice(0, -1)}_`);
    const bare = await call(`/${name.split("?")[0] ?? ""}`);
    expect([other, bare].map(({ headers, text }) => [headers["cache-control"], text === kept.text])).toEqual([
      ...[
        ["no-store", true],
        ["no-store", true],
      ],
    ]);
  }
});

it("runs of the scripts that stand in the page only its own, and on no other address any", async () => {
  const { text, headers } = await call("/");
  const scripts = [...text.matchAll(/<script>([^]*?)<\/script>/g)].map(([, script = ""]) => script);
  expect(scripts).toEqual([pageFile("first.js").toString("utf8")]);
  const print = createHash("sha256")
    .update(scripts[0] ?? "")
    .digest("base64");
  const policy = (from: Record<string, unknown>) =>
    String(from["content-security-policy"]).match(/script-src ([^;]*)/)?.[1];
  expect(policy(headers)).toBe(`'self' 'sha256-${print}'`);
  for (const path of ["/app.js", "/healthz", "/nowhere"])
    expect(policy((await call(path)).headers)).toBe("'self'");
  expect((await call("/first.js")).status).toBe(404);
});

it("answers what a page asks first as it answers each by itself, to either key", async () => {
  const opening = await look<Readonly<Record<string, unknown>>>("/api/opening");
  expect(Object.keys(opening)).toEqual(["/api/session", "/api/fleet", "/api/status"]);
  const still = (value: unknown) =>
    JSON.parse(JSON.stringify(value), (name, each: unknown) => (name.endsWith("Ms") ? 0 : each)) as unknown;
  for (const [path, answer] of Object.entries(opening))
    expect(still(answer)).toEqual(still(await look(path)));
  const acting = JSON.parse((await call("/api/opening", { key: keys.act })).text) as typeof opening;
  expect([opening["/api/session"], acting["/api/session"]]).toMatchObject([
    { rights: "read" },
    { rights: "act" },
  ]);
  expect((await call("/api/opening?x=1", { key: keys.read })).status).toBe(400);
  expect((await call("/api/opening")).status).toEqual(expect.toBeOneOf([401, 429]));
});

it("notes where it is to be had, for as long as it is", async () => {
  const { dashboardFile } = app.config.paths;
  expect(readDashboardFile(dashboardFile)?.url).toBe(dashboard.url);
  const other = await openDashboard({ app, host: localHost(app), version: "1" });
  expect(readDashboardFile(dashboardFile)?.url).toBe(other.url);
  await other.close();
  expect(readDashboardFile(dashboardFile)?.url).toBeNull();
});

describe("the API", () => {
  it("shows what the commands show, to both keys and to nobody without one", async () => {
    const views = [
      "status",
      "metrics",
      "throttle",
      "limits",
      "workers",
      "accounts",
      "recap",
      "roster",
      "findings",
      "routes",
    ];
    for (const view of [
      ...views,
      "fleet",
      "facts",
      "session",
      "events",
      "event-metrics",
      "triggers",
      "dead-letters",
      "dispatches",
      "spend/daily",
      "spend/weekly",
      "spend/monthly",
      "hierarchy",
    ]) {
      await look(`/api/${view}`);
      expect([view, (await call(`/api/${view}`)).status]).toEqual([view, expect.toBeOneOf([401, 429])]);
    }
    expect(await look("/api/status")).toMatchObject({ mode: { kind: "offline" } });
    expect((await look<{ points: unknown[] }>("/api/spend/daily")).points).toHaveLength(30);
    expect((await call("/api/spend/yearly", { key: keys.read })).status).toBe(404);
    expect((await call("/api/plan", { key: keys.read })).status).toBe(503);
    expect((await call("/api/tasks/999999", { key: keys.read })).status).toBe(404);
    expect((await call("/api/tasks/x", { key: keys.read })).status).toBe(404);
  });

  it("does what the commands do, by their rules, and only with the acting key", async () => {
    const added = await act("/api/tasks", { text: "Build the thing", priority: "high", key: "k1" });
    expect(added.status).toBe(201);
    const { id } = (added.json as unknown as { task: { id: number } }).task;
    expect((await act("/api/tasks", { text: "Build the thing", key: "k1" })).json).toMatchObject({
      created: false,
    });
    expect((await act(`/api/tasks/${id}/hold`, { reason: "wait for me" })).status).toBe(200);
    expect((await look<Page>("/api/tasks?state=held")).tasks.map((task) => task.id)).toEqual([id]);
    expect((await act(`/api/tasks/${id}/release`, {})).status).toBe(200);
    expect((await act(`/api/tasks/${id}/priority`, { level: "low" })).status).toBe(200);
    expect((await act(`/api/tasks/${id}/cap`, { amount: "50k" })).status).toBe(200);
    expect((await act(`/api/tasks/${id}/cancel`, {})).status).toBe(200);
    expect((await act(`/api/tasks/${id}/hold`, { reason: "too late" })).status).toBe(409);
    expect((await act(`/api/tasks/${id}/retry`, {})).status).toBe(200);
    const story = await look<{ moves: { to: string }[]; task: unknown }>(`/api/tasks/${id}`);
    expect(story.moves.map(({ to }) => to)).toEqual(["cancelled", "queued"]);
    const raise = { id: "cost/hour", amount: "10", until: "+2h", reason: "release day" };
    expect((await act("/api/limits/raise", raise)).json).toMatchObject({ limit: 10_000_000_000 });
    const closed = ["/api/tasks", `/api/tasks/${id}/cancel`, "/api/limits/raise", "/api/dispatch"];
    for (const path of [...closed, "/api/routes/ui/adopt", "/api/routes/ui/drop"])
      expect([path, (await act(path, {}, keys.read)).status]).toEqual([path, 403]);
    expect((await call(`/api/tasks/${id}/cancel`, { key: keys.act })).status).toBe(405);
    // A face that is not the person's at the prompt still cannot do what they could not.
    expect((await act("/api/workers/w1/answer", { text: "y" })).status).toBe(503);
    expect((await act("/api/tasks", { text: "x", cwd: "../.." })).status).toBe(400);
  });

  it("adopts and drops routes as the commands do, and tells of it", async () => {
    expect((await act("/api/routes/coding/adopt", { yes: true })).json).toMatchObject({
      error: {
        code: "refused",
        message: expect.stringContaining("no other model is suggested for coding tasks"),
      },
    });
    expect((await act("/api/routes/painting/adopt", {})).status).toBe(400);
    (app as LocalApp).routes.take(
      {
        kind: "type",
        subject: "ui",
        agent: "claude",
        model: "opus",
        insteadOf: null,
        because: "it was told to",
      },
      true,
      "",
    );
    expect((await act("/api/routes/ui/drop", {})).json).toMatchObject({ done: true, from: "opus" });
    expect((await act("/api/routes/ui/drop", {})).status).toBe(404);
    const facts = await look<{ fact: { kind: string }; text: string }[]>("/api/facts");
    expect(
      facts.filter(({ fact }) => fact.kind.startsWith("route-")).map(({ fact, text }) => [fact.kind, text]),
    ).toEqual([
      ["route-adopted", "ui tasks go to opus instead of the agent's own default (adopted: it was told to)"],
      ["route-dropped", expect.stringMatching(/^ui tasks go to .* instead of opus \(dropped\)$/)],
    ]);
  });

  it("shows events and rounds, takes an event again, tries one and pauses a trigger", async () => {
    const sent = app.events.send({
      ...{ type: "deploy.stage", data: { n: 1 }, source: null, id: null, subject: null },
      ...{ priority: null, target: null, key: null },
    });
    app.rounds.start({ name: "a round/1", workspace: null, phase: null, notes: null }, []);
    const again = await act(`/api/events/${sent.seq}/replay`, {});
    expect([again.status, again.json]).toEqual([200, [expect.objectContaining({ duplicate: false })]]);
    const [newest, before] = await look<{ seq: number; via: string }[]>("/api/events?type=deploy.*&limit=2");
    expect([newest?.via, before?.seq]).toEqual([`replay of ${sent.seq}`, sent.seq]);
    expect(await look(`/api/events/${sent.seq}`)).toMatchObject({
      event: { data: { n: 1 } },
      fates: [{ outcome: "filtered" }],
    });
    const event = { specversion: "1.0", id: "t", source: "me", type: "message.sent", target: "claude" };
    expect((await act("/api/triggers/test", { event })).json).toMatchObject({
      triggers: [{ trigger: "messages" }],
    });
    expect((await act("/api/triggers/test", { event: {} })).status).toBe(400);
    expect((await act("/api/triggers/messages/pause", {})).json).toMatchObject([{ paused: true }]);
    expect((await act("/api/triggers/*/resume", {})).json).toMatchObject([{ paused: false }]);
    expect((await act("/api/triggers/nobody/pause", {})).status).toBe(404);
    expect((await act("/api/dead-letters/w999/drop", {})).status).toBe(404);
    expect(await look("/api/dispatches/a%20round%2F1")).toMatchObject({ name: "a round/1" });
    for (const path of [
      "/api/events/999999",
      "/api/dispatches/none",
      "/api/events?limit=0",
      "/api/events?since=soon",
    ])
      expect([path, (await call(path, { key: keys.read })).status]).toEqual([
        path,
        path.includes("?") ? 400 : 404,
      ]);
    for (const path of [
      `/api/events/${sent.seq}/replay`,
      "/api/triggers/messages/pause",
      "/api/dead-letters/w1/drop",
    ])
      expect([path, (await act(path, {}, keys.read)).status]).toEqual([path, 403]);
  });

  it("gives long lists a page at a time, in which nothing is twice and nothing missing", async () => {
    for (let n = 0; n < 25; n += 1) app.submit({ ...draft(`page task ${n}`) });
    const seen: number[] = [];
    let before: number | null = null;
    do {
      const page: Page = await look(
        `/api/tasks?containing=page%20task&limit=10${before === null ? "" : `&before=${before}`}`,
      );
      seen.push(...page.tasks.map(({ id }) => id));
      before = page.before;
    } while (before !== null);
    expect(seen).toHaveLength(25);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => b - a));
  });

  it("answers a copy of the pages as it answers in its own process", async () => {
    const { url } = dashboard;
    const asked = await pageAnswers(askManager({ url, read: keys.read }));
    const live = new Live(app, "own");
    const parts = { app, host: localHost(app), live, version: "1.2.3", mcp: [], server: () => expect.fail() };
    const own = await pageAnswers(askRoutes(allRoutes(parts)));
    live.close();
    expect(Object.keys(asked.answers)).toEqual(Object.keys(own.answers));
    expect(asked.stories).toBeGreaterThan(20);
    const tasks = "/api/tasks?limit=500";
    expect(asked.answers[tasks]).toEqual(own.answers[tasks]);
    await expect(askManager({ url, read: keys.read })("/api/tasks/999999")).rejects.toMatchObject({
      code: "not-found",
    });
    await expect(askManager({ url: "http://127.0.0.1:1/", read: "" })("/api/fleet")).rejects.toThrow(
      "broke off",
    );
  });

  it("takes an agent's report by its word alone", async () => {
    const headers = { "content-type": "application/json" };
    const report = (more: Record<string, string>): Promise<Got> =>
      call("/api/report", {
        method: "POST",
        headers: { ...headers, ...more },
        body: '{"what":"quality","amount":0.9}',
      });
    expect((await report({})).status).toBe(422);
    expect((await report({ "x-ctm-report": "made.up" })).status).toBe(422);
    expect((await report({ "x-ctm-report": "made.up", origin: dashboard.url.slice(0, -1) })).status).toBe(
      403,
    );
  });

  it("is described by the schemas that check it", async () => {
    const api = JSON.parse((await call("/openapi.json")).text) as {
      openapi: string;
      paths: Record<string, Record<string, { operationId: string; requestBody?: unknown }>>;
    };
    expect(api.openapi).toBe("3.1.0");
    expect(api.paths["/api/tasks"]?.["post"]?.requestBody).toMatchObject({
      content: { "application/json": { schema: { required: ["text"], additionalProperties: false } } },
    });
    expect(api.paths["/api/tasks/{id}"]).toBeDefined();
    const names = Object.values(api.paths).flatMap((path) =>
      Object.values(path).map((one) => one.operationId),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it("has figures for Prometheus, each family said once, and unknown ones not at all", async () => {
    expect((await call("/metrics")).status).toBeGreaterThanOrEqual(401);
    const { text, headers } = await call("/metrics", { key: keys.read });
    expect(headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = text.trimEnd().split("\n");
    for (const line of lines)
      expect(line).toMatch(
        /^(?:# (?:HELP|TYPE) [a-z_]+ .+|[a-z_]+(?:\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})? -?[\d.e+-]+)$/,
      );
    expect(text).toContain('gen_ai_client_token_usage_total{gen_ai_token_type="input"} 0');
    expect(text).toMatch(/ctm_limit_amount\{limit="global tokens\/hour",unit="tokens"\} 500000/);
    expect(text).not.toContain("NaN");
    const types = lines.filter((line) => line.startsWith("# TYPE"));
    expect(new Set(types).size).toBe(types.length);
  });
});

function draft(text: string): Parameters<App["submit"]>[0] {
  const none = {
    type: null,
    model: null,
    agent: null,
    worker: null,
    as: null,
    key: null,
    holdReason: null,
    cap: null,
  };
  return { ...none, text, priority: "normal", cwd: folder, retryLost: false, origin: "test" };
}

interface Message {
  readonly kind: string;
  readonly id: string;
  readonly text?: string;
}

describe("what happens", () => {
  function follow(
    path: string,
    options: { headers?: Record<string, string>; protocols?: string[] } = {},
  ): { socket: WebSocket; seen: Message[] } {
    const seen: Message[] = [];
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options.protocols ?? [], {
      headers: options.headers ?? {},
    });
    socket.on("message", (data: RawData) => seen.push(JSON.parse((data as Buffer).toString()) as Message));
    return { socket, seen };
  }

  it("is told over a WebSocket, and goes on where a reader left off", async () => {
    const headers = { authorization: `Bearer ${keys.read}` };
    const first = follow("/api/socket", { headers });
    await waitFor("a greeting", () => first.seen.length > 0);
    app.submit(draft("told at once"));
    await waitFor("the fact", () => first.seen.some(({ text }) => text?.includes("told at once") === true));
    const left = first.seen.at(-1)?.id ?? "";
    first.socket.close();
    app.submit(draft("while away"));
    const again = follow(`/api/socket?since=${left}`, { protocols: ["ctm.v1", `ctm.key.${keys.read}`] });
    await waitFor("what it missed", () =>
      again.seen.some(({ text }) => text?.includes("while away") === true),
    );
    expect(again.socket.protocol).toBe("ctm.v1");
    expect(again.seen.filter(({ text }) => text?.includes("told at once"))).toEqual([]);
    again.socket.close();
    const late = follow("/api/socket?since=0000-3", { headers });
    await waitFor("a word that it missed something", () => late.seen[0]?.kind === "reset");
    late.socket.close();
  });

  it("is told as server-sent events", async () => {
    const response = await fetch(`http://127.0.0.1:${port}/api/live`, {
      headers: { authorization: `Bearer ${keys.read}` },
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const until = async (words: string): Promise<void> => {
      while (!text.includes(words)) text += (await reader?.read())?.value ?? "";
    };
    await until("event: hello");
    app.submit(draft("over sse\nwith two lines"));
    await until("over sse");
    expect(text).toMatch(/event: fact\nid: [0-9a-f]+-\d+\ndata: \{.*over sse\\nwith two lines.*\}\n\n/);
    await reader?.cancel();
  });

  it("is told to nobody who may not know, before a WebSocket is one", async () => {
    const refused = async (options: Parameters<typeof follow>[1], path = "/api/socket"): Promise<number> => {
      const { socket } = follow(path, options);
      socket.on("error", () => undefined);
      const [, response] = (await once(socket, "unexpected-response")) as [unknown, { statusCode: number }];
      return response.statusCode;
    };
    const right = { authorization: `Bearer ${keys.act}` };
    expect(await refused({ headers: { ...right, origin: "http://evil.test" } })).toBe(403);
    expect(await refused({ headers: { ...right, origin: "null" } })).toBe(403);
    expect(await refused({ headers: { ...right, host: `evil.test:${port}` } })).toBe(421);
    expect(await refused({ headers: { ...right, "sec-fetch-site": "cross-site" } })).toBe(403);
    expect([401, 429]).toContain(await refused({}));
    expect([401, 429]).toContain(await refused({ protocols: ["ctm.v1", "ctm.key.wrong"] }));
    expect(await refused({ headers: right }, "/api/other")).toBe(404);
  });

  it("ends with a reader that sends too much, or compressed", async () => {
    const headers = { authorization: `Bearer ${keys.read}` };
    const { socket } = follow("/api/socket", { headers });
    await once(socket, "open");
    expect(socket.extensions).toBe("");
    socket.send(Buffer.alloc(300 * 1024));
    const [code] = (await once(socket, "close")) as [number];
    expect(code).toBe(1009);
    // A8: the head of a frame of a gigabyte is enough; it is not waited for.
    const { socket: other } = follow("/api/socket", { headers });
    await once(other, "open");
    const wire = Reflect.get(other, "_socket") as Socket;
    wire.write(Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4]));
    expect(((await once(other, "close")) as [number])[0]).toBe(1009);
  });
});
