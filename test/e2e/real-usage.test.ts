/**
 * What real agents used, in every turn a conversation can take: booked equal to what their API (a stand-in on loopback)
 * served, to the token and the nano-dollar. One worker and one start of each CLI carries all cases, one after the other.
 *
 * What stands in no record, and is therefore booked to nobody: the requests with which Claude Code compacts in a terminal
 * (the next record says so; `real-agents.test.ts` has them where each task is a process of its own) and those with which Codex makes up a title.
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { agentBin } from "../support/agent-home.ts";
import type { AttemptSeen } from "../support/product.ts";
import { endedAfterAll, realBench, shown, type RealBench } from "../support/real-agent.ts";
import { booked, costOf, isCompaction, servedIn } from "../support/served-usage.ts";
import type { ServedRequest } from "../support/stand-in-api.ts";
import { waitFor } from "../support/wait-for.ts";

const WORKER = "concurrent_worker1";

/** One task, and what was served while it was at work. */
interface Done {
  readonly id: number;
  readonly attempt: AttemptSeen | undefined;
  readonly requests: readonly ServedRequest[];
}

interface AccountSeen {
  readonly park: { readonly cause: string; readonly untilMs: number | null } | null;
  readonly windows: readonly { readonly window: string; readonly usedPermille: number }[];
}

for (const agent of ["claude", "codex"] as const) {
  const { bin, reason } = await agentBin(agent);

  describe.skipIf(bin === null)(`${agent}, the real CLI (${reason ?? "installed"}), is booked`, () => {
    const atEnd = endedAfterAll();
    let bench: RealBench;
    const isRecorded = (request: ServedRequest): boolean =>
      request.status === 200 && (isCompaction(request) ? agent === "codex" : request.main);

    beforeAll(async () => {
      bench = await realBench(agent, bin, { workers: 1, yaml: "context: keep", oauth: true }, atEnd);
      if (agent === "claude") {
        const allowed = JSON.stringify({ permissions: { allow: ["Bash"] } });
        await mkdir(join(bench.home.home, ".claude"), { recursive: true });
        await writeFile(join(bench.home.home, ".claude", "settings.json"), allowed);
      }
      await bench.ctm.serve();
      await bench.ctm.worker(WORKER, "idle");
    });

    async function run(text: string, change: object = {}, ...states: readonly string[]): Promise<Done> {
      const { api, ctm } = bench;
      const from = api.requests.length;
      const { task } = await ctm.tell(text, { type: "coding", ...change });
      await ctm.until(task.id, ...(states.length === 0 ? ["completed"] : states));
      return seen(task.id, from);
    }

    async function seen(id: number, from: number): Promise<Done> {
      const { attempts } = await shown(bench.ctm, id);
      // Why there were more stands in its history.
      expect(attempts, await bench.ctm.ok(["show", String(id)])).toHaveLength(1);
      return { id, attempt: attempts[0], requests: bench.api.requests.slice(from) };
    }

    function expectBooked({ attempt, requests }: Done, count: number): void {
      const recorded = requests.filter(isRecorded);
      expect(recorded).toHaveLength(count);
      expect(booked(attempt)).toEqual(servedIn(recorded));
      expect(attempt?.cost).toMatchObject({ value: costOf(recorded), source: "actual" });
    }

    /** A person types this into the worker, once it takes words, and sees on the screen what came of it. */
    async function say(text: string, isDone: (screen: string) => boolean): Promise<void> {
      const send = () => bench.ctm.ask("send", { worker: WORKER, text }, null);
      await waitFor("a worker that takes words", () =>
        send().then(
          () => true,
          () => false,
        ),
      );
      await waitFor(`what ${text} does`, async () => isDone(await bench.ctm.screen(WORKER)));
    }

    async function transcripts(): Promise<string> {
      const folder = join(bench.home.home, ".claude", "projects");
      const files = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith(".jsonl"));
      expect(files.length).toBeGreaterThan(0);
      return (await Promise.all(files.map((path) => readFile(join(folder, path), "utf8")))).join("");
    }

    const bodyOf = ({ requests }: Done): string => requests.find(({ main }) => main)?.body ?? "";

    it("for an agent that it starts", async () => {
      const tools =
        agent === "claude"
          ? '[[tool:Agent|{"description":"look","prompt":"Please look around.","subagent_type":"general-purpose"}]]'
          : '[[tool:multi_agent_v1.spawn_agent|{"message":"Please look around."}]] [[tool:multi_agent_v1.wait_agent|{"targets":["@agent"],"timeout_ms":60000}]]';
      const done = await run(`Please ask an agent. ${tools} [[after:it looks]] [[say:it has looked]]`);
      const theirs = done.requests.filter(({ prompt }) => prompt === "Please look around.");
      expect(theirs).toHaveLength(1);
      // Claude Code's works in the background and reports: in a turn of its own, which holds the answer, unless it was
      // so quick that its report was taken into the turn that waits for nothing else.
      const served = done.requests.filter(isRecorded).length;
      const quick = agent === "claude" && served === 3;
      expectBooked(done, quick ? 3 : 4);
      if (!quick) expect(done.attempt?.answer).toBe(agent === "claude" ? "it has looked" : "it looks");
    });

    it("for a conversation that it compacts by itself", async () => {
      const full = await run(
        `Please read it all. [[context:${agent === "claude" ? 985_000 : 300_000}]] [[say:full]]`,
      );
      expectBooked(full, 1);
      const after = await run("Please go on. [[say:compacted]]");
      expect(after.requests.filter(isCompaction).length).toBeGreaterThan(0);
      // Codex records what it used for that; of Claude Code the booking says that it may lack something.
      expectBooked(after, agent === "claude" ? 1 : 2);
      expect(after.attempt?.flags).toEqual(agent === "claude" ? ["compaction-unseen"] : []);
      // It states what it used in all only when the conversation ends, and not for which of its turns.
      if (agent === "claude") expect(await transcripts()).not.toContain('"cost-state"');
    });

    it("for a conversation that a person has compacted", async () => {
      const before = bench.api.requests.filter(isCompaction).length;
      const lines = (screen: string): number =>
        screen.match(/^\W*(?:Compacted|Context compacted)\b/gm)?.length ?? 0;
      const shown = lines(await bench.ctm.screen(WORKER));
      await say("/compact", (screen) => lines(screen) > shown);
      expect(bench.api.requests.filter(isCompaction).length).toBeGreaterThan(before);
      expectBooked(await run("Please go on after that. [[say:on]]"), 1);
    });

    it("for a fork of its conversation", async () => {
      expectBooked(await run("Please begin here. [[say:begun]]"), 1);
      await say(agent === "claude" ? "/branch" : "/fork", (screen) =>
        /Branched session|Fork created/.test(screen),
      );
      const done = await run("Please go on in the fork. [[say:forked]]");
      expectBooked(done, 1);
      expect(bodyOf(done)).toContain("Please begin here.");
    });

    it("for a conversation it resumes in another start, with another model", async () => {
      const model = agent === "claude" ? "haiku" : "gpt-5.1-codex-mini";
      const done = await run("Please be cheap now. [[say:cheap]]", { model });
      expectBooked(done, 1);
      expect(bodyOf(done)).toContain("Please go on in the fork.");
      expect(done.requests.find(({ main }) => main)?.model).toContain(model);
      expect(done.attempt?.model).toBe(model);
    });

    it("for a conversation that was cleared", async () => {
      await say("/clear", (screen) => !screen.includes("Please be cheap now."));
      const done = await run("Please begin anew. [[say:anew]]");
      expectBooked(done, 1);
      expect(bodyOf(done)).not.toContain("Please be cheap now.");
    });

    it("for a turn whose request failed and was tried again", async () => {
      const done = await run("Please try it. [[err:500]] [[times:1]] [[say:tried]]");
      expect(done.requests.map(({ status }) => status)).toContain(500);
      expectBooked(done, 1);
    });

    it("for a turn that fails after it has used something", async () => {
      const tests = "[[bash:echo Tests: 1 failed, 118 passed, 119 total]]";
      const done = await run(`Please fail half-way. ${tests} [[errafter:400]]`, {}, "failed");
      expect(done.requests.map(({ status }) => status)).toContain(400);
      expectBooked(done, 1);
      // What Claude Code's hook gives of a command says how many tests passed, where a test runner has said it there.
      const seen = "tests: 118 of 119 passed (seen by its agent's hook)";
      if (agent === "claude") expect(await bench.ctm.ok(["show", String(done.id)])).toContain(seen);
    });

    it("for a turn that met a usage limit and went on when a person said so", async () => {
      const { api, ctm } = bench;
      const account = async (): Promise<AccountSeen | undefined> =>
        (await ctm.ask<(AccountSeen & { account: string })[]>("accounts", {}, [])).find(
          (row) => row.account === agent,
        );
      expectBooked(await run("Please look at the windows. [[used:42]] [[say:looked]]"), 1);
      await waitFor("the windows", async () =>
        (await account())?.windows.some(
          ({ window, usedPermille }) => window === "five_hour" && usedPermille === 420,
        ),
      );

      const from = api.requests.length;
      const atMs = Date.now();
      const { id } = await run("Please meet the limit. [[err:429u]]", {}, "parked");
      const park = (await account())?.park;
      expect(park?.cause).toBe("quota-exhausted");
      expect(Math.abs((park?.untilMs ?? 0) - (atMs + 3_600_000))).toBeLessThan(300_000);
      expect(await ctm.ok(["why", String(id)])).toContain(`account ${agent} is parked`);

      // Claude Code promises to go on by itself at the reset: a person's word comes before that.
      await ctm.ask("accounts free", { name: agent }, null);
      await ctm.until(id, "completed");
      const done = await seen(id, from);
      expectBooked(done, 1);
      expect(done.requests.filter(({ main }) => main)).toHaveLength(2);
      expect(done.requests.find(isRecorded)?.body).toContain("Please meet the limit.");
    });

    it("for a task that was stopped at its cap, and went on in its conversation under a higher one", async () => {
      const { api, ctm } = bench;
      const from = api.requests.length;
      const held = await run(
        "Please use a lot. [[bash:timeout 60 tail -f /dev/null]] [[after:a lot]]",
        { cap: "900" },
        "parked",
      );
      expectBooked(held, 1);
      expect(await ctm.ok(["show", String(held.id)])).toContain("over its cap of 900 tokens");
      await ctm.ok(["cap", String(held.id), "50k"]);
      await ctm.until(held.id, "completed");
      const done = await seen(held.id, from);
      expectBooked(done, 2);
      expect(done.requests.findLast(isRecorded)?.body).toContain("Please use a lot.");
    });

    it("for the first task of a conversation, with another model than it began with", async () => {
      await bench.ctm.ok(["restart", WORKER]);
      await bench.ctm.worker(WORKER, "idle");
      const model = agent === "claude" ? "haiku" : "gpt-5.1-codex-mini";
      const done = await run("Please be the first. [[say:first]]", { model });
      expectBooked(done, 1);
      expect(done.attempt?.model).toBe(model);
    });

    it("for all of that together, and for nothing else", async () => {
      const { api, ctm } = bench;
      const { input, cacheWrite, output } = servedIn(api.requests.filter(isRecorded));
      const [worker] = await ctm.ask<{ tokens: { value: number; source: string } }[]>("workers", {}, []);
      // As limits count: without what was read from the cache.
      expect(worker?.tokens).toMatchObject({ value: input + cacheWrite + output, source: "actual" });
    });
  });
}
