/** `doctor`: what is there, what is not, and what to do about it. */
import { fitLines, oneLine } from "./cells.ts";
import { heading, wrapWords } from "./lines.ts";
import { count } from "./numbers.ts";
import { paintFor } from "./paint.ts";
import { arrow, type Paper } from "./paper.ts";

export type Verdict = "ok" | "warn" | "fail";

export interface DoctorCheck {
  /** What was looked at, e.g. `tmux`. */
  readonly name: string;
  readonly verdict: Verdict;
  /** What was found, in one sentence. */
  readonly found: string;
  /** What to do about it; null when nothing is to be done. */
  readonly remedy: string | null;
}

export interface DoctorReport {
  readonly checks: readonly DoctorCheck[];
}

const MARKS: Record<Verdict, string> = { ok: "[ok]  ", warn: "[warn]", fail: "[fail]" };
const NAME_CELLS = 12;

/** The worst verdict of all checks. */
export function worstVerdict(report: DoctorReport): Verdict {
  const verdicts = report.checks.map((check) => check.verdict);
  return verdicts.includes("fail") ? "fail" : verdicts.includes("warn") ? "warn" : "ok";
}

/** Draws the checks in the order given, and how many of each there are. */
export function renderDoctor(report: DoctorReport, paper: Paper): string[] {
  const lines = [
    ...heading("DOCTOR", [], "  ", paper),
    ...report.checks.flatMap((check) => checkLines(check, paper)),
    "",
    summary(report),
  ];
  return fitLines(lines, paper);
}

function checkLines(check: DoctorCheck, paper: Paper): string[] {
  const paint = paintFor(paper);
  const painter = { ok: paint.good, warn: paint.warn, fail: paint.bad }[check.verdict];
  const mark = MARKS[check.verdict];
  const lead = `${mark} ${oneLine(check.name).padEnd(NAME_CELLS)} `;
  const found = wrapWords(lead, oneLine(check.found), paper);
  const painted = found.map((line, index) => (index === 0 ? painter(mark) + line.slice(mark.length) : line));
  if (check.remedy === null) return painted;
  return [...painted, ...wrapWords(`       ${arrow(paper)} `, oneLine(check.remedy), paper)];
}

function summary(report: DoctorReport): string {
  const number = (verdict: Verdict) =>
    count(report.checks.filter((check) => check.verdict === verdict).length);
  return `${number("ok")} ok, ${number("warn")} to look at, ${number("fail")} to mend`;
}
