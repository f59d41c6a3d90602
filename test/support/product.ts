/**
 * The built product as its users meet it: the bin as a process of its own, in a folder, a home and an environment of
 * the test's own. TMUX_TMPDIR lies in that folder too, so even the "default" tmux server is the test's.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { onTestFinished } from "vitest";
import { connectManager } from "../../src/server/remote-host.ts";
import type { AgentHome } from "./agent-home.ts";
import { productFolder } from "./built-product.ts";
import { waitFor } from "./wait-for.ts";
import { endServer } from "./end-server.ts";
import { removeFolder } from "./remove-folder.ts";

const MOVED_CLOCK = new URL("moved-clock.mjs", import.meta.url).pathname;
const RECORDER = new URL("stdin-recorder.mjs", import.meta.url).pathname;
const FINAL = new Set(["completed", "failed", "cancelled", "lost"]);

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** What `tasks --json` tells of a task, as far as tests look at it. */
export interface TaskSeen {
  readonly id: number;
  readonly draft: { readonly text: string; readonly priority: string };
  readonly state: {
    readonly name: string;
    readonly reason?: string;
    readonly exitCode?: number | null;
    readonly worker?: string;
    readonly holdReason?: string | null;
    readonly question?: string;
    readonly startedAtMs?: number;
    readonly endedAtMs?: number;
  };
  readonly attempts: number;
}

/** One attempt as `show --json` tells of it. */
export interface AttemptSeen {
  /** The raw counters, by name. */
  readonly usage: Readonly<Record<string, number>> | null;
  readonly model: string | null;
  /** Nano-dollars. */
  readonly cost: { readonly value: number | null; readonly source: string };
  readonly flags: readonly string[];
  readonly worker: string;
  readonly reservedAtMs: number;
  readonly typedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly outcome: string | null;
  readonly answer: string | null;
  readonly tokens: { readonly value: number | null; readonly source: string };
}

export interface WorkerSeen {
  readonly name: string;
  readonly agent: string;
  readonly state: string;
  readonly because: string;
  readonly question: string | null;
  readonly draining: boolean;
  readonly adopted: boolean;
}

export interface ManagerProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Its exit code, when it has ended. */
  readonly ended: Promise<number | null>;
  /** Everything it printed so far, both streams. */
  printed(): string;
  /** Ends it as nothing can be prepared for. */
  kill9(): Promise<void>;
  /** Asks it to leave, as a service manager does. Returns its exit code. */
  stop(): Promise<number | null>;
  /** So much time passes for it at once; its agents notice nothing. Only where the product's clock moves. */
  passTime(ms: number): Promise<void>;
}

export interface Pane {
  readonly session: string;
  readonly paneId: string;
  readonly pid: number;
}

/** A real agent CLI, and the home it lives in: its folder is where the product is called, its environment ours. */
export interface RealAgent {
  readonly name: "claude" | "codex" | "gemini";
  readonly bin: string;
  readonly home: AgentHome;
  readonly mode?: "headless";
  readonly permissionMode?: string;
}

export interface ProductOptions {
  /** Agent of the workers. */
  readonly agent?: "rehearsal" | "shell";
  /** A real agent is the workers' instead, three unless said otherwise, and without limits of a single worker. */
  readonly real?: RealAgent;
  readonly workers?: number;
  /** Further top-level sections of ctm.yaml, as they stand in the file. */
  readonly yaml?: string;
  /** Writes down what every rehearsal agent is given. */
  readonly recorded?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** The state folder lies too deep for a socket. */
  readonly deep?: boolean;
  /** Time can be made to pass for its managers. */
  readonly clockMoves?: boolean;
  /** With its dashboard, on any port that is free. */
  readonly dashboard?: boolean;
  /** Period of the slow net behind the events, where the test is of what has no events. */
  readonly tickMs?: number;
}

/** A state folder, a configuration and a working folder of one test's own; everything started here ends with it. */
export function product(options: ProductOptions = {}): Product {
  const made = new Product(options);
  onTestFinished(() => made.end());
  return made;
}

export class Product {
  /** The folder everything lies in. */
  readonly folder = mkdtempSync(join(tmpdir(), "ctm-e2e-"));
  /** Where the product is called. */
  readonly work: string;
  readonly state: string;
  /** Where its sockets lie: in the state folder, unless that is too deep for a socket. */
  readonly socketFolder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly #options: ProductOptions;
  readonly #managers = new Set<ChildProcess>();

  constructor(options: ProductOptions) {
    this.#options = options;
    this.work = options.real?.home.cwd ?? join(this.folder, "work");
    this.state = join(this.folder, ...(options.deep === true ? ["deep".repeat(30)] : []), "state");
    const hash = createHash("sha256").update(this.state).digest("hex").slice(0, 8);
    const besides = join(this.folder, "tmp", `ctm-${process.getuid?.() ?? 0}-${hash}`);
    this.socketFolder = options.deep === true ? besides : this.state;
    for (const name of ["work", "home", "tmux", "typed", "tmp"])
      mkdirSync(join(this.folder, name), { mode: 0o700 });
    mkdirSync(dirname(this.defaultSocket), { mode: 0o700 });
    this.env = {
      PATH: process.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
      HOME: join(this.folder, "home"),
      TMPDIR: join(this.folder, "tmp"),
      TMUX_TMPDIR: join(this.folder, "tmux"),
      TERM: "xterm-256color",
      LANG: "C.UTF-8",
      TZ: "UTC",
      ...options.real?.home.env,
      ...options.env,
    };
    this.configure(options.yaml ?? "");
  }

  /** Writes ctm.yaml anew, with these sections behind the test's own. */
  configure(yaml: string): void {
    const { agent = "rehearsal", workers = 3, real } = this.#options;
    const restart = "restart: { firstDelayMs: 50, maxDelayMs: 400, maxInRow: 4 }";
    const lines = [
      `workers: { count: ${workers}, agent: ${real?.name ?? agent}, cols: 120, rows: 30, ${restart} }`,
      // The slow net behind the events is as good as gone: what an event forgets is to be seen.
      `auto: { tickMs: ${this.#options.tickMs ?? 3_600_000} }`,
      // A port of this machine is for the tests of the dashboard alone.
      `dashboard: { enabled: ${this.#options.dashboard === true}, port: 0 }`,
      ...(this.#options.recorded === true ? this.#recordedAgent() : []),
      ...(real === undefined ? [] : realAgent(real)),
      yaml,
    ];
    writeFileSync(join(this.work, "ctm.yaml"), `${lines.join("\n")}\n`, { mode: 0o600 });
  }

  #recordedAgent(): string[] {
    const command = [process.execPath, "--import", RECORDER, join(productFolder(), "rehearsal-agent.js")];
    const env = { RECORD_FOLDER: join(this.folder, "typed") };
    return [`agents: { rehearsal: { command: ${JSON.stringify(command)}, env: ${JSON.stringify(env)} } }`];
  }

  /** argv of the product with these words. */
  argv(args: readonly string[]): [string, string[]] {
    return [process.execPath, [join(productFolder(), "ctm.cjs"), "--state-dir", this.state, ...args]];
  }

  /** Runs the bin to its end. */
  async run(
    args: readonly string[],
    options: {
      readonly input?: string | Uint8Array;
      readonly env?: Readonly<Record<string, string>>;
      /** For what works for long; else a call that does not end is seen early. */
      readonly timeoutMs?: number;
    } = {},
  ): Promise<Ran> {
    const [file, argv] = this.argv(args);
    const { stdout, stderr, exitCode, timedOut } = await execa(file, argv, {
      cwd: this.work,
      env: { ...this.env, ...options.env },
      extendEnv: false,
      reject: false,
      timeout: options.timeoutMs ?? 50_000,
      killSignal: "SIGKILL",
      maxBuffer: 256 * 1024 * 1024,
      ...(options.input === undefined ? { stdin: "ignore" as const } : { input: options.input }),
    });
    if (timedOut) throw new Error(`ctm ${args.join(" ").slice(0, 200)} did not end:\n${stdout}\n${stderr}`);
    return { stdout, stderr, exitCode: exitCode ?? -1 };
  }

  /** Queues a task at the manager that listens. */
  tell(text: string, more: Readonly<Record<string, unknown>> = {}): Promise<{ readonly task: TaskSeen }> {
    return this.ask("add", { text, cwd: this.work, origin: "test", ...more }, null);
  }

  /** Runs the bin, which must succeed. */
  async ok(args: readonly string[], input?: string): Promise<string> {
    const ran = await this.run(args, input === undefined ? {} : { input });
    if (ran.exitCode === 0) return ran.stdout;
    throw new Error(
      `ctm ${args.join(" ").slice(0, 200)} ended with ${ran.exitCode}:\n${ran.stdout}${ran.stderr}`,
    );
  }

  /** The JSON result of a command that must succeed. */
  async json<T>(args: readonly string[], input?: string): Promise<T> {
    const [command = "", ...rest] = args;
    return JSON.parse(await this.ok([command, "--json", ...rest], input)) as T;
  }

  /** Starts the manager and waits until it serves. `fault`: where it is broken on purpose, see CTM_FAULT. */
  async serve(
    args: readonly string[] = [],
    untilServing = true,
    fault: string | null = null,
  ): Promise<ManagerProcess> {
    const [file, argv] = this.argv(["serve", ...args]);
    const clockFile = join(this.folder, "clock");
    if (this.#options.clockMoves === true) argv.unshift("--import", MOVED_CLOCK);
    const env = {
      ...this.env,
      TEST_CLOCK_FILE: clockFile,
      ...(fault === null ? {} : { CTM_FAULT: fault }),
    };
    const child = spawn(file, argv, { cwd: this.work, env, stdio: ["ignore", "pipe", "pipe"] });
    this.#managers.add(child);
    let printed = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (printed += text));
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const manager: ManagerProcess = {
      child,
      pid: child.pid ?? -1,
      ended,
      printed: () => printed,
      kill9: async () => {
        child.kill("SIGKILL");
        await ended;
        this.#managers.delete(child);
      },
      stop: async () => {
        child.kill("SIGTERM");
        const code = await ended;
        this.#managers.delete(child);
        return code;
      },
      passTime: async (ms) => {
        writeFileSync(clockFile, String(ms));
        child.kill("SIGUSR2");
        await waitFor("the time to pass", () => !existsSync(clockFile));
      },
    };
    if (untilServing) {
      const early = await Promise.race([ended, this.untilServing(manager.printed)]);
      if (early !== "serves") throw new Error(`the manager ended at once: ${printed}`);
    }
    return manager;
  }

  /** Resolves when a manager that prints this serves. */
  async untilServing(printed: () => string): Promise<"serves"> {
    await waitFor("a manager to serve", () => printed().includes("Serving "), 90_000);
    return "serves";
  }

  /**
   * What a command answers: asked at the manager's socket where one listens, which spares a process a look. Without
   * one the bin is called with these words; null = then it fails.
   */
  async ask<T>(
    command: string,
    raw: Readonly<Record<string, unknown>>,
    words: readonly string[] | null,
  ): Promise<T> {
    const manager = await connectManager(join(this.socketFolder, "manager.sock")).catch(() => null);
    if (manager === null) {
      if (words === null) throw new Error("no manager listens");
      return this.json([command, ...words]);
    }
    try {
      return (await manager.run(command, raw)) as T;
    } finally {
      manager.close();
    }
  }

  /** Follows a command at the manager that listens, until closed. */
  async follow(
    command: string,
    raw: Readonly<Record<string, unknown>>,
    take: (item: unknown) => void,
  ): Promise<{ close(): void }> {
    const manager = await connectManager(join(this.state, "manager.sock"));
    if (manager === null) throw new Error("no manager listens");
    manager.follow(command, raw, take).done.catch(() => undefined);
    return manager;
  }

  tasks(): Promise<TaskSeen[]> {
    return this.ask("tasks", { limit: 100_000 }, ["--limit", "100000"]);
  }

  async task(id: number): Promise<TaskSeen> {
    return (await this.ask<{ task: TaskSeen }>("show", { id }, [String(id)])).task;
  }

  async attempts(id: number): Promise<readonly AttemptSeen[]> {
    return (await this.ask<{ attempts: AttemptSeen[] }>("show", { id }, [String(id)])).attempts;
  }

  workers(): Promise<WorkerSeen[]> {
    return this.ask("workers", {}, []);
  }

  /** Waits until the task is in one of these states (by default: in an end state). */
  until(id: number, ...states: readonly string[]): Promise<TaskSeen> {
    const wanted = states.length === 0 ? FINAL : new Set(states);
    return waitFor(`task ${id} to be ${[...wanted].join(" or ")}`, async () => {
      const task = await this.task(id);
      return wanted.has(task.state.name) ? task : null;
    }).catch(async (error: unknown) => {
      throw new Error(`${String(error)}\n${await this.report()}`, { cause: error });
    });
  }

  /** Waits until a worker looks like this. */
  worker(name: string, ...states: readonly string[]): Promise<WorkerSeen> {
    return waitFor(`${name} to be ${states.join(" or ")}`, async () => {
      const found = (await this.workers()).find((worker) => worker.name === name);
      return found !== undefined && states.includes(found.state) ? found : null;
    });
  }

  // ── tmux and the agents ─────────────────────────────────────────────────────────────────────────

  /** The tmux program on the product's own server; never fails. */
  tmux(...args: string[]): Promise<string> {
    return this.#tmux(join(this.socketFolder, "tmux.sock"), args);
  }

  /** The tmux program on what the product takes for the person's default server; never fails. */
  defaultTmux(...args: string[]): Promise<string> {
    return this.#tmux(this.defaultSocket, args);
  }

  get defaultSocket(): string {
    return join(this.folder, "tmux", `tmux-${process.getuid?.() ?? 0}`, "default");
  }

  async #tmux(socket: string, args: readonly string[]): Promise<string> {
    const argv = ["-S", socket, "-f", "/dev/null", "-u", ...args];
    const { stdout } = await execa("tmux", argv, {
      cwd: this.work,
      env: this.env,
      extendEnv: false,
      reject: false,
      timeout: 20_000,
    });
    return stdout;
  }

  /** The workers' panes, by session name. */
  async panes(): Promise<Pane[]> {
    const listed = await this.tmux("list-panes", "-a", "-F", "#{session_name} #{pane_id} #{pane_pid}");
    return listed
      .split("\n")
      .filter((line) => line.startsWith("concurrent_worker"))
      .map((line) => {
        const [session = "", paneId = "", pid = "0"] = line.split(" ");
        return { session, paneId, pid: Number(pid) };
      })
      .sort((a, b) => (a.session < b.session ? -1 : 1));
  }

  /** How everything stands, for the message of a test that failed. */
  async report(): Promise<string> {
    const names = (await this.workers()).map(({ name }) => name);
    const undone = (await this.tasks()).filter(({ state }) => state.name !== "completed").slice(0, 3);
    const views = [
      ["tasks"],
      ["workers"],
      ...names.map((name) => ["why", name]),
      ...undone.map(({ id }) => ["show", String(id)]),
    ];
    const shown = await Promise.all(views.map((args) => this.run(args)));
    const screens = await Promise.all(names.map((name) => this.screen(name)));
    const printed = [...this.#managers].map(({ pid }) => `manager ${pid}`);
    return [...shown.map(({ stdout, stderr }) => stdout + stderr), ...screens, ...printed].join("\n");
  }

  screen(worker: string): Promise<string> {
    return this.tmux("capture-pane", "-p", "-t", `=${worker}:`);
  }

  /** All prompts that recorded agents were given, in no order: the text between the marks of each paste. */
  typedPrompts(): string[] {
    return [...this.typedBytes().matchAll(/\u001b\[200~([^]*?)\u001b\[201~/g)].map(([, text = ""]) => text);
  }

  typedBytes(): string {
    const folder = join(this.folder, "typed");
    return readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), "utf8"))
      .join("");
  }

  /** Ends what was started here and removes the folder. */
  async end(): Promise<void> {
    for (const child of this.#managers) {
      child.kill("SIGCONT");
      child.kill("SIGKILL");
    }
    await endServer((...args) => this.tmux(...args));
    await endServer((...args) => this.defaultTmux(...args));
    await removeFolder(this.folder);
  }
}

function realAgent({ name, bin, mode, permissionMode }: RealAgent): string[] {
  const settings = { command: [bin], mode, permissionMode };
  return [
    `agents: { ${name}: ${JSON.stringify(settings)} }`,
    "limits: { worker: { tokens: { hour: null } } }",
  ];
}
