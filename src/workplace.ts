/**
 * Everything a manager drives: the tmux servers, the signal spool, the workers, and how a task reaches one. Opened
 * once a start; closing it leaves the workers in their panes.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { accountEnvironment } from "./account-settings.ts";
import { adaptersOf } from "./agents/agents.ts";
import type { AgentSettings } from "./agents/adapter.ts";
import { CtmError } from "./base/errors.ts";
import { agentEnvironment, harmlessEnvironment, type Config } from "./config.ts";
import { ContextKeeper } from "./context-keeper.ts";
import { LocalDistributor } from "./distributor/local.ts";
import type { FactBus } from "./events/bus.ts";
import type { KeptWrites } from "./kept-writes.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { ensurePrivateFolders, writePrivateProgram } from "./ledger/state-folder.ts";
import type { AttemptInHand } from "./workers/attempt-in-hand.ts";
import { Delivery } from "./workers/delivery.ts";
import { Launching } from "./workers/launching.ts";
import { WorkerPool } from "./workers/pool.ts";
import { hookScript } from "./workers/hook-script.ts";
import { SignalOrder } from "./workers/signal-order.ts";
import { Spool } from "./workers/spool.ts";
import type { ServerAddress } from "./workers/tmux/server-address.ts";
import { Terminal } from "./workers/tmux/terminal.ts";
import { reportKey } from "./report-key.ts";
import { answerQuestion, sendWords } from "./workers/persons-words.ts";
import type { Worker } from "./workers/worker.ts";
import type { TelemetryFeed } from "./telemetry-feed.ts";

/** The rehearsal's program, beside the bundled program that runs now. */
const REHEARSAL_PROGRAM = fileURLToPath(new URL("./rehearsal-agent.js", import.meta.url));

export interface Workplace {
  readonly pool: WorkerPool;
  readonly distributor: LocalDistributor;
  /** Watches context budgets; null = there is no roster. */
  readonly contexts: ContextKeeper | null;
  /** Socket of our own tmux server. */
  readonly ownSocket: string;
  readonly workersDir: string;
  /** Types a person's own words into an idle worker, outside any task. CtmError `refused` when it takes none now. */
  sendWords(worker: Worker, text: string): Promise<void>;
  /** Answers the question a worker waits with: a key for a single one, else text and Enter. */
  answer(worker: Worker, text: string): Promise<void>;
  /** The tmux server of a socket: null = ours, "" = the person's default one. `session`: whom to attach to there. */
  terminal(socket: string | null, session?: string): Promise<Terminal>;
  /** Begins to hear signals: those that waited in the spool first, in their order. Resolves when these are dealt with. */
  listen(): Promise<void>;
  /** The agent must be seen to take up what was typed into it before this start, as after any typing. */
  awaitAcceptance(worker: Worker, attempt: AttemptInHand): void;
  close(): Promise<void>;
}

export interface WorkplaceParts {
  readonly config: Config;
  readonly ledger: Ledger;
  readonly bus: FactBus;
  readonly kept: KeptWrites;
  /** Where agents tell their usage; null = it is not received. */
  readonly telemetry: TelemetryFeed | null;
  now(): number;
  loadOf(worker: string): number;
}

export async function openWorkplace(parts: WorkplaceParts): Promise<Workplace> {
  const { config, ledger, kept } = parts;
  const { paths } = config;
  const pasteDir = join(paths.stateDir, "paste");
  ensurePrivateFolders([paths.spoolDir, paths.workersDir, pasteDir, dirname(paths.tmuxSocket)]);
  const hookFile = join(paths.stateDir, "hook.sh");
  writePrivateProgram(hookFile, hookScript());

  const terminals = new Map<string, Promise<Terminal>>();
  const trouble = (error: unknown): void => {
    const message = error instanceof Error ? error.message : String(error);
    parts.bus.publish({ kind: "trouble", atMs: parts.now(), message });
  };
  const openTerminal = async (socket: string | null, session: string | null): Promise<Terminal> => {
    const terminal = await Terminal.open({
      address: addressOf(socket, paths.tmuxSocket),
      session,
      env: harmlessEnvironment(),
      pasteDir,
    });
    terminal.onWindowClosed(() => void pool.windowClosed(terminal).catch(trouble));
    terminal.onServerGone(() => void pool.serverGone(terminal).catch(trouble));
    return terminal;
  };
  const terminal = (socket: string | null, session?: string): Promise<Terminal> => {
    const key = socket === null ? "" : `${socket}\n${session ?? ""}`;
    const opened = terminals.get(key) ?? openTerminal(socket, session ?? null);
    terminals.set(key, opened);
    // One that could not be opened is tried again the next time.
    opened.catch(() => terminals.delete(key));
    return opened;
  };

  const launching = new Launching({
    workersDir: paths.workersDir,
    spoolDir: paths.spoolDir,
    hookScript: hookFile,
    cols: config.workers.cols,
    rows: config.workers.rows,
    baseEnv: agentEnvironment(),
    settings: (agent, account) => settingsOf(agent, account, config),
    telemetry: (agent, launchId, env) => ({
      ...parts.telemetry?.environmentFor(agent, launchId, env),
      CTM_REPORT: reportKey(ledger, launchId),
    }),
  });
  const pool = new WorkerPool({
    launching,
    restart: config.workers.restart,
    sleepAfterMs: config.sleep.afterMinutes === null ? null : config.sleep.afterMinutes * 60_000,
    adapter: adaptersOf(config.agents),
    terminal: (record) => terminal(record.tmuxSocket, record.session),
    saved: (record, { typing }) =>
      typing
        ? kept.gather(() => ledger.workers.save(record), true)
        : kept.keep(() => ledger.workers.save(record)),
    removed: (name) => kept.keep(() => ledger.workers.remove(name)),
    signalsRead: async (launchId) => {
      await listening;
      spool.readNow();
      await order.settledOf(launchId);
    },
    trouble,
  });
  // Before the distributor hears that a worker is free, it is known whether it may be.
  const contexts =
    config.roster === null
      ? null
      : new ContextKeeper({
          ...{ roster: config.roster.roster, context: config.context },
          ...{ ledger, kept, bus: parts.bus, pool, now: () => parts.now(), trouble },
        });
  const delivery = new Delivery({
    launching,
    context: config.context,
    ...(config.roster === null
      ? {}
      : {
          notes: {
            for: (member) => ledger.contexts.notesFor(member),
            told: (member, lastId, attemptId) => kept.keep(() => ledger.notesTold(member, lastId, attemptId)),
          },
        }),
    // What cannot be written down is not pressed.
    claimSecondEnter: (attemptId) =>
      kept.attempt(() => ledger.claimSecondEnter(attemptId, parts.now())) === true,
  });
  const distributor = new LocalDistributor({
    pool,
    delivery,
    loadOf: parts.loadOf,
    resumeWords: config.accounts.resumeWords,
  });
  const spool = Spool.open(paths.spoolDir);
  const order = new SignalOrder();
  let beginListening = (): void => undefined;
  const listening = new Promise<void>((resolve) => (beginListening = resolve));

  return {
    pool,
    distributor,
    contexts,
    ownSocket: paths.tmuxSocket,
    workersDir: paths.workersDir,
    terminal,
    sendWords,
    answer: answerQuestion,
    awaitAcceptance: (worker, attempt) => delivery.awaitAcceptance(worker, attempt),
    listen() {
      spool.onOddity((name) =>
        trouble(new Error(`a file in the spool is no signal and was left alone: ${JSON.stringify(name)}`)),
      );
      spool.onSignal((signal) => {
        order.add(signal.launchId, async () => {
          const concerns = await pool.signal(signal).catch(trouble);
          if (concerns === false) spool.forget(signal.launchId);
          // A line of a log stays where it is.
          if (signal.name === null) return;
          // Its file stays until what followed from it is on the disk: a new start must find it, or that.
          void kept
            .written()
            .then(() => spool.done(signal))
            .catch(trouble);
        });
      });
      beginListening();
      return order.settled();
    },
    async close() {
      contexts?.close();
      pool.close();
      spool.close();
      const closings = [...terminals.values()].map(async (opening) => (await opening).close());
      // One that never opened needs no closing.
      await Promise.allSettled(closings);
    },
  };
}

function addressOf(socket: string | null, own: string): ServerAddress {
  if (socket === null) return { kind: "own", socket: own };
  return { kind: "foreign", socket: socket === "" ? null : socket };
}

function settingsOf(agent: string, account: string, config: Config): AgentSettings {
  const own = Object.hasOwn(config.agents, agent) ? config.agents[agent] : undefined;
  if (own === undefined)
    throw new CtmError("usage", `there is no agent named ${agent}: no configuration declares it any more`);
  const settings = { ...own, env: { ...own.env, ...accountEnvironment(account, config.accounts) } };
  if (agent !== "rehearsal" || settings.command.length > 0) return settings;
  return { ...settings, command: [process.execPath, REHEARSAL_PROGRAM] };
}

/** The place where there is one. CtmError `no-manager` where there are no workers. */
export function needed(workplace: Workplace | null): Workplace {
  if (workplace === null)
    throw new CtmError("no-manager", "no manager runs: `ctm` or `ctm serve` starts one");
  return workplace;
}
