/** A context budget crossed while a person writes a draft and the manager is killed: compacted once, when it may be. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { productFolder } from "../support/built-product.ts";
import { product } from "../support/product.ts";
import { waitFor } from "../support/wait-for.ts";

const ROSTER = `
departments:
  web: { types: [coding], coordinator: boss }
agents:
  - { id: coder, name: Coder, tier: execution, departments: [web], maxTokens: 1000, budget: { tokens: { week: 3000 } } }
  - { id: runner, tier: execution, departments: [web], agent: shell, types: [] }
  - { id: writer, name: Writer, tier: execution, departments: [web], types: [documentation], maxTokens: 900000, retainedTokens: 150 }
  - { id: boss, tier: tactical, departments: [web] }
`;
const WORKER = "concurrent_worker1";

it("is compacted when the draft is gone, once, and only then gets its next task, over a crash too", async () => {
  const ctm = product({ workers: 1, yaml: "context: keep" });
  writeFileSync(join(ctm.work, "ctm.roster.yaml"), ROSTER, { mode: 0o600 });
  const manager = await ctm.serve();
  await ctm.worker(WORKER, "idle");
  await ctm.tell("Fill it. [[in:1200]] [[out:10]] [[delay:2500]]", { type: "coding" });
  await ctm.until(1, "running");
  await ctm.tmux("send-keys", "-t", `=${WORKER}:`, "-l", "my own thought");
  await ctm.until(1, "completed");
  // A person at the keyboard is none of tmux's: only the draft is in the way.
  await ctm.tell("Go on. [[in:10]] [[out:10]] [[delay:10]]", { type: "coding" });
  const waits =
    "Agent Coder reached its context limit (1,200 of 1,000 tokens): it compacts its conversation before it takes a task";
  await waitFor("what it waits for", async () =>
    (await ctm.ok(["why", "2"])).replace(/\s+/g, " ").includes(waits),
  );
  expect((await ctm.ok(["status"])).replace(/\s+/g, " ")).toContain(`w1: ${waits}`);
  expect(await ctm.ok(["show", "1"])).toContain("3 (coordinator)");

  await manager.kill9();
  await ctm.serve();
  await ctm.worker(WORKER, "idle");
  expect((await ctm.ok(["why", "2"])).replace(/\s+/g, " ")).toContain(waits);
  expect(await ctm.screen(WORKER)).toContain("my own thought");
  await ctm.tmux("send-keys", "-t", `=${WORKER}:`, "C-u");
  await ctm.until(2, "completed");

  const lines = recordLines(ctm.state);
  expect(lines.map(({ type }) => type)).toEqual([
    ...["rehearsal-usage", "rehearsal-turn", "rehearsal-compacted"],
    ...["rehearsal-usage", "rehearsal-turn"],
  ]);
  expect(await ctm.ok(["metrics", "agent", "coder"])).toMatch(/Warnings \/ overruns +1 \/ 1/);

  // What is left of its week's budget is too little for the next: it waits for Monday, and says so.
  await ctm.ok(["add", "--as", "coder", `One more. ${"word ".repeat(1_000)}`]);
  expect((await ctm.ok(["why", "3"])).replace(/\s+/g, " ")).toMatch(
    /the budget member coder tokens\/week has [\d,]+ left of 3K/,
  );
  expect(await ctm.ok(["throttle"])).toContain("member coder");
});

it("an agent hands up the task it has in hand, and no other", async () => {
  const ctm = product({ workers: 1 });
  writeFileSync(join(ctm.work, "ctm.roster.yaml"), ROSTER, { mode: 0o600 });
  await ctm.serve();
  await ctm.ok(["spawn", "--agent", "shell"]);
  const report = `${process.execPath} ${join(productFolder(), "ctm.cjs")} report escalation`;
  await ctm.ok(["add", "--as", "runner", "--", `${report} --to coordinator "the interfaces do not fit"`]);
  await ctm.until(1, "completed");
  const shown = await ctm.ok(["show", "1"]);
  expect(shown).toContain("3 (coordinator)");
  expect(shown).toContain("the interfaces do not fit");
  await ctm.ok([
    "add",
    "--as",
    "runner",
    "--",
    `CTM_REPORT=other.00 ${report} --to human stuck; ${report} --to human --task 1 stuck`,
  ]);
  await ctm.until(2, "failed");
  expect(await ctm.ok(["show", "1"])).not.toContain("4 (a person)");

  // A task that gives out more than may be carried forward: told to, its agent compacts as soon as its turn is over.
  await ctm.tell("Go on. [[in:10]] [[out:60000]] [[delay:600000]] [[responses:600]]", { as: "writer" });
  const look = (): Promise<{ rule: string; subject: string }[]> => ctm.ask("findings", {}, null);
  await waitFor("the finding", async () => (await look()).some(({ subject }) => subject === "#3"));
  expect(await ctm.ask("findings apply", { id: 1 }, null)).toMatchObject({ action: { done: false } });
  expect(await ctm.ok(["findings", "apply", "1", "--yes"])).toContain(`${WORKER} sums its conversation up`);
  const notices = async (): Promise<string> =>
    (await ctm.ask<{ notices: string[] }>("status", {}, null)).notices.join(" ");
  expect(await notices()).toMatch(
    /w1: Agent Writer is to sum its conversation up \([\d,]+ of 900,000 tokens\): it compacts/,
  );
  const compacted = (): boolean => recordLines(ctm.state).some(({ type }) => type === "rehearsal-compacted");
  expect(compacted()).toBe(false);
  await ctm.ask("cancel", { ids: [3] }, null);
  await waitFor("its summary", async () => compacted());
  await waitFor("it is over", async () => !(await notices()).includes("Writer"));
});

function recordLines(state: string): { type: string }[] {
  return readdirSync(join(state, "workers"), { recursive: true, encoding: "utf8" })
    .filter((name) => /rehearsal-[^/]*\.jsonl$/.test(name))
    .flatMap((name) =>
      readFileSync(join(state, "workers", name), "utf8")
        .trim()
        .split("\n"),
    )
    .map((line) => JSON.parse(line) as { type: string });
}
