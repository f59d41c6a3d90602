import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { readDashboardFile } from "../../src/dashboard-file.ts";
import { childrenMax } from "../../src/child-tasks.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { reportKey } from "../../src/report-key.ts";
import { Product } from "../support/product.ts";
import { webCall } from "../support/web-client.ts";

let ctm: Product;
let port: number;
let keys: { readonly act: string; readonly read: string };
/** The word of the launch that works on task 1. */
let word: string;

beforeAll(async () => {
  ctm = new Product({ workers: 1, dashboard: true });
  await ctm.serve();
  const facts = readDashboardFile(join(ctm.state, "dashboard.json"));
  if (facts?.url === undefined || facts.url === null) throw new Error("there is no dashboard");
  port = Number(new URL(facts.url).port);
  keys = facts;
  await ctm.tell("work [[delay:600000]]", { cap: "1000" });
  await ctm.until(1, "running");
  const ledger = Ledger.open(join(ctm.state, "ledger.sqlite"));
  word = reportKey(ledger, ledger.workers.all()[0]?.launchId ?? "");
  ledger.close();
});
afterAll(() => ctm.end());

/** The official client over HTTP. */
async function connected(path: string, headers: Record<string, string>) {
  const transport = new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}${path}`), {
    requestInit: { headers },
  });
  const client = new Client({ name: "test", version: "1" });
  await client.connect(transport);
  onTestFinished(async () => {
    await transport.terminateSession().catch(() => undefined);
    await client.close();
  });
  const names = async () => (await client.listTools()).tools.map(({ name }) => name).sort();
  const call = async (name: string, given: Record<string, unknown> = {}) => {
    const { content, isError } = await client.callTool({ name, arguments: given });
    const [first] = content as { text?: string }[];
    return { failed: isError === true, text: first?.text ?? "" };
  };
  return { names, call };
}
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe("the tools over HTTP", () => {
  it("let a person's agent add and wait with the acting key, and look with the other", async () => {
    const acting = await connected("/mcp", bearer(keys.act));
    expect(await acting.names()).toEqual(
      expect.arrayContaining(["add_task", "limits", "start_round", "wait_for_news"]),
    );
    const added = await acting.call("add_task", { text: "from afar", hold: "not yet" });
    expect(JSON.parse(added.text)).toMatchObject({ task: { draft: { text: "from afar", origin: "mcp" } } });
    expect(JSON.parse((await acting.call("wait_for_news", { tasks: [1], seconds: 1 })).text)).toMatchObject({
      news: [],
      tasks: [{ id: 1, state: "running" }],
    });
    const reading = await connected("/mcp", bearer(keys.read));
    const names = await reading.names();
    expect(names).toEqual(expect.arrayContaining(["status", "tasks"]));
    expect(names.filter((name) => /add|start|end/.test(name))).toEqual([]);
    expect((await reading.call("status")).failed).toBe(false);
    // Who calls is no agent with a record that is known: what it used is n/a.
    expect(await ctm.ask("metrics", {}, [])).toMatchObject({ coordinatorTokens: { value: null } });
  });

  it("let a worker do what a worker may, about its own task, within its bounds", async () => {
    const { names, call } = await connected("/mcp/worker", { "x-ctm-report": word });
    expect(await names()).toEqual(["report", "send_message", "submit_child_task"]);
    for (const foreign of ["add_task", "limits raise", "cancel", "release", "answer", "wait_for_news"])
      await expect(call(foreign, { id: 1 })).rejects.toThrow(/not found/i);
    expect((await call("submit_child_task", { text: "more", parent: 2, approve: true })).failed).toBe(true);
    const child = JSON.parse((await call("submit_child_task", { text: "part 1", cap: "2M" })).text) as {
      task: { id: number };
    };
    expect(child).toMatchObject({ task: { draft: { origin: "task 1", cap: { tokens: 1_000 } } } });
    for (let n = 2; n <= childrenMax; n += 1)
      expect((await call("submit_child_task", { text: `part ${n}` })).failed).toBe(false);
    expect(await call("submit_child_task", { text: "one too many" })).toMatchObject({
      failed: true,
      text: expect.stringContaining(`has ${childrenMax} children`),
    });
    expect((await call("report", { what: "tests", amount: 3, passed: 3 })).text).toContain('"task":1');
  });

  it("are behind the door: no key, another's, a foreign name, a page, a list, too much", async () => {
    const headers = {
      ...{ accept: "application/json, text/event-stream", "content-type": "application/json" },
      host: `127.0.0.1:${port}`,
    };
    const params = {
      protocolVersion: "2025-06-18",
      capabilities: {},
      clientInfo: { name: "t", version: "1" },
    };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params });
    const sent = (path: string, more: Record<string, string>, text = body, method = "POST") =>
      webCall(port, path, { method, headers: { ...headers, ...more }, body: text });
    const act = bearer(keys.act);
    const statuses = await Promise.all(
      [
        sent("/mcp", act),
        sent("/mcp", {}),
        sent("/mcp", bearer("x".repeat(43))),
        sent("/mcp", { "x-ctm-report": word }),
        sent("/mcp/worker", act),
        sent("/mcp/worker", { "x-ctm-report": `${word.slice(0, -1)}!` }),
        sent("/mcp", { ...act, host: "evil.test:3847" }),
        sent("/mcp", { ...act, origin: "http://evil.test" }),
        sent("/mcp/worker", { "x-ctm-report": word, origin: `http://127.0.0.1:${port}` }),
        sent("/mcp", { ...act, "content-type": "text/plain" }),
        sent("/mcp", act, `[${body}]`),
        sent("/mcp", { ...act, "mcp-session-id": "guessed" }),
        sent("/mcp", act, `"${"x".repeat(2 * 1024 * 1024)}"`),
        webCall(port, "/mcp", { headers: { ...headers, ...act } }),
      ].map(async (got) => (await got).status),
    );
    expect(statuses).toEqual([200, 401, 401, 401, 401, 401, 421, 403, 403, 415, 400, 404, 413, 405]);
    const answered = await sent("/mcp", { ...act, origin: `http://127.0.0.1:${port}` });
    expect(Object.keys(answered.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});
