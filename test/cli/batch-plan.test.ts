/** `batch --plan` where nobody can be asked, and where yes was said beforehand. */
import { expect, it } from "vitest";
import { product } from "../support/product.ts";

it("only shows what a batch would cost, unless yes was said beforehand", async () => {
  const ctm = product({ workers: 1 });
  const tasks = "Do it. [[delay:10]]\nDo more. [[delay:10]]\n";
  const shown = await ctm.run(["batch", "--plan", "-"], { input: tasks });
  expect([shown.exitCode, shown.stdout.split("\n")[0]]).toEqual([
    0,
    expect.stringMatching(/^BATCH PLAN .* 2 tasks/),
  ]);
  expect(shown.stderr).toContain("Nothing was queued");
  expect(await ctm.json(["batch", "--plan", "-"], tasks)).toMatchObject({ tasks: 2, limits: [] });
  expect(await ctm.tasks()).toEqual([]);

  const run = await ctm.run(["batch", "--plan", "--yes", "-"], { input: tasks });
  expect([run.exitCode, run.stdout]).toEqual([0, expect.stringContaining("BATCH PLAN")]);
  expect((await ctm.tasks()).map(({ state }) => state.name)).toEqual(["completed", "completed"]);

  // As JSON the plan and what became of it are one document.
  const both = await ctm.json(["batch", "--plan", "--yes", "-"], "Do it again. [[delay:10]]\n");
  expect(both).toMatchObject({ plan: { tasks: 1 }, ran: { ended: true, completed: 1 } });
});
