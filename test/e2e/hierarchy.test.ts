/** A project with a roster, from a task for one of its agents to the figures in its files. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { productFolder } from "../support/built-product.ts";
import { product } from "../support/product.ts";
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
  const report = `${process.execPath} ${join(productFolder(), "ctm.js")} report`;
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
