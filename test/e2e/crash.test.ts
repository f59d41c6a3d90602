/**
 * The manager killed at random moments, over and over: whatever happens to it, each task ends once, its text is typed
 * once, the agents are never started anew and what they used is booked once. CTM_TEST_LONG: more rounds.
 */
import { describe, expect, it } from "vitest";
import { violations } from "../support/invariants.ts";
import { Product } from "../support/product.ts";
import { generator } from "../support/random.ts";
import { waitFor } from "../support/wait-for.ts";

const LONG = process.env["CTM_TEST_LONG"] !== undefined;
const SEED = Number(process.env["CTM_TEST_SEED"] ?? Date.now() % 2 ** 31);
const FINAL = /completed|failed|cancelled|lost/;
const tokensEach = 1_000;
/** A manager is killed so often in one round. */
const kills = LONG ? 50 : 25;

/** Tasks of one type with an answer and a usage of their own. */
function texts(random: () => number): string[] {
  return Array.from({ length: kills + 8 }, (_, at) => {
    const delayMs = Math.floor(random() * 400);
    return `Fix part ${at + 1} [[say:done ${at + 1}]] [[delay:${delayMs}]] [[in:${tokensEach + at}]] [[out:0]]`;
  });
}

async function queue(ctm: Product, prompts: readonly string[]): Promise<void> {
  const drafts = prompts.map((text) => ({ text, key: text, type: "coding", cwd: ctm.work, origin: "test" }));
  await ctm.ask("batch", { drafts }, null);
}

/** Each task final once, typed once, answered by its own agent's turn, booked to the token. */
async function expectAllOnce(ctm: Product, prompts: readonly string[], label: string): Promise<void> {
  const tasks = (await ctm.tasks()).sort(
    (a, b) => prompts.indexOf(a.draft.text) - prompts.indexOf(b.draft.text),
  );
  expect(
    tasks.map(({ state }) => state.name),
    label,
  ).toEqual(prompts.map(() => "completed"));
  expect(ctm.typedPrompts().sort(), `${label}: each prompt typed once`).toEqual([...prompts].sort());
  for (const [at, task] of tasks.entries()) {
    const typed = (await ctm.attempts(task.id)).filter(({ typedAtMs }) => typedAtMs !== null);
    expect(typed, `${label}: task ${task.id}`).toEqual([
      expect.objectContaining({
        outcome: "completed",
        answer: `done ${at + 1}`,
        tokens: expect.objectContaining({ value: tokensEach + at }),
      }),
    ]);
  }
  const limits = await ctm.ask<{ limitId: string; used: number; held: number }[]>("limits", {}, []);
  const hour = limits.find(({ limitId }) => limitId === "global tokens/hour");
  const sum = prompts.reduce((total, _, at) => total + tokensEach + at, 0);
  expect(hour, `${label}: booked once, nothing held`).toMatchObject({ used: sum, held: 0 });
}

async function untilAllFinal(ctm: Product, label: string): Promise<void> {
  try {
    await waitFor("all tasks to be final", async () => {
      const open = (await ctm.tasks()).filter(({ state }) => !FINAL.test(state.name));
      return open.length === 0;
    });
  } catch (error) {
    throw new Error(`${label}: ${String(error)}\n${await ctm.report()}`, { cause: error });
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function killOverAndOver(ctm: Product, random: () => number, label: string): Promise<void> {
  const prompts = texts(random);
  const first = await ctm.serve();
  await queue(ctm, prompts.slice(0, -kills));
  const panes = await ctm.panes();
  expect(panes, label).toHaveLength(3);
  await pause(random() * 400);
  await first.kill9();
  for (const prompt of prompts.slice(-kills)) {
    // Half of the managers are killed while they start; the task that was not taken comes again at the end.
    const serving = random() < 0.5;
    const manager = await ctm.serve([], serving);
    if (serving) await queue(ctm, [prompt]).catch(() => null);
    await pause(random() * 400);
    await manager.kill9();
  }
  await ctm.serve();
  await queue(ctm, prompts);
  await untilAllFinal(ctm, label);
  expect(await ctm.panes(), `${label}: the agents were never started anew`).toEqual(panes);
  await expectAllOnce(ctm, prompts, label);
  expect(violations(ctm), label).toEqual([]);
}

describe("F2 the manager is killed", () => {
  const rounds = LONG ? 20 : 2;

  // Two states at once: most of a round is waiting.
  it.concurrent.each(Array.from({ length: rounds }, (_, n) => n + 1))(
    `${kills} times at random moments, while three agents work (round %i of ${rounds})`,
    { timeout: LONG ? 3_600_000 : 480_000 },
    async (round) => {
      const random = generator(SEED + round);
      const label = `seed ${SEED}, round ${round}`;
      const ctm = new Product({ recorded: true });
      try {
        await killOverAndOver(ctm, random, label);
      } finally {
        await ctm.end();
      }
    },
  );
});
