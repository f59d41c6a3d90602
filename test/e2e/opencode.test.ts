/**
 * OpenCode in its own terminal, the real CLI, its API a stand-in on loopback: each prompt typed once, its end told by
 * the plugin, its usage booked to the token; a question, an interrupt, a limit and what follows them.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it, onTestFinished } from "vitest";
import type { AttemptDetails } from "../../src/reports/task-details.ts";
import { connectManager } from "../../src/server/remote-host.ts";
import { agentBin } from "../support/agent-home.ts";
import { productFolder } from "../support/built-product.ts";
import { endServer } from "../support/end-server.ts";
import { startStandInApi, type StandInApi } from "../support/stand-in-api.ts";
import { testFolder } from "../support/tmux-server.ts";
import { waitFor } from "../support/wait-for.ts";

const { bin, reason } = await agentBin("opencode");
/** Its first start alone takes a while where others work beside it. */
const limitMs = 150_000;

describe.skipIf(bin === null)(`opencode, the real CLI (${reason ?? "installed"})`, () => {
  it("is typed into: a task with a question, one that is cancelled, one that meets a limit", async () => {
    const api = await startStandInApi();
    const ctm = await manager(api.baseUrl);
    const process = await ctm.process();
    const tool = '[[tool:bash|{"command":"touch made","description":"make"}]] [[after:all done]]';
    const asks = await ctm.add(
      `Please fix it: "it's"\n${"and a line that is long enough\n".repeat(20)}${tool}`,
    );
    // A machine too busy for it to take the prompt in time is asked about first.
    await waitFor("its question", async () => {
      const { question } = await ctm.until(asks, "needs-input");
      return question === "May bash be used? touch made";
    });
    // It is told a moment before it is drawn, and nothing is answered before it can be seen.
    await waitFor("the question on the screen", () =>
      ctm.act("answer", { worker: "w1", text: "enter" }).then(
        () => true,
        () => false,
      ),
    );
    await ctm.until(asks, "completed");
    const attempt = await ctm.attempt(asks);
    expect(attempt).toMatchObject({ answer: "all done", tokens: { source: "actual" } });
    expect(bookedOf(attempt)).toEqual(servedFor(api, "[[after:all done]]", 2));

    // Other work: in a conversation of its own.
    const slow = await ctm.add("Please document what takes long [[delay:600000]]", "documentation");
    await ctm.until(slow, "running");
    const request = await waitFor("the request", () =>
      api.requests.find(({ main, prompt }) => main && prompt.includes("takes long")),
    );
    expect(request.body).not.toContain("a line that is long enough");
    await ctm.act("cancel", { ids: [slow] });
    await ctm.until(slow, "cancelled");

    const limited = await ctm.add("Please fix what meets a limit [[err:429u]] [[times:1]] [[say:after all]]");
    const { reason: why } = await ctm.until(limited, "parked");
    expect(why).toMatch(/limit/i);
    // It is told to go on in its conversation, which holds the prompt that failed.
    await ctm.act("accounts free", { name: "opencode" });
    await ctm.until(limited, "completed");
    // The same process from the first task to the last.
    expect(await ctm.process()).toBe(process);
  }, 300_000);
});

interface State {
  readonly name: string;
  readonly question?: string;
  readonly reason?: string;
}

async function manager(apiUrl: string) {
  const dir = await testFolder();
  const home = join(dir, "home");
  const project = join(home, "project");
  for (const folder of [project, join(home, "tmp"), join(home, ".config", "opencode")])
    mkdirSync(folder, { recursive: true });
  writeFileSync(join(home, ".config", "opencode", "opencode.json"), JSON.stringify(opencodeConfig(apiUrl)));
  havePlugins(join(home, ".config", "opencode"));
  const config = {
    workers: { agent: "opencode", count: 1, cwd: project },
    agents: { opencode: { command: [bin], mode: "interactive" } },
    limits: { worker: { tokens: { hour: null } } },
  };
  writeFileSync(join(dir, "ctm.yaml"), JSON.stringify(config), { mode: 0o600 });
  const state = join(dir, "state");
  const options = {
    extendEnv: false,
    env: {
      ...{
        PATH: "/usr/local/bin:/usr/bin:/bin",
        HOME: home,
        TMPDIR: join(home, "tmp"),
        LANG: "C.UTF-8",
        TZ: "UTC",
      },
      ...{
        TERM: "xterm",
        TMUX_TMPDIR: dir,
        OPENCODE_DISABLE_AUTOUPDATE: "1",
        OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
      },
      ...{ OPENCODE_DISABLE_DEFAULT_PLUGINS: "1", OPENCODE_DISABLE_MODELS_FETCH: "1" },
      // Three quarters of its start are for what no task here needs.
      ...{ OPENCODE_FAST_BOOT: "1", OPENCODE_DISABLE_EMBEDDED_WEB_UI: "1" },
      ...{ OPENCODE_EXPERIMENTAL_DISABLE_FILEWATCHER: "1", OPENCODE_DISABLE_CLAUDE_CODE: "1" },
    },
    cwd: project,
    stdin: "ignore",
  } as const;
  const own = ["--state-dir", state, "--config", join(dir, "ctm.yaml")];
  // Asked of the manager itself: a program a question would take the time that is waited for.
  const ask = async <T>(command: string, raw: Readonly<Record<string, unknown>>): Promise<T> => {
    const manager = await connectManager(join(state, "manager.sock"));
    if (manager === null) throw new Error("no manager listens");
    return (manager.run(command, raw) as Promise<T>).finally(() => manager.close());
  };
  const serving = execa(process.execPath, [join(productFolder(), "ctm.cjs"), ...own, "serve"], {
    ...options,
    reject: false,
  });
  const tmux = async (...args: readonly string[]): Promise<string> =>
    (await execa("tmux", ["-S", join(state, "tmux.sock"), ...args], { reject: false })).stdout;
  onTestFinished(async () => {
    serving.kill("SIGTERM");
    await serving;
    await endServer(tmux);
  });
  await waitFor(
    "the manager and its agent",
    async () => (await ask<{ state: string }[]>("workers", {}).catch(() => []))[0]?.state === "idle",
    limitMs,
  );
  return {
    act: (command: string, raw: Readonly<Record<string, unknown>>) => ask<unknown>(command, raw),
    process: () => tmux("list-panes", "-a", "-F", "#{session_name} #{pane_pid}"),
    add: async (text: string, type = "coding"): Promise<number> =>
      (await ask<{ task: { id: number } }>("add", { text, type, cwd: project, origin: "test" })).task.id,
    until: (id: number, name: string): Promise<State> =>
      waitFor(
        `task ${id} to be ${name}`,
        async () => {
          const { task } = await ask<{ task: { state: State } }>("show", { id });
          return task.state.name === name ? task.state : null;
        },
        limitMs,
      ).catch(async (error: unknown) => {
        const seen = [await ask("show", { id }), await ask("workers", {})].map((part) =>
          JSON.stringify(part),
        );
        const screen = await tmux("capture-pane", "-p", "-t", "=concurrent_worker1:");
        throw new Error([String(error), ...seen, screen].join("\n"), { cause: error });
      }),
    attempt: async (id: number): Promise<AttemptDetails | undefined> =>
      (await ask<{ attempts: AttemptDetails[] }>("show", { id })).attempts[0],
  };
}

/** OpenCode fetches a package for writers of plugins at its first start, and waits for it: here it stands there already. */
function havePlugins(folder: string): void {
  const [name, version] = ["@opencode-ai/plugin", "1.18.33"];
  const place = join(folder, "node_modules", name);
  mkdirSync(place, { recursive: true });
  const dependencies = { [name]: version };
  const packages = { "": { dependencies }, [`node_modules/${name}`]: { version } };
  const files = {
    [join(folder, "package.json")]: { dependencies },
    [join(folder, "package-lock.json")]: { lockfileVersion: 3, requires: true, packages },
    [join(place, "package.json")]: { name, version, type: "module" },
  };
  for (const [path, text] of Object.entries(files)) writeFileSync(path, JSON.stringify(text));
}

/** The stand-in speaks Anthropic's protocol, and OpenCode has a provider for that within it. */
function opencodeConfig(apiUrl: string): object {
  const model = {
    name: "Stand-in",
    limit: { context: 200_000, output: 8_192 },
    cost: { input: 1, output: 2 },
  };
  return {
    ...{ autoupdate: false, share: "disabled", permission: { bash: "ask" } },
    ...{ model: "stand-in/stand-in", small_model: "stand-in/stand-in" },
    provider: {
      "stand-in": {
        npm: "@ai-sdk/anthropic",
        name: "Stand-in",
        options: { baseURL: `${apiUrl}/v1`, apiKey: "dummy" },
        models: { "stand-in": model },
      },
    },
  };
}

function bookedOf(attempt: AttemptDetails | undefined) {
  const usage = attempt?.usage;
  return {
    input: usage?.inputTokens,
    cacheRead: usage?.cacheReadTokens,
    cacheWrite: (usage?.cacheWrite5mTokens ?? 0) + (usage?.cacheWrite1hTokens ?? 0),
    output: usage?.outputTokens,
  };
}

function servedFor(api: StandInApi, text: string, times: number) {
  const asked = api.requests.filter(({ main, prompt }) => main && prompt.includes(text));
  expect(asked, `requests for ${text}`).toHaveLength(times);
  const { reasoning: _reasoning, ...served } = api.served(
    ({ main, prompt }) => main && prompt.includes(text),
  );
  return served;
}
