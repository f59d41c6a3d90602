/** The limit drill on the product: an account that lets nothing through, in the middle of the work. */
import { expect, it } from "vitest";
import { product } from "../support/product.ts";
import { waitFor } from "../support/wait-for.ts";

const WORDS = "The usage limit is over. Please continue where you stopped.";

interface AccountSeen {
  readonly account: string;
  readonly park: { readonly cause: string; readonly untilMs: number | null } | null;
  readonly waiting: number;
}

it("three tasks meet the limit with eight behind them; the manager is killed meanwhile; each goes on once", async () => {
  const ctm = product({ recorded: true });
  const first = await ctm.serve();
  const limited = [1, 2, 3].map((n) => `Fix part ${n} [[err:limit]] [[reset:6]] [[delay:0]]`);
  const queued = [4, 5, 6, 7, 8, 9, 10, 11].map((n) => `Fix part ${n} [[delay:0]]`);
  const drafts = [...limited, ...queued].map((text) => ({
    text,
    type: "coding",
    cwd: ctm.work,
    origin: "test",
  }));
  await ctm.ask("batch", { drafts }, null);
  const account = async (): Promise<AccountSeen | undefined> =>
    (await ctm.ask<AccountSeen[]>("accounts", {}, [])).find(({ account: name }) => name === "rehearsal");
  await waitFor("all three to wait", async () => (await account())?.waiting === 3);
  expect((await account())?.park).toMatchObject({ cause: "quota-exhausted" });
  expect(await ctm.ok(["accounts"])).toContain("parked");
  const panes = await ctm.panes();
  await first.kill9();
  await ctm.serve();
  await waitFor("all tasks to be final", async () =>
    (await ctm.tasks()).every(({ state }) => /completed|failed|cancelled|lost/.test(state.name)),
  );
  const tasks = await ctm.tasks();
  expect(tasks.map(({ state, attempts }) => [state.name, attempts])).toEqual(
    drafts.map(() => ["completed", 1]),
  );
  expect(ctm.typedPrompts().sort()).toEqual([...limited, ...queued, WORDS, WORDS, WORDS].sort());
  expect(await ctm.panes()).toEqual(panes);
  expect((await account())?.park).toBeNull();
});
