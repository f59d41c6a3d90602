/** `findings`: what the rules over the hierarchy's figures found, and what they say to do. */
import type { KeptFinding } from "../optimization/rules.ts";
import { fitLines, oneLine } from "./cells.ts";
import { heading, wrapWords } from "./lines.ts";
import { paintFor } from "./paint.ts";
import type { Paper } from "./paper.ts";
import { shortMoment } from "./times.ts";

const RULE_WORDS: Readonly<Record<KeptFinding["rule"], string>> = {
  T1: "high token cost",
  T2: "low success rate",
  T3: "high escalation rate",
  T4: "department overspend",
  T5: "system overspend",
  T6: "long-running task",
};

/** Draws findings in the order given. */
export function renderFindings(findings: readonly KeptFinding[], paper: Paper): string[] {
  const open = findings.filter(({ state }) => state === "open").length;
  const lines = heading("FINDINGS", [`${open} open`], "  ", paper);
  const found = findings.length === 0 ? ["  Nothing was found."] : [];
  const all = [...lines, ...found, ...findings.flatMap((finding) => findingLines(finding, paper))];
  const also = wrapWords("  ", "`routes` shows which types of tasks another model would do.", paper);
  return fitLines([...all, ...also.map((line) => paintFor(paper).faint(line))], paper);
}

function findingLines(finding: KeptFinding, paper: Paper): string[] {
  const { id, rule, subject, state, sinceMs, endedAtMs, evidence, suggestion } = finding;
  const paint = paintFor(paper);
  const over = endedAtMs === null ? "" : `, over ${shortMoment(endedAtMs, paper.nowMs, paper)}`;
  const head = `${id}  ${rule} ${RULE_WORDS[rule]}: ${oneLine(subject)} (${state} since ${shortMoment(sinceMs, paper.nowMs, paper)}${over})`;
  const paintHead = state === "open" ? paint.warn : paint.faint;
  return [
    ...wrapWords("  ", head, paper).map((line) => paintHead(line)),
    ...wrapWords("     ", oneLine(evidence), paper),
    ...wrapWords("     ", oneLine(suggestion), paper),
  ];
}
