/** The same orders three ways, with the real Claude Code on the stand-in API: one session, panes that are polled, and ctm. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { readClaudeScreen } from "../../../src/agents/claude-screen.ts";
import type { RoundsModel } from "../../../src/reports/rounds-table.ts";
import { claudeHome, type AgentHome } from "../../support/agent-home.ts";
import { endServer } from "../../support/end-server.ts";
import { Product } from "../../support/product.ts";
import { generator } from "../../support/random.ts";
import { startStandInApi, type StandInApi } from "../../support/stand-in-api.ts";
import { waitFor } from "../../support/wait-for.ts";
import { Conversation } from "./conversation.ts";
import { cachedTokens, countedTokens, type RoundFigure, type ToldByCtm, type WayFigures } from "./figures.ts";
import { PromptCache } from "./prompt-cache.ts";
import {
  orderIds,
  partOf,
  playEvents,
  playOrders,
  playPolling,
  roundPrompt,
  type Coordination,
  type Workload,
} from "./scripts.ts";

/** As much as Claude Code shows of a command's output without putting it aside. */
const partChars = 28_000;
const COLS = "120";
const ROWS = "30";

type AtEnd = (end: () => unknown) => void;

/** Everything of one way: a home with the orders' parts, an API for its agents and one for its coordinator. */
interface Stage {
  readonly home: AgentHome;
  readonly agents: StandInApi;
  readonly coordinator: StandInApi;
  readonly coordinatorEnv: Readonly<Record<string, string>>;
}

export interface WayParts {
  readonly bin: string;
  readonly work: Workload;
  readonly rounds: number;
  /** One for all ways: what one has made known to it is known to the next. */
  readonly cache: PromptCache;
  readonly atEnd: AtEnd;
}

/** One session does all orders, one after another. */
export async function direct(parts: WayParts): Promise<WayFigures> {
  const stage = await stageOf(parts, { play: () => null });
  const session = new Conversation(parts.bin, [], stage.home);
  parts.atEnd(() => session.end());
  await session.ask("Wait for orders.");
  return { rounds: await roundsOf(parts, stage, session, null), startTokens: null, told: null };
}

/** A model types orders into panes and looks at them until they are done. */
export async function polling(parts: WayParts): Promise<WayFigures> {
  const { bin, work, atEnd } = parts;
  // Its socket lies where its home does, which is known only once the stage stands.
  let played: Coordination | null = null;
  const stage = await stageOf(parts, { play: (request) => played?.play(request) ?? null });
  const socket = join(stage.home.home, "tmux.sock");
  played = playPolling(work, `tmux -S ${socket}`);
  const tmux = tmuxOn(socket, stage.home);
  atEnd(() => endServer(tmux));
  for (const [at] of orderIds("r", work).entries()) {
    await tmux("new-session", "-d", "-s", `w${at + 1}`, "-x", COLS, "-y", ROWS, bin);
  }
  for (const [at] of orderIds("r", work).entries()) {
    const pane = `w${at + 1}`;
    const screen = async () => readClaudeScreen((await tmux("capture-pane", "-p", "-t", pane)).split("\n"));
    await waitFor(`${pane} to be idle`, async () => (await screen()).state === "idle", 60_000);
  }
  const session = new Conversation(bin, [], { cwd: stage.home.cwd, env: stage.coordinatorEnv });
  atEnd(() => session.end());
  await session.ask(
    `You coordinate coding agents. They run in the tmux panes w1 to w${work.agents} of the server ${socket}: type their orders into the panes, and look at the panes every 15 seconds until all are done. Wait for orders.`,
  );
  const startTokens = countedTokens(stage.coordinator.requests);
  return { rounds: await roundsOf(parts, stage, session, played), startTokens, told: null };
}

/** A model begins rounds at ctm, and is woken when they are over. */
export async function events(parts: WayParts): Promise<WayFigures> {
  const { bin, work, atEnd } = parts;
  const played = playEvents(work);
  const stage = await stageOf(parts, played);
  const ctm = new Product({ real: { name: "claude", bin, home: stage.home }, workers: work.agents });
  atEnd(() => ctm.end());
  writeFileSync(join(ctm.work, "ctm.yaml"), configOf(bin, work));
  const manager = await ctm.serve();
  await waitFor(
    "workers to be idle",
    async () => (await ctm.workers()).filter(({ state }) => state === "idle").length === work.agents,
    90_000,
  );
  const [command, args] = ctm.argv(["mcp"]);
  const servers = join(stage.home.home, "mcp.json");
  writeFileSync(servers, JSON.stringify({ mcpServers: { ctm: { command, args, env: ctm.env } } }));
  const session = new Conversation(bin, ["--mcp-config", servers, "--strict-mcp-config"], {
    cwd: stage.home.cwd,
    // Its tools stand in its prompt from the start: else a model would have to look for them first.
    env: { ...stage.coordinatorEnv, ENABLE_TOOL_SEARCH: "false" },
  });
  atEnd(() => session.end());
  await session.ask(
    "You coordinate coding agents by the tools of ctm: begin a round with all of its orders, wait for news of all of them, end the round. Wait for orders.",
  );
  const startTokens = countedTokens(stage.coordinator.requests);
  const rounds = await roundsOf(parts, stage, session, played);
  const told = toldOf(await ctm.ask<RoundsModel>("dispatches", {}, []));
  await session.end();
  await manager.stop();
  return { rounds, startTokens, told };
}

async function stageOf({ work, cache, atEnd }: WayParts, coordination: Pick<Coordination, "play">) {
  const count = (body: unknown, answered: string) => cache.count(body, answered);
  const agents = await startStandInApi(atEnd, { play: playOrders(work), count });
  const coordinator = await startStandInApi(atEnd, { play: coordination.play, count });
  const home = await claudeHome(agents.baseUrl, { atEnd });
  mkdirSync(join(home.cwd, "parts"));
  mkdirSync(join(home.cwd, "done"));
  const random = generator(1);
  for (const id of orderIds("r", work))
    for (let read = 0; read < work.reads; read += 1)
      writeFileSync(join(home.cwd, partOf(id, read)), proseOf(random));
  const allow = ["Bash", "mcp__ctm"];
  writeFileSync(join(home.home, ".claude", "settings.json"), JSON.stringify({ permissions: { allow } }));
  const coordinatorEnv = { ...home.env, ANTHROPIC_BASE_URL: coordinator.baseUrl };
  return { home, agents, coordinator, coordinatorEnv } satisfies Stage;
}

/** Lines of words that say nothing, as long as one look may be. */
function proseOf(random: () => number): string {
  const lines: string[] = [];
  for (let chars = 0; chars < partChars; ) {
    const words = Array.from({ length: 12 }, () => Math.floor(random() * 36 ** 5).toString(36));
    const line = words.join(" ");
    lines.push(line);
    chars += line.length + 1;
  }
  return `${lines.slice(0, -1).join("\n")}\n`;
}

/** The rounds, one after another in the sessions that are open. */
async function roundsOf(
  { work, rounds: count }: WayParts,
  stage: Stage,
  session: Conversation,
  coordination: Coordination | null,
): Promise<RoundFigure[]> {
  const rounds: RoundFigure[] = [];
  for (let n = 1; n <= count; n += 1) {
    const round = `r${n}`;
    const [agentsFrom, coordinatorFrom] = [stage.agents.requests.length, stage.coordinator.requests.length];
    const startedAtMs = Date.now();
    await session.ask(roundPrompt(round, work));
    const wallMs = (Date.now() - startedAtMs) * work.speed;
    const agents = stage.agents.requests.slice(agentsFrom);
    const coordinator = stage.coordinator.requests.slice(coordinatorFrom);
    const lastEndMs = Math.max(...agents.map(({ endedAtMs }) => endedAtMs ?? 0));
    const knownAtMs = coordination?.knownAtMs.get(round) ?? null;
    rounds.push({
      agentTokens: countedTokens(agents),
      coordinatorTokens: countedTokens(coordinator),
      coordinatorRequests: coordinator.filter(({ main }) => main).length,
      coordinatorCached: cachedTokens(coordinator),
      looks: coordination?.looks.get(round) ?? 0,
      wallMs,
      knownMs: knownAtMs === null ? null : knownAtMs - lastEndMs,
      done: readdirSync(join(stage.home.cwd, "done")).filter((name) => name.startsWith(`${round}-`)).length,
    });
  }
  return rounds;
}

function toldOf({ rounds, outside }: RoundsModel): ToldByCtm {
  const sum = (values: readonly (number | null)[]): number | null =>
    values.reduce((total, value) => (total === null || value === null ? null : total + value), 0);
  return {
    agentTokens: sum(rounds.map(({ agentTokens }) => agentTokens.value)),
    coordinatorTokens: sum(rounds.map(({ coordinatorTokens }) => coordinatorTokens.value)),
    outsideTokens: outside.value,
    glueTokens: sum(rounds.map(({ glueTokens }) => glueTokens.value)),
  };
}

/** No limit but the number of workers: what is measured is coordination. */
function configOf(bin: string, { agents }: Workload): string {
  const none =
    "{ tokens: { hour: null, day: null, month: null }, cost: { hour: null, day: null, month: null } }";
  return [
    `workers: { count: ${agents}, agent: claude, cols: ${COLS}, rows: ${ROWS} }`,
    `agents: { claude: { command: [${JSON.stringify(bin)}] } }`,
    `limits: { global: ${none}, worker: ${none} }`,
    "dashboard: { enabled: false }",
    "",
  ].join("\n");
}

function tmuxOn(socket: string, { cwd, env }: AgentHome): (...args: string[]) => Promise<string> {
  return async (...args) => {
    const argv = ["-S", socket, "-f", "/dev/null", "-u", ...args];
    const options = { cwd, env: { ...env, TERM: "xterm-256color" }, extendEnv: false, reject: false };
    return (await execa("tmux", argv, options)).stdout;
  };
}
