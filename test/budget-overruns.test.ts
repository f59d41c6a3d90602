import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { EngineBench, recordOf } from "./support/engine-bench.ts";
import { departmentLike, memberLike, rosterLike } from "./support/rosters.ts";

const roster = rosterLike({
  departments: [departmentLike("frontend", { coordinator: "boss" })],
  members: [memberLike("coder"), memberLike("boss")],
});
const weekMs = 7 * 86_400_000;

let folder: string;
let bench: EngineBench;
afterEach(() => {
  bench.close();
  rmSync(folder, { recursive: true });
});

/** A task of the coder's at work; its budgets are in tokens. */
async function atWork(
  limits: Readonly<Record<string, number>>,
): Promise<(tokens: number) => Promise<string[]>> {
  folder = mkdtempSync(join(tmpdir(), "ctm-overruns-"));
  bench = new EngineBench({ limits, roster, ledgerFile: join(folder, "ledger.db"), workers: ["w1"] });
  const { attemptId, task } = await bench.running("10 work", { as: "coder" });
  let n = 0;
  return async (tokens) => {
    bench.distributor.used(attemptId, [recordOf(`r${(n += 1)}`, tokens)]);
    await bench.settled();
    bench.kept.flush();
    return bench.ledger.escalations
      .ofTask(task.id)
      .map(({ level, member, reason }) => `${level} ${member} ${reason}`);
  };
}

it("hands a task up once a budget and window, above the budget and not at it", async () => {
  const uses = await atWork({ "member coder tokens/day": 600, "member coder tokens/week": 1_000 });
  expect(await uses(600)).toEqual([]);
  const day = "3 boss over the budget member coder tokens/day (600)";
  expect(await uses(1)).toEqual([day]);
  expect(await uses(399)).toEqual([day]);
  const week = "3 boss over the budget member coder tokens/week (1K)";
  expect(await uses(1)).toEqual([day, week]);
  expect(await uses(5_000)).toEqual([day, week]);
  expect(bench.factsOf("task-escalated")).toMatchObject([
    { level: 3, member: "boss", by: "budget", reason: "over the budget member coder tokens/day (600)" },
    { level: 3, member: "boss", by: "budget" },
  ]);
});

it("knows after a crash what was handed up, and begins anew with the window", async () => {
  const uses = await atWork({ "member coder tokens/week": 1_000 });
  const week = "3 boss over the budget member coder tokens/week (1K)";
  expect(await uses(1_001)).toEqual([week]);
  bench.crash();
  expect(await uses(50)).toEqual([week]);
  bench.nowMs += weekMs;
  expect(await uses(900)).toEqual([week]);
  expect(await uses(200)).toEqual([week, week]);
  expect(await uses(200)).toEqual([week, week]);
});

it("hands a task up once an attempt where the window rolls on with it", async () => {
  const uses = await atWork({ "member coder tokens/hour": 600 });
  const hour = "3 boss over the budget member coder tokens/hour (600)";
  expect(await uses(601)).toEqual([hour]);
  for (const tokens of [500, 500, 500, 500]) {
    bench.nowMs += 1_900_000;
    expect(await uses(tokens)).toEqual([hour]);
  }
});

it("looks at budgets of the roster alone: a limit of all together hands nothing up", async () => {
  const uses = await atWork({ "tokens/day": 600 });
  expect(await uses(5_000)).toEqual([]);
});
