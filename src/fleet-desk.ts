/** The workers, as a person asks for them: started, ended, spoken to, looked at. */
import { accountFor, agentOfAccount } from "./account-settings.ts";
import { adoptableSessions, adoptionRecord } from "./adoption.ts";
import type { AttachTarget, SpawnRequest } from "./app.ts";
import { CtmError } from "./base/errors.ts";
import { PlainStream } from "./base/plain-text.ts";
import { typedText } from "./base/typed-text.ts";
import type { Config } from "./config.ts";
import { coordinate, setRole, type SessionWish, type WorkerRole } from "./coordinating.ts";
import type { CoordinatorWatch } from "./coordinator-watch.ts";
import type { DelegationDesk } from "./delegation-desk.ts";
import type { KeptWrites } from "./kept-writes.ts";
import type { Coordinator } from "./ledger/coordinator-rows.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { survivorRow } from "./overview/recap.ts";
import type { OverviewSources } from "./overview/sources.ts";
import { workerRow, workerRows } from "./overview/worker-rows.ts";
import type { SurvivorRow } from "./reports/recap.ts";
import type { WorkerRow } from "./reports/workers-table.ts";
import { taskText } from "./tasks/task-text.ts";
import { endSurvivors, findSurvivors, livingLaunches, type Survivor } from "./workers/survivors.ts";
import type { Worker } from "./workers/worker.ts";
import { needed, type Workplace } from "./workplace.ts";

export interface FleetDeskParts {
  readonly config: Config;
  readonly ledger: Ledger;
  readonly delegation: DelegationDesk;
  /** null: offline, no workers. */
  readonly workplace: Workplace | null;
  readonly kept: KeptWrites;
  /** null: no manager runs. */
  readonly coordinatorWatch: CoordinatorWatch | null;
  views(): OverviewSources;
  now(): number;
}

export class FleetDesk {
  readonly #parts: FleetDeskParts;

  constructor(parts: FleetDeskParts) {
    this.#parts = parts;
  }

  rows(): WorkerRow[] {
    return workerRows(this.#parts.views());
  }

  async spawn(request: SpawnRequest): Promise<WorkerRow[]> {
    const { pool } = this.#workplace();
    const { accounts } = this.#parts.config;
    const named = request.account === null ? null : agentOfAccount(request.account, accounts);
    const agent = request.agent ?? named ?? this.#parts.delegation.defaultAgent;
    const account = accountFor(request.account, agent, accounts);
    const model = request.model ?? this.#parts.delegation.launchModel(agent);
    const workers = await pool.spawn(agent, request.count, {
      model,
      cwd: request.cwd ?? this.#parts.config.workers.cwd,
      account,
    });
    return workers.map((worker) => workerRow(worker, this.#parts.views()));
  }

  async restart(name: string): Promise<void> {
    const worker = this.#worker(name);
    await this.#workplace().pool.restart(worker);
    if (this.#parts.ledger.coordinators.isOne(worker.name)) worker.remember({ draining: true });
  }

  async kill(name: string): Promise<void> {
    const worker = this.#worker(name);
    await this.#workplace().pool.kill(worker);
    const { kept, ledger, now } = this.#parts;
    if (ledger.coordinators.isOne(worker.name))
      kept.keep(() => ledger.coordinators.unmark(worker.name, now()));
  }

  drain(name: string): void {
    this.#worker(name).remember({ draining: true });
  }

  /** Gives a worker tasks, or takes it out for coordinating. Returns its name. */
  setRole(name: string, role: WorkerRole): string {
    const worker = this.#worker(name);
    const { kept, ledger, coordinatorWatch, now } = this.#parts;
    coordinatorWatch?.look();
    kept.orThrow(() => setRole(worker, role, ledger, now()));
    coordinatorWatch?.look();
    return worker.name;
  }

  /** Says of a session that is no worker that it coordinates, or does no more. */
  coordinate(wish: SessionWish): Coordinator {
    const { kept, ledger, config, coordinatorWatch, now } = this.#parts;
    coordinatorWatch?.look();
    const marked = kept.orThrow(() => coordinate(wish, ledger, config.usage.folders, now()));
    coordinatorWatch?.look();
    return marked;
  }

  /** Types a person's own words into an idle worker, outside any task. */
  async send(name: string, text: string): Promise<void> {
    const worker = this.#awake(name);
    if (!worker.free && worker.state.name !== "idle") {
      throw new CtmError(
        "illegal-move",
        `${worker.name} is ${worker.state.name}; words of your own are typed into an idle worker only (attach puts you into it)`,
      );
    }
    await this.#workplace().sendWords(worker, taskText(text));
  }

  /** Answers the question a worker waits with. */
  async answer(name: string, text: string): Promise<void> {
    const worker = this.#worker(name);
    if (worker.state.name !== "needs-input")
      throw new CtmError("illegal-move", `${worker.name} asks nothing now`);
    await this.#workplace().answer(worker, typedText(text).text.trim());
  }

  async adopt(session: string, socket: string | null, role: WorkerRole = "worker"): Promise<WorkerRow> {
    const workplace = this.#workplace();
    const record = await adoptionRecord(workplace, session, socket);
    const coordinates = role === "coordinator";
    const worker = await workplace.pool.adopt(coordinates ? { ...record, draining: true } : record);
    if (coordinates) this.setRole(worker.name, role);
    return workerRow(worker, this.#parts.views());
  }

  /** Sessions named concurrent_worker* on the person's default tmux server. */
  async adoptable(): Promise<string[]> {
    const workplace = this.#workplace();
    const known = new Set(
      workplace.pool
        .all()
        .filter(({ record }) => record.tmuxSocket === "")
        .map(({ record }) => record.session),
    );
    return (await adoptableSessions()).filter((session) => !known.has(session));
  }

  /** The last lines a worker printed, harmless text. */
  output(name: string, lines: number): string[] {
    return this.#workplace().pool.watchOf(this.#worker(name)).log.lines(lines);
  }

  followOutput(name: string, onText: (text: string) => void): () => void {
    const stream = new PlainStream();
    return this.#workplace()
      .pool.watchOf(this.#worker(name))
      .log.follow((piece) => onText(stream.take(piece)));
  }

  attachTarget(name: string): AttachTarget {
    const { name: worker, record } = this.#awake(name);
    return {
      worker,
      tmuxSocket: record.tmuxSocket ?? this.#parts.config.paths.tmuxSocket,
      session: record.session,
    };
  }

  /** Processes that outlived their worker. */
  survivors(): SurvivorRow[] {
    return survivorsBeside(this.#parts).map((survivor) => survivorRow(survivor, this.#parts.views()));
  }

  /** Ends them; `there` are those that could not be ended. */
  async endSurvivors(): Promise<{ ended: SurvivorRow[]; there: SurvivorRow[] }> {
    const found = survivorsBeside(this.#parts);
    const left = new Set(await endSurvivors(found));
    const rows = (kept: boolean): SurvivorRow[] =>
      found
        .filter((survivor) => left.has(survivor) === kept)
        .map((survivor) => survivorRow(survivor, this.#parts.views()));
    return { ended: rows(false), there: rows(true) };
  }

  #workplace(): Workplace {
    return needed(this.#parts.workplace);
  }

  /** CtmError `illegal-move` for one without a session. */
  #awake(name: string): Worker {
    const worker = this.#worker(name);
    if (!worker.asleep) return worker;
    throw new CtmError("illegal-move", `${worker.name} is asleep and has no session now`, [
      "Its next task wakes it in its conversation; `restart` starts it in a new one.",
    ]);
  }

  #worker(name: string): Worker {
    return this.#workplace().pool.find(name);
  }
}

/** Processes that outlived the worker they belonged to. */
export function survivorsBeside({
  workplace,
  config,
  ledger,
}: Pick<FleetDeskParts, "workplace" | "config" | "ledger">): Survivor[] {
  const living =
    workplace === null
      ? livingLaunches(ledger.workers.all())
      : new Set(
          workplace.pool
            .all()
            .filter(({ state }) => state.name !== "dead")
            .flatMap(({ record }) => record.launchId ?? []),
        );
  return findSurvivors(config.paths.spoolDir, living);
}
