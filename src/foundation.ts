/** The parts of an app that stand with or without workers: the ledger, its time, the throttle, prices and routes. */
import { adaptersOf } from "./agents/agents.ts";
import { keptCalendar } from "./calendar-setting.ts";
import type { Config } from "./config.ts";
import { DelegationDesk } from "./delegation-desk.ts";
import { durableRows } from "./durable-rows.ts";
import { FactBus } from "./events/bus.ts";
import { Focus } from "./focus.ts";
import { faultPoint } from "./faults/fault-point.ts";
import type { MemberPlace } from "./ledger/invocation-booking.ts";
import { Ledger } from "./ledger/ledger.ts";
import { ensurePrivateFolders } from "./ledger/state-folder.ts";
import { faultWords, KeptWrites } from "./kept-writes.ts";
import { openLedgerTime } from "./ledger-time.ts";
import { machineClock } from "./machine-clock.ts";
import type { OverviewSources } from "./overview/sources.ts";
import type { Roster } from "./roster/roster.ts";
import { budgetLimits } from "./throttle/budget-limits.ts";
import type { Limit } from "./throttle/limits.ts";
import { Throttle } from "./throttle/throttle.ts";

const CLOCK = faultPoint("clock.read");

/** The parts every app has, with or without workers. */
export interface Foundation {
  readonly ledger: Ledger;
  readonly bus: FactBus;
  readonly throttle: Throttle;
  /** A throttle of the same limits, rebuilt from what is on the disk. */
  throttleCopy(): Throttle;
  readonly delegation: DelegationDesk;
  readonly kept: KeptWrites;
  readonly focus: Focus;
  now(): number;
  /** What a person should know before trusting a figure. */
  notices(): readonly string[];
}

export function layFoundation(config: Config): Foundation {
  ensurePrivateFolders([config.paths.stateDir]);
  const ledger = Ledger.open(config.paths.ledgerFile);
  const time = openLedgerTime(ledger, machineClock());
  const now = (): number => CLOCK.pass(() => time.now());
  const delegation = new DelegationDesk(config, ledger);
  const roster = config.roster?.roster ?? null;
  const { timeZone, criticalHeadroomPercent, pauseAt, hardStop, oversized } = config.throttle;
  const bus = new FactBus();
  const { settings } = ledger;
  const focus = new Focus({ settings, bus, now, timeZone, usualPercent: config.throttle.focusPercent });
  const policy = {
    timeZone,
    carriedWindows: keptCalendar(ledger, timeZone, now()).carried,
    criticalHeadroomPercent,
    pauseAt,
    hardStop,
    oversized,
    sharePercent: (atMs: number) => focus.percentAt(atMs),
    // A rehearsal is for trying limits; beside real agents it must not use up real ones.
    countSimulated: delegation.defaultAgent === "rehearsal",
    ...(roster === null ? {} : { groupsOf: placesIn(roster) }),
  };
  const throttle = new Throttle({ ...policy, limits: limitsIn(config) });
  const restored = (copy: Throttle): Throttle => {
    const nowMs = now();
    copy.restore(durableRows(ledger, copy.needs(nowMs), traitsIn(config)), nowMs);
    return copy;
  };
  restored(throttle);
  if (roster !== null) ledger.countBy(placesIn(roster));
  const throttleCopy = (): Throttle => restored(new Throttle({ ...policy, limits: throttle.limits }));
  const notices = (): readonly string[] => [...delegation.notices, ...time.notices(), ...focus.notices()];
  return {
    ledger,
    bus,
    throttle,
    throttleCopy,
    delegation,
    focus,
    kept: keptWrites(ledger, bus, now),
    now,
    notices,
  };
}

/** What the configuration limits, and the budgets of the roster beside it. */
export function limitsIn({ throttle, roster }: Config): readonly Limit[] {
  return roster === null ? throttle.limits : [...throttle.limits, ...budgetLimits(roster.roster)];
}

/** Where each agent of the roster stands. */
function placesIn({ members }: Roster): (member: string) => MemberPlace | null {
  const places = new Map(members.map(({ id, tier, departments }) => [id, { tier, departments }]));
  return (member) => places.get(member) ?? null;
}

function keptWrites(ledger: Ledger, bus: FactBus, now: () => number): KeptWrites {
  return new KeptWrites({
    commit: (act) => ledger.commit(act),
    sync: () => ledger.sync(),
    syncNow: () => ledger.syncNow(),
    probe: () => ledger.probe(now()),
    changed: (fault) => {
      const told = fault === null ? null : faultWords(fault);
      bus.publish({ kind: "storage-changed", atMs: now(), fault: told, ends: fault?.kind === "broken" });
    },
    trouble: (error) => trouble(bus, now, error),
  });
}

/** What is known of each agent. */
export function traitsIn(config: Config): OverviewSources["traits"] {
  const adapterOf = adaptersOf(config.agents);
  return (agent) => adapterOf(agent).traits;
}

/** Tells the person that something went wrong. */
export function trouble(bus: FactBus, now: () => number, error: unknown): void {
  bus.publish({
    kind: "trouble",
    atMs: now(),
    message: error instanceof Error ? error.message : String(error),
  });
}
