/** The receiver over real sockets: who is heard, what is taken, and how little a stranger can make it do. */
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { request } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { openOtlpHttp, telemetryBodyMaxBytes, type OtlpHttpParts } from "../../src/telemetry/otlp-http.ts";
import { waitFor } from "../support/wait-for.ts";

const SECRET = "5".repeat(64);
const DOCUMENT = '{"resourceLogs":[]}';

async function receiver(change: Partial<OtlpHttpParts> = {}) {
  const taken: { launchId: string; text: string }[] = [];
  const http = await openOtlpHttp({
    port: 0,
    secretOf: (launchId) => (launchId === "w1" ? SECRET : "6".repeat(64)),
    take: (launchId, text) => {
      taken.push({ launchId, text });
      return { rejected: 0 };
    },
    ...change,
  });
  onTestFinished(() => http.close());
  return { ...http, taken };
}

interface Sent {
  readonly status: number;
  readonly message: string | undefined;
  readonly body: Record<string, unknown>;
}

/** By node:http, which lets a test say any Host it likes. */
function send(
  url: string,
  options: { body?: string | Buffer; method?: string; headers?: Record<string, string> } = {},
): Promise<Sent> {
  const { body = DOCUMENT, method = "POST", headers = {} } = options;
  return new Promise((answered, failed) => {
    const asked = request(
      url,
      { method, headers: { "content-type": "application/json", ...headers }, agent: false },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (piece: string) => (text += piece));
        response.on("end", () => {
          const answer = JSON.parse(text) as Record<string, unknown>;
          answered({ status: response.statusCode ?? 0, message: answer["message"] as string, body: answer });
        });
      },
    );
    asked.on("error", failed);
    asked.end(body);
  });
}

describe("an exporter that knows the secret of its launch", () => {
  it("is heard: its log records are taken, its traces and metrics are not looked at", async () => {
    const { endpoint, taken } = await receiver();
    expect(await send(`${endpoint("w1")}/v1/logs`)).toMatchObject({ status: 200, body: {} });
    const charset = { "content-type": "application/json; charset=utf-8" };
    expect(await send(`${endpoint("w1")}/v1/logs`, { headers: charset })).toMatchObject({ status: 200 });
    for (const kind of ["traces", "metrics"])
      expect(await send(`${endpoint("w1")}/v1/${kind}`)).toMatchObject({ status: 200, body: {} });
    expect(taken).toEqual([
      { launchId: "w1", text: DOCUMENT },
      { launchId: "w1", text: DOCUMENT },
    ]);
  });

  it("is told what was not taken, in OTLP's own words", async () => {
    const partly = await receiver({ take: () => ({ rejected: 2 }) });
    expect((await send(`${partly.endpoint("w1")}/v1/logs`)).body).toEqual({
      partialSuccess: { rejectedLogRecords: 2, errorMessage: "2 log records could not be read" },
    });
    const none = await receiver({ take: () => ({ faulty: "this is no JSON" }) });
    expect(await send(`${none.endpoint("w1")}/v1/logs`)).toMatchObject({
      status: 400,
      message: "this is no JSON",
    });
  });

  it.each<[string, Record<string, string>, number, RegExp]>([
    ["protobuf", { "content-type": "application/x-protobuf" }, 415, /must be http\/json$/],
    ["another kind of text", { "content-type": "text/plain" }, 415, /is taken as JSON/],
    ["no content type", { "content-type": "" }, 415, /is taken as JSON/],
    ["something compressed", { "content-encoding": "gzip" }, 415, /not compressed/],
  ])("is refused with a sentence when it sends %s", async (_name, headers, status, message) => {
    const { endpoint, taken } = await receiver();
    const sent = await send(`${endpoint("w1")}/v1/logs`, { headers, body: gzipSync(DOCUMENT) });
    expect(sent.status).toBe(status);
    expect(sent.message).toMatch(message);
    expect(taken).toEqual([]);
  });

  it("is refused when it sends more than is taken, whether it says so or not", async () => {
    const { endpoint, taken } = await receiver();
    const much = Buffer.alloc(telemetryBodyMaxBytes + 1, 32);
    const stopped = (headers: Record<string, string>) =>
      send(`${endpoint("w1")}/v1/logs`, { body: much, headers }).then(
        ({ status }) => status,
        // The connection may be gone before all was sent, and the answer with it.
        (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
      );
    expect([413, "ECONNRESET", "EPIPE"]).toContain(await stopped({}));
    expect([413, "ECONNRESET", "EPIPE"]).toContain(await stopped({ "transfer-encoding": "chunked" }));
    expect(await send(`${endpoint("w1")}/v1/logs`)).toMatchObject({ status: 200 });
    expect(taken.map(({ text }) => text.length)).toEqual([DOCUMENT.length]);
  });
});

describe("anybody else", () => {
  it.each<[string, (endpoint: string) => string, Parameters<typeof send>[1], number]>([
    ["with another secret", (endpoint) => `${endpoint.replace(/5+$/, "7".repeat(64))}/v1/logs`, {}, 404],
    [
      "with the secret of another launch",
      (endpoint) => `${endpoint.replace("/w1/", "/w2/")}/v1/logs`,
      {},
      404,
    ],
    ["without a secret", (endpoint) => endpoint.replace(/\/w1\/.*/, "/v1/logs"), {}, 404],
    ["at another place", (endpoint) => `${endpoint}/v1/logs/../x`, {}, 404],
    ["by GET", (endpoint) => `${endpoint}/v1/logs`, { method: "GET", body: "" }, 405],
    ["under another name", (endpoint) => `${endpoint}/v1/logs`, { headers: { host: "evil.example" } }, 421],
    [
      "on another port's name",
      (endpoint) => `${endpoint}/v1/logs`,
      { headers: { host: "127.0.0.1:1" } },
      421,
    ],
    ["from a page", (endpoint) => `${endpoint}/v1/logs`, { headers: { origin: "http://localhost" } }, 403],
  ])("%s is refused, and nothing is taken", async (_name, urlOf, options, status) => {
    const { endpoint, taken } = await receiver();
    const sent = await send(urlOf(endpoint("w1")), options);
    expect(sent.status).toBe(status);
    expect(sent.message).not.toMatch(/[567]{8}/);
    expect(taken).toEqual([]);
  });

  it("who is slow is cut off: in its headers, in its body, and with no word at all after one", async () => {
    const { port, endpoint } = await receiver({ withinMs: 300 });
    const path = new URL(`${endpoint("w1")}/v1/logs`).pathname;
    const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n`;
    const halves = [head, `${head}content-type: application/json\r\ncontent-length: 100\r\n\r\n{"resource`];
    const ended = halves.map(
      (half) =>
        new Promise<string>((closed) => {
          const socket = connect(port, "127.0.0.1", () => socket.write(half));
          let said = "";
          socket.on("data", (piece) => (said += piece.toString()));
          socket.on("error", () => undefined);
          socket.on("close", () => closed(said));
        }),
    );
    for (const said of await Promise.all(ended)) expect(said).toMatch(/^HTTP\/1\.1 408 /);
    expect(await send(`${endpoint("w1")}/v1/logs`)).toMatchObject({ status: 200 });
  });

  it("what is no HTTP, or headers without end, ends the connection and nothing else", async () => {
    const { port, endpoint } = await receiver();
    for (const text of ["\u0000\u0001 nonsense\r\n\r\n", `GET / HTTP/1.1\r\nx: ${"y".repeat(20_000)}`]) {
      const socket = connect(port, "127.0.0.1", () => socket.write(text));
      let closed = false;
      socket.resume();
      socket.on("error", () => undefined);
      socket.on("close", () => (closed = true));
      await waitFor("the connection to end", () => closed);
    }
    expect(await send(`${endpoint("w1")}/v1/logs`)).toMatchObject({ status: 200 });
  });
});

it("a port that is taken is said in one sentence", async () => {
  const { port } = await receiver();
  await expect(receiver({ port })).rejects.toThrow(`telemetry cannot be received on port ${port}`);
});
