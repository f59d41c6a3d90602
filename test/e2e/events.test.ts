/**
 * Events that wake agents, with the whole product: killed at every step between taking an event and the agent's turn,
 * nothing is lost, and nothing is typed twice. CTM_TEST_LONG: at further steps.
 */
import { expect, it } from "vitest";
import { product, type Product } from "../support/product.ts";
import { waitFor } from "../support/wait-for.ts";

const LONG = process.env["CTM_TEST_LONG"] !== undefined;
const TRIGGERS = `
triggers:
  push:
    on: git.push
    trust: run
    debounce: { period: 1s, max: 2s }
    mode: parallel
    depth: 50
    prompt: "Look at push {{data.n}} [[delay:50]]"
`;

interface Row {
  readonly id: string;
  readonly outcome: string;
}

const events = (ctm: Product): Promise<Row[]> => ctm.ask("events list", { limit: 100 }, ["--limit", "100"]);
const sendArgs = (n: number): Record<string, unknown> => ({
  type: "git.push",
  id: `push-${n}`,
  data: { n },
});

/** Sends it as often as a sender would: until it is told that it was taken. */
async function insist(ctm: Product, n: number): Promise<void> {
  await waitFor(`push ${n} to be taken`, async () =>
    ctm.ask("events send", sendArgs(n), null).then(
      () => true,
      () => false,
    ),
  );
}

it("5.4 a manager that is killed at each step of an event loses none and delivers none twice", async () => {
  const ctm = product({ workers: 2, recorded: true, yaml: TRIGGERS });
  const left = [
    // Between the journal and the answer.
    "event.commit:exit-after:1",
    // In a debounce that has just ended.
    "wake.commit:exit-after:1",
    // Between claim and delivery, before and after its task is queued.
    "wake.deliver:exit:1",
    "wake-submit.commit:exit:1",
    // Taken up, and not written down yet.
    "wake-ack.commit:exit:1",
    ...(LONG ? ["wake-claim.commit:exit-after:1", "wake-end.commit:exit:1"] : []),
  ];
  const count = left.length;
  for (let n = 1; left.length > 0; n += 1) {
    const manager = await ctm.serve([], false, left.join(","));
    // What the last one left goes on by itself, and may kill this one before it is asked anything.
    const serves = ctm.untilServing(manager.printed).then(() => ctm.ask("events send", sendArgs(n), null));
    serves.catch(() => undefined);
    expect(await manager.ended).toBeNull();
    const struck = /Killed at (\S+)/.exec(manager.printed())?.[1] ?? "";
    const at = left.findIndex((fault) => fault.startsWith(`${struck}:`));
    expect(at, manager.printed()).toBeGreaterThanOrEqual(0);
    left.splice(at, 1);
  }
  await ctm.serve();
  for (let n = 1; n <= count; n += 1) await insist(ctm, n);
  const ended = await waitFor("every event to be delivered", async () => {
    const rows = await events(ctm);
    return rows.every(({ outcome }) => outcome === "delivered" || outcome === "merged") ? rows : null;
  });
  expect(ended.map(({ id }) => id).sort()).toEqual(
    Array.from({ length: count }, (_, at) => `push-${at + 1}`),
  );
  const typed = ctm.typedPrompts().join("\n");
  for (let n = 1; n <= count; n += 1)
    expect(typed.split(`id="push-${n}"`), `push ${n} was typed once`).toHaveLength(2);
});
