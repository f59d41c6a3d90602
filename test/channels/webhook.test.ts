import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { webhookHeaders, webhookKey } from "../../src/alerts/standard-webhook.ts";
import { webhookChannel, type WebhookSetting } from "../../src/channels/webhook.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const DELIVERY = { id: "msg_1", severity: "info", title: "t", lines: ["l"], json: '{"a":"ü"}' } as const;
const WALL_MS = 1_614_265_330_000;

let server: Server;
let folder: string;
let origin: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const got: { path: string; headers: IncomingMessage["headers"]; body: string }[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ctm-webhook-"));
  got.length = 0;
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      got.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(parts).toString() });
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

function hook(change: Partial<WebhookSetting> = {}, env: Record<string, string> = { HOOK_SECRET: SECRET }) {
  const setting = {
    url: `${origin}/in?token=abc`,
    secretEnv: "HOOK_SECRET",
    secretFile: null,
    timeoutMs: 20_000,
    ...change,
  };
  return webhookChannel({ name: "hook", from: "info", setting, env: () => env, wallNow: () => WALL_MS });
}
const ends =
  (status: number, headers: Record<string, string> = {}) =>
  (_: unknown, response: ServerResponse) =>
    void response.writeHead(status, headers).end("thanks");

it("is posted signed, and one can check it", async () => {
  answer = ends(204);
  expect(await hook().deliver(DELIVERY)).toEqual({ kind: "done" });
  const [request] = got;
  expect(request).toMatchObject({ path: "/in?token=abc", body: DELIVERY.json });
  expect(request?.headers).toMatchObject({
    "content-type": "application/json",
    ...webhookHeaders("msg_1", WALL_MS / 1_000, DELIVERY.json, webhookKey(SECRET)),
  });
});

it("its secret is read from its file each time, and nothing goes out without one", async () => {
  answer = ends(200);
  const file = join(folder, "secret");
  writeFileSync(file, `${SECRET}\n`);
  chmodSync(file, 0o600);
  const channel = hook({ secretEnv: null, secretFile: file });
  expect(await channel.deliver(DELIVERY)).toEqual({ kind: "done" });
  writeFileSync(file, "a-secret-that-is-none");
  const failed = await channel.deliver(DELIVERY);
  expect(failed).toMatchObject({ kind: "failed", fault: expect.stringContaining("holds no webhook secret") });
  expect(JSON.stringify(failed)).not.toContain("a-secret-that-is-none");
  expect(await hook({}, {}).deliver(DELIVERY)).toMatchObject({ kind: "failed" });
  expect(got).toHaveLength(1);
});

it("without a secret it is not signed, and says so", async () => {
  answer = ends(200);
  const channel = hook({ secretEnv: null });
  expect(channel.place).toBe(`${origin} (not signed)`);
  expect(await channel.deliver(DELIVERY)).toEqual({ kind: "done" });
  expect(got[0]?.headers).not.toHaveProperty("webhook-signature");
});

it.each([
  [500, {}, { kind: "failed", fault: "HTTP 500", final: false, retryAfterMs: null }],
  [503, { "retry-after": "7" }, { kind: "failed", retryAfterMs: 7_000 }],
  [429, { "retry-after": new Date(WALL_MS + 9_000).toUTCString() }, { kind: "failed", retryAfterMs: 9_000 }],
  [410, {}, { kind: "failed", final: true }],
  [302, { location: "/elsewhere" }, { kind: "failed", fault: "HTTP 302: redirects are not followed" }],
])("the answer %i with %o is a failure", async (status, headers, expected) => {
  answer = ends(status, headers);
  expect(await hook().deliver(DELIVERY)).toMatchObject(expected);
  expect(got.map(({ path }) => path)).toEqual(["/in?token=abc"]);
});

it("an answer without end is not read", async () => {
  let stop = (): void => undefined;
  const over = new Promise<void>((resolve) => (stop = resolve));
  answer = (_, response) => {
    response.writeHead(200);
    const more = (): void => {
      while (response.write("x".repeat(65_536)));
      response.once("drain", more);
    };
    more();
    response.once("close", stop);
  };
  expect(await hook().deliver(DELIVERY)).toEqual({ kind: "done" });
  await over;
});

it("one that never answers is given up, and no fault names the address", async () => {
  answer = () => undefined;
  expect(await hook({ timeoutMs: 100 }).deliver(DELIVERY)).toEqual({
    kind: "failed",
    fault: "no answer within 0.1 s",
  });
  answer = (request) => request.socket.destroy();
  const broken = await hook().deliver(DELIVERY);
  expect(broken).toMatchObject({ kind: "failed", fault: expect.stringContaining("could not be reached") });
  expect(JSON.stringify(broken)).not.toMatch(/token|127\.0\.0\.1/);
});
