/**
 * Taking over sessions a person started: which there are on their own tmux server, and what runs in one. Reads only;
 * an adopted session is never ended, renamed or resized by us.
 */
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { execa } from "execa";
import type { AgentKind } from "./agents/adapter.ts";
import { CtmError } from "./base/errors.ts";
import { harmlessEnvironment } from "./config.ts";
import { faultPoint } from "./faults/fault-point.ts";
import type { WorkerRecord } from "./ledger/worker-rows.ts";
import { processInFront, recordOfProcess } from "./workers/adopted-record.ts";
import { clientEnvironment, serverArguments } from "./workers/tmux/server-address.ts";
import type { Workplace } from "./workplace.ts";

const LIST = faultPoint("adopt.list");

/** Sessions with these names are taken for workers, as the documents start them by hand. */
const WORKER_SESSION = /^concurrent_worker\d{1,4}$/;
const listWithinMs = 3_000;

/** Sessions named concurrent_worker* on the person's default tmux server; none when no server runs. */
export async function adoptableSessions(): Promise<string[]> {
  const argv = [
    ...serverArguments({ kind: "foreign", socket: null }),
    "list-sessions",
    "-F",
    "#{session_name}",
  ];
  const { stdout, exitCode } = await LIST.passAsync(async () =>
    execa("tmux", argv, {
      reject: false,
      timeout: listWithinMs,
      extendEnv: false,
      env: clientEnvironment(harmlessEnvironment()),
    }),
  );
  return exitCode === 0 ? stdout.split("\n").filter((name) => WORKER_SESSION.test(name)) : [];
}

/**
 * What must be known of a session to adopt it. `socket` null = the person's default server. Throws CtmError
 * `not-found` for a session that is not there, `refused` when no known agent is in front in its active pane.
 */
export async function adoptionRecord(
  workplace: Workplace,
  session: string,
  socket: string | null,
): Promise<WorkerRecord> {
  if (socket === workplace.ownSocket)
    throw new CtmError("refused", "sessions of our own server are workers already");
  const terminal = await workplace.terminal(socket ?? "", session);
  const pane = await terminal.identify(session);
  const panes = await terminal.listPanes();
  const front = processInFront(pane.panePid);
  const agent = front === null ? null : adoptableAgent(front.argv);
  if (front === null || agent === null) {
    const seen = front === null ? "nothing can be told of it" : `${front.argv[0] ?? "?"} is in front`;
    throw new CtmError("refused", `no known agent is in front in session ${session}: ${seen}`, [
      "Start claude or codex in it first.",
    ]);
  }
  const option = (name: string): string | null => front.argv[front.argv.indexOf(name) + 1] ?? null;
  return {
    name: WORKER_SESSION.test(session) ? session : nameOf(session),
    agent,
    model: front.argv.includes("--model") ? option("--model") : null,
    cwd: front.cwd,
    adopted: true,
    tmuxSocket: socket ?? "",
    session,
    pane: JSON.stringify(pane),
    account: agent,
    launchId: null,
    launchDir: join(workplace.workersDir, "adopted", randomBytes(6).toString("hex")),
    ...(recordOfProcess(agent, front) ?? { sessionId: null, recordPath: null }),
    lastAttempt: "",
    lastType: null,
    lastCwd: null,
    draining: false,
    foreground: panes.find(({ paneId }) => paneId === pane.paneId)?.program ?? null,
  };
}

/** A worker's name from a person's session name: letters, digits and hyphens of it. */
function nameOf(session: string): string {
  const plain = session
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 30);
  return `adopted-${plain === "" ? "session" : plain}`;
}

/** The agent these words of a command line start; null: none that is known by its record. */
export function adoptableAgent(argv: readonly string[]): AgentKind | null {
  const words = argv.slice(0, 2).map((word) => word.split("/").at(-1) ?? "");
  if (words.includes("rehearsal-agent.js")) return "rehearsal";
  if (words.includes("claude")) return "claude";
  return words.some((word) => word === "codex" || word === "codex.js") ? "codex" : null;
}
