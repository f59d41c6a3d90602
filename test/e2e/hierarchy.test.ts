/** A project with a roster, from a task for one of its agents to the figures in its files. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, it } from "vitest";
import { INIT_ROSTER } from "../../src/init-roster.ts";
import { readRoster } from "../../src/roster-file.ts";
import { productFolder } from "../support/built-product.ts";
import { expectedFiles, rawAttempts } from "../support/hierarchy-oracle.ts";
import { product, type Product, type TaskSeen } from "../support/product.ts";
import { generator } from "../support/random.ts";
import { waitFor } from "../support/wait-for.ts";

const ROSTER = `
departments:
  web: { types: [coding] }
agents:
  - { id: coder, tier: execution, departments: [web], preamble: You write code. }
  - { id: runner, tier: execution, agent: shell }
`;

it("an agent is told its preamble, reports on its own task, and its figures stand in its file", async () => {
  const ctm = product({ workers: 1, recorded: true });
  writeFileSync(join(ctm.work, "ctm.roster.yaml"), ROSTER, { mode: 0o600 });
  const manager = await ctm.serve();
  await ctm.ok(["spawn", "--agent", "shell"]);
  await ctm.ok(["add", "Fix the parser [[in:1000]] [[out:200]]"]);
  const report = `${process.execPath} ${join(productFolder(), "ctm.cjs")} report`;
  // It names no task, and with the word of this worker it cannot name one.
  const forged = `CTM_REPORT=other-launch.0000 ${report} rejected 9; ${report} rejected 9 --task 1`;
  await ctm.ok(["add", "--as", "runner", "--", `${report} tests 121 --passed 118 && { ${forged}; true; }`]);
  await ctm.ok(["wait", "1", "2"]);
  expect(ctm.typedPrompts().map((text) => text.replaceAll("\r", "\n"))[0]).toContain(
    "You write code.\n\nFix the parser",
  );

  const quality = async (id: string): Promise<unknown> => {
    const shown = JSON.parse(await ctm.ok(["--json", "metrics", "agent", id])) as {
      file: { metrics: { quality: unknown } };
    };
    return shown.file.metrics.quality;
  };
  expect(await quality("runner")).toMatchObject({ test_pass_rate: 0.975, code_review_rejections: null });
  expect(await quality("coder")).toMatchObject({ test_pass_rate: null, code_review_rejections: null });

  const file = join(ctm.work, ".claude/metrics/agents/coder.json");
  await waitFor("its file", () => existsSync(file));
  const before = readFileSync(file, "utf8");
  expect(JSON.parse(before)).toMatchObject({
    agent_id: "coder",
    metrics: { summary: { total_invocations: 1, successful_tasks: 1, total_tokens: 1_200 } },
  });
  await manager.stop();
  writeFileSync(file, "{}");
  await ctm.ok(["metrics", "rebuild"]);
  expect(readFileSync(file, "utf8")).toBe(before);
});

const LONG = process.env["CTM_TEST_LONG"] !== undefined;
const SEED = Number(process.env["CTM_TEST_SEED"] ?? 47);
/** CTM_TEST_LONG: a month of a hundred tasks a day. */
const [days, tasksADay] = LONG ? [30, 100] : [1, 12];

it(`a ${LONG ? "month" : "day"} of 47 agents in panes is what its raw rows come to (seed ${SEED})`, {
  timeout: LONG ? 1_800_000 : 240_000,
}, async () => {
  const ctm = product({ workers: LONG ? 6 : 2, clockMoves: LONG });
  const file = join(ctm.work, "ctm.roster.yaml");
  writeFileSync(file, INIT_ROSTER, { mode: 0o600 });
  const roster = await readRoster(file, ["rehearsal"]);
  const manager = await ctm.serve();
  const random = generator(SEED);
  const below = (n: number): number => Math.floor(random() * n);
  for (let day = 0; day < days; day += 1) {
    const ids: number[] = [];
    for (let n = 0; n < tasksADay; n += 1) {
      const member = roster.members[(day * tasksADay + n) % 47]?.id ?? null;
      const turn = ["", "", "[[err:invalid]]", "[[responses:3]]"][n % 4] ?? "";
      const text = `work [[in:${below(900)}]] [[out:${below(300)}]] [[delay:${below(200)}]] ${turn}`;
      ids.push((await ctm.tell(text, { as: member })).task.id);
    }
    const failed = (await endsOf(ids, ctm))
      .filter(({ state }) => state.name === "failed")
      .map(({ id }) => id);
    await ctm.ask("retry", { ids: failed.slice(0, 2) }, null);
    await endsOf(failed.slice(0, 2), ctm);
    if (LONG) await manager.passTime(86_400_000);
  }
  await manager.stop();
  const db = new Database(join(ctm.state, "ledger.sqlite"), { readonly: true });
  const [expected, attempts] = [expectedFiles(db, roster), rawAttempts(db)];
  db.close();
  expect(attempts).toHaveLength(days * (tasksADay + 2));
  if (LONG) console.log(`${attempts.length} attempts, ${Object.keys(expected).length} files`);
  expect(written(ctm)).toEqual(expected);
  writeFileSync(join(ctm.work, ".claude/metrics/system.json"), "{}");
  await ctm.ok(["metrics", "rebuild"]);
  expect(written(ctm)).toEqual(expected);
});

/** Tasks that fail make no other end of waiting for them. */
async function endsOf(ids: readonly number[], ctm: Product): Promise<TaskSeen[]> {
  await ctm.run(["wait", ...ids.map(String)], { timeoutMs: 240_000 });
  return (await ctm.tasks()).filter(({ id }) => ids.includes(id));
}

function written(ctm: Product): Record<string, string> {
  const root = join(ctm.work, ".claude/metrics");
  const names = readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
  const regular = names.filter((name) => statSync(join(root, name)).isFile());
  return Object.fromEntries(regular.map((name) => [name, readFileSync(join(root, name), "utf8")]));
}
