/**
 * The real agent CLIs in real workers, their API a stand-in on loopback: a batch through three workers, each prompt
 * typed once, ended by the agent's own signal, its booked usage equal to what was served, to the token.
 */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { agentBin, geminiHome } from "../support/agent-home.ts";
import { product, type Product } from "../support/product.ts";
import { endedAfterAll, realBench, shown, type RealBench } from "../support/real-agent.ts";
import { booked, costOf, isCompaction, servedFor, servedIn } from "../support/served-usage.ts";
import { startStandInApi } from "../support/stand-in-api.ts";
import { waitFor } from "../support/wait-for.ts";

interface AccountSeen {
  readonly account: string;
  readonly park: unknown;
}

/** A call that works through tasks. */
const LONG = { timeoutMs: 150_000 };
const WORDS = "The usage limit is over. Please continue where you stopped.";
const lines = (texts: readonly string[]): string =>
  texts.map((text) => JSON.stringify({ text, type: "coding" })).join("\n");
const parked = async (ctm: Product): Promise<boolean> =>
  (await ctm.ask<AccountSeen[]>("accounts", {}, [])).some(({ park }) => park !== null);

for (const agent of ["claude", "codex"] as const) {
  const { bin, reason } = await agentBin(agent);

  // The three workers are started once: what the first case leaves in their panes the next ones go on with.
  describe.skipIf(bin === null)(`${agent}, the real CLI (${reason ?? "installed"}), in three workers`, () => {
    const atEnd = endedAfterAll();
    let bench: RealBench;
    beforeAll(async () => void (bench = await realBench(agent, bin, {}, atEnd)));

    it("does a batch, each task once and booked to the token", async () => {
      const { api, ctm } = bench;
      const texts = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf"].map(
        (name, index) =>
          `Please fix the ${name} parser [[delay:${100 + 150 * index}]] [[say:${name} is done]]`,
      );
      const batch = await ctm.run(["--keep-workers", "batch", "-"], { input: lines(texts), ...LONG });
      expect(batch.stdout + batch.stderr).toContain("Completed:    7 of 7");
      expect(batch.exitCode).toBe(0);

      const manager = await ctm.serve();
      const workers = new Set<string>();
      for (const [index, text] of texts.entries()) {
        const { attempts } = await shown(ctm, index + 1);
        expect(attempts).toHaveLength(1);
        expect(attempts[0]).toMatchObject({
          outcome: "completed",
          answer: expect.stringContaining("is done"),
          tokens: { source: "actual" },
        });
        expect(booked(attempts[0])).toEqual(servedFor(api, text));
        workers.add(attempts[0]?.worker ?? "");
      }
      expect(workers.size).toBe(3);
      await manager.kill9();
    });

    it("outlives ten kills of its manager: one final state a task, no prompt twice, the agents never noticed", async () => {
      const { api, ctm } = bench;
      const seed = Math.floor(Math.random() * 2 ** 31);
      console.log(`seed ${seed}`);
      const random = generator(seed);
      const texts = Array.from(
        { length: 14 },
        (_, index) =>
          `Please fix parser number ${index + 1}. [[delay:${Math.floor(random() * 1_500)}]] [[say:parser ${index + 1} is done]]`,
      );
      const before = (await ctm.tasks()).length;
      const panes = new Set<string>();
      for (let kill = 0; kill < 10; kill += 1) {
        const manager = await ctm.serve();
        if (kill === 0) {
          const drafts = texts.map((text) => ({ text, type: "coding", cwd: ctm.work, origin: "test" }));
          await ctm.ask("batch", { drafts }, null);
        }
        for (const { paneId, pid } of await ctm.panes()) panes.add(`${paneId} ${pid}`);
        await new Promise((resolve) => setTimeout(resolve, random() * 1_500));
        await manager.kill9();
      }
      const manager = await ctm.serve();
      const tasks = await waitFor("all tasks to be final", async () => {
        const all = (await ctm.tasks()).filter(({ id }) => id > before);
        return all.every(({ state }) => /^(?:completed|failed|cancelled|lost)$/.test(state.name))
          ? all
          : null;
      });
      expect(tasks.map(({ state }) => state.name)).toEqual(texts.map(() => "completed"));
      for (const { id, draft } of tasks) {
        const { attempts } = await shown(ctm, id);
        const typed = attempts.filter(({ outcome }) => outcome?.startsWith("completed"));
        expect(typed).toHaveLength(1);
        expect(booked(typed[0])).toEqual(servedFor(api, draft.text));
      }
      // The same three processes from the first start to the end.
      expect(panes.size).toBe(3);
      await manager.kill9();
    });

    it("asks for a person, is interrupted, fails at the API, and goes on with the next task", async () => {
      const { api, ctm } = bench;
      const manager = await ctm.serve();
      const add = async (text: string, type = "coding"): Promise<number> =>
        (await ctm.tell(text, { type, worker: "w1" })).task.id;
      await ctm.worker("concurrent_worker1", "idle");

      const command = {
        cmd: "touch made-by-agent",
        sandbox_permissions: "require_escalated",
        justification: "May I?",
      };
      const tool =
        agent === "claude"
          ? "[[bash:touch made-by-agent]]"
          : `[[tool:exec_command|${JSON.stringify(command)}]]`;
      const asking = `Please make the file. ${tool} [[say:file is made]]`;
      const first = await add(asking);
      expect((await ctm.until(first, "needs-input")).state.question).toContain("touch made-by-agent");
      expect(await ctm.ok(["status"])).toMatch(/asks:.*touch made-by-agent/);
      // A key that comes just after the dialog is not taken; one more, pressed too soon, would be a draft.
      const isAnswered = async (): Promise<boolean> => (await ctm.task(first)).state.name !== "needs-input";
      await waitFor("the answer to be taken", async () => {
        await ctm
          .ask("answer", { worker: "w1", text: agent === "claude" ? "1" : "y" }, null)
          .catch(() => null);
        return waitFor("the key", isAnswered, 2_000).catch(() => false);
      });
      await ctm.until(first, "completed");
      const { attempts } = await shown(ctm, first);
      expect(booked(attempts[0])).toEqual(servedFor(api, asking, 2));

      // Another type may mean another model: its agent is started anew, and an interrupt tells nothing but the screen.
      const long = await add("Please wait for long. [[delay:60000]] [[say:never said]]", "documentation");
      await ctm.until(long, "running");
      await ctm.ask("cancel", { ids: [long] }, null);
      await ctm.until(long, "cancelled");

      const failing = await add("Please fail now. [[err:400ctx]]");
      expect((await ctm.until(failing, "failed")).state.reason).toMatch(
        /invalid-request|prompt is too long|context/i,
      );
      await ctm.until(await add("Please fix the last parser. [[say:last is done]]"), "completed");
      await manager.kill9();
    });

    it("whose provider lets nothing through waits in its conversation, and goes on there when told once", async () => {
      const { api, ctm } = bench;
      await ctm.serve();
      await ctm.worker("concurrent_worker1", "idle");
      const text = "Please fix the alpha parser. [[err:credit]]";
      const { task: first } = await ctm.tell(text, { type: "coding", worker: "w1" });
      expect((await ctm.until(first.id, "parked")).state.reason).toMatch(/credit|quota/i);
      const { task: second } = await ctm.tell("Please fix the bravo parser. [[say:bravo is done]]", {
        type: "coding",
      });
      expect(await ctm.ok(["why", String(second.id)])).toContain(`account ${agent} is parked`);

      await ctm.ask("accounts free", { name: agent }, null);
      for (const { id } of [first, second]) await ctm.until(id, "completed");
      const { attempts } = await shown(ctm, first.id);
      expect(attempts).toHaveLength(1);
      expect(booked(attempts[0])).toEqual(servedFor(api, "The usage limit is over."));
    });
  });

  describe.skipIf(bin === null)(`${agent}, the real CLI (${reason ?? "installed"})`, () => {
    it("adopts sessions started by hand, one of them a fork, books them to the token and leaves them alone at the end", async () => {
      // An adopted agent calls no hook: what its screen and its record say is looked at now and then as well.
      const { api, home, ctm } = await realBench(agent, bin, { tickMs: 2_000 });
      const earlier = "Please fix the zulu parser [[say:zulu is done]]";
      const forked = await forkCommand(agent, bin ?? "", home, earlier);
      const flags = agent === "claude" ? ["--permission-mode", "default"] : ["--no-daemon"];
      for (const [n, command] of [
        [bin ?? "", ...flags],
        [...forked, ...flags],
      ].entries()) {
        const session = `concurrent_worker${n + 1}`;
        const size = ["-x", "160", "-y", "50"];
        await ctm.defaultTmux("new-session", "-d", "-s", session, "-c", home.cwd, ...size, "sh");
        await ctm.defaultTmux("send-keys", "-t", session, command.join(" "), "Enter");
      }
      for (const session of ["concurrent_worker1", "concurrent_worker2"])
        await waitFor("the agent's composer", async () =>
          /\? for shortcuts|Ask Codex|mode on/.test(
            await ctm.defaultTmux("capture-pane", "-p", "-t", session),
          ),
        );

      const texts = [
        "Please fix the alpha parser [[delay:1500]] [[say:alpha is done]]",
        "Please fix the bravo parser [[say:bravo is done]]",
        "Please fix the fork's parser [[say:the fork is done]]",
      ];
      const input = texts
        .map((text, n) => JSON.stringify({ text, type: "coding", worker: `w${n < 2 ? 1 : 2}` }))
        .join("\n");
      const words = ["--keep-workers", "--workers", "0", "--adopt", "batch", "-"];
      const batch = await ctm.run(words, { input, ...LONG });
      expect(batch.stdout + batch.stderr).toContain("Completed:    3 of 3");
      for (const [index, text] of texts.entries()) {
        const { attempts } = await shown(ctm, index + 1);
        expect(booked(attempts[0])).toEqual(servedFor(api, text));
      }
      // The fork brought the conversation along, but not what that had cost.
      const onFork = api.requests.find(({ prompt }) => prompt.includes("the fork's parser"));
      expect(onFork?.body).toContain("zulu is done");
      const sessions = await ctm.defaultTmux("list-sessions", "-F", "#{session_name}");
      expect(sessions.split("\n")).toEqual(["concurrent_worker1", "concurrent_worker2"]);
    });

    it("headless: one process a task, ended by its exit code, booked to the token, its prompt in no list of processes", async () => {
      const { api, home, ctm } = await realBench(agent, bin, { workers: 2, mode: "headless", oauth: true });
      const fine = ["alpha", "bravo", "charlie"].map(
        (name) =>
          `Please fix the ${name} parser: "it's"\n$(touch made) [[delay:300]] [[say:${name} is done]]`,
      );
      const batch = ctm.run(["--keep-workers", "batch", "-"], { input: lines(fine), ...LONG });
      await waitFor("the first request", () => Promise.resolve(api.requests.length > 0));
      const processes = (await execa("ps", ["-eo", "args", "--cols", "10000"])).stdout;
      expect(processes).toContain("runner.sh");
      expect(processes).not.toMatch(/fix the \w+ parser/);
      const { stdout, stderr, exitCode } = await batch;
      expect(stdout + stderr).toContain("Completed:    3 of 3");
      expect(exitCode).toBe(0);
      await ctm.serve();
      for (const [index, text] of fine.entries()) {
        const { task, attempts } = await shown(ctm, index + 1);
        expect(attempts).toHaveLength(1);
        expect(attempts[0]).toMatchObject({
          outcome: "completed",
          answer: expect.stringMatching(/^(?:alpha|bravo|charlie) is done$/),
          tokens: { source: "actual" },
        });
        expect(task.state.exitCode).toBe(0);
        expect(booked(attempts[0])).toEqual(servedFor(api, text));
      }

      // What a compaction uses stands in no line; that process has ended and stated what it came to in all.
      if (agent === "claude") {
        const from = api.requests.length;
        await writeFile(join(home.cwd, "notes"), "nothing\n");
        const tool = `[[tool:Read|${JSON.stringify({ file_path: join(home.cwd, "notes") })}]]`;
        const { task } = await ctm.tell(`Please read on. [[context:985000]] ${tool}`, { type: "coding" });
        await ctm.until(task.id, "completed");
        const requests = api.requests.slice(from).filter(({ status }) => status === 200);
        expect(requests.filter(isCompaction).length).toBeGreaterThan(0);
        const { attempts } = await shown(ctm, task.id);
        expect(booked(attempts[0])).toEqual(servedIn(requests));
        expect(attempts[0]?.cost).toMatchObject({ value: costOf(requests), source: "actual" });
        expect(attempts[0]?.flags).toEqual(["beyond-record"]);
      }

      // A usage limit: the account is parked, and the task goes on in its conversation once that is free again.
      const { task: limited } = await ctm.tell("Please meet the limit. [[err:429u]]", { type: "coding" });
      await waitFor("the limit", () => parked(ctm));
      await ctm.ask("accounts free", { name: agent }, null);
      expect((await ctm.until(limited.id, "completed")).state.exitCode).toBe(0);
      const { attempts } = await shown(ctm, limited.id);
      expect(attempts).toMatchObject([{ answer: expect.stringMatching(/^ECHO: The usage limit/) }]);
      expect(booked(attempts[0])).toEqual(servedFor(api, WORDS));
      // The same conversation: what was asked before is sent with it.
      const goingOn = api.requests.find(({ main, prompt }) => main && prompt.includes(WORDS));
      expect(goingOn?.body).toContain("Please meet the limit.");
    });
  });
}

const gemini = await agentBin("gemini");

describe.skipIf(gemini.bin === null)(`gemini, the real CLI (${gemini.reason ?? "installed"})`, () => {
  it("does each task as a process of its own, uses a tool, fails at a quota, and is booked to the token", async () => {
    const api = await startStandInApi();
    const home = await geminiHome(api.baseUrl);
    const ctm = product({
      workers: 1,
      real: { name: "gemini", bin: gemini.bin ?? "", home, permissionMode: "yolo" },
    });
    await ctm.serve();
    const text = "Please fix the parser [[bash:touch made-by-agent]] [[after:it is done]]";
    const { task } = await ctm.tell(text, { type: "coding" });
    await ctm.until(task.id, "completed");
    expect(existsSync(join(home.cwd, "made-by-agent"))).toBe(true);
    const { attempts } = await shown(ctm, task.id);
    expect(attempts[0]).toMatchObject({
      outcome: "completed",
      answer: "it is done",
      tokens: { source: "actual" },
    });
    // Gemini counts thoughts beside the output: three of each of the two requests.
    const { output, ...served } = servedFor(api, text, 2);
    expect(booked(attempts[0])).toEqual({ ...served, output: output + 6 });

    const { task: failing } = await ctm.tell("Please fail now. [[err:429u]]", { type: "coding" });
    const { state } = await ctm.until(failing.id, "failed");
    expect(state.exitCode).toBe(173);
    expect(state.reason).toMatch(/^quota-exhausted: You have exhausted your daily quota/);
  });
});

/** A person's own conversation, and the command that forks it. */
async function forkCommand(
  agent: "claude" | "codex",
  bin: string,
  home: RealBench["home"],
  text: string,
): Promise<string[]> {
  const options = { extendEnv: false, env: home.env, cwd: home.cwd, stdin: "ignore" } as const;
  if (agent === "claude") {
    const { stdout } = await execa(bin, ["-p", "--output-format", "json", text], options);
    const { session_id: id } = JSON.parse(stdout) as { session_id: string };
    return [bin, "--resume", id, "--fork-session"];
  }
  const { stdout } = await execa(bin, ["exec", "--json", "--skip-git-repo-check", text], options);
  const id = /"thread_id":"([^"]+)"/.exec(stdout)?.[1] ?? "";
  return [bin, "fork", id];
}

/** Numbers from 0 to 1 that a seed repeats. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}
