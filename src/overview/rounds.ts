/** Dispatch rounds as figures, gathered from the ledger. */
import { tokensOfChars } from "../delegation/estimate.ts";
import type { CoordinationEntry, Coordinator } from "../ledger/coordinator-rows.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { KeptRound, RoundAttempt } from "../ledger/round-rows.ts";
import type { UsageSource } from "../metering/usage.ts";
import { figureOf, sumFigures, UNKNOWN, type Figure } from "../reports/figure.ts";
import type { CoordinatorTokens, RoundFigures } from "../reports/round-figures.ts";
import type { RoundsModel } from "../reports/rounds-table.ts";
import { LocalDates } from "../reports/times.ts";
import {
  closedAtMs,
  COORDINATION_PARTS,
  mostAtOnce,
  overAtMs,
  placeOf,
  type CoordinationPart,
} from "../rounds/round.ts";
import type { ToldFigures, ToldTokens } from "../rounds/told-figures.ts";

export interface RoundSources {
  readonly ledger: Ledger;
  readonly timeZone: string;
  now(): number;
}

/** Rounds beside those that are asked for are looked at too: a moment belongs to the one that was begun last. */
const neighboursMax = 10_000;

/** The newest rounds, and what coordinators used outside of any. */
export function roundsModel(sources: RoundSources, shownMax: number): RoundsModel {
  const { ledger } = sources;
  const all = ledger.rounds.newest(neighboursMax);
  const coordination = coordinationIn(all, ledger, sources.now());
  const rounds = all.slice(-shownMax).map((round) => roundFigures(round, coordination, sources));
  return { rounds, left: ledger.rounds.count() - rounds.length, outside: coordination.outside };
}

/** All figures of one round. */
export function roundModel(round: KeptRound, sources: RoundSources): RoundFigures {
  const all = sources.ledger.rounds.newest(neighboursMax);
  return roundFigures(round, coordinationIn(all, sources.ledger, sources.now()), sources);
}

/** What was used by coordinators, laid to rounds. */
interface Coordination {
  readonly byRound: ReadonlyMap<number, Readonly<Record<CoordinationPart, readonly CoordinationEntry[]>>>;
  readonly outside: Figure;
  readonly coordinators: readonly Coordinator[];
}

function coordinationIn(rounds: readonly KeptRound[], ledger: Ledger, nowMs: number): Coordination {
  const byRound = new Map<number, Record<CoordinationPart, CoordinationEntry[]>>();
  const outside: CoordinationEntry[] = [];
  for (const entry of ledger.coordinators.between(0, nowMs + 1)) {
    const place = placeOf(rounds, entry.atMs);
    if (place === null) {
      outside.push(entry);
      continue;
    }
    const parts = byRound.get(place.round) ?? { setup: [], monitoring: [], review: [] };
    byRound.set(place.round, parts);
    parts[place.part].push(entry);
  }
  return { byRound, outside: tokensIn(outside), coordinators: ledger.coordinators.all() };
}

function roundFigures(round: KeptRound, coordination: Coordination, sources: RoundSources): RoundFigures {
  const { name, workspace, phase, notes, origin, startedAtMs } = round;
  const over = overAtMs(round);
  const frame = { name, workspace, phase, notes, origin, startedAtMs, overAtMs: over };
  if (round.told !== null) return { ...frame, ...toldFigures(round, round.told) };
  const { ledger, timeZone, now } = sources;
  const attempts = ledger.rounds.attempts(round.id);
  return {
    ...frame,
    day: new LocalDates(timeZone).of(startedAtMs),
    wallMs: Math.max(0, (over ?? now()) - startedAtMs),
    tasks: ledger.rounds.taskCounts(round.id),
    agents: new Set(attempts.map(({ worker }) => worker)).size,
    agentsAtOnce: mostAtOnce(attempts),
    agentTokens: tokensIn(ledger.rounds.tokens(round.id)),
    ...coordinatorFigures(round, coordination, now()),
    glueTokens: glueIn(attempts),
    tests: ledger.rounds.tests(round.id),
  };
}

function coordinatorFigures(
  round: KeptRound,
  { byRound, coordinators }: Coordination,
  nowMs: number,
): Pick<RoundFigures, "coordinatorTokens" | "coordinatorParts" | "noCoordinator"> {
  const parts = byRound.get(round.id);
  const closed = closedAtMs(round) ?? nowMs + 1;
  const present = coordinators.filter(
    ({ sinceMs, untilMs }) => sinceMs < closed && (untilMs === null || untilMs > round.startedAtMs),
  );
  // One whose record nobody could read used something: how much is not known.
  if (present.some(({ wasRead }) => !wasRead))
    return { coordinatorTokens: UNKNOWN, coordinatorParts: null, noCoordinator: false };
  const figures = Object.fromEntries(
    COORDINATION_PARTS.map((part) => [part, tokensIn(parts?.[part] ?? [])]),
  ) as CoordinatorTokens;
  return {
    coordinatorTokens: sumFigures(Object.values(figures)).figure,
    coordinatorParts: figures,
    noCoordinator: present.length === 0 && parts === undefined,
  };
}

/** What an older log says of it, as it says it. */
function toldFigures(
  { startedAtMs }: KeptRound,
  told: ToldFigures,
): Omit<RoundFigures, "name" | "workspace" | "phase" | "notes" | "origin" | "startedAtMs" | "overAtMs"> {
  const figure = (tokens: ToldTokens | null): Figure =>
    tokens === null ? UNKNOWN : figureOf(tokens.value, tokens.source);
  return {
    // Kept as the day it was told for, at midnight of UTC.
    day: new LocalDates("UTC").of(startedAtMs),
    wallMs: told.wallMs,
    tasks: null,
    agents: told.agents,
    agentsAtOnce: null,
    agentTokens: figure(told.agentTokens),
    coordinatorTokens: figure(told.coordinatorTokens),
    coordinatorParts: null,
    noCoordinator: told.noCoordinator,
    glueTokens: UNKNOWN,
    tests: told.tests,
  };
}

/** What nobody knows was booked at the amount held for it: an estimate beside what is known, and unknown alone. */
function tokensIn(rows: readonly { readonly source: UsageSource; readonly tokens: number }[]): Figure {
  if (rows.length > 0 && rows.every(({ source }) => source === "unknown")) return UNKNOWN;
  return sumFigures(
    rows.map(({ source, tokens }) => figureOf(tokens, source === "unknown" ? "estimated" : source)),
  ).figure;
}

/** What the program typed before the texts of tasks: counted in characters, so always an estimate. */
function glueIn(attempts: readonly RoundAttempt[]): Figure {
  const added = attempts.filter(({ addedChars }) => addedChars > 0);
  const tokens = added.reduce((sum, { addedChars }) => sum + tokensOfChars(addedChars), 0);
  return figureOf(tokens, added.length === 0 ? "actual" : "estimated");
}
