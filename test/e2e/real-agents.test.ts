/**
 * The real agent CLIs in real workers, their API a stand-in on loopback: a batch through three workers, each prompt
 * typed once, ended by the agent's own signal, its booked usage equal to what was served, to the token.
 */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it, onTestFinished } from "vitest";
import { endServer } from "../support/end-server.ts";
import { agentBin, claudeHome, codexHome, geminiHome, type AgentHome } from "../support/agent-home.ts";
import { startStandInApi, type ServedUsage, type StandInApi } from "../support/stand-in-api.ts";
import { testFolder } from "../support/tmux-server.ts";
import { waitFor } from "../support/wait-for.ts";

const BIN = new URL("../../dist/ctm.js", import.meta.url).pathname;

interface ShownAttempt {
  readonly outcome: string;
  readonly worker: string;
  readonly answer: string | null;
  readonly tokens: { readonly value: number | null; readonly source: string };
  readonly usage: Readonly<Record<string, number>> | null;
}

for (const agent of ["claude", "codex"] as const) {
  const { bin, reason } = await agentBin(agent);

  describe.skipIf(bin === null)(`${agent}, the real CLI (${reason ?? "installed"})`, () => {
    it("does a batch through three workers, each task once and booked to the token", async () => {
      const api = await startStandInApi();
      const home = agent === "claude" ? await claudeHome(api.baseUrl) : await codexHome(api.baseUrl);
      const ctm = await product(agent, bin ?? "", home);
      const texts = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf"].map(
        (name, index) =>
          `Please fix the ${name} parser [[delay:${100 + 150 * index}]] [[say:${name} is done]]`,
      );
      const batch = await ctm(
        ["batch", "-"],
        texts.map((text) => JSON.stringify({ text, type: "coding" })).join("\n"),
      );
      expect(batch.stdout + batch.stderr).toContain("Completed:    7 of 7");
      expect(batch.exitCode).toBe(0);

      for (const [index, text] of texts.entries()) {
        const { attempts } = JSON.parse((await ctm(["show", String(index + 1), "--json"])).stdout) as {
          attempts: ShownAttempt[];
        };
        expect(attempts).toHaveLength(1);
        expect(attempts[0]).toMatchObject({
          outcome: "completed",
          answer: expect.stringContaining("is done"),
          tokens: { source: "actual" },
        });
        expect(booked(attempts[0])).toEqual(servedFor(api, text));
      }
      const workers = new Set(
        await Promise.all(
          texts.map(async (_text, index) => workerOf(await ctm(["show", String(index + 1), "--json"]))),
        ),
      );
      expect(workers.size).toBe(3);
    }, 240_000);

    it("adopts a session started by hand, types into it, books it to the token and leaves it alone at the end", async () => {
      const api = await startStandInApi();
      const home = agent === "claude" ? await claudeHome(api.baseUrl) : await codexHome(api.baseUrl);
      const ctm = await product(agent, bin ?? "", home);
      const byHand = async (...args: string[]) =>
        (await execa("tmux", args, { ...ctm.options, reject: true })).stdout;
      await byHand(
        "new-session",
        "-d",
        "-s",
        "concurrent_worker1",
        "-c",
        home.cwd,
        "-x",
        "160",
        "-y",
        "50",
        "sh",
      );
      const flags = agent === "claude" ? ["--permission-mode", "default"] : ["--no-daemon"];
      await byHand("send-keys", "-t", "concurrent_worker1", [bin ?? "", ...flags].join(" "), "Enter");
      await waitFor("the agent's composer", async () =>
        /\? for shortcuts|Ask Codex/.test(await byHand("capture-pane", "-p", "-t", "concurrent_worker1")),
      );

      const texts = [
        "Please fix the alpha parser [[delay:1500]] [[say:alpha is done]]",
        "Please fix the bravo parser [[say:bravo is done]]",
      ];
      const batch = await ctm(
        ["--workers", "0", "--adopt", "batch", "-"],
        texts.map((text) => JSON.stringify({ text, type: "coding" })).join("\n"),
      );
      expect(batch.stdout + batch.stderr).toContain("Completed:    2 of 2");
      for (const [index, text] of texts.entries()) {
        const { attempts } = JSON.parse((await ctm(["show", String(index + 1), "--json"])).stdout) as {
          attempts: ShownAttempt[];
        };
        expect(booked(attempts[0])).toEqual(servedFor(api, text));
      }
      expect(await byHand("list-sessions", "-F", "#{session_name}")).toBe("concurrent_worker1");
      await byHand("kill-server");
    }, 240_000);

    it("headless: one process a task, ended by its exit code, booked to the token, its prompt in no list of processes", async () => {
      const api = await startStandInApi();
      const home =
        agent === "claude" ? await claudeHome(api.baseUrl, { oauth: true }) : await codexHome(api.baseUrl);
      const ctm = await product(agent, bin ?? "", home, { count: 2, mode: "headless" });
      const fine = ["alpha", "bravo", "charlie"].map(
        (name) =>
          `Please fix the ${name} parser: "it's"\n$(touch made) [[delay:300]] [[say:${name} is done]]`,
      );
      const batch = ctm(
        ["batch", "-"],
        fine.map((text) => JSON.stringify({ text, type: "coding" })).join("\n"),
      );
      await waitFor("the first request", () => Promise.resolve(api.requests.length > 0));
      const processes = (await execa("ps", ["-eo", "args", "--cols", "10000"])).stdout;
      expect(processes).toContain("runner.sh");
      expect(processes).not.toMatch(/fix the \w+ parser/);
      const { stdout, stderr, exitCode } = await batch;
      expect(stdout + stderr).toContain("Completed:    3 of 3");
      expect(exitCode).toBe(0);
      for (const [index, text] of fine.entries()) {
        const { task, attempts } = JSON.parse((await ctm(["show", String(index + 1), "--json"])).stdout) as {
          task: { state: { exitCode: number | null } };
          attempts: ShownAttempt[];
        };
        expect(attempts).toHaveLength(1);
        expect(attempts[0]).toMatchObject({
          outcome: "completed",
          answer: expect.stringMatching(/^(alpha|bravo|charlie) is done$/),
          tokens: { source: "actual" },
        });
        expect(task.state.exitCode).toBe(0);
        expect(booked(attempts[0])).toEqual(servedFor(api, text));
      }

      // A usage limit: the account is parked, and the task goes on in its conversation once that is free again.
      const manager = ctm.serve();
      await ctm(["add", "--type", "coding", "Please meet the limit. [[err:429u]]"]);
      await waitFor("the limit", async () => (await ctm(["accounts"])).stdout.includes("parked"));
      await ctm(["accounts", "free", agent]);
      const shown = await waitFor("its end", async () => {
        const { task, attempts } = JSON.parse((await ctm(["show", "4", "--json"])).stdout) as {
          task: { state: { name: string; exitCode?: number } };
          attempts: ShownAttempt[];
        };
        return task.state.name === "completed" ? { ...task.state, attempts } : null;
      });
      expect(shown).toMatchObject({
        exitCode: 0,
        attempts: [{ answer: expect.stringMatching(/^ECHO: The usage limit/) }],
      });
      const words = "The usage limit is over. Please continue where you stopped.";
      expect(booked(shown.attempts[0])).toEqual(servedFor(api, words));
      // The same conversation: what was asked before is sent with it.
      const goingOn = api.requests.find(({ main, prompt }) => main && prompt.includes(words));
      expect(goingOn?.body).toContain("Please meet the limit.");
      manager.kill("SIGTERM");
      await manager;
    }, 240_000);

    it("asks for a person, is interrupted, fails at the API, and goes on with the next task", async () => {
      const api = await startStandInApi();
      const home = agent === "claude" ? await claudeHome(api.baseUrl) : await codexHome(api.baseUrl);
      const ctm = await product(agent, bin ?? "", home);
      const manager = ctm.serve();
      const state = async (id: number) =>
        (
          JSON.parse((await ctm(["show", String(id), "--json"])).stdout) as {
            task: { state: { name: string; question?: string; reason?: string } };
          }
        ).task.state;
      const add = (text: string) => ctm(["add", "--type", "coding", "--worker", "w1", text]);
      await waitFor("the manager", async () => (await ctm(["workers", "--json"])).stdout.includes('"idle"'));

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
      await add(asking);
      const question = await waitFor("the question", async () => {
        const { name, question: asked } = await state(1);
        return name === "needs-input" ? asked : null;
      });
      expect(question).toContain("touch made-by-agent");
      expect((await ctm(["status"])).stdout).toMatch(/asks:.*touch made-by-agent/);
      await waitFor("the answer to be taken", async () => {
        await ctm(["answer", "w1", agent === "claude" ? "1" : "y"]);
        return (await state(1)).name !== "needs-input";
      });
      await waitFor("its end", async () => (await state(1)).name === "completed");
      const { attempts } = JSON.parse((await ctm(["show", "1", "--json"])).stdout) as {
        attempts: ShownAttempt[];
      };
      expect(booked(attempts[0])).toEqual(servedFor(api, asking, 2));

      // Another type may mean another model: its agent is started anew, and an interrupt tells nothing but the screen.
      await ctm([
        "add",
        "--type",
        "documentation",
        "--worker",
        "w1",
        "Please wait for long. [[delay:60000]] [[say:never said]]",
      ]);
      await waitFor("it to run", async () => (await state(2)).name === "running");
      await ctm(["cancel", "2"]);
      await waitFor("its end", async () => (await state(2)).name === "cancelled");

      await add("Please fail now. [[err:400ctx]]");
      const failed = await waitFor("its failure", async () => {
        const now = await state(3);
        return now.name === "failed" ? now : null;
      });
      expect(failed.reason).toMatch(/invalid-request|prompt is too long|context/i);

      await add("Please fix the last parser. [[say:last is done]]");
      await waitFor("the last task", async () => (await state(4)).name === "completed");
      manager.kill("SIGTERM");
      await manager;
    }, 240_000);

    it("whose provider lets nothing through waits in its conversation, and goes on there when told once", async () => {
      const api = await startStandInApi();
      const home = agent === "claude" ? await claudeHome(api.baseUrl) : await codexHome(api.baseUrl);
      const ctm = await product(agent, bin ?? "", home);
      const manager = ctm.serve();
      const seen = async (id: number) =>
        JSON.parse((await ctm(["show", String(id), "--json"])).stdout) as {
          task: { state: { name: string; reason?: string } };
          attempts: ShownAttempt[];
        };
      await waitFor("the manager", async () => (await ctm(["workers", "--json"])).stdout.includes('"idle"'));
      const text = "Please fix the alpha parser. [[err:credit]]";
      await ctm(["add", "--type", "coding", "--worker", "w1", text]);
      const parked = await waitFor("it to wait", async () => {
        const { state } = (await seen(1)).task;
        return state.name === "parked" ? state : null;
      });
      expect(parked.reason).toMatch(/credit|quota/i);
      await ctm(["add", "--type", "coding", "Please fix the bravo parser. [[say:bravo is done]]"]);
      expect((await ctm(["why", "2"])).stdout).toContain(`account ${agent} is parked`);

      await ctm(["accounts", "free", agent]);
      await waitFor("both to end", async () =>
        (await Promise.all([seen(1), seen(2)])).every(({ task }) => task.state.name === "completed"),
      );
      const { attempts } = await seen(1);
      expect(attempts).toHaveLength(1);
      expect(booked(attempts[0])).toEqual(servedFor(api, "The usage limit is over."));
      manager.kill("SIGTERM");
      await manager;
    }, 240_000);

    it("outlives ten kills of its manager: one final state a task, no prompt twice, the agents never noticed", async () => {
      const api = await startStandInApi();
      const home = agent === "claude" ? await claudeHome(api.baseUrl) : await codexHome(api.baseUrl);
      const ctm = await product(agent, bin ?? "", home);
      const seed = Math.floor(Math.random() * 2 ** 31);
      console.log(`seed ${seed}`);
      const random = generator(seed);
      const texts = Array.from(
        { length: 14 },
        (_, index) =>
          `Please fix parser number ${index + 1}. [[delay:${Math.floor(random() * 1_500)}]] [[say:parser ${index + 1} is done]]`,
      );
      for (const text of texts) await ctm(["add", "--type", "coding", text]);

      const panes = new Set<string>();
      for (let kill = 0; kill < 10; kill += 1) {
        const manager = ctm.serve();
        await waitFor("three workers in their panes", async () => (await ctm.panes()).length === 3);
        for (const pane of await ctm.panes()) panes.add(pane);
        await new Promise((resolve) => setTimeout(resolve, random() * 1_500));
        manager.kill("SIGKILL");
        await manager;
      }
      const manager = ctm.serve();
      const tasks = await waitFor(
        "all tasks to be final",
        async () => {
          const listed = JSON.parse((await ctm(["tasks", "--json"])).stdout || "[]") as {
            id: number;
            state: { name: string };
          }[];
          const open = listed.filter(
            ({ state }) => !["completed", "failed", "cancelled", "lost"].includes(state.name),
          );
          return listed.length === texts.length && open.length === 0 ? listed : null;
        },
        40_000,
      );
      expect(tasks.map(({ state }) => state.name)).toEqual(texts.map(() => "completed"));
      for (const [index, text] of texts.entries()) {
        const { attempts } = JSON.parse((await ctm(["show", String(index + 1), "--json"])).stdout) as {
          attempts: ShownAttempt[];
        };
        const typed = attempts.filter(({ outcome }) => outcome.startsWith("completed"));
        expect(typed).toHaveLength(1);
        expect(booked(typed[0])).toEqual(servedFor(api, text));
      }
      // The same three processes from the first start to the end.
      expect(panes.size).toBe(3);
      manager.kill("SIGTERM");
      await manager;
    }, 240_000);
  });
}

const gemini = await agentBin("gemini");

describe.skipIf(gemini.bin === null)(`gemini, the real CLI (${gemini.reason ?? "installed"})`, () => {
  it("does each task as a process of its own, uses a tool, fails at a quota, and is booked to the token", async () => {
    const api = await startStandInApi();
    const home = await geminiHome(api.baseUrl);
    const ctm = await product("gemini", gemini.bin ?? "", home, { count: 1, permissionMode: "yolo" });
    const text = "Please fix the parser [[bash:touch made-by-agent]] [[after:it is done]]";
    const batch = await ctm(["batch", "-"], JSON.stringify({ text, type: "coding" }));
    expect(batch.stdout + batch.stderr).toContain("Completed:    1 of 1");
    expect(existsSync(join(home.cwd, "made-by-agent"))).toBe(true);
    const { attempts } = JSON.parse((await ctm(["show", "1", "--json"])).stdout) as {
      attempts: ShownAttempt[];
    };
    expect(attempts[0]).toMatchObject({
      outcome: "completed",
      answer: "it is done",
      tokens: { source: "actual" },
    });
    // Gemini counts thoughts beside the output: three of each of the two requests.
    const { output, ...served } = servedFor(api, text, 2);
    expect(booked(attempts[0])).toEqual({ ...served, output: output + 6 });

    await ctm(["batch", "-"], JSON.stringify({ text: "Please fail now. [[err:429u]]", type: "coding" }));
    const { task } = JSON.parse((await ctm(["show", "2", "--json"])).stdout) as {
      task: { state: { name: string; reason: string; exitCode: number } };
    };
    expect(task.state).toMatchObject({ name: "failed", exitCode: 173 });
    expect(task.state.reason).toMatch(/^quota-exhausted: You have exhausted your daily quota/);
  }, 240_000);
});

function workerOf({ stdout }: { stdout: string }): string {
  return (JSON.parse(stdout) as { attempts: ShownAttempt[] }).attempts[0]?.worker ?? "";
}

function booked(attempt: ShownAttempt | undefined): Omit<ServedUsage, "reasoning"> {
  const usage = attempt?.usage ?? {};
  return {
    input: usage["inputTokens"] ?? 0,
    cacheRead: usage["cacheReadTokens"] ?? 0,
    cacheWrite: (usage["cacheWrite5mTokens"] ?? 0) + (usage["cacheWrite1hTokens"] ?? 0),
    output: usage["outputTokens"] ?? 0,
  };
}

/** What the stand-in served for this prompt, which it must have seen in exactly so many requests of the turn. */
function servedFor(api: StandInApi, text: string, times = 1): Omit<ServedUsage, "reasoning"> {
  const asked = api.requests.filter((request) => request.main && request.prompt.includes(text));
  expect(asked, `requests for: ${text}`).toHaveLength(times);
  const { input, cacheRead, cacheWrite, output } = api.served(
    (request) => request.main && request.prompt.includes(text),
  );
  // Only Anthropic's API has cache writes on the wire.
  return { input, cacheRead, cacheWrite: asked[0]?.api === "anthropic" ? cacheWrite : 0, output };
}

/** The product with three workers of this agent, as one process a call; workers stay between calls. */
async function product(
  agent: string,
  bin: string,
  home: AgentHome,
  more: { count?: number; mode?: string; permissionMode?: string } = {},
) {
  const dir = await testFolder();
  const { count = 3, ...settings } = more;
  const config = {
    workers: { agent, count, cwd: home.cwd },
    agents: { [agent]: { command: [bin], ...settings } },
    limits: { worker: { tokens: { hour: null } } },
  };
  await writeFile(join(dir, "ctm.yaml"), JSON.stringify(config));
  const state = join(dir, "state");
  const options = {
    extendEnv: false,
    env: { ...home.env, TERM: "xterm", TMUX_TMPDIR: dir },
    cwd: home.cwd,
    reject: false,
    timeout: 150_000,
  };
  onTestFinished(() =>
    endServer(async (...args) => {
      const asked = ["-S", join(state, "tmux.sock"), ...args];
      return (await execa("tmux", asked, { reject: false })).stdout;
    }),
  );
  const own = ["--state-dir", state, "--config", join(dir, "ctm.yaml"), "--keep-workers"];
  const call = async (args: readonly string[], input = "") =>
    execa(process.execPath, [BIN, ...own, ...args], { ...options, input });
  return Object.assign(call, {
    options,
    serve: () => execa(process.execPath, [BIN, ...own, "serve"], { ...options, timeout: 0, stdin: "ignore" }),
    /** Pane and process ids of the workers. */
    panes: async () => {
      const format = "#{session_name} #{pane_id} #{pane_pid}";
      const { stdout } = await execa(
        "tmux",
        ["-S", join(state, "tmux.sock"), "list-panes", "-a", "-F", format],
        { reject: false },
      );
      return stdout.split("\n").filter((line) => line.startsWith("concurrent_worker"));
    },
  });
}

/** Numbers from 0 to 1 that a seed repeats. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}
