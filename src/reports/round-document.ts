/**
 * The dispatch log as a document: rounds by phase, their sums, and what the phases differ by. Estimates carry `~`; what
 * nobody knows is n/a; what others are said to need stands apart from what was measured.
 */
import { COORDINATION_PARTS } from "../rounds/round.ts";
import { NO_PHASE } from "../rounds/told-log.ts";
import { oneLine } from "./cells.ts";
import { sumFigures } from "./figure.ts";
import { count, NOTHING, NOT_KNOWN } from "./numbers.ts";
import { QUOTED_SHARES } from "./quoted-shares.ts";
import {
  changesOf,
  overheadOf,
  phasesOf,
  strictOverheadOf,
  type PhaseChange,
  type PhaseFigures,
  type RoundFigures,
  type Share,
} from "./round-figures.ts";
import { coordinatorWords, shareWords, testWords, tokenWords } from "./round-words.ts";
import { duration } from "./times.ts";

const COLUMNS = [
  "Round",
  "Date",
  "Workspace",
  "Agents",
  "Agent Tokens",
  "Coordinator Tokens",
  "Overhead %",
  "Wall",
  "Tests",
  "Notes",
];

export interface DocumentOptions {
  /** What stands as its project; null = left out. */
  readonly project: string | null;
}

/** The document's lines. `rounds`: oldest first. */
export function roundDocument(rounds: readonly RoundFigures[], { project }: DocumentOptions): string[] {
  const phases = phasesOf(rounds);
  const first = rounds.map(({ day }) => day).sort()[0];
  return [
    "# Parallel Dispatch Token Usage Log",
    "",
    "> **Purpose**: Track token costs per dispatch round",
    ...(first === undefined ? [] : [`> **Started**: ${first}`]),
    ...(project === null ? [] : [`> **Project**: ${inline(project)}`]),
    "",
    ...METHOD,
    ...benchmarkLines(phases),
    "## Dispatch Log",
    "",
    ...phases.flatMap(({ phase }) =>
      phaseLines(
        phase,
        rounds.filter((round) => round.phase === phase),
      ),
    ),
    ...totalLines(phases),
    ...insightLines(changesOf(phases)),
    ...splitLines(rounds),
    ...TRADE_OFF,
  ];
}

const METHOD: readonly string[] = [
  "## Methodology",
  "",
  "- **Coordinator tokens**: read from the record of each coordinating session; by when they were used they are setup (until the first task is typed), monitoring (until the last one has ended) or review",
  "- **Agent tokens**: read from the agents' own records, over all tasks of the round",
  "- **Imported rounds**: as the log they were imported from tells them",
  "- **Tokens**: input, output and what was written to a cache, as the limits count them",
  "- **Overhead %**: Coordinator tokens / (Coordinator + Agent tokens) * 100; of several rounds over all their tokens together",
  "- **Marks**: `~` = estimated, `(sim)` = a rehearsal, n/a = not known, no mark = counted",
  "- **Observability method**: files and events; looking at them costs no tokens",
  "",
];

const TRADE_OFF: readonly string[] = [
  "### Trade-off",
  "",
  "Requires local filesystem access (not applicable to cloud-only deployments).",
];

function benchmarkLines(phases: readonly PhaseFigures[]): string[] {
  const quoted = QUOTED_SHARES.map(([name, share, source]) =>
    row([name, share, `${source} (as quoted in the seed, unverified)`]),
  );
  const own = phases.flatMap((phase) => {
    const share = overheadOf(phase);
    const measured = share?.source === "estimated" ? "estimated" : "measured";
    return share === null
      ? []
      : [
          row([
            `**${titleOf(phase.phase)}**`,
            `**${shareWords(share)}**`,
            `this log, ${measured}, n = ${phase.rounds - phase.unknown}`,
          ]),
        ];
  });
  return [
    "## Industry Benchmarks (as quoted in the seed, unverified)",
    "",
    ...tableHead(["Framework / Approach", "Coordinator Overhead %", "Source"]),
    ...quoted,
    ...own,
    "",
    "As quoted, frameworks spend 10-30% of their tokens on coordination. No public source with these figures was found.",
    "",
  ];
}

function phaseLines(phase: string | null, rounds: readonly RoundFigures[]): string[] {
  return [`### ${titleOf(phase)}`, "", ...tableHead(COLUMNS), ...rounds.map(roundRow), ""];
}

function roundRow(round: RoundFigures): string {
  const { name, day, workspace, agents, agentTokens, coordinatorTokens, noCoordinator } = round;
  const wall = round.wallMs === null ? NOT_KNOWN : duration(round.wallMs);
  return row([
    inline(name),
    day,
    inline(workspace),
    agents === null ? NOT_KNOWN : count(agents),
    tokenWords(agentTokens),
    coordinatorWords(coordinatorTokens, noCoordinator),
    shareWords(overheadOf(round)),
    wall,
    testWords(round.tests),
    round.notes === null ? NOTHING : inline(round.notes),
  ]);
}

function totalLines(phases: readonly PhaseFigures[]): string[] {
  const head = ["Phase", "Total Agent Tokens", "Total Coordinator Tokens", "Avg Overhead %", "Dispatches"];
  const rows = phases.map((phase) =>
    row([
      titleOf(phase.phase),
      tokenWords(phase.agentTokens),
      coordinatorWords(phase.coordinatorTokens, phase.noCoordinator),
      shareWords(overheadOf(phase)),
      phase.unknown === 0
        ? count(phase.rounds)
        : `${count(phase.rounds)} (${count(phase.unknown)} not known)`,
    ]),
  );
  return [
    "### Totals",
    "",
    ...tableHead(head),
    ...rows,
    "",
    "Averages are taken over all tokens of a phase together, not over its rounds.",
    "",
  ];
}

function insightLines(changes: readonly PhaseChange[]): string[] {
  if (changes.length === 0) return [];
  return ["### Key Insight", "", ...changes.map((change) => `- ${changeWords(change)}`), ""];
}

/** One phase against another, in words: the share's own change, on how many rounds it rests, and what else differs. */
export function changeWords(change: PhaseChange): string {
  const { phase, baseline, relative, share, baselineShare, rounds, baselineRounds, agentsDiffer } = change;
  const by = `${relative <= 0 ? "-" : "+"}${(Math.abs(relative) * 100).toFixed(1)}%`;
  const estimated = [share, baselineShare].some(({ source }) => source === "estimated") ? "~" : "";
  const other =
    agentsDiffer === null
      ? ""
      : ` Agents a round: ${average(agentsDiffer.now)} against ${average(agentsDiffer.before)}; the difference of the shares may come from that, or from other tasks.`;
  return `Relative change of overhead share, ${shortTitle(phase)} against ${shortTitle(baseline)}: ${estimated}${by} (${shareWords(baselineShare)} to ${shareWords(share)}; n = ${rounds} against ${baselineRounds}).${other}`;
}

function average(agents: number): string {
  return Number.isInteger(agents) ? String(agents) : agents.toFixed(1);
}

/** What coordinators did in the rounds where that is known, and what the program itself put into prompts. */
function splitLines(rounds: readonly RoundFigures[]): string[] {
  const rows = rounds.flatMap((round) => {
    const { coordinatorParts: parts, glueTokens } = round;
    if (parts === null) return [];
    const words = COORDINATION_PARTS.map((part) => tokenWords(parts[part]));
    const strict: Share | null = strictOverheadOf(round);
    return [row([inline(round.name), ...words, tokenWords(glueTokens), shareWords(strict)])];
  });
  if (rows.length === 0) return [];
  const glue = sumFigures(
    rounds.filter(({ coordinatorParts }) => coordinatorParts !== null).map((r) => r.glueTokens),
  );
  return [
    "### Coordination in detail",
    "",
    ...tableHead(["Of round", "Setup", "Monitoring", "Review", "Glue", "Strict %"]),
    ...rows,
    "",
    `Glue is text the program put into the agents' prompts (${tokenWords(glue.figure)} in all): part of the agents' tokens, and of the coordinator's side in Strict %.`,
    "",
  ];
}

function tableHead(columns: readonly string[]): string[] {
  return [row(columns), `|${columns.map(() => "---").join("|")}|`];
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function titleOf(phase: string | null): string {
  return phase === null ? NO_PHASE : inline(phase);
}

/** Of `Phase 1: Foundation (…)` what names it. */
function shortTitle(phase: string | null): string {
  return titleOf(phase).split(":", 1)[0]?.trim() ?? "";
}

/** Foreign words in one cell or line of a document: no markup of theirs, and no end of the cell. */
function inline(words: string): string {
  return oneLine(words).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("|", "\\|");
}
