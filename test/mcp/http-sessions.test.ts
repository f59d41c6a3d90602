import { beforeEach, expect, it } from "vitest";
import type { CtmError } from "../../src/base/errors.ts";
import {
  McpSessions,
  sessionIdleMs,
  sessionsMax,
  sessionsOfOneMax,
  type McpCaller,
} from "../../src/mcp/http-sessions.ts";

const reader: McpCaller = { rights: "read", word: null, ports: null };
const worker = (n: number): McpCaller => ({ rights: "worker", word: `word-${n}`, ports: null });
const headers = { accept: "application/json, text/event-stream", "content-type": "application/json" };
const params = {
  ...{ protocolVersion: "2025-06-18", capabilities: {} },
  clientInfo: { name: "test", version: "1" },
};
const opening = { jsonrpc: "2.0", id: 1, method: "initialize", params };

let nowMs: number;
let sessions: McpSessions;
beforeEach(() => {
  nowMs = 1_000_000;
  const refuse = (): never => {
    throw new Error("it is not asked for");
  };
  sessions = new McpSessions({
    version: "1",
    host: { role: "manager", run: refuse, follow: refuse },
    caller: { cwd: "/tmp", origin: "mcp", readText: refuse, config: refuse },
    now: () => nowMs,
    trouble: () => undefined,
  });
});

const begin = async (caller: McpCaller): Promise<string> => {
  const answer = await sessions.handle({ method: "POST", headers, body: opening }, caller);
  expect([answer.status, answer.text.slice(0, 80)]).toEqual([200, expect.stringContaining("result")]);
  return answer.headers["mcp-session-id"] ?? "";
};
const call = (id: string, caller: McpCaller, method = "ping", id_ = 2) =>
  sessions.handle(
    {
      method: "POST",
      headers: { ...headers, "mcp-session-id": id },
      body: { jsonrpc: "2.0", id: id_, method },
    },
    caller,
  );
const codeOf = (act: Promise<unknown>): Promise<string> =>
  act.then(
    () => "none",
    (error: unknown) => (error as CtmError).code,
  );

it("binds a session to the key it was begun with, and ends it unused or when it is asked to", async () => {
  const id = await begin(reader);
  expect((await call(id, reader)).status).toBe(200);
  for (const other of [{ ...reader, rights: "act" } as const, worker(1)])
    expect(await codeOf(call(id, other))).toBe("not-found");
  nowMs += sessionIdleMs - 1;
  expect((await call(id, reader)).status).toBe(200);
  nowMs += sessionIdleMs;
  expect(await codeOf(call(id, reader))).toBe("not-found");
  const next = await begin(reader);
  const ending = { method: "DELETE", headers: { ...headers, "mcp-session-id": next }, body: null } as const;
  expect((await sessions.handle(ending, reader)).status).toBe(200);
  expect([await codeOf(call(next, reader)), sessions.size]).toEqual(["not-found", 0]);
});

it("takes the room of a new session from the same key's oldest, and refuses more than there may be", async () => {
  const first = await begin(reader);
  for (let n = 1; n < sessionsOfOneMax; n += 1) {
    nowMs += 1;
    await begin(reader);
  }
  await begin(reader);
  expect([await codeOf(call(first, reader)), sessions.size]).toEqual(["not-found", sessionsOfOneMax]);
  for (let n = sessions.size; n < sessionsMax; n += 1) await begin(worker(n));
  expect(await codeOf(begin(worker(0)))).toBe("refused");
});

it("begins with `initialize` alone, takes no lists, and keeps nothing of what was no beginning", async () => {
  const send = (body: unknown, more: object = {}) =>
    sessions.handle({ method: "POST", headers: { ...headers, ...more }, body }, reader);
  for (const body of [[opening], { jsonrpc: "2.0", id: 1, method: "tools/list" }, "text", null, {}])
    expect(await codeOf(send(body))).toBe("usage");
  expect((await send(opening, { accept: "text/html" })).status).toBe(406);
  expect(sessions.size).toBe(0);
});
