/**
 * The limit drill with agents in real panes: an account meets its provider's limit in the middle of the work, and the
 * clock is moved to its reset. Nothing is lost, typed twice or tried in vain, and other accounts go on.
 */
import { describe, expect, it } from "vitest";
import { product, type ManagerProcess, type Product } from "../support/product.ts";
import { waitFor } from "../support/wait-for.ts";

const WORDS = "The usage limit is over. Please continue where you stopped.";
const HOUR = 3_600_000;
const OTHER = "accounts: { named: { work: { agent: rehearsal } } }";

interface AccountSeen {
  readonly account: string;
  readonly park: { readonly cause: string; readonly untilMs: number | null } | null;
  readonly waiting: number;
}

interface Moved {
  readonly kind: string;
  readonly atMs: number;
  readonly taskId?: number;
  readonly from?: string;
  readonly to?: string;
}

const limitedTask = (n: number): string => `Fix part ${n} [[err:limit]] [[reset:3600]] [[delay:0]]`;
const plainTask = (n: number): string => `Fix part ${n} [[delay:0]]`;

async function add(ctm: Product, text: string, worker: string | null): Promise<number> {
  return (await ctm.tell(text, { type: "coding", worker })).task.id;
}

async function account(ctm: Product, name: string): Promise<AccountSeen> {
  const rows = await ctm.ask<AccountSeen[]>("accounts", {}, []);
  const row = rows.find((seen) => seen.account === name);
  if (row === undefined) throw new Error(`no account ${name} in ${JSON.stringify(rows)}`);
  return row;
}

const states = async (ctm: Product, ids: readonly number[]): Promise<string[]> => {
  const tasks = await ctm.tasks();
  return ids.map((id) => tasks.find((task) => task.id === id)?.state.name ?? "gone");
};

/** Time passes second by second until it is so: what is spaced out in time is not met all at once. */
function passUntil(manager: ManagerProcess, what: string, isSo: () => Promise<boolean>): Promise<true> {
  return waitFor(what, async () => {
    if (await isSo()) return true as const;
    await manager.passTime(1_000);
    return null;
  });
}

describe("an account at its limit", () => {
  it("with 3 tasks at work and 20 behind them: the other account goes on, and at the reset each conversation is told once", async () => {
    const ctm = product({ recorded: true, clockMoves: true, yaml: OTHER });
    const manager = await ctm.serve();
    await ctm.ok(["spawn", "--account", "work"]);
    await ctm.worker("concurrent_worker4", "idle");
    const moves: Moved[] = [];
    const watch = await ctm.follow("watch", {}, (fact) => moves.push(fact as Moved));
    const running = await Promise.all([1, 2, 3].map((n) => add(ctm, limitedTask(n), `w${n}`)));
    await waitFor("all three to wait", async () => (await account(ctm, "rehearsal")).waiting === 3);
    const queued: number[] = [];
    for (let n = 4; n < 24; n += 1) queued.push(await add(ctm, plainTask(n), `w${1 + (n % 3)}`));

    // The account is parked, not its tasks; the other one works.
    const elsewhere = [await add(ctm, plainTask(24), null), await add(ctm, plainTask(25), null)];
    for (const id of elsewhere) expect((await ctm.until(id)).state.name).toBe("completed");
    for (const id of elsewhere) expect((await ctm.attempts(id))[0]?.worker).toBe("concurrent_worker4");
    expect(await states(ctm, running)).toEqual(["parked", "parked", "parked"]);
    expect(await states(ctm, queued)).toEqual(queued.map(() => "queued"));
    expect(
      (await ctm.tasks()).filter(({ id }) => queued.includes(id)).map(({ attempts }) => attempts),
    ).toEqual(queued.map(() => 0));

    // Everything says when it goes on: the same minute in every view, and in the data to the millisecond.
    const { park } = await account(ctm, "rehearsal");
    expect(park?.cause).toBe("quota-exhausted");
    const untilMs = park?.untilMs ?? 0;
    const at = new Date(untilMs).toISOString().slice(11, 16);
    for (const words of [["accounts"], ["status"], ["throttle"], ["why", "1"], ["why", "4"]])
      expect(await ctm.ok(words), words.join(" ")).toContain(at);
    const why = await ctm.ask<{ task: { holds: { untilMs: number } } }>("why", { what: 4 }, null);
    expect(why.task.holds).toMatchObject({ untilMs, limitId: "account rehearsal" });

    const panes = await ctm.panes();
    const typed = ctm.typedPrompts();
    await manager.passTime(HOUR - 60_000);
    expect((await account(ctm, "rehearsal")).park).not.toBeNull();
    expect(ctm.typedPrompts()).toEqual(typed);
    await manager.passTime(61_000);
    await passUntil(manager, "all tasks to end", async () =>
      (await states(ctm, [...running, ...queued])).every((name) => name === "completed"),
    );

    // Once for each conversation, in turn, some seconds apart.
    const told = moves.filter(({ from, to }) => from === "parked" && to === "running");
    expect(told).toHaveLength(3);
    expect(new Set(told.map(({ taskId }) => taskId))).toEqual(new Set(running));
    const times = told.map(({ atMs }) => atMs);
    for (const [n, atMs] of times.entries())
      expect(atMs - (times[n - 1] ?? untilMs)).toBeGreaterThanOrEqual(2_000);
    const texts = [
      ...running.map((_id, n) => limitedTask(n + 1)),
      ...queued.map((_id, n) => plainTask(n + 4)),
    ];
    expect(ctm.typedPrompts().sort()).toEqual(
      [...texts, plainTask(24), plainTask(25), WORDS, WORDS, WORDS].sort(),
    );
    expect((await ctm.tasks()).map(({ attempts }) => attempts)).toEqual(Array(25).fill(1));
    expect(await ctm.panes()).toEqual(panes);
    expect((await account(ctm, "rehearsal")).park).toBeNull();
    watch.close();
  });

  it("is not gone on with after a person's pause, until that is over", async () => {
    const ctm = product({ workers: 1, recorded: true, clockMoves: true });
    const manager = await ctm.serve();
    const id = await add(ctm, limitedTask(1), null);
    await ctm.until(id, "parked");
    await ctm.ok(["pause", "lunch"]);
    await manager.passTime(2 * HOUR);
    await waitFor("the reset", async () => (await account(ctm, "rehearsal")).park === null);
    for (let n = 0; n < 5; n += 1) await manager.passTime(60_000);
    expect((await ctm.task(id)).state.name).toBe("parked");
    await ctm.ok(["resume"]);
    await passUntil(manager, "its end", async () => (await ctm.task(id)).state.name === "completed");
    expect(ctm.typedPrompts()).toEqual([limitedTask(1), WORDS]);
  });

  it("is not gone on with where that is switched off; the queue goes on at the reset all the same", async () => {
    const ctm = product({
      workers: 2,
      recorded: true,
      clockMoves: true,
      yaml: "accounts: { autoResume: false }",
    });
    const manager = await ctm.serve();
    const id = await add(ctm, limitedTask(1), "w1");
    await ctm.until(id, "parked");
    const next = await add(ctm, plainTask(2), null);
    await manager.passTime(HOUR + 1_000);
    await ctm.until(next, "completed");
    for (let n = 0; n < 5; n += 1) await manager.passTime(60_000);
    expect((await ctm.task(id)).state.name).toBe("parked");
    expect(ctm.typedPrompts().sort()).toEqual([limitedTask(1), plainTask(2)]);
  });
});
