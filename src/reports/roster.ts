/** `roster`: who the agents of the hierarchy are, by department and one by one. */
import { TIERS, type Member, type Tier } from "../roster/roster.ts";
import { cut, fitLines, oneLine } from "./cells.ts";
import { heading, wrapWords } from "./lines.ts";
import { count, NOTHING } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { lineWidth, type Paper } from "./paper.ts";
import { type Cell, type Column, tableLines } from "./table.ts";

export interface RosterModel {
  /** The file it was read from; null: there is no roster. */
  readonly file: string | null;
  readonly tiers: readonly RosterTierRow[];
  readonly departments: readonly RosterDepartmentRow[];
  readonly members: readonly RosterMemberRow[];
}

export interface RosterTierRow {
  readonly tier: Tier;
  readonly agents: number;
  readonly maxTokens: number;
  readonly retainedTokens: number;
}

export interface RosterDepartmentRow {
  readonly id: string;
  readonly coordinator: string | null;
  /** Everybody in it, and those of the execution tier. */
  readonly agents: number;
  readonly specialists: number;
  /** How many specialists it is said to have; null = nothing is said. */
  readonly said: number | null;
  readonly types: readonly string[];
}

export interface RosterMemberRow
  extends Pick<Member, "id" | "name" | "tier" | "departments" | "model" | "agent" | "worker"> {
  /** Whom it hands up to. */
  readonly superior: string | null;
}

const ID_CELLS_MAX = 30;

/** Draws the roster. */
export function renderRoster(model: RosterModel, paper: Paper): string[] {
  const facts = model.file === null ? [] : [cut(oneLine(model.file), 60, paper)];
  const lines = heading("ROSTER", facts, "  ", paper);
  if (model.file === null)
    return [
      ...lines,
      ...wrapWords("  ", "There is no roster: all is one flat group. `ctm roster init` writes one.", paper),
    ];
  return fitLines(
    [
      ...lines,
      ...wrapWords("  ", sumWords(model), paper),
      "",
      ...table(departmentColumns(model.departments, paper), model.departments.length, paper),
      "",
      ...table(memberColumns(model.members, paper), model.members.length, paper),
    ],
    paper,
  );
}

function sumWords({ members, tiers, departments }: RosterModel): string {
  const parts = TIERS.map((tier) => `${tiers.find((row) => row.tier === tier)?.agents ?? 0} ${tier}`);
  const places = departments.reduce((sum, { agents }) => sum + agents, 0);
  const several = members.filter((member) => member.departments.length > 1).length;
  const shared = several === 0 ? "" : ` (${count(places)} places: ${count(several)} stand in several)`;
  return `${count(members.length)} agents: ${parts.join(", ")}; ${count(departments.length)} departments${shared}`;
}

function departmentColumns(rows: readonly RosterDepartmentRow[], paper: Paper): Column[] {
  const paint = paintFor(paper);
  const specialists = ({ specialists: found, said }: RosterDepartmentRow): Cell =>
    said === null || said === found
      ? count(found)
      : { text: `${count(found)} of ${count(said)} said`, paint: paint.warn };
  return [
    left(
      "department",
      rows.map(({ id }) => cut(id, ID_CELLS_MAX, paper)),
    ),
    left(
      "coordinator",
      rows.map(({ coordinator }) => cut(coordinator ?? NOTHING, ID_CELLS_MAX, paper)),
      2,
    ),
    right(
      "agents",
      rows.map(({ agents }) => count(agents)),
    ),
    right("specialists", rows.map(specialists)),
    left(
      "takes",
      rows.map(({ types }) => types.join(", ") || NOTHING),
      1,
    ),
  ];
}

function memberColumns(rows: readonly RosterMemberRow[], paper: Paper): Column[] {
  return [
    left(
      "agent",
      rows.map(({ id }) => cut(id, ID_CELLS_MAX, paper)),
    ),
    left(
      "tier",
      rows.map(({ tier }) => tier),
    ),
    left(
      "model",
      rows.map(({ model }) => cut(oneLine(model ?? NOTHING), 20, paper)),
      3,
    ),
    left(
      "by",
      rows.map(({ agent, worker }) => cut(worker ?? agent ?? NOTHING, 20, paper)),
      2,
    ),
    left(
      "hands up to",
      rows.map(({ superior }) => cut(superior ?? NOTHING, ID_CELLS_MAX, paper)),
      1,
    ),
    {
      head: "departments",
      before: "  ",
      min: 11,
      max: 60,
      draw: (row, width) => cut(rows[row]?.departments.join(", ") || NOTHING, width, paper),
    },
  ];
}

function table(columns: Column[], rows: number, paper: Paper): string[] {
  return tableLines(columns, {
    width: lineWidth(paper),
    rows,
    heading: true,
    paintHeading: paintFor(paper).faint,
  });
}

function left(head: string, cells: readonly Cell[], leaves?: number): Column {
  return { head, before: "  ", align: "left", cells, ...(leaves === undefined ? {} : { leaves }) };
}

function right(head: string, cells: readonly Cell[]): Column {
  return { head, before: "  ", align: "right", cells };
}
