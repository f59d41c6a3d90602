/** `route`: what the delegator would decide for a text, and why. */
import { isAdoptedName } from "../delegation/adopted-route.ts";
import type { Assignment } from "../tasks/task.ts";
import { fitLines, oneLine } from "./cells.ts";
import { heading, labelled } from "./lines.ts";
import { count, dollars, NOT_KNOWN } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { lineWidth, type Paper } from "./paper.ts";
import { tableLines } from "./table.ts";
import { modelCell, nameCell } from "./workers-table.ts";

export interface RouteModel extends Assignment {
  /** 0 to 1. */
  readonly confidence: number;
  readonly reasons: readonly string[];
  /** Expected cost; null when the model's price is not known. */
  readonly costNanoUsd: number | null;
  readonly alternatives: readonly RouteAlternative[];
}

export interface RouteAlternative {
  readonly model: string | null;
  /** null when its price is not known. */
  readonly nanoUsd: number | null;
}

/** Draws an explanation. */
export function renderRoute(model: RouteModel, paper: Paper): string[] {
  const reserve = `${count(model.reserveTokens)} tokens, ${dollars(model.reserveNanoUsd, 4)} (${oneLine(model.reserveBasis)})`;
  const lines = [
    ...heading("ROUTE", [], "  ", paper),
    ...labelled("Type:", `${model.type}, confidence ${Math.floor(model.confidence * 100)}%`, paper),
    ...model.reasons.flatMap((reason, index) =>
      labelled(index === 0 ? "Reasons:" : "", oneLine(reason), paper),
    ),
    ...labelled("Complexity:", model.complexity, paper),
    ...labelled("Route:", `${nameCell(model.route, paper)} (agent ${nameCell(model.agent, paper)})`, paper),
    ...(model.member === null ? [] : labelled("As:", nameCell(model.member.id, paper), paper)),
    ...labelled(
      "Model:",
      model.model === null ? "the agent's own default" : modelCell(model.model, paper),
      paper,
    ),
    ...(isAdoptedName(model.route)
      ? labelled("Adopted:", "`routes` shows why, and how it is taken back", paper)
      : []),
    ...labelled("Estimate:", `~${count(model.estimateTokens)} tokens`, paper),
    ...labelled("Reserves:", reserve, paper),
    ...labelled("Cost:", costWords(model.costNanoUsd), paper),
    ...alternativeLines(model, paper),
  ];
  return fitLines(lines, paper);
}

function costWords(nanoUsd: number | null): string {
  return nanoUsd === null ? NOT_KNOWN : `~${dollars(nanoUsd, 4)}`;
}

function alternativeLines(model: RouteModel, paper: Paper): string[] {
  const rows = model.alternatives;
  if (rows.length === 0) return [];
  const table = tableLines(
    [
      { head: "instead", before: "  ", align: "left", cells: rows.map((row) => modelCell(row.model, paper)) },
      { head: "cost", before: "  ", align: "right", cells: rows.map((row) => costWords(row.nanoUsd)) },
      {
        head: "difference",
        before: "  ",
        align: "right",
        cells: rows.map((row) => difference(row.nanoUsd, model.costNanoUsd)),
      },
    ],
    { width: lineWidth(paper), rows: rows.length, heading: true, paintHeading: paintFor(paper).faint },
  );
  return ["", ...table];
}

function difference(nanoUsd: number | null, chosenNanoUsd: number | null): string {
  if (nanoUsd === null || chosenNanoUsd === null) return NOT_KNOWN;
  const delta = nanoUsd - chosenNanoUsd;
  return delta === 0 ? "same" : `${delta > 0 ? "+" : "-"}${dollars(Math.abs(delta), 4)}`;
}
