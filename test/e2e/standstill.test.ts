/** A manager that stood still, with the world going on without it: nothing is doubled, nothing held is lost. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { product, type ManagerProcess, type Product } from "../support/product.ts";
import { waitFor } from "../support/wait-for.ts";

const LONG = process.env["CTM_TEST_LONG"] !== undefined;
const HOUR_MS = 3_600_000;
const TROUBLE = new URL("../support/troubled-process.mjs", import.meta.url).pathname;
const tokensEach = 1_000;

/** A product whose manager comes to this trouble at SIGUSR2, and the file that tells when it is over. */
function troubled(trouble: string): { readonly ctm: Product; readonly done: string } {
  const folder = mkdtempSync(join(tmpdir(), "ctm-trouble-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const done = join(folder, "done");
  const env = { NODE_OPTIONS: `--import ${TROUBLE}`, TROUBLE: trouble, TROUBLE_DONE: done };
  return { ctm: product({ workers: 2, recorded: true, env }), done };
}

const held = async (ctm: Product): Promise<{ used: number; held: number } | undefined> => {
  const limits = await ctm.ask<{ limitId: string; used: number; held: number }[]>("limits", {}, []);
  return limits.find(({ limitId }) => limitId === "global tokens/hour");
};

/** One task that ends and one that asks while the manager stands still, and one that waits for a worker. */
async function begin(ctm: Product): Promise<ManagerProcess> {
  const manager = await ctm.serve();
  const usage = `[[in:${tokensEach}]] [[out:0]]`;
  await ctm.tell(`Fix 1 [[delay:1500]] [[say:first]] ${usage}`, { type: "coding" });
  await ctm.tell(`Fix 2 [[ask:May I?]] [[delay:0]] ${usage}`, { type: "coding" });
  await ctm.tell(`Fix 3 [[delay:0]] ${usage}`, { type: "coding" });
  await ctm.until(1, "running");
  return manager;
}

async function untilItHappened(ctm: Product): Promise<void> {
  await waitFor("the end of the first and the question of the second", async () => {
    const screens = await Promise.all([1, 2].map((n) => ctm.screen(`concurrent_worker${n}`)));
    return screens.join("").includes("● first") && screens.join("").includes("May I?");
  });
}

async function expectAllOnce(ctm: Product): Promise<void> {
  await ctm.until(1, "completed");
  expect((await ctm.until(2, "needs-input")).state).toMatchObject({ question: "May I?" });
  await ctm.until(3, "completed");
  const { worker = "" } = (await ctm.task(2)).state;
  await ctm.ok(["answer", worker, "1"]);
  await ctm.until(2, "completed");
  const typed = ctm.typedPrompts().filter((text) => text.startsWith("Fix"));
  expect(typed.map((text) => text.slice(0, 5)).sort()).toEqual(["Fix 1", "Fix 2", "Fix 3"]);
  for (const id of [1, 2, 3]) expect(await ctm.task(id)).toMatchObject({ attempts: 1 });
}

describe("a manager that stands still", () => {
  it("F18 stopped (SIGSTOP): takes up what happened meanwhile when it goes on", async () => {
    const { ctm } = troubled("none");
    const manager = await begin(ctm);
    manager.child.kill("SIGSTOP");
    await untilItHappened(ctm);
    manager.child.kill("SIGCONT");
    await expectAllOnce(ctm);
    expect(await held(ctm)).toMatchObject({ used: 3 * tokensEach, held: 0 });
  });

  it("F32 its event loop blocked: no reservation is given back, nothing is typed again", async () => {
    const { ctm, done } = troubled(`block:${LONG ? 60_000 : 4_000}`);
    const manager = await begin(ctm);
    manager.child.kill("SIGUSR2");
    await untilItHappened(ctm);
    await waitFor("the event loop to turn again", () => existsSync(done), 90_000);
    await expectAllOnce(ctm);
    expect(await held(ctm)).toMatchObject({ used: 3 * tokensEach, held: 0 });
  });

  it("F27 for two hours: windows have moved on, what runs is still held, each task runs once", async () => {
    const { ctm, done } = troubled(`later:${2 * HOUR_MS}`);
    const manager = await ctm.serve();
    await ctm.tell(`Fix 0 [[delay:0]] [[in:${tokensEach}]] [[out:0]]`, { type: "coding" });
    await ctm.until(1, "completed");
    await ctm.tell("Fix 1 [[delay:600000]]", { type: "coding" });
    await ctm.until(2, "running");
    const before = await held(ctm);
    expect(before).toMatchObject({ used: tokensEach });
    expect(before?.held).toBeGreaterThan(0);
    manager.child.kill("SIGSTOP");
    manager.child.kill("SIGUSR2");
    manager.child.kill("SIGCONT");
    await waitFor("two hours to have passed", () => existsSync(done));
    expect(await held(ctm)).toMatchObject({ used: 0, held: before?.held });
    expect((await ctm.task(2)).state.name).toBe("running");
    await ctm.tell(`Fix 2 [[delay:0]] [[in:${tokensEach}]] [[out:0]]`, { type: "coding" });
    await ctm.until(3, "completed");
    expect(await held(ctm)).toMatchObject({ used: tokensEach, held: before?.held });
    await ctm.ok(["cancel", "2"]);
    await ctm.until(2, "cancelled");
    expect(await held(ctm)).toMatchObject({ held: 0 });
    const typed = ctm.typedPrompts().filter((text) => text.startsWith("Fix"));
    expect(typed.map((text) => text.slice(0, 5)).sort()).toEqual(["Fix 0", "Fix 1", "Fix 2"]);
  });
});
