/** Which facts alert a person, and how loudly: the one table. What says that a thing is over re-arms its alert. */
import type { Fact } from "../events/facts.ts";
import { nearWords } from "../roster/context-budget.ts";
import { LEVEL_OF_TARGET, levelWords } from "../roster/escalation.ts";
import { isFinal } from "../tasks/task.ts";
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
    case "context":
      return [contextSignal(fact)];
    case "task-escalated":
      return escalatedSignals(fact);
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

/** A conversation near its budget, over it, or in order again: what a worker holds is one thing. */
function contextSignal(fact: Extract<Fact, { kind: "context" }>): Signal {
  const { event, worker, name, told } = fact;
  const key = `context ${worker}`;
  if (event !== "near" && event !== "full") return over(key);
  const figures = `${grouped(fact.tokens)} of ${grouped(fact.maxTokens)} tokens on ${worker}, task #${fact.taskId}`;
  if (event === "near") {
    const text = `${figures}. At its limit the conversation is compacted, or left, before its next task.`;
    return signal(key, 1, { kind: "budgets", severity: "info", title: nearWords(name), text });
  }
  return signal(key, 2, {
    kind: "budgets",
    severity: "warning",
    title: `Agent ${name} reached its context limit`,
    text: `${figures}; handed up to ${told ?? "nobody"}, level 3. Its conversation is compacted, or left, before its next task.`,
  });
}

/** What a person did themselves is no news to them. */
function escalatedSignals({
  by,
  taskId,
  level,
  member,
  reason,
}: Extract<Fact, { kind: "task-escalated" }>): Signal[] {
  if (by === "person") return [];
  const alert = {
    kind: by === "budget" ? "budgets" : "escalations",
    severity: level >= LEVEL_OF_TARGET.coordinator ? "warning" : "info",
    title: `#${taskId} is handed up to level ${levelWords(level)}`,
    text: `${member === null ? "" : `To ${member}: `}${reason}`,
  } as const;
  return [{ ...signal(escalationKey(taskId), level, alert), news: "words" }];
}

function escalationKey(taskId: number): string {
  return `escalated #${taskId}`;
}

function movedSignals({ from, to, taskId, worker }: Extract<Fact, { kind: "task-moved" }>): Signal[] {
  const ended = isFinal(to) ? [over(escalationKey(taskId))] : [];
  if (from === "needs-input" && worker !== null) return [over(`question ${worker}`), ...ended];
  return from === "parked" ? [over(`cap #${taskId}`), ...ended] : ended;
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

function grouped(tokens: number): string {
  return tokens.toLocaleString("en-US");
}
