/** `fleet`: the agents at a glance, what is left of today's budget, and the comparison with agents that look by the clock. */
import { cut, fitLines, oneLine } from "./cells.ts";
import { efficiencyPercent, type FleetModel, type FleetRow } from "./fleet.ts";
import { heading, labelled, wrapWords } from "./lines.ts";
import { count, NOT_KNOWN, percent, tokensOf } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { lineWidth, type Paper } from "./paper.ts";
import { simulatedWords } from "./simulated-words.ts";
import { type Column, tableLines } from "./table.ts";

const NAME_CELLS_MAX = 28;

/** Draws the fleet. Tokens are of all time, budget and efficiency of the day. */
export function renderFleet(model: FleetModel, paper: Paper): string[] {
  const { rows } = model;
  const active = rows.filter(({ activity }) => activity === "active").length;
  const facts =
    rows.length === 0 ? [] : [`${active} of ${rows.length} active (${percent(active, rows.length)})`];
  return fitLines(
    [
      ...heading("AGENT STATUS", facts, "   ", paper),
      ...(rows.length === 0 ? ["  No agents. Start some with: spawn"] : fleetTable(model, paper)),
      ...labelled("Budget left", budgetWords(model), paper),
      ...labelled("Efficiency", efficiencyWords(model), paper),
      ...simulatedLines(model, paper),
    ],
    paper,
  );
}

function fleetTable({ rows, totals }: FleetModel, paper: Paper): string[] {
  const paint = paintFor(paper);
  const status = ({ activity }: FleetRow) => ({
    text: activity[0]?.toUpperCase() + activity.slice(1),
    paint: activity === "active" ? paint.good : activity === "dormant" ? paint.faint : paint.bad,
  });
  const done = rows.reduce((sum, row) => sum + row.done, 0);
  const columns: Column[] = [
    {
      head: "agent",
      before: "  ",
      align: "left",
      cells: [...rows.map(({ name }) => cut(oneLine(name), NAME_CELLS_MAX, paper)), "Total"],
    },
    { head: "kind", before: "  ", align: "left", cells: [...rows.map(({ agent }) => oneLine(agent)), ""] },
    { head: "status", before: "  ", align: "left", cells: [...rows.map(status), ""] },
    {
      head: "tokens",
      before: "  ",
      align: "right",
      cells: [...rows.map(({ tokens }) => tokensOf(tokens)), tokensOf(totals.tokens)],
    },
    {
      head: "tasks",
      before: "  ",
      align: "right",
      cells: [...rows.map((row) => count(row.done)), count(done)],
    },
  ];
  const shown = rows.length + 1;
  return tableLines(columns, {
    width: lineWidth(paper),
    rows: shown,
    heading: true,
    paintHeading: paint.faint,
  });
}

function budgetWords({ budget }: FleetModel): string {
  if (budget === null) return `${NOT_KNOWN} (no limit on everybody's tokens of a day)`;
  const { left, limit, used, held } = budget;
  return `${count(left)} tokens of ${count(limit)} a day (${count(used)} used, ${count(held)} held)`;
}

function efficiencyWords({ efficiency }: FleetModel): string {
  if (efficiency === null) return NOT_KNOWN;
  const { usedTokens, baselineTokens, baseline } = efficiency;
  return `${efficiencyPercent(efficiency).toFixed(1)}%: ${count(usedTokens)} tokens used so far, against ${count(baselineTokens)} of ${baseline}`;
}

function simulatedLines({ simulated }: FleetModel, paper: Paper): string[] {
  if (simulated === null) return [];
  return wrapWords("", simulatedWords(simulated), paper).map((line) => paintFor(paper).warn(line));
}
