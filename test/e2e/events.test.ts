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
import { GITHUB_REVIEW } from "../activation/payloads.ts";
import { agentBin } from "../support/agent-home.ts";
import { product, type Product } from "../support/product.ts";
import { realBench } from "../support/real-agent.ts";
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
const { bin, reason } = await agentBin("claude");

describe.skipIf(bin === null)(
  `5.1 events from outside, with the real Claude Code (${reason ?? "installed"})`,
  () => {
    it("a signed webhook wakes the right agent once; a push to a plain git repository is held for a person", async () => {
      const { api, ctm } = await realBench("claude", bin, { workers: 2, yaml: HOOKS, dashboard: true });
      await ctm.serve();
      const url = readDashboardFile(join(ctm.state, "dashboard.json"))?.url ?? "";
      const body = JSON.stringify(GITHUB_REVIEW);
      const post = async (delivery: string, signature: string): Promise<number> => {
        const kind = { "x-github-event": "pull_request", "x-github-delivery": delivery };
        const headers = { ...kind, "x-hub-signature-256": `sha256=${signature}` };
        return (await fetch(`${url}hooks/code`, { method: "POST", body, headers })).status;
      };
      const signature = createHmac("sha256", SECRET).update(body).digest("hex");
      expect(await post("d-1", signature.replace(/./g, "0"))).toBe(401);
      expect(await post("d-1", signature)).toBe(202);
      expect(await post("d-1", signature)).toBe(200);
      await ctm.until(1, "completed");
      expect(await post("d-2", signature)).toBe(200);
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
