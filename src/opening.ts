/**
 * How the product is put together: the parts of an app, wired once. A manager also takes the lock, finds its workers
 * again, settles what was in flight and fills the fleet; then it listens.
 */
import { randomBytes } from "node:crypto";
import { AlertDesk } from "./alert-desk.ts";
import type { App, OpenOptions } from "./app.ts";
import { AccountBook } from "./account-book.ts";
import { reserveKey, reservePercentOf } from "./account-settings.ts";
import { adaptersOf } from "./agents/agents.ts";
import type { Config } from "./config.ts";
import { CoordinatorWatch } from "./coordinator-watch.ts";
import type { Distributor } from "./distributor/distributor.ts";
import { Engine } from "./engine.ts";
import { layFoundation, limitsIn, traitsIn, trouble, type Foundation } from "./foundation.ts";
import { adoptAll, restoreFleet } from "./restore-fleet.ts";
import { FindingBook } from "./finding-book.ts";
import { FactBus } from "./events/bus.ts";
import { ExternalUsage } from "./external-usage.ts";
import { faultPoint } from "./faults/fault-point.ts";
import { noteLeft } from "./last-start.ts";
import { takeManagerLock, type ManagerLock } from "./ledger/manager-lock.ts";
import type { EntryRules } from "./ledger/usage-entry.ts";
import { ensurePrivateFolders } from "./ledger/state-folder.ts";
import { markInUse, unmark } from "./ledger/use-mark.ts";
import { faultWords } from "./kept-writes.ts";
import { MetricsFiles } from "./metrics-files.ts";
import { LimitBook } from "./limit-book.ts";
import { LocalApp } from "./local-app.ts";
import { RedisDesk } from "./redis-desk.ts";
import { reportOf } from "./report-desk.ts";
import { ReportSchedule } from "./report-schedule.ts";
import type { OverviewSources } from "./overview/sources.ts";
import { isFinal } from "./tasks/task.ts";
import type { TelemetryFeed } from "./telemetry-feed.ts";
import { openEvents, type OpenEvents } from "./orchestration/open-events.ts";
import { openWorkplace, type Workplace } from "./workplace.ts";

const SHUT_DOWN = {
  engine: faultPoint("shutdown.engine"),
  workplace: faultPoint("shutdown.workplace"),
  note: faultPoint("shutdown.note"),
  ledger: faultPoint("shutdown.ledger"),
};

/** The engine, and the accounts it asks: an account that is free again lets the engine go on. */
function buildEngine(
  config: Config,
  base: Foundation,
  distributor: Distributor,
  accountOf: (worker: string) => string,
): { engine: Engine; accounts: AccountBook } {
  const accounts = new AccountBook({
    ledger: base.ledger,
    now: base.now,
    reservePercent: (account) =>
      reservePercentOf(account, config.accounts, base.ledger.settings.get(reserveKey(account))),
    freed: (account, byPerson) => {
      if (account !== null) base.bus.publish({ kind: "account-freed", atMs: base.now(), account });
      engine.resumeParked(byPerson ? account : null);
    },
  });
  const engine = new Engine({
    ...base,
    accounts,
    accountOf,
    autoResume: config.accounts.autoResume,
    distributor,
    delegate: (draft) => base.delegation.delegate(draft),
    traits: traitsIn(config),
    oversized: config.throttle.oversized,
    roster: config.roster?.roster ?? null,
    entryRules: entryRulesOf(config, base),
    newAttemptId: (nowMs) => `a${nowMs.toString(36)}-${randomBytes(6).toString("hex")}`,
  });
  return { engine, accounts };
}

function entryRulesOf(config: Config, { delegation }: Foundation): EntryRules {
  return {
    // Looked up at every booking: an update of the prices counts at once.
    get prices() {
      return delegation.prices;
    },
    countCacheReads: config.throttle.countCacheReads,
  };
}

/** What wakes agents for events. Without workers events are only taken. */
function eventsOf(config: Config, base: Foundation, engine: Engine, workplace: Workplace | null): OpenEvents {
  return openEvents({
    ...base,
    ...{ config, engine },
    workers: workplace === null ? null : () => workplace.pool.all(),
    delegate: (draft) => base.delegation.delegate(draft),
    trouble: (error) => trouble(base.bus, base.now, error),
  });
}

function buildApp(
  config: Config,
  base: Foundation,
  { engine, accounts }: { engine: Engine; accounts: AccountBook },
  { desk: events, orchestrator }: OpenEvents,
  workplace: Workplace | null,
  startedAtMs: number | null,
  close: () => Promise<void>,
  lastWords: () => Promise<void> = () => Promise.resolve(),
): LocalApp {
  const limits = new LimitBook({
    configured: limitsIn(config),
    ledger: base.ledger,
    throttle: base.throttle,
    now: base.now,
    changed: (limitId, reason) => {
      if (limitId !== null) base.bus.publish({ kind: "limit-set", atMs: base.now(), limitId, reason });
      engine.pump();
    },
  });
  const redis = new RedisDesk(config.redis);
  const sources: OverviewSources = {
    config,
    ledger: base.ledger,
    throttle: base.throttle,
    get prices() {
      return base.delegation.prices;
    },
    workers: () => workplace?.pool.all() ?? [],
    raises: () => limits.raises,
    traits: traitsIn(config),
    startedAtMs,
    auto: () => engine.auto,
    notices: () => [...base.notices(), ...redis.notices()],
    storageFault: () => (base.kept.fault === null ? null : faultWords(base.kept.fault)),
    now: base.now,
  };
  const metricsFiles = new MetricsFiles({
    setting: config.roster,
    ledger: base.ledger,
    trouble: (error) => trouble(base.bus, base.now, error),
  });
  const findingBook = new FindingBook({
    config,
    ledger: base.ledger,
    now: base.now,
    attempt: (act) => void base.kept.attempt(act),
    opened: ({ rule, subject, evidence }) =>
      base.bus.publish({ kind: "finding-opened", atMs: base.now(), rule, subject, evidence }),
    resolved: ({ rule, subject }) =>
      base.bus.publish({ kind: "finding-resolved", atMs: base.now(), rule, subject }),
    trouble: (error) => trouble(base.bus, base.now, error),
  });
  const alerts = AlertDesk.open(config, base, (error) => trouble(base.bus, base.now, error));
  if (workplace !== null) alerts.begin(base.bus);
  if (config.roster !== null) {
    base.bus.subscribe((fact) => {
      if (workplace !== null && (fact.kind === "task-moved" || fact.kind === "usage-booked"))
        findingBook.changed();
      if (fact.kind === "context" || (fact.kind === "task-moved" && isFinal(fact.to))) metricsFiles.changed();
    });
    if (workplace !== null) metricsFiles.begin();
  }
  const views = (): OverviewSources => {
    base.kept.flush();
    return sources;
  };
  const reportSchedule = new ReportSchedule({
    config,
    ...base,
    make: (period) => reportOf(period, views()),
    trouble: (error) => trouble(base.bus, base.now, error),
  });
  const coordinatorWatch = workplace === null ? null : watchCoordinators(config, base, workplace);
  return new LocalApp({
    reportSchedule,
    events,
    redis,
    focus: base.focus,
    coordinatorWatch,
    metricsFiles,
    findingBook,
    alerts,
    kept: base.kept,
    config,
    ledger: base.ledger,
    engine,
    bus: base.bus,
    delegation: base.delegation,
    limits,
    accounts,
    views,
    throttleCopy: base.throttleCopy,
    workplace,
    now: base.now,
    lastWords,
    close: async () => {
      orchestrator.close();
      limits.close();
      base.focus.close();
      accounts.close();
      base.kept.flush();
      SHUT_DOWN.engine.pass(() => engine.close());
      base.kept.close();
      findingBook.close();
      alerts.close();
      metricsFiles.close();
      await reportSchedule.close();
      coordinatorWatch?.close();
      await close();
      SHUT_DOWN.ledger.pass(() => base.ledger.close());
    },
  });
}

function watchCoordinators(config: Config, base: Foundation, workplace: Workplace): CoordinatorWatch {
  return new CoordinatorWatch({
    ...{ ledger: base.ledger, kept: base.kept, now: base.now },
    entryRules: entryRulesOf(config, base),
    adapterOf: adaptersOf(config.agents),
    workers: () => workplace.pool.all(),
    trouble: (error) => trouble(base.bus, base.now, error),
  });
}

/** Reads and queues straight in the ledger; there are no workers. */
export async function openOffline(config: Config): Promise<App> {
  const base = layFoundation(config);
  const { engine, accounts } = buildEngine(config, base, NO_WORKERS, () => "");
  const events = eventsOf(config, base, engine, null);
  return buildApp(config, base, { engine, accounts }, events, null, null, async () => undefined);
}

const NO_WORKERS: Distributor = {
  offers: () => [],
  dispatch: async () => ({ kind: "not-typed", reason: "no manager runs" }),
  interrupt: async () => undefined,
  halt: async () => undefined,
  resume: async () => ({ kind: "over" }),
  freeCount: () => 0,
  onReport: () => undefined,
};

export async function openManager(config: Config, options: OpenOptions): Promise<App> {
  ensurePrivateFolders([config.paths.stateDir]);
  const lock = takeManagerLock(config.paths.lockFile);
  try {
    return await openLocked(config, options, lock);
  } catch (error) {
    unmark(config.paths.ledgerFile);
    lock.release();
    throw error;
  }
}

async function openLocked(config: Config, options: OpenOptions, lock: ManagerLock): Promise<App> {
  const base = layFoundation(config);
  const { ledger, bus, kept, now } = base;
  markInUse(config.paths.ledgerFile);
  // However this process ends, as long as it can still do anything: SQLite may close the ledger at its end.
  const unmarkAtExit = (): void => unmark(config.paths.ledgerFile);
  process.once("exit", unmarkAtExit);
  const loadOf = (worker: string): number => ledger.spend.loadOf(worker);
  const telemetry = await openTelemetry(config, base);
  const workplace = await openWorkplace({ config, ledger, bus, kept, telemetry, now, loadOf });
  const accountOf = (name: string): string => workplace.pool.accountOf(name);
  const built = buildEngine(config, base, workplace.distributor, accountOf);
  const { engine } = built;
  bus.subscribe((fact) => {
    if (fact.kind === "storage-changed" && fact.fault === null) engine.pump();
    if (fact.kind === "focus-changed") engine.pump();
    if (fact.kind === "task-moved" && isFinal(fact.to)) telemetry?.taskEnded();
  });
  tellWorkerNews(workplace, bus, now);
  const events = eventsOf(config, base, engine, workplace);
  const external = new ExternalUsage({
    folders: config.usage.folders,
    accounts: config.usage.accounts,
    ledger,
    throttle: base.throttle,
    entryRules: entryRulesOf(config, base),
    now,
    trouble: (error) => trouble(bus, now, error),
  });
  const close = async (): Promise<void> => {
    clearInterval(tick);
    external.close();
    await telemetry?.close();
    await SHUT_DOWN.workplace.passAsync(() => workplace.close());
    try {
      SHUT_DOWN.note.pass(() => noteLeft(ledger, now()));
    } catch (error) {
      // A ledger that takes no writes keeps nobody from leaving; the next start takes this manager for killed.
      trouble(bus, now, error);
    }
    process.off("exit", unmarkAtExit);
    unmarkAtExit();
    lock.release();
  };
  const lastWords = async (): Promise<void> => telemetry?.lastWords();
  const app = buildApp(config, base, built, events, workplace, now(), close, lastWords);
  const tick = setInterval(
    () => void safetyTick(workplace, engine, events, app).catch((error: unknown) => trouble(bus, now, error)),
    config.auto.tickMs,
  );
  tick.unref();
  await restoreFleet(config, base, workplace, engine);
  app.reports.serve();
  events.orchestrator.begin();
  app.lookAtCoordinators();
  if (config.usage.external) void external.start();
  if (options.adopt === true) await adoptAll(workplace, base);
  return app;
}

/** Loaded only where it is wished for. */
async function openTelemetry(config: Config, base: Foundation): Promise<TelemetryFeed | null> {
  const { receive, port } = config.telemetry;
  if (!receive) return null;
  const { TelemetryFeed } = await import("./telemetry-feed.ts");
  const { ledger, bus, kept, now } = base;
  return TelemetryFeed.open({
    ...{ port, ledger, kept, now },
    wallNow: () => Date.now(),
    trouble: (error) => trouble(bus, now, error),
  });
}

/** The slow safety net behind the events: is every pane still there, is anything left that could go, or be told? */
async function safetyTick(
  workplace: Workplace,
  engine: Engine,
  events: OpenEvents,
  app: LocalApp,
): Promise<void> {
  await workplace.pool.sweep();
  await workplace.contexts?.sweep();
  engine.pump();
  events.orchestrator.wake();
  app.reports.sweep();
}

function tellWorkerNews(workplace: Workplace, bus: FactBus, now: () => number): void {
  workplace.pool.onNews((worker, news) => {
    if (news.kind === "changed") {
      bus.publish({
        kind: "worker-changed",
        atMs: now(),
        worker: worker.name,
        state: worker.state.name,
        because: news.because,
      });
    } else if (news.kind === "asks" && news.attemptId === null) {
      bus.publish({ kind: "worker-asks", atMs: now(), worker: worker.name, question: news.question });
    }
  });
}
