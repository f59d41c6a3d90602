/** Which facts alert a person, and how loudly: the one table. What says that a thing is over re-arms its alert. */
import type { Fact } from "../events/facts.ts";
import { levelRank, type Level } from "../throttle/levels.ts";
import { isBudget, parseLimitId } from "../throttle/limits.ts";
import { limitName } from "../throttle/wording.ts";
import type { Alert, Severity, Signal } from "./alert.ts";

const LEVEL_SEVERITY: Readonly<Record<Level, Severity>> = {
  NONE: "info",
  WARNING: "info",
  SOFT: "warning",
  HARD: "warning",
  CRITICAL: "critical",
};

/** What a fact means for alerts. Most mean nothing. */
export function signalsOf(fact: Fact): readonly Signal[] {
  switch (fact.kind) {
    case "level-changed":
      return [levelSignal(fact.limitId, fact.from, fact.to)];
    case "finding-opened":
      return [
        signal(findingName(fact), 1, {
          kind: "findings",
          severity: "warning",
          title: `${fact.rule}: ${fact.subject}`,
          text: fact.evidence,
        }),
      ];
    case "finding-resolved":
      return [over(findingName(fact))];
    case "worker-asks":
      return [
        {
          ...signal(`question ${fact.worker}`, 1, {
            kind: "questions",
            severity: "warning",
            title: `${fact.worker} asks`,
            text: fact.question,
          }),
          news: "words",
        },
      ];
    case "task-at-cap":
      return [
        signal(`cap #${fact.taskId}`, 1, {
          kind: "questions",
          severity: "warning",
          title: `#${fact.taskId} has reached its cap`,
          text: fact.message,
        }),
      ];
    case "task-moved":
      return movedSignals(fact);
    case "worker-changed":
      return workerSignals(fact.worker, fact.state, fact.because);
    case "account-parked":
      return [
        signal(`account ${fact.account}`, 1, {
          kind: "accounts",
          severity: "warning",
          title: `account ${fact.account} is parked (${fact.cause})`,
          text: fact.message,
        }),
      ];
    case "account-freed":
      return [over(`account ${fact.account}`)];
    case "storage-changed":
      return [
        fact.fault === null
          ? over("storage")
          : signal("storage", 1, {
              kind: "storage",
              severity: "critical",
              title: "nothing is dispatched: the database takes no writes",
              text: fact.fault,
            }),
      ];
    default:
      return [];
  }
}

/** A thing that stands. */
export function signal(key: string, grade: number, alert: Alert): Signal {
  return { key, grade, news: "worse", ...alert };
}

/** It is over. */
export function over(key: string): Signal {
  return { key, grade: 0, news: "worse", kind: "levels", severity: "info", title: "", text: "" };
}

function levelSignal(limitId: string, from: Level, to: Level): Signal {
  const key = parseLimitId(limitId);
  return signal(`level ${limitId}`, levelRank(to), {
    kind: isBudget(key.scope) ? "budgets" : "levels",
    severity: LEVEL_SEVERITY[to],
    title: `${isBudget(key.scope) ? limitName(key) : `limit ${limitName(key)}`} is at ${to}`,
    text: `It was at ${from} before. \`throttle\` shows all limits, \`limits raise\` lifts one for a while.`,
  });
}

function findingName({ rule, subject }: { readonly rule: string; readonly subject: string }): string {
  return `finding ${rule} ${subject}`;
}

function movedSignals({ from, taskId, worker }: Extract<Fact, { kind: "task-moved" }>): Signal[] {
  if (from === "needs-input" && worker !== null) return [over(`question ${worker}`)];
  return from === "parked" ? [over(`cap #${taskId}`)] : [];
}

function workerSignals(worker: string, state: string, because: string): Signal[] {
  const answered = state === "needs-input" ? [] : [over(`question ${worker}`)];
  // What a person ended themselves is no news to them.
  if (state !== "dead" || /\bby a person\b/.test(because)) return [...answered, over(`worker ${worker}`)];
  const title = `${worker} is dead`;
  return [
    ...answered,
    signal(`worker ${worker}`, 1, { kind: "workers", severity: "warning", title, text: because }),
  ];
}
