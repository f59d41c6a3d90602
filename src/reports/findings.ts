/** `findings`: what the rules over the hierarchy's figures found, and what they say to do. */
import type { KeptFinding } from "../optimization/rules.ts";
import { fitLines, oneLine } from "./cells.ts";
import { heading, wrapWords } from "./lines.ts";
import { paintFor } from "./paint.ts";
import type { Paper } from "./paper.ts";
import { renderRouteChange, type RouteChange } from "./routes.ts";
import { shortMoment } from "./times.ts";

const RULE_WORDS: Readonly<Record<KeptFinding["rule"], string>> = {
  T1: "high token cost",
  T2: "low success rate",
  T3: "high escalation rate",
  T4: "department overspend",
  T5: "system overspend",
  T6: "long-running task",
};

/** What was done, or would be, of what a finding says. */
export interface FindingApplied {
  readonly finding: KeptFinding;
  readonly action:
    | { readonly kind: "route"; readonly change: RouteChange }
    /** The worker whose conversation is to be summed up when its turn has ended. */
    | { readonly kind: "compaction"; readonly worker: string; readonly done: boolean };
}

/** Rules with something that `findings apply` can do. */
const APPLIED: ReadonlySet<KeptFinding["rule"]> = new Set(["T1", "T2", "T3", "T6"]);

export function renderApplied({ finding, action }: FindingApplied, paper: Paper): string[] {
  const lines = [...heading("FINDING", [], "  ", paper), ...findingLines(finding, paper), ""];
  if (action.kind === "route") return [...lines, ...renderRouteChange(action.change, paper)];
  const { worker, done } = action;
  const what = done
    ? `${worker} sums its conversation up when its turn has ended, before it takes another task.`
    : `${worker} would sum its conversation up when its turn has ended, before it takes another task. Nothing is done yet: \`findings apply ${finding.id} --yes\` does it.`;
  return fitLines([...lines, ...wrapWords("  ", oneLine(what), paper)], paper);
}

/** Draws findings in the order given. */
export function renderFindings(findings: readonly KeptFinding[], paper: Paper): string[] {
  const open = findings.filter(({ state }) => state === "open").length;
  const lines = heading("FINDINGS", [`${open} open`], "  ", paper);
  const found = findings.length === 0 ? ["  Nothing was found."] : [];
  const all = [
    ...lines,
    ...found,
    ...findings.flatMap((finding) => [...findingLines(finding, paper), ...applyLines(finding, paper)]),
  ];
  const also = wrapWords("  ", "`routes` shows which types of tasks another model would do.", paper);
  return fitLines([...all, ...also.map((line) => paintFor(paper).faint(line))], paper);
}

/** Which command does what it suggests, where one can. */
function applyLines({ id, rule, state }: KeptFinding, paper: Paper): string[] {
  if (state === "resolved" || !APPLIED.has(rule)) return [];
  return wrapWords("     ", `\`findings apply ${id}\` shows what would be done of it`, paper);
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
