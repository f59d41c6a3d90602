/** Workers that sleep, with the real Claude Code: the session ends, the conversation does not. */
import { expect, it } from "vitest";
import { agentBin } from "../support/agent-home.ts";
import { realBench } from "../support/real-agent.ts";
import { waitFor } from "../support/wait-for.ts";

const { bin, reason } = await agentBin("claude");
const HOUR = 3_600_000;

it.skipIf(bin === null)(
  `one with nothing to do sleeps, sleeps on under the next manager, and wakes in its conversation (${reason ?? "installed"})`,
  async () => {
    const wish = { workers: 1, clockMoves: true, tickMs: 1_000, yaml: "sleep: { afterMinutes: 30 }" };
    const { api, ctm } = await realBench("claude", bin, wish);
    const first = await ctm.serve();
    const add = (text: string) =>
      ctm.ask("add", { text, type: "coding", cwd: ctm.work, origin: "test" }, null);
    await add("Please fix the parser of amber [[say:amber is fixed]]");
    await ctm.until(1, "completed");
    await first.passTime(HOUR);
    const asleep = async (): Promise<boolean> =>
      (await ctm.workers()).some(({ state, because }) => state === "idle" && because.includes("asleep"));
    await waitFor("the worker to sleep", asleep);
    expect(await ctm.panes()).toEqual([]);
    await expect(ctm.ask("send", { worker: "w1", text: "hello" }, null)).rejects.toThrow(/asleep/);
    await first.stop();
    await ctm.serve();
    expect(await asleep()).toBe(true);
    const before = api.requests.length;
    await add("Please fix the parser of beryl [[say:beryl is fixed]]");
    await ctm.until(2, "completed");
    expect(await ctm.panes()).toHaveLength(1);
    // What it was asked before goes along: it is the same conversation.
    const asked = JSON.stringify(api.requests.slice(before));
    expect(asked).toContain("amber");
    expect(asked).toContain("beryl");
  },
);
