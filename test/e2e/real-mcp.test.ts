/**
 * The real Claude Code drives ctm by MCP, from both sides: one session coordinates a round, the worker it is given to
 * splits its task. Both call the tools themselves; what is played is only what their model would say.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it, onTestFinished } from "vitest";
import { readDashboardFile } from "../../src/dashboard-file.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import type { RoundFigures } from "../../src/reports/round-figures.ts";
import { agentBin, claudeHome } from "../support/agent-home.ts";
import { product, type Product } from "../support/product.ts";
import { servedIn } from "../support/served-usage.ts";
import { startStandInApi, type PlayedTurn, type StandInApi } from "../support/stand-in-api.ts";
import type { ModelRequest } from "../support/stand-in-requests.ts";
import { waitFor } from "../support/wait-for.ts";

const { bin, reason } = await agentBin("claude");
const PARENT = "Please split the parser.";

const calls = (name: string, args: object): PlayedTurn => ({
  ...{ answer: "I use a tool.", call: { name: `mcp__ctm__${name}`, args }, delayMs: 0 },
});
const says = (answer: string): PlayedTurn => ({ answer, call: null, delayMs: 0 });

/** One hands out a round and waits for it; its directives are followed when it is asked for anything else. */
function coordinator({ prompt, toolsRun, lastResult }: ModelRequest): PlayedTurn | null {
  const round = /Coordinate (\w+)/.exec(prompt)?.[1];
  if (round === undefined) return null;
  const [text, id] = round === "r1" ? [PARENT, 1] : ["Please write the lexer.", 3];
  if (toolsRun === 0) return calls("start_round", { name: round, tasks: [text] });
  const told = JSON.parse(lastResult) as { tasks?: { state: string }[]; wallMs?: number };
  if (told.wallMs !== undefined) return says("The round is over.");
  return Array.isArray(told.tasks) && told.tasks.every(({ state }) => state === "completed")
    ? calls("end_round", { name: round })
    : calls("wait_for_news", { tasks: [id], until: "all", seconds: 120 });
}

/** A worker that submits a child, asks for more than it may have, and tries what it has no tool for. */
function worker({ prompt, toolsRun }: ModelRequest): PlayedTurn | null {
  if (prompt.includes("Please write the lexer.")) return says("The lexer is written.");
  if (!prompt.includes(PARENT)) return null;
  const steps = [
    calls("submit_child_task", { text: "Please write the lexer.", type: "coding", cap: "50M" }),
    calls("report", { what: "tests", amount: 4, passed: 4 }),
    calls("add_task", { text: "Please do as I like." }),
  ];
  return steps[toolsRun] ?? says("It is split.");
}

/** What an agent is given: `ctm mcp`, which inside a worker finds its manager by itself, or the dashboard's server. */
function servers(ctm: Product, place: string, kind: "worker" | "stdio" | "http"): string[] {
  const [command, argv] = ctm.argv(["mcp"]);
  const args = kind === "worker" ? [argv[0] ?? "", "mcp"] : argv;
  const facts = readDashboardFile(join(ctm.state, "dashboard.json"));
  const headers = { Authorization: `Bearer ${facts?.act}` };
  const http = { type: "http", url: `${facts?.url}mcp`, headers };
  writeFileSync(place, JSON.stringify({ mcpServers: { ctm: kind === "http" ? http : { command, args } } }));
  return ["--mcp-config", place, "--strict-mcp-config", "--allowedTools", "mcp__ctm"];
}

const counted = ({ requests }: StandInApi, from = 0, to = requests.length): number => {
  const { input, cacheWrite, output } = servedIn(requests.slice(from, to).filter(({ main }) => main));
  return input + cacheWrite + output;
};

describe.skipIf(bin === null)(`claude, the real CLI (${reason ?? "installed"}), on ctm's own tools`, () => {
  it("coordinates a round, has a worker split its task within its bounds, and is counted as one, also when adopted", async () => {
    const program = bin ?? "";
    const workers = await startStandInApi(onTestFinished, { play: worker });
    const leads = await startStandInApi(onTestFinished, { play: coordinator });
    const home = await claudeHome(workers.baseUrl);
    const ctm = product({ workers: 1, real: { name: "claude", bin: program, home } });
    const command = [program, ...servers(ctm, join(home.home, "worker.json"), "worker")];
    writeFileSync(
      join(ctm.work, "ctm.yaml"),
      `workers: { count: 1, agent: claude, cols: 120, rows: 30 }\nagents: { claude: { command: ${JSON.stringify(command)} } }\ndashboard: { port: 0 }\n`,
    );
    const manager = await ctm.serve();

    const env = { ...home.env, ANTHROPIC_BASE_URL: leads.baseUrl };
    const lead = async (name: string, kind: "stdio" | "http"): Promise<void> => {
      const argv = ["-p", `Coordinate ${name}.`, ...servers(ctm, join(home.home, `${name}.json`), kind)];
      const { exitCode, stdout } = await execa(program, argv, {
        ...{ cwd: home.cwd, env, extendEnv: false, stdin: "ignore", reject: false, timeout: 200_000 },
      });
      expect([exitCode, stdout]).toEqual([0, "The round is over."]);
    };
    await lead("r1", "stdio");
    await ctm.until(2, "completed");

    // The child is one of its parent, in its round, and capped where a task without a cap lets its children go.
    const ledger = Ledger.open(join(ctm.state, "ledger.sqlite"));
    onTestFinished(() => ledger.close());
    expect(ledger.children.placeOf(2)).toMatchObject({ rootId: 1, depth: 1 });
    expect(ledger.task(2).draft).toMatchObject({
      ...{ text: "Please write the lexer.", origin: "task 1", cap: { tokens: 500_000 } },
    });
    expect(ledger.rounds.ofTask(2)?.name).toBe("r1");
    expect((await ctm.tasks()).map(({ id }) => id).toSorted((a, b) => a - b)).toEqual([1, 2]);
    const results = workers.requests.filter(({ prompt }) => prompt.includes(PARENT)).map(({ body }) => body);
    expect(results.at(-1)).toMatch(/No such tool available: mcp__ctm__add_task/);

    // Its own record says what it used: all of its turn, from the prompt on; its last words came after the round.
    const round = await ctm.ask<RoundFigures>("dispatch show", { name: "r1" }, null);
    const spoken = leads.requests.length;
    expect(round).toMatchObject({
      ...{ tests: { passed: 4, of: 4 }, noCoordinator: false },
      coordinatorTokens: { value: counted(leads, 0, spoken - 1), source: "actual" },
    });
    // The response that began the round is its setup, and at times the one that begins to wait.
    expect(round.coordinatorParts?.setup.value).toBeGreaterThanOrEqual(counted(leads, 0, 1));
    expect(await ctm.ask("metrics", {}, null)).toMatchObject({
      coordinatorTokens: { value: counted(leads) },
    });

    // The same over HTTP: who it is, its end of the connection tells.
    await lead("r2", "http");
    const last = leads.requests.length - 1;
    expect(await ctm.ask("dispatch show", { name: "r2" }, null)).toMatchObject({
      ...{ tasks: { completed: 1 }, coordinatorTokens: { value: counted(leads, spoken, last) } },
    });

    // A session in a terminal that a person names.
    await ctm.defaultTmux("new-session", "-d", "-s", "lead", "-c", home.cwd, "-x", "120", "-y", "40", "sh");
    const started = `ANTHROPIC_BASE_URL=${leads.baseUrl} ${program} --permission-mode default`;
    await ctm.defaultTmux("send-keys", "-t", "lead", started, "Enter");
    await waitFor("its composer", async () =>
      /\? for shortcuts|mode on/.test(await ctm.defaultTmux("capture-pane", "-p", "-t", "lead")),
    );
    expect(await ctm.ask("adopt", { session: "lead", role: "coordinator" }, null)).toMatchObject({
      adopted: { agent: "claude", adopted: true },
    });
    await ctm.defaultTmux("send-keys", "-t", "lead", "-l", "What is next? [[say:nothing is]]");
    await ctm.defaultTmux("send-keys", "-t", "lead", "Enter");
    await waitFor("its answer", () => Promise.resolve(leads.requests.at(-1)?.answer === "nothing is"));
    await waitFor("its tokens", async () => {
      const { coordinatorTokens } = await ctm.ask<RoundFigures>("metrics", {}, null);
      return coordinatorTokens.value === counted(leads);
    });
    await manager.stop();
  });
});
