/**
 * Events that wake agents, with the whole product: killed at every step between taking an event and the agent's turn,
 * nothing is lost, and nothing is typed twice. CTM_TEST_LONG: at further steps.
 */
import { createHmac } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { readDashboardFile } from "../../src/dashboard-file.ts";
import { GITHUB_PUSH, GITHUB_REVIEW } from "../activation/payloads.ts";
import { agentBin } from "../support/agent-home.ts";
import { productFolder } from "../support/built-product.ts";
import { product, type Product } from "../support/product.ts";
import { realBench } from "../support/real-agent.ts";
import { waitFor } from "../support/wait-for.ts";

const HOUR_MS = 3_600_000;
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

const SECRET = "a secret of this test";
const HOOKS = `
events:
  hooks:
    code: { provider: github, secret: "${SECRET}" }
    repo: { provider: git, secret: "${SECRET}", repositories: [app] }
triggers:
  review: { on: git.review_requested, wake: w2, trust: run, prompt: "Review it [[say:reviewed]]" }
  pushed: { on: git.push, wake: w1, trust: held }
`;
const HELD = `
limits:
  worker: { tokens: { hour: null, day: null, month: null }, cost: { hour: null, day: null, month: null } }
  global: { tokens: { hour: 20K, day: null, month: null }, cost: { hour: null, day: null, month: null } }
events: { hooks: { code: { provider: github, secret: "${SECRET}" } } }
triggers:
  pushed: { on: git.push, trust: run, prompt: "Look at the push [[in:10]] [[out:0]] [[delay:0]]" }
  alarm: { on: alarm.fire, trust: run, prompt: "Put it out [[in:10]] [[out:0]] [[delay:0]]" }
`;

interface Why {
  readonly outcome: string;
  readonly fates: readonly {
    readonly wake: {
      readonly gate: string | null;
      readonly untilMs: number | null;
      readonly reason: string | null;
    } | null;
  }[];
}

/** A delivery of GitHub's to the hook `code`. */
async function deliver(
  ctm: Product,
  delivery: string,
  kind: string,
  payload: object,
  secret = SECRET,
): Promise<number> {
  const url = readDashboardFile(join(ctm.state, "dashboard.json"))?.url ?? "";
  const body = JSON.stringify(payload);
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  const headers = {
    ...{ "x-github-event": kind, "x-github-delivery": delivery },
    "x-hub-signature-256": `sha256=${signature}`,
  };
  return (await fetch(`${url}hooks/code`, { method: "POST", body, headers })).status;
}

it("5.1 while the limits are HARD a normal event waits, says until when, and then wakes once; a critical one goes", async () => {
  const ctm = product({ workers: 1, recorded: true, clockMoves: true, dashboard: true, yaml: HELD });
  const manager = await ctm.serve();
  // Of another type: what later tasks reserve is not learnt from it.
  await ctm.tell("Use it up [[in:19200]] [[out:0]] [[delay:0]]", { type: "analysis" });
  await ctm.until(1, "completed");
  const [spent] = await ctm.attempts(1);
  expect(await deliver(ctm, "d-1", "push", GITHUB_PUSH)).toBe(202);
  const waiting = await waitFor("the push to wait at the limits", async () => {
    const why = await ctm.ask<Why>("events why", { event: "1" }, null);
    return why.fates[0]?.wake?.gate === "limit" ? why : null;
  });
  expect(waiting.outcome).toBe("held");
  const { untilMs, reason } = waiting.fates[0]?.wake ?? {};
  expect(reason).toMatch(/tokens\/hour.*HARD/);
  const inMs = (untilMs ?? 0) - (spent?.endedAtMs ?? 0);
  expect(inMs).toBeGreaterThan(3_590_000);
  expect(inMs).toBeLessThanOrEqual(3_600_000);
  // As a person reads it.
  const said = await ctm.ok(["events", "why", "1"]);
  expect(said).toMatch(/limit/);
  expect(said).toMatch(/until/);

  await ctm.ask("events send", { type: "alarm.fire", priority: "critical" }, null);
  await ctm.until(2, "completed");
  expect((await ctm.task(2)).draft).toMatchObject({ priority: "critical" });

  // Delivered again it is the one that waits.
  expect(await deliver(ctm, "d-2", "push", GITHUB_PUSH)).toBe(200);
  expect(await ctm.tasks()).toHaveLength(2);
  await manager.passTime(3_600_000);
  await ctm.until(3, "completed");
  const rows = await waitFor("both to be delivered", async () => {
    const all = await events(ctm);
    return all.every(({ outcome }) => outcome === "delivered") ? all : null;
  });
  expect(rows).toHaveLength(2);
  expect(await ctm.tasks()).toHaveLength(3);
  expect(ctm.typedPrompts().filter((text) => text.includes("Look at the push"))).toHaveLength(1);
});

it("a message from inside a worker is typed when the turn of its receiver has ended, never before", async () => {
  const ctm = product({ workers: 1, recorded: true });
  await ctm.serve();
  await ctm.ok(["spawn", "--agent", "shell"]);
  const command = `${process.execPath} ${join(productFolder(), "ctm.cjs")} message w1`;
  // On a machine so slow that the turn was over too early it is done again with a longer one.
  for (let turnMs = 5_000, id = 1; ; turnMs *= 3) {
    const turn = await ctm.tell(`Think [[delay:${turnMs}]]`, { worker: "concurrent_worker1" });
    await ctm.until(turn.task.id, "running");
    const sender = await ctm.tell(`${command} 'Read docs/api-${id}.md [[delay:0]]'`, { agent: "shell" });
    await ctm.until(sender.task.id, "completed");
    const meanwhile = await ctm.task(turn.task.id);
    const typed = ctm.typedPrompts().filter((text) => text.includes(`docs/api-${id}.md`));
    id += 1;
    if (meanwhile.state.name !== "running") continue;
    expect(typed).toEqual([]);
    await ctm.until(turn.task.id, "completed");
    const answer = await ctm.until(sender.task.id + 1, "completed");
    expect(answer.draft.text).toContain('A message from "ctm/worker/concurrent_worker2".');
    const [[before], [after]] = [await ctm.attempts(turn.task.id), await ctm.attempts(answer.id)];
    expect(after?.worker).toBe("concurrent_worker1");
    expect(after?.typedAtMs).toBeGreaterThanOrEqual(before?.endedAtMs ?? Number.POSITIVE_INFINITY);
    const arrived = ctm.typedPrompts().filter((text) => text.includes(`docs/api-${id - 1}.md`));
    expect(arrived).toHaveLength(1);
    expect((await events(ctm))[0]).toMatchObject({ outcome: "delivered" });
    return;
  }
});

const { bin, reason } = await agentBin("claude");

describe.skipIf(bin === null)(
  `5.1 events from outside, with the real Claude Code (${reason ?? "installed"})`,
  () => {
    it("a signed webhook wakes the right agent once; a push to a plain git repository is held for a person", async () => {
      const { api, ctm } = await realBench("claude", bin, { workers: 2, yaml: HOOKS, dashboard: true });
      await ctm.serve();
      const url = readDashboardFile(join(ctm.state, "dashboard.json"))?.url ?? "";
      const post = (delivery: string, secret?: string): Promise<number> =>
        deliver(ctm, delivery, "pull_request", GITHUB_REVIEW, secret);
      expect(await post("d-1", "another secret")).toBe(401);
      expect(await post("d-1")).toBe(202);
      expect(await post("d-1")).toBe(200);
      await ctm.until(1, "completed");
      expect(await post("d-2")).toBe(200);
      const [attempt, ...more] = await ctm.attempts(1);
      expect(more).toEqual([]);
      expect(attempt).toMatchObject({
        worker: "concurrent_worker2",
        outcome: "completed",
        answer: "reviewed",
      });
      expect(attempt?.tokens.source).toBe("actual");
      expect(api.requests.length).toBeGreaterThan(0);

      await pushTo(ctm, `${url}hooks/repo`);
      const pushed = await waitFor("the push to be taken", async () =>
        (await ctm.tasks()).find(({ id }) => id === 2),
      );
      expect(pushed.state).toMatchObject({
        name: "queued",
        holdReason: expect.stringContaining("text from outside"),
      });
      expect(pushed.draft.text).toContain('"branch":"main"');
      expect((await events(ctm)).map(({ outcome }) => outcome)).toEqual(["held", "delivered"]);
      expect(await ctm.tasks()).toHaveLength(2);
    });

    it("an idle day with triggers of every kind costs no call of the model; then the clock wakes the agent", async () => {
      const dueMs = Date.now() + 30 * HOUR_MS;
      const due = new Date(dueMs);
      const cron = [due.getUTCMinutes(), due.getUTCHours(), due.getUTCDate(), due.getUTCMonth() + 1].join(
        " ",
      );
      const tick = `  yearly: { schedule: { cron: "${cron} *", timeZone: UTC }, wake: w1, prompt: "Good morning [[say:up]]" }`;
      const yaml = `${HOOKS}${tick}\n  broke: { on: [task.failed, budget.level] }\n`;
      const { api, ctm } = await realBench("claude", bin, {
        ...{ workers: 2, yaml, dashboard: true, clockMoves: true },
      });
      const manager = await ctm.serve();
      for (const worker of ["concurrent_worker1", "concurrent_worker2"]) await ctm.worker(worker, "idle");
      const before = api.requests.length;
      for (let hour = 0; hour < 24; hour += 1) await manager.passTime(HOUR_MS);
      expect(await ctm.tasks()).toEqual([]);
      expect(api.requests.length).toBe(before);
      // It was awake all the time.
      for (let hour = 0; hour < 7; hour += 1) await manager.passTime(HOUR_MS);
      await ctm.until(1, "completed");
      expect((await ctm.attempts(1))[0]).toMatchObject({ worker: "concurrent_worker1", answer: "up" });
      expect(api.requests.length).toBeGreaterThan(before);
    });
  },
);

/** A push to a bare repository whose hook is the README's script. */
async function pushTo(ctm: Product, address: string): Promise<void> {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const [, script = ""] = /```sh\n( *#!\/bin\/sh\n *# hooks\/post-receive[^]*?)```/.exec(readme) ?? [];
  const [bare, tree] = [join(ctm.folder, "app.git"), join(ctm.folder, "tree")];
  mkdirSync(tree);
  const env = { ...ctm.env, SECRET, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };
  const git = (...args: readonly string[]) =>
    execa("git", ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", ...args], {
      ...{ cwd: tree, env, extendEnv: false },
    });
  await git("init", "-q", "--bare", bare);
  const hook = join(bare, "hooks", "post-receive");
  mkdirSync(join(bare, "hooks"), { recursive: true });
  writeFileSync(hook, script.replace(/^ {2}/gm, "").replace(/http:\S+/, address));
  chmodSync(hook, 0o755);
  await git("init", "-q", "-b", "main");
  await git("commit", "-q", "--allow-empty", "-m", "First");
  await git("push", "-q", bare, "main");
}
