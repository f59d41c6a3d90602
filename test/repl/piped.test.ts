import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { localHost } from "../../src/commands/host.ts";
import { loadConfig } from "../../src/config.ts";
import { runPiped } from "../../src/repl/piped.ts";
import { fakeApp } from "../support/fake-app.ts";
import { wide80 } from "../support/papers.ts";

/** What each line printed, in order. */
async function piped(lines: readonly string[], json: boolean): Promise<string[]> {
  const said: string[] = [];
  const fault = await runPiped({
    ...{ host: localHost(fakeApp()), json, input: Readable.from([`${lines.join("\n")}\n`]) },
    caller: {
      ...{ cwd: "/tmp", origin: "repl" },
      readText: async () => "Sweep\nMop\n",
      config: () => loadConfig({ env: { HOME: "/nowhere" }, cwd: "/" }),
    },
    paper: () => wide80,
    print: (text) => said.push(text.join("\n")),
    complain: (error) => said.push(String(error)),
  });
  expect(fault).toBeNull();
  return said;
}

it("queues a planned batch only where yes was said beforehand, and says so", async () => {
  const said = await piped(["batch --plan tasks", "batch --plan --yes tasks"], false);
  expect(said.map((text) => text.split(/[.:]| {2}/)[0])).toEqual([
    "BATCH PLAN",
    "Nothing was queued",
    "BATCH PLAN",
    "2 tasks queued (#1 to #2) as batch-20260213-1",
  ]);
});

it("answers each line with one document as JSON", async () => {
  const said = await piped(["batch --plan tasks", "batch --plan --yes tasks"], true);
  expect(said.map((text) => JSON.parse(text) as unknown)).toMatchObject([
    { tasks: 2 },
    { plan: { tasks: 2 }, queued: { queued: [1, 2], known: [] } },
  ]);
});
