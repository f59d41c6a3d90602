import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { expect, it, onTestFinished } from "vitest";
import { Ledger } from "../../src/ledger/ledger.ts";
import { reportKey } from "../../src/report-key.ts";
import { product, type Product } from "../support/product.ts";

interface Answer {
  readonly failed: boolean;
  readonly text: string;
}

/** The official client, and our server as a process of its own. */
async function connected(ctm: Product, env: Readonly<Record<string, string>> = {}) {
  const [command, args] = ctm.argv(["mcp"]);
  const transport = new StdioClientTransport({ command, args, cwd: ctm.work, env: { ...ctm.env, ...env } });
  const client = new Client({ name: "test", version: "1" });
  await client.connect(transport);
  onTestFinished(() => client.close());
  const names = async (): Promise<string[]> =>
    (await client.listTools()).tools.map(({ name }) => name).sort();
  const call = async (name: string, given: Record<string, unknown>): Promise<Answer> => {
    const { content, isError } = await client.callTool({ name, arguments: given });
    const [first] = content as { text?: string }[];
    return { failed: isError === true, text: first?.text ?? "" };
  };
  return { client, names, call };
}

it("lets an agent begin a round, wait for its end without looking, and read its figures; it may change no limit", async () => {
  const ctm = product({ workers: 2 });
  const manager = await ctm.serve();
  const { names, call } = await connected(ctm);
  const tools = await names();
  expect(tools).toEqual(
    expect.arrayContaining(["add_task", "limits", "metrics", "start_round", "wait_for_news"]),
  );
  expect(tools.filter((name) => /set|raise|release|approve|cancel|kill|answer/.test(name))).toEqual([]);
  const begun = await call("start_round", { name: "r1", phase: "P", tasks: ["one [[delay:300]]", "two"] });
  expect(begun).toMatchObject({ failed: false });
  const { queued } = JSON.parse(begun.text) as { queued: number[] };
  let states: string[] = [];
  while (!states.every((state) => state === "completed") || states.length === 0) {
    const news = await call("wait_for_news", { tasks: queued, seconds: 60 });
    states = (JSON.parse(news.text) as { tasks: { state: string }[] }).tasks.map(({ state }) => state);
  }
  // Who drives us is no agent with a record that is known: what it used is n/a, and never 0.
  expect(JSON.parse((await call("end_round", { name: "r1" })).text)).toMatchObject({
    ...{ tasks: { completed: 2 }, coordinatorTokens: { value: null }, noCoordinator: false },
  });
  expect(await call("task", { id: 99 })).toMatchObject({
    failed: true,
    text: expect.stringMatching(/not-found/),
  });
  expect((await call("add_task", { text: "x", approve: true })).failed).toBe(true);
  await manager.stop();
});

it("lets a worker submit a child, and nothing beside what it is given", async () => {
  const ctm = product();
  await ctm.ok(["add", "whole"]);
  const ledger = Ledger.open(join(ctm.state, "ledger.sqlite"));
  onTestFinished(() => ledger.close());
  const env = { CTM_REPORT: reportKey(ledger, "nobody"), CTM_SPOOL: join(ctm.state, "spool") };
  const { names, call } = await connected(ctm, env);
  expect(await names()).toEqual(["report", "send_message", "submit_child_task"]);
  expect(await call("submit_child_task", { text: "part" })).toMatchObject({
    failed: true,
    text: expect.stringMatching(/no task in hand/),
  });
  expect((await ctm.tasks()).length).toBe(1);
});
