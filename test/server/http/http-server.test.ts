import { connect } from "node:net";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { CtmError } from "../../../src/base/errors.ts";
import { openHttpServer, type HttpServer } from "../../../src/server/http/http-server.ts";
import { defineRoute } from "../../../src/server/http/route.ts";
import { webCall, type Got, type Sent } from "../../support/web-client.ts";

const KEYS = { act: "a".repeat(43), read: "r".repeat(43) };
let server: HttpServer;
let taken: unknown[] = [];

const routes = [
  defineRoute({
    method: "GET",
    path: "/",
    access: "public",
    summary: "page",
    handle: () => ({ text: "hi", type: "text/html" }),
  }),
  defineRoute({
    method: "GET",
    path: "/things/:id",
    access: "read",
    summary: "thing",
    query: z.strictObject({ deep: z.literal("yes").optional() }),
    handle: ({ params, query, rights }) => ({ json: { id: params["id"], deep: query.deep ?? null, rights } }),
  }),
  defineRoute({
    method: "POST",
    path: "/things",
    access: "act",
    summary: "make",
    body: z.strictObject({ text: z.string().max(10) }),
    handle: ({ body }) => {
      taken.push(body);
      if (body.text === "bug") throw new TypeError("/secret/path broke");
      if (body.text === "moved") throw new CtmError("illegal-move", "it has moved", ["detail"]);
      return { status: 201, json: body };
    },
  }),
  defineRoute({
    method: "POST",
    path: "/hooks/:name",
    access: "signed",
    summary: "hook",
    handle: ({ raw, headers }) => {
      const wanted = createHmac("sha256", "s").update(raw).digest("hex");
      if (headers["x-signature"] !== wanted) throw new CtmError("refused", "wrong signature");
      return { status: 202, json: JSON.parse(raw.toString()) };
    },
  }),
];

beforeAll(async () => {
  server = await openHttpServer({
    bind: "127.0.0.1",
    ports: [0],
    names: ["127.0.0.1", "localhost", "::1"],
    keys: KEYS,
    routes,
    sockets: [],
    now: () => Date.now(),
    withinMs: 700,
  });
});
afterAll(() => server.close());

const call = (path: string, sent: Sent = {}): Promise<Got> => webCall(server.port, path, sent);

/** What a request of these very bytes is answered with. */
async function statusOf(bytes: string): Promise<number> {
  const socket = connect(server.port, "127.0.0.1");
  socket.write(bytes);
  const [answer] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return Number(answer.toString().slice(9, 12));
}

const json = { "content-type": "application/json" };

describe("the door", () => {
  it("is open under three names and no other, and before anything else is looked at", async () => {
    for (const name of ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])
      expect((await call("/", { headers: { host: `${name}:${server.port}` } })).status).toBe(200);
    for (const host of [
      `evil.test:${server.port}`,
      `127.0.0.1.nip.io:${server.port}`,
      `localhost.:${server.port}`,
      `evil.localhost:${server.port}`,
      "127.0.0.1",
      `127.0.0.1:${server.port + 1}`,
      `127.0.0.1:${server.port}@evil.test`,
    ]) {
      const got = await call("/nothing-there", { headers: { host }, key: KEYS.act });
      expect([host, got.status]).toEqual([host, 421]);
    }
    expect(await statusOf("GET / HTTP/1.1\r\n\r\n")).toBe(400);
    expect(await statusOf("GET / HTTP/1.1\r\nHost:\r\n\r\n")).toBe(421);
    expect(await statusOf("GET / HTTP/1.0\r\n\r\n")).toBe(421);
    // What a proxy would be asked.
    expect(await statusOf(`GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`)).toBe(
      400,
    );
  });

  it("tells no other page anything: no CORS head, whatever it is asked", async () => {
    for (const origin of [
      "http://evil.test",
      "null",
      `https://127.0.0.1:${server.port}`,
      "http://localhost:1",
    ]) {
      for (const method of ["GET", "POST", "OPTIONS"]) {
        const got = await call("/things/1", { method, headers: { ...json, origin }, key: KEYS.act });
        expect([origin, method, got.status]).toEqual([origin, method, 403]);
        expect(Object.keys(got.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
      }
    }
    expect(
      (await call("/things/1", { headers: { origin: `http://localhost:${server.port}` }, key: KEYS.act }))
        .status,
    ).toBe(200);
    for (const site of ["cross-site", "same-site"])
      expect((await call("/things/1", { headers: { "sec-fetch-site": site }, key: KEYS.act })).status).toBe(
        403,
      );
    // A page may be opened from anywhere: nothing stands in it.
    const opened = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    expect((await call("/", { headers: opened })).status).toBe(200);
    expect((await call("/things/1", { headers: opened, key: KEYS.act })).status).toBe(403);
  });

  it("protects what it sends", async () => {
    const { headers } = await call("/");
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["referrer-policy"]).toBe("no-referrer");
    expect(headers["cache-control"]).toBe("no-store");
    expect(headers["x-powered-by"]).toBeUndefined();
  });
});

describe("keys", () => {
  it("let in as far as they reach", async () => {
    const make = { method: "POST", headers: json, body: '{"text":"a"}' };
    expect((await call("/things/1")).status).toBe(401);
    expect(JSON.parse((await call("/things/1", { key: KEYS.read })).text)).toMatchObject({ rights: "read" });
    expect((await call("/things", { ...make, key: KEYS.read })).status).toBe(403);
    expect((await call("/things", make)).status).toBe(401);
    expect((await call("/things", { ...make, key: KEYS.act })).status).toBe(201);
    // What a caller says of itself counts for nothing.
    const boast = {
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-host": "x",
      "x-scopes": "admin",
      "x-user": "root",
    };
    expect((await call("/things/1", { headers: boast })).status).toBe(401);
    expect((await call(`/things/1?key=${KEYS.act}`)).status).toBe(401);
  });

  it("cannot be guessed, and guessing locks nobody out", async () => {
    const answers = new Set<number>();
    for (let guess = 0; guess < 100; guess += 1)
      answers.add((await call("/things/1", { key: `guess${guess}` })).status);
    expect(answers).toEqual(new Set([401, 429]));
    expect((await call("/things/1", { key: KEYS.act })).status).toBe(200);
  });
});

describe("what is sent", () => {
  it("has the shape its route takes, or is refused in one sentence", async () => {
    const post = async (
      body: string | Buffer,
      headers: Record<string, string> = json,
    ): Promise<[number, string]> => {
      const got = await call("/things", { method: "POST", body, headers, key: KEYS.act });
      const { error } = JSON.parse(got.text) as { error?: { message: string } };
      return [got.status, error?.message ?? ""];
    };
    taken = [];
    expect(await post('{"text":')).toEqual([400, "the body is not JSON"]);
    expect(await post(Buffer.from([0x22, 0xff, 0x22]))).toEqual([400, "the body is not JSON"]);
    expect((await post('{"text":"a","__proto__":{"x":1}}'))[0]).toBe(400);
    expect((await post('{"text":"a","constructor":{}}'))[0]).toBe(400);
    expect((await post("[]"))[0]).toBe(400);
    expect((await post(`{"text":"${"x".repeat(70_000)}"}`))[0]).toBe(413);
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data",
      "application/jsonx",
    ])
      expect((await post('{"text":"a"}', { "content-type": type }))[0]).toBe(415);
    expect((await post('{"text":"a"}', { ...json, "content-encoding": "gzip" }))[0]).toBe(415);
    expect(taken).toEqual([]);
    expect(await post('{"text":"moved"}')).toEqual([409, "it has moved"]);
    const [status, message] = await post('{"text":"bug"}');
    expect([status, message]).toEqual([500, "unexpected: /secret/path broke"]);
    expect((await call("/things/1?deep=yes", { key: KEYS.read })).status).toBe(200);
    for (const query of ["?deep=no", "?other=1", "?deep=yes&deep=yes"])
      expect((await call(`/things/1${query}`, { key: KEYS.read })).status).toBe(400);
  });

  it("reaches a signed route byte for byte, and never from a page", async () => {
    const body = '{ "float":1.0, "text":"\\u00e9", "b":1, "a":2 }';
    const signature = createHmac("sha256", "s").update(body).digest("hex");
    const signed = { method: "POST", body, headers: { "x-signature": signature } };
    expect((await call("/hooks/x", signed)).status).toBe(202);
    expect((await call("/hooks/x", { ...signed, body: JSON.stringify(JSON.parse(body)) })).status).toBe(422);
    const fromPage = { ...signed.headers, origin: `http://127.0.0.1:${server.port}` };
    expect((await call("/hooks/x", { ...signed, headers: fromPage })).status).toBe(403);
  });

  it("finds nothing beside the routes", async () => {
    for (const path of [
      "/../etc/passwd",
      "/things/%2e%2e%2f%2e%2e",
      "//things/1",
      "/things/%",
      "/constructor",
    ])
      expect([path, (await call(path)).status]).not.toEqual([path, 200]);
    expect((await call("/nothing")).status).toBe(404);
    const wrong = await call("/things", { key: KEYS.act });
    expect([wrong.status, wrong.headers["allow"]]).toEqual([405, "POST"]);
    const decoded = await call("/things/a%2Fb%00", { key: KEYS.read });
    expect(JSON.parse(decoded.text)).toMatchObject({ id: "a/b\0" });
    expect((await call("/", { method: "HEAD" })).text).toBe("");
  });

  it("is given up on when it does not come", async () => {
    for (const opening of [
      "GET / HTTP/1.1\r\nHost: x",
      `POST /hooks/x HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\ncontent-length: 50\r\n\r\nabc`,
    ]) {
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write(opening);
      await once(socket.resume(), "close");
    }
    const flood = connect(server.port, "127.0.0.1");
    flood.on("error", () => undefined);
    flood.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n${"x-a: 1\r\n".repeat(20_000)}\r\n`);
    const [answer] = (await once(flood, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 431/);
    flood.destroy();
  });

  it("is noted when it was refused, without what it held", async () => {
    await call("/things/7?key=hunter2", { headers: { host: "evil.test" } });
    const last = server.refusals().at(-1);
    expect(last).toMatchObject({ status: 421, call: "GET /things/7", host: "evil.test" });
    expect(JSON.stringify(server.refusals())).not.toContain("hunter2");
    expect(server.refusals().length).toBeLessThanOrEqual(200);
    expect(server.refusedCounts().get(421)).toBeGreaterThan(0);
  });
});

it("a port that is taken is passed over, and where none is free that is said", async () => {
  const parts = {
    bind: "127.0.0.1",
    names: ["127.0.0.1"],
    keys: KEYS,
    routes,
    sockets: [],
    now: () => Date.now(),
  };
  await expect(openHttpServer({ ...parts, ports: [server.port] })).rejects.toThrow(
    `the dashboard cannot listen: port ${server.port} of 127.0.0.1 is taken`,
  );
  const other = await openHttpServer({ ...parts, ports: [server.port, 0] });
  expect(other.port).not.toBe(server.port);
  await other.close();
});
