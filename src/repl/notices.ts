/** Which facts are worth a line above the prompt, and how loud. The rest is for `ctm serve` and `watch`. */
import type { Fact } from "../events/facts.ts";
import { factText } from "../events/fact-text.ts";
import { oneLine } from "../reports/cells.ts";
import { wrapWords } from "../reports/lines.ts";
import { paintFor, type Painter } from "../reports/paint.ts";
import { arrow, type Paper } from "../reports/paper.ts";
import { isFinal } from "../tasks/task.ts";

const BELL = "\u0007";

/** Lines to print above the prompt; none for what a person need not know. */
export function noticeOf(fact: Fact, paper: Paper): string[] {
  const paint = paintFor(paper);
  const words = oneLine(factText(fact));
  switch (fact.kind) {
    case "task-moved":
      if (fact.to === "running") return wrapWords("", words, paper);
      if (!isFinal(fact.to)) return [];
      return painted(words, fact.to === "completed" ? paint.good : paint.bad, paper);
    case "worker-asks":
      return askLines(words, fact.worker, paper);
    case "task-at-cap":
      return rung(painted(words, paint.loud, paper));
    case "alert":
      return rung(painted(words, fact.severity === "critical" ? paint.bad : paint.warn, paper));
    case "account-parked":
    case "level-changed":
    case "finding-opened":
    case "task-escalated":
    case "trouble":
      return painted(words, paint.warn, paper);
    case "context":
      if (fact.event === "near" || fact.event === "full") return painted(words, paint.warn, paper);
      if (fact.event === "below") return [];
      return painted(words, paint.good, paper);
    case "storage-changed":
      return fact.fault === null ? painted(words, paint.good, paper) : painted(words, paint.bad, paper);
    case "account-freed":
    case "report-made":
      return painted(words, paint.good, paper);
    case "worker-changed":
      return fact.state === "dead" ? painted(words, paint.bad, paper) : [];
    case "wake-moved":
      return fact.state === "dead" ? painted(words, paint.bad, paper) : [];
    case "task-added":
    case "task-deferred":
    case "usage-booked":
    case "dispatch-changed":
    case "limit-set":
    case "focus-changed":
    case "route-adopted":
    case "route-dropped":
    case "finding-resolved":
      return [];
    default:
      return fact satisfies never;
  }
}

/** A worker that waits for a person is shown so that it is not missed. */
function askLines(words: string, worker: string, paper: Paper): string[] {
  const alias = worker.replace(/^concurrent_worker/, "w");
  const how = `  ${arrow(paper)} answer ${alias} ... | attach ${alias}`;
  const { loud } = paintFor(paper);
  return rung([...painted(words, loud, paper), loud(how)]);
}

function rung(lines: readonly string[]): string[] {
  return lines.map((line, at) => (at === 0 ? `${BELL}${line}` : line));
}

function painted(words: string, paint: Painter, paper: Paper): string[] {
  return wrapWords("", words, paper).map((line) => paint(line));
}
