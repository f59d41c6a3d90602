/** The limits at work: who is held at which level, why and until when, and that nothing ever goes over. */
import { describe, expect, it } from "vitest";
import { product, type Product } from "../support/product.ts";
import { waitFor } from "../support/wait-for.ts";

interface Limit {
  readonly limitId: string;
  readonly level: string;
  readonly limit: number | null;
  readonly used: number;
  readonly held: number;
}

interface Why {
  readonly task: {
    readonly holds: {
      readonly reason: string;
      readonly limitId: string | null;
      readonly level: string | null;
      readonly untilMs: number | null;
    } | null;
  };
}

const NONE = "{ hour: null, day: null, month: null }";
/** One limit alone: so many tokens an hour for all workers together. */
const hourly = (tokens: string): string =>
  `limits: { worker: { tokens: ${NONE}, cost: ${NONE} }, global: { tokens: { hour: ${tokens}, day: null, month: null }, cost: ${NONE} } }`;

async function hourOf(ctm: Product): Promise<Limit> {
  const rows = await ctm.ask<Limit[]>("limits", {}, []);
  const row = rows.find(({ limitId }) => limitId === "global tokens/hour");
  if (row === undefined) throw new Error(`no such limit in ${JSON.stringify(rows)}`);
  return row;
}

const why = async (ctm: Product, id: number) =>
  (await ctm.ask<Why>("why", { what: id }, [String(id)])).task.holds;

/** Uses tokens up, by a task of another type: what the tasks after it reserve is not learnt from it. */
async function useUp(ctm: Product, tokens: number): Promise<void> {
  await ctm.ok(["add", "--type", "analysis", `Use it up [[in:${tokens}]] [[out:0]] [[delay:0]]`]);
  await ctm.until(1, "completed");
}

describe("the throttle", () => {
  it("holds low at SOFT, says which limit and until when, and lets it go when the limit is raised", async () => {
    const ctm = product({ workers: 1, yaml: hourly("20K") });
    await ctm.serve();
    await useUp(ctm, 18_000);
    expect(await hourOf(ctm)).toMatchObject({ level: "SOFT", used: 18_000, held: 0 });
    await ctm.ok(["add", "-p", "low", "--type", "coding", "Fix the low one [[in:10]] [[out:0]] [[delay:0]]"]);
    await ctm.ok(["add", "--type", "coding", "Fix the normal one [[in:10]] [[out:0]] [[delay:0]]"]);
    await ctm.until(3, "completed");
    const holds = await waitFor("the reason of the hold", () => why(ctm, 2));
    expect(holds).toMatchObject({ limitId: "global tokens/hour", level: "SOFT" });
    const [first] = await ctm.attempts(1);
    const inMs = (holds.untilMs ?? 0) - (first?.endedAtMs ?? 0);
    expect(inMs).toBeGreaterThan(3_590_000);
    expect(inMs).toBeLessThanOrEqual(3_600_000);
    expect(await ctm.ok(["why", "2"])).toMatch(/tokens\/hour \(SOFT\)/);
    expect(await ctm.ok(["throttle"])).toMatch(/SOFT/);
    expect((await ctm.task(2)).state.name).toBe("queued");

    const refused = await ctm.run([
      "limits",
      "raise",
      "tokens/hour",
      "10K",
      "--until",
      "+2h",
      "--reason",
      "r",
    ]);
    expect(refused.exitCode).toBe(2);
    await ctm.ok(["limits", "raise", "tokens/hour", "40K", "--until", "+2h", "--reason", "release day"]);
    await ctm.until(2, "completed");
    expect(await ctm.ok(["limits"])).toMatch(/release day/);
  });

  it("keeps what was booked over a restart, raised limits included", async () => {
    const ctm = product({ workers: 1, yaml: hourly("20K") });
    const manager = await ctm.serve();
    await useUp(ctm, 19_500);
    await ctm.ok(["add", "--type", "coding", "Fix another [[delay:0]]"]);
    await waitFor("the hold", () => why(ctm, 2));
    await manager.kill9();
    const next = await ctm.serve();
    expect(await hourOf(ctm)).toMatchObject({ level: "HARD", used: 19_500 });
    await waitFor("the hold", () => why(ctm, 2));
    await ctm.ok(["limits", "raise", "tokens/hour", "40K", "--until", "+2h", "--reason", "more"]);
    await ctm.until(2, "completed");
    await next.kill9();
    await ctm.serve();
    expect(await hourOf(ctm)).toMatchObject({ limit: 40_000 });
  });

  it("lets others pass a task larger than the window, and runs it alone when there is room", async () => {
    const ctm = product({ workers: 2, yaml: hourly("20K") });
    await ctm.serve();
    await useUp(ctm, 17_000);
    const large = `Fix the large one [[in:5]] [[out:0]] [[delay:0]] ${"x".repeat(100_000)}`;
    await ctm.ok(["add", "-p", "high", "--type", "coding", large]);
    await ctm.ok(["add", "--type", "coding", "Fix the small one [[in:10]] [[out:0]] [[delay:0]]"]);
    await ctm.until(3, "completed");
    expect((await ctm.task(2)).state.name).toBe("queued");
    expect((await why(ctm, 2))?.reason).toMatch(/more than all of tokens\/hour/);
    await ctm.ok(["limits", "raise", "tokens/hour", "24K", "--until", "+2h", "--reason", "room"]);
    await ctm.until(2, "completed");
  });

  it("never goes over: used and reserved together stay within the limit, task by task", async () => {
    const ctm = product({ workers: 3, yaml: hourly("10K") });
    await ctm.serve(["--no-auto"]);
    const lines = Array.from({ length: 20 }, (_, at) => `Fix part ${at} [[in:900]] [[out:0]] [[delay:30]]`);
    for (const line of lines) await ctm.tell(line);
    await ctm.ok(["auto", "on"]);
    const seen: Limit[] = [];
    await waitFor("ten tasks to be done and nothing to run", async () => {
      seen.push(await hourOf(ctm));
      const states = (await ctm.tasks()).map(({ state }) => state.name);
      const done = states.filter((name) => name === "completed").length;
      return done >= 10 && states.every((name) => name === "completed" || name === "queued");
    });
    for (const { used, held } of seen) expect(used + held).toBeLessThanOrEqual(10_000);
    expect(Math.max(...seen.map(({ held }) => held))).toBeGreaterThan(2_000);
    const states = (await ctm.tasks()).map(({ state }) => state.name);
    expect(states.filter((name) => name === "completed")).toHaveLength(10);
    expect(await hourOf(ctm)).toMatchObject({ used: 9_000, held: 0, level: "SOFT" });
  });
});
