/** The pure reckoning: what a way of working took in a round, and what several rounds say together. */
import type { ServedRequest } from "../../support/stand-in-api.ts";
import { percentile } from "../figures.ts";
import type { Workload } from "./scripts.ts";

/** What the log of rounds that is to be beaten says of its own coordinator, and what is wished for. */
const [loggedShare, wishedShare] = [0.032, 0.01];

/** One round of one way, read from the log of the API. */
export interface RoundFigure {
  readonly agentTokens: number;
  readonly coordinatorTokens: number;
  readonly coordinatorRequests: number;
  /** Of the coordinator's session, what it read from the cache: not in its tokens. */
  readonly coordinatorCached: number;
  /** Looks at panes, or waits for news. */
  readonly looks: number;
  /** In time as it is told. */
  readonly wallMs: number;
  /** From the last end of an agent to its being known, as it was measured; null: nobody coordinates. */
  readonly knownMs: number | null;
  readonly done: number;
}

export interface WayFigures {
  readonly rounds: readonly RoundFigure[];
  /** What the coordinator's session cost before its first round; null: there is none. */
  readonly startTokens: number | null;
  /** What ctm itself told of the same rounds. */
  readonly told: ToldByCtm | null;
}

/** Sums of all rounds, as ctm has read them from the agents' records. */
export interface ToldByCtm {
  readonly agentTokens: number | null;
  readonly coordinatorTokens: number | null;
  /** Of the coordinator, after its rounds were over: its last words. */
  readonly outsideTokens: number | null;
  readonly glueTokens: number | null;
}

export interface Spread {
  readonly least: number;
  readonly median: number;
  readonly most: number;
}

/** As limits count them: input, cache writes and output of turns that were served to their end. */
export function countedTokens(requests: readonly ServedRequest[]): number {
  return sumOf(requests, ({ input, cacheWrite, output }) => input + cacheWrite + output);
}

export function cachedTokens(requests: readonly ServedRequest[]): number {
  return sumOf(requests, ({ cacheRead }) => cacheRead);
}

function sumOf(
  requests: readonly ServedRequest[],
  count: (usage: NonNullable<ServedRequest["usage"]>) => number,
): number {
  return requests.reduce(
    (sum, { main, aborted, usage }) => sum + (!main || aborted || usage === null ? 0 : count(usage)),
    0,
  );
}

/** Coordinator / (coordinator + agents); NaN where nothing was used. `glue`: laid on the coordinator's side. */
export function shareOf(
  { agentTokens, coordinatorTokens }: Pick<RoundFigure, "agentTokens" | "coordinatorTokens">,
  glue = 0,
): number {
  return (coordinatorTokens + glue) / (coordinatorTokens + agentTokens);
}

export function spreadOf(values: readonly number[]): Spread {
  return {
    least: Math.min(...values),
    median: percentile(values, 0.5),
    most: Math.max(...values),
  };
}

export function spreadWords({ least, median, most }: Spread, words: (value: number) => string): string {
  return least === most ? words(median) : `${words(median)} (${words(least)} to ${words(most)})`;
}

/** The table, a way a column. */
export function tableLines(
  work: Workload,
  rounds: number,
  measured: ReadonlyMap<string, WayFigures>,
): string[] {
  const ways = [...measured.entries()];
  const row = (name: string, cell: (figures: WayFigures, way: string) => string): string[] => [
    name,
    ...ways.map(([way, figures]) => cell(figures, way)),
  ];
  const each =
    (of: (round: RoundFigure) => number, words: (value: number) => string) =>
    ({ rounds: all }: WayFigures): string =>
      spreadWords(spreadOf(all.map(of)), words);
  const coordinated =
    (cell: (figures: WayFigures) => string) =>
    (figures: WayFigures): string =>
      figures.startTokens === null ? "-" : cell(figures);
  const polls = Math.floor(work.orderMs / work.pollMs);
  const rows = [
    ["", ...ways.map(([way]) => way)],
    row(
      "tokens of agents, a round",
      each(({ agentTokens }) => agentTokens, whole),
    ),
    row(
      "tokens of the coordinator, a round",
      each(({ coordinatorTokens }) => coordinatorTokens, whole),
    ),
    row("share of the coordinator", each(shareOf, percent)),
    row(`  goal ${percent(wishedShare)}, where the log had ${percent(loggedShare)}`, (figures, way) =>
      way === "events" ? goalWords(figures) : "",
    ),
    row("its requests, a round", coordinated(each(({ coordinatorRequests }) => coordinatorRequests, whole))),
    row(`looks or waits (${polls} polls would do)`, coordinated(each(({ looks }) => looks, whole))),
    row(
      "read from its cache, a round",
      coordinated(each(({ coordinatorCached }) => coordinatorCached, whole)),
    ),
    row(
      "start of its session, once",
      coordinated(({ startTokens }) => whole(startTokens ?? 0)),
    ),
    row(
      "wall-clock of a round, as told",
      each(({ wallMs }) => wallMs, seconds),
    ),
    row("last end known after", (figures, way) =>
      coordinated(each(({ knownMs }) => (knownMs ?? 0) * (way === "polling" ? work.speed : 1), seconds))(
        figures,
      ),
    ),
    row("orders done", ({ rounds: all }) => {
      const done = all.reduce((sum, round) => sum + round.done, 0);
      return `${done} of ${all.length * work.agents}`;
    }),
  ];
  return [
    `Coordination of ${work.agents} agents with ${work.reads} files an order, ${rounds} rounds each way: median (least to most).`,
    "Synthetic: the real Claude Code, but its models are scripts; tokens are a quarter of the characters sent.",
    `Orders of ${work.orderMs / 1_000} s and polls of ${work.pollMs / 1_000} s, played ${work.speed} times as fast: what the programs take themselves`,
    `counts ${work.speed}-fold in the wall-clock, and polls come later than told (their number is the one that was made).`,
    ...columns(rows),
    ...ways.flatMap(([, figures]) => (figures.told === null ? [] : toldLines(figures, figures.told))),
  ];
}

function goalWords({ rounds }: WayFigures): string {
  return spreadOf(rounds.map((round) => shareOf(round))).median <= wishedShare ? "met" : "MISSED";
}

/** What ctm tells of the rounds must be what the API has served, to the token. */
function toldLines({ rounds }: WayFigures, told: ToldByCtm): string[] {
  const sum = (of: (round: RoundFigure) => number): number =>
    rounds.reduce((total, round) => total + of(round), 0);
  const [agents, coordinator] = [
    sum(({ agentTokens }) => agentTokens),
    sum((round) => round.coordinatorTokens),
  ];
  const strict = shareOf({ agentTokens: agents, coordinatorTokens: coordinator }, told.glueTokens ?? 0);
  const read = told.coordinatorTokens === null ? null : told.coordinatorTokens + (told.outsideTokens ?? 0);
  return [
    `ctm told of all rounds: agents ${orNa(told.agentTokens)} (served ${whole(agents)}), coordinator ${orNa(read)} (served ${whole(coordinator)}; ${orNa(told.outsideTokens)} of them after its rounds).`,
    `The manager itself used 0: it calls no model. Its own words in prompts (glue) were ~${orNa(told.glueTokens)}; with them on the coordinator's side the share of all rounds is ${percent(strict)}.`,
  ];
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd(),
  );
}

function orNa(value: number | null): string {
  return value === null ? "n/a" : whole(value);
}

function whole(value: number): string {
  return value.toLocaleString("en");
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toPrecision(3)} s`;
}
