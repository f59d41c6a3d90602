/** The dispatch log: rounds and what coordinating them took, by phase, in detail, and beside what is said of others. */
import type { Figure } from "../reports/figure.ts";
import { count, NOT_KNOWN } from "../reports/numbers.ts";
import { QUOTED_SHARES } from "../reports/quoted-shares.ts";
import {
  changesOf,
  overheadOf,
  phasesOf,
  strictOverheadOf,
  type PhaseChange,
  type PhaseFigures,
  type RoundFigures,
} from "../reports/round-figures.ts";
import { coordinatorWords, shareWords, testWords, tokenWords } from "../reports/round-words.ts";
import type { RoundsModel } from "../reports/rounds-table.ts";
import { duration } from "../reports/times.ts";
import { look } from "./api.ts";
import { h, type Child } from "./dom.ts";
import { section, table, type Column } from "./table.ts";
import type { View } from "./view.ts";

const NO_PHASE = "without a phase";

export const dispatches: View = {
  name: "dispatches",
  title: "Dispatches",
  inNav: true,
  draw: async () => {
    const model = await look<RoundsModel>("/api/dispatches");
    const { rounds, left, outside } = model;
    const phases = phasesOf(rounds);
    const changes = changesOf(phases);
    const split = rounds.filter(({ coordinatorParts }) => coordinatorParts !== null).toReversed();
    return [
      section(
        "Rounds",
        roundTable(rounds.toReversed()),
        left > 0 && quiet(`${count(left)} older ones are not shown: \`dispatches --all\` lists them.`),
        outside.value !== 0 && quiet(`Outside of any round coordinators used ${tokenWords(outside)} tokens.`),
        quiet(
          "Overhead is coordinator tokens of coordinator and agent tokens together. ~ estimated, (sim) a rehearsal, n/a not known.",
        ),
      ),
      phases.length > 0 && section("By phase, over all its tokens together", phaseTable(phases)),
      changes.length > 0 && section("Against the first phase", changeTable(changes)),
      split.length > 0 &&
        section(
          "Coordination in detail",
          splitTable(split),
          quiet(
            "Glue is text the program put into prompts: part of the agents' tokens, and of the coordinator's side in the strict share.",
          ),
        ),
      section("Benchmarks, as quoted elsewhere and not verified", benchmarks(phases)),
    ];
  },
};

function quiet(words: string): HTMLElement {
  return h("p", { class: "quiet" }, words);
}

function figure<Row>(head: string, cell: (row: Row) => string, wide = false): Column<Row> {
  return { head, figure: true, wide, cell };
}

function roundTable(rounds: readonly RoundFigures[]): HTMLElement {
  return table<RoundFigures>(
    "Rounds",
    [
      {
        head: "Round",
        cell: ({ name, notes }) => [
          h("span", { class: "cut" }, name),
          notes !== null && h("small", {}, notes),
        ],
      },
      { head: "Date", wide: true, cell: ({ day }) => day },
      { head: "Workspace", wide: true, cell: ({ workspace }) => h("span", { class: "cut" }, workspace) },
      figure(
        "Tasks",
        ({ tasks }) => (tasks === null ? NOT_KNOWN : `${count(tasks.completed)}/${count(tasks.total)}`),
        true,
      ),
      figure("Agents", ({ agents }) => (agents === null ? NOT_KNOWN : count(agents)), true),
      figure("Agent tokens", ({ agentTokens }) => tokenWords(agentTokens)),
      figure("Coordinator", (round) => coordinatorWords(round.coordinatorTokens, round.noCoordinator)),
      figure("Overhead", (round) => shareWords(overheadOf(round))),
      figure("Wall", wallWords, true),
      figure("Tests", ({ tests }) => testWords(tests), true),
    ],
    rounds,
    {
      empty: "No round yet: `dispatch start NAME` begins one, and every batch is one.",
      key: ({ name }) => name,
    },
  );
}

function wallWords({ wallMs, overAtMs, origin }: RoundFigures): string {
  if (wallMs === null) return NOT_KNOWN;
  return `${duration(wallMs)}${overAtMs === null && origin !== "import" ? "+" : ""}`;
}

function phaseTable(phases: readonly PhaseFigures[]): HTMLElement {
  return table<PhaseFigures>(
    "By phase",
    [
      { head: "Phase", cell: ({ phase }) => phase ?? NO_PHASE },
      figure("Rounds", ({ rounds, unknown }) =>
        unknown === 0 ? count(rounds) : `${count(rounds)} (${count(unknown)} not known)`,
      ),
      figure("Agent tokens", ({ agentTokens }) => tokenWords(agentTokens)),
      figure("Coordinator", (phase) => coordinatorWords(phase.coordinatorTokens, phase.noCoordinator)),
      figure("Overhead", (phase) => shareWords(overheadOf(phase))),
    ],
    phases,
    { key: ({ phase }) => phase ?? "" },
  );
}

function changeTable(changes: readonly PhaseChange[]): HTMLElement {
  return table<PhaseChange>(
    "Against the first phase",
    [
      { head: "Phase", cell: ({ phase }) => phase ?? NO_PHASE },
      { head: "Against", wide: true, cell: ({ baseline }) => baseline ?? NO_PHASE },
      figure("Overhead", ({ share }) => shareWords(share)),
      figure("Before", ({ baselineShare }) => shareWords(baselineShare)),
      figure(
        "Relative",
        ({ relative }) => `${relative <= 0 ? "−" : "+"}${(Math.abs(relative) * 100).toFixed(1)}%`,
      ),
      figure("Rounds", ({ rounds, baselineRounds }) => `n = ${rounds} against ${baselineRounds}`),
      {
        head: "What else differs",
        wide: true,
        cell: ({ agentsDiffer }) =>
          agentsDiffer === null
            ? "–"
            : `agents a round: ${agentsDiffer.now.toFixed(1)} against ${agentsDiffer.before.toFixed(1)}`,
      },
    ],
    changes,
    { key: ({ phase }) => phase ?? "" },
  );
}

function splitTable(rounds: readonly RoundFigures[]): HTMLElement {
  const part = (round: RoundFigures, name: "setup" | "monitoring" | "review"): Figure =>
    round.coordinatorParts?.[name] ?? { value: null, source: "unknown" };
  return table<RoundFigures>(
    "Coordination in detail",
    [
      { head: "Round", cell: ({ name }) => h("span", { class: "cut" }, name) },
      figure("Setup", (round) => tokenWords(part(round, "setup"))),
      figure("Monitoring", (round) => tokenWords(part(round, "monitoring"))),
      figure("Review", (round) => tokenWords(part(round, "review"))),
      figure("Glue", ({ glueTokens }) => tokenWords(glueTokens)),
      figure("Strict share", (round) => shareWords(strictOverheadOf(round))),
    ],
    rounds,
    { key: ({ name }) => name },
  );
}

interface Benchmark {
  readonly name: Child;
  readonly share: string;
  readonly source: string;
}

function benchmarks(phases: readonly PhaseFigures[]): HTMLElement {
  const own = phases.flatMap((phase): Benchmark[] => {
    const share = overheadOf(phase);
    if (share === null) return [];
    const how = share.source === "actual" ? "measured" : share.source;
    return [
      {
        name: h("strong", {}, phase.phase ?? NO_PHASE),
        share: shareWords(share),
        source: `this log, ${how}, n = ${phase.rounds - phase.unknown}`,
      },
    ];
  });
  const quoted = QUOTED_SHARES.map(
    ([name, share, source]): Benchmark => ({ name, share, source: `${source}, as quoted` }),
  );
  return table<Benchmark>(
    "Benchmarks",
    [
      { head: "Approach", cell: ({ name }) => name },
      figure("Coordinator overhead", ({ share }) => share),
      { head: "Source", cell: ({ source }) => source },
    ],
    [...quoted, ...own],
  );
}
