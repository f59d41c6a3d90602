import { expect, it } from "vitest";
import type { CommandHost } from "../../src/commands/host.ts";
import { waitForNews } from "../../src/mcp/wait-for-news.ts";

/** Tasks that are moved by hand, and a host that tells of it. */
function bench(ids: readonly number[]) {
  const states = new Map(ids.map((id) => [id, "running"]));
  let tell: (item: unknown) => void = () => undefined;
  const host: CommandHost = {
    role: "manager",
    run: (_, { id }) => Promise.resolve({ task: { id, state: { name: states.get(id as number) } } }),
    follow: (_command, _raw, onItem) => {
      tell = onItem;
      return { done: new Promise(() => undefined), stop: () => (tell = () => undefined) };
    },
  };
  const move = (taskId: number, to: string): void => {
    states.set(taskId, to);
    tell({ kind: "task-moved", atMs: 1, taskId, from: "running", to, worker: "w1", reason: null });
  };
  return { host, move, ask: () => tell({ kind: "worker-asks", atMs: 1, worker: "w1", message: "May I?" }) };
}
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it("tells each end by itself, or once that all have ended, then by their states", async () => {
  const { host, move } = bench([1, 2, 3]);
  const any = waitForNews(host, [1, 2], { withinMs: 60_000, until: "any" });
  await soon();
  move(3, "completed");
  move(1, "completed");
  expect(await any).toMatchObject({ news: [{ taskId: 1 }], tasks: [{ state: "completed" }, { id: 2 }] });

  let isOver = false;
  const all = waitForNews(host, [1, 2, 3], { withinMs: 60_000, until: "all" }).finally(() => (isOver = true));
  await soon();
  expect(isOver).toBe(false);
  move(2, "failed");
  const { news, tasks } = await all;
  expect(news).toMatchObject([{ taskId: 2, to: "failed" }]);
  expect(tasks.map(({ state }) => state)).toEqual(["completed", "failed", "completed"]);
});

it("tells a question and a stop at once, whatever it waits for", async () => {
  const { host, move, ask } = bench([1, 2]);
  for (const happens of [ask, () => move(1, "needs-input"), () => move(1, "parked")]) {
    const all = waitForNews(host, [1, 2], { withinMs: 60_000, until: "all" });
    await soon();
    happens();
    expect((await all).news).toHaveLength(1);
  }
});
