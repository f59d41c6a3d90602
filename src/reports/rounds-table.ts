/** `dispatches` and `dispatch show`: rounds side by side, and one of them in all its figures. */
import { COORDINATION_PARTS } from "../rounds/round.ts";
import { cut, fitLines, oneLine } from "./cells.ts";
import { csvLines } from "./csv.ts";
import type { Figure } from "./figure.ts";
import { heading, labelled, wrapWords } from "./lines.ts";
import { count, NOTHING, NOT_KNOWN, taskCount } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { lineWidth, type Paper } from "./paper.ts";
import { changeWords } from "./round-document.ts";
import { changesOf, overheadOf, phasesOf, strictOverheadOf, type RoundFigures } from "./round-figures.ts";
import { coordinatorWords, shareWords, testWords, tokenWords } from "./round-words.ts";
import { tableLines, type Column } from "./table.ts";
import { dateAndMinute, duration } from "./times.ts";

export interface RoundsModel {
  /** Oldest first. */
  readonly rounds: readonly RoundFigures[];
  /** Older ones that are not among them. */
  readonly left: number;
  /** Tokens of coordinators while no round was open. */
  readonly outside: Figure;
}

const LABEL_CELLS = 24;
const NAME_CELLS = 22;

/** All rounds, a line each, and their sums by phase. */
export function renderRounds({ rounds, left, outside }: RoundsModel, paper: Paper): string[] {
  const facts = left === 0 ? [] : [`${count(left)} older not shown`];
  const lines = heading("DISPATCH LOG", facts, "  ", paper);
  if (rounds.length === 0)
    return [
      ...lines,
      ...wrapWords("  ", "No round yet: `dispatch start NAME` begins one, and every batch is one.", paper),
    ];
  const options = { width: lineWidth(paper), heading: true, paintHeading: paintFor(paper).faint };
  const phases = phasesOf(rounds);
  return fitLines(
    [
      ...lines,
      ...tableLines(roundColumns(rounds, paper), { ...options, rows: rounds.length }),
      "",
      paintFor(paper).title("By phase (over all its tokens together):"),
      ...tableLines(
        [
          {
            ...{ head: "phase", before: "  ", min: 12, max: 60 },
            draw: (at, width) => nameWords(phases[at]?.phase ?? NOTHING, width, paper),
          },
          rightColumn(
            "rounds",
            phases.map((phase) => count(phase.rounds)),
          ),
          rightColumn(
            "agent tokens",
            phases.map((phase) => tokenWords(phase.agentTokens)),
          ),
          rightColumn(
            "coordinator",
            phases.map((phase) => tokenWords(phase.coordinatorTokens)),
          ),
          rightColumn(
            "overhead",
            phases.map((phase) => shareWords(overheadOf(phase))),
          ),
        ],
        { ...options, rows: phases.length },
      ),
      ...changesOf(phases).flatMap((change) => wrapWords("  ", changeWords(change), paper)),
      ...outsideLines(outside, paper),
      ...markLines(rounds, paper),
    ],
    paper,
  );
}

function roundColumns(rounds: readonly RoundFigures[], paper: Paper): Column[] {
  const cells = (words: (round: RoundFigures) => string): string[] => rounds.map(words);
  return [
    {
      ...{ head: "round", before: "  ", min: 16, max: 30 },
      draw: (at, width) => nameWords(rounds[at]?.name ?? "", width, paper),
    },
    {
      ...leftColumn(
        "date",
        cells(({ day }) => day),
      ),
      leaves: 2,
    },
    {
      ...leftColumn(
        "workspace",
        cells(({ workspace }) => nameWords(workspace, NAME_CELLS, paper)),
      ),
      leaves: 1,
    },
    rightColumn(
      "agents",
      cells(({ agents }) => (agents === null ? NOT_KNOWN : count(agents))),
    ),
    rightColumn(
      "agent tok.",
      cells(({ agentTokens }) => tokenWords(agentTokens)),
    ),
    rightColumn(
      "coordinator",
      cells((round) => tokenWords(round.coordinatorTokens)),
    ),
    rightColumn(
      "overhead",
      cells((round) => shareWords(overheadOf(round))),
    ),
    { ...rightColumn("wall", cells(wallWords)), leaves: 3 },
    {
      ...rightColumn(
        "tests",
        cells(({ tests }) => testWords(tests)),
      ),
      leaves: 4,
    },
  ];
}

function outsideLines(outside: Figure, paper: Paper): string[] {
  if (outside.value === 0) return [];
  return wrapWords("  ", `Outside of any round coordinators used ${tokenWords(outside)} tokens.`, paper);
}

function markLines(rounds: readonly RoundFigures[], paper: Paper): string[] {
  const parts: string[] = [];
  if (rounds.some(({ noCoordinator }) => noCoordinator))
    parts.push("Where the coordinator's tokens are 0, no LLM coordinated: the program itself uses none.");
  if (rounds.some(({ agentTokens }) => agentTokens.source === "simulated"))
    parts.push("(sim) a rehearsal: nothing was spent.");
  if (rounds.some(({ agentTokens, coordinatorTokens }) => [agentTokens, coordinatorTokens].some(isEstimate)))
    parts.push("~ estimated.");
  return parts.flatMap((part) => wrapWords("  ", part, paper));
}

function isEstimate({ source }: Figure): boolean {
  return source === "estimated";
}

/** One round: everything that is tracked of it. */
export function renderRound(round: RoundFigures, paper: Paper): string[] {
  const { tasks, coordinatorTokens, noCoordinator, coordinatorParts: parts, agents } = round;
  const state = round.origin === "import" ? "imported" : round.overAtMs === null ? "open" : "over";
  const line = (label: string, words: string): string => `  ${label.padEnd(LABEL_CELLS)}${words}`;
  const since = round.origin === "import" ? round.day : dateAndMinute(round.startedAtMs, paper);
  return fitLines(
    [
      ...heading(`DISPATCH ${oneLine(round.name)}`, [state, `since ${since}`], "  ", paper),
      ...labelled("workspace", oneLine(round.workspace), paper),
      ...labelled("phase", oneLine(round.phase ?? NOTHING), paper),
      ...(round.notes === null ? [] : labelled("notes", oneLine(round.notes), paper)),
      "",
      line("Tasks", tasks === null ? NOT_KNOWN : taskWords(tasks)),
      line("Agents", agents === null ? NOT_KNOWN : agentWords(round)),
      line("Agent tokens", tokenWords(round.agentTokens)),
      line("Coordinator tokens", coordinatorWords(coordinatorTokens, noCoordinator)),
      ...(parts === null ? [] : COORDINATION_PARTS.map((part) => line(`  ${part}`, tokenWords(parts[part])))),
      line("Overhead", overheadWords(round)),
      line("  with glue (strict)", shareWords(strictOverheadOf(round))),
      line("Glue in prompts", tokenWords(round.glueTokens)),
      line("Coordinator per agent", perOne(coordinatorTokens, agents)),
      line("  per completed task", perOne(coordinatorTokens, tasks?.completed ?? null)),
      line("Wall-clock", wallWords(round)),
      line("Tests passed", testWords(round.tests)),
    ],
    paper,
  );
}

function taskWords({ total, completed, otherwise }: NonNullable<RoundFigures["tasks"]>): string {
  const open = total - completed - otherwise;
  const parts = [
    `${count(completed)} completed`,
    ...(otherwise > 0 ? [`${count(otherwise)} otherwise ended`] : []),
    ...(open > 0 ? [`${count(open)} open`] : []),
  ];
  return `${taskCount(total)}: ${parts.join(", ")}`;
}

function agentWords({ agents, agentsAtOnce }: RoundFigures): string {
  const most = agentsAtOnce === null ? "" : ` (at most ${count(agentsAtOnce)} at once)`;
  return `${count(agents ?? 0)}${most}`;
}

/** Numerator and denominator stand beside the share. */
function overheadWords(round: RoundFigures): string {
  const share = overheadOf(round);
  if (share === null) return NOT_KNOWN;
  const { source } = share;
  return `${shareWords(share)} = ${tokenWords({ value: share.part, source })} of ${tokenWords({ value: share.whole, source })}`;
}

function perOne({ value, source }: Figure, ones: number | null): string {
  return value === null || ones === null || ones === 0
    ? NOT_KNOWN
    : tokenWords({ value: Math.round(value / ones), source });
}

function wallWords({ wallMs, overAtMs, origin }: RoundFigures): string {
  if (wallMs === null) return NOT_KNOWN;
  return `${duration(wallMs)}${overAtMs === null && origin !== "import" ? "+" : ""}`;
}

/** One row a round, every figure a column of its own, unrounded. */
export function roundsCsv(rounds: readonly RoundFigures[]): string[] {
  const head = [
    ...["round", "date", "workspace", "phase", "origin", "agents", "agents_at_once", "tasks", "completed"],
    ...["agent_tokens", "agent_source", "coordinator_tokens", "coordinator_source"],
    ...["setup_tokens", "monitoring_tokens", "review_tokens", "overhead", "strict_overhead", "glue_tokens"],
    ...["wall_ms", "tests_passed", "tests", "notes"],
  ];
  const quotient = (share: ReturnType<typeof overheadOf>): number | null =>
    share === null ? null : Number((share.part / share.whole).toFixed(6));
  return csvLines(
    head,
    rounds.map((round) => [
      ...[
        round.name,
        round.day,
        round.workspace,
        round.phase,
        round.origin,
        round.agents,
        round.agentsAtOnce,
      ],
      ...[round.tasks?.total ?? null, round.tasks?.completed ?? null],
      ...[round.agentTokens.value, round.agentTokens.source],
      ...[round.coordinatorTokens.value, round.coordinatorTokens.source],
      ...COORDINATION_PARTS.map((part) => round.coordinatorParts?.[part].value ?? null),
      ...[quotient(overheadOf(round)), quotient(strictOverheadOf(round)), round.glueTokens.value],
      ...[round.wallMs, round.tests?.passed ?? null, round.tests?.of ?? null, round.notes],
    ]),
  );
}

function nameWords(words: string, width: number, paper: Paper): string {
  return cut(oneLine(words), width, paper);
}

function rightColumn(head: string, cells: readonly string[]): Column & { cells: readonly string[] } {
  return { head, before: "  ", align: "right", cells };
}

function leftColumn(head: string, cells: readonly string[]): Column & { cells: readonly string[] } {
  return { head, before: "  ", align: "left", cells };
}
