/** The only place where a fact becomes a sentence. Texts of users and agents stand in it as they are: whoever prints makes them harmless. */
import { modelWords } from "../delegation/adopted-route.ts";
import { nearWords } from "../roster/context-budget.ts";
import { levelWords } from "../roster/escalation.ts";
import type { Fact } from "./facts.ts";

type RouteFact = Extract<Fact, { kind: "route-adopted" | "route-dropped" }>;

/** One sentence without a full stop. */
export function factText(fact: Fact): string {
  switch (fact.kind) {
    case "task-added":
      return `#${fact.taskId} queued: ${fact.text}`;
    case "task-moved":
      return `#${fact.taskId} ${fact.from} → ${fact.to}${onWorker(fact.worker)}${because(fact.reason)}`;
    case "task-deferred":
      return `#${fact.taskId} waits: ${fact.reason}`;
    case "usage-booked":
      return `${fact.taskId === null ? "outside any task" : `#${fact.taskId}`} used ${tokensOf(fact)}${onWorker(fact.worker)}`;
    case "worker-changed":
      return `${fact.worker} is ${fact.state}${because(fact.because)}`;
    case "worker-asks":
      return `${fact.worker} asks: ${fact.question}`;
    case "task-at-cap":
      return `#${fact.taskId} is ${fact.message}`;
    case "account-parked":
      return `account ${fact.account} is parked (${fact.cause}) until ${until(fact.untilMs)}: ${fact.message}`;
    case "account-freed":
      return `account ${fact.account} is free again`;
    case "level-changed":
      return `limit ${fact.limitId} went from ${fact.from} to ${fact.to}`;
    case "dispatch-changed":
      return `auto is ${fact.auto ? "on" : "off"}, dispatch ${fact.paused ? "paused" : "not paused"}${because(fact.reason)}`;
    case "limit-set":
      return `limit ${fact.limitId} was set${because(fact.reason)}`;
    case "focus-changed":
      return fact.percent === null
        ? "focus is off"
        : `focus is on: ${fact.percent}% of the limits is kept for you`;
    case "route-adopted":
    case "route-dropped":
      return routeText(fact);
    case "storage-changed":
      return fact.fault ?? "the database takes writes again: what was kept is written, and dispatch goes on";
    case "finding-opened":
      return `found (${fact.rule}): ${fact.subject}: ${fact.evidence}`;
    case "report-made":
      return `the ${fact.report} report ${fact.period} was written: ${fact.file}`;
    case "finding-resolved":
      return `over (${fact.rule}): ${fact.subject}`;
    case "alert":
      return `alert (${fact.severity}): ${fact.title}${fact.text === "" ? "" : `: ${fact.text}`}`;
    case "task-escalated":
      return `#${fact.taskId} is handed up to level ${levelWords(fact.level)}${fact.member === null ? "" : `: ${fact.member}`}${because(fact.reason)}`;
    case "context":
      return contextText(fact);
    case "wake-moved":
      return `wake ${fact.wakeId} of ${fact.trigger} is ${fact.state}${fact.taskId === null ? "" : ` as #${fact.taskId}`}${because(fact.reason)}`;
    case "trouble":
      return `trouble: ${fact.message}`;
    default:
      return fact satisfies never;
  }
}

function routeText({ whose, from, to, because: why }: RouteFact): string {
  return `${whose} go to ${modelWords(to)} instead of ${modelWords(from)} (${why === null ? "dropped" : `adopted: ${why}`})`;
}

/** The warning stands by itself, word for word. */
function contextText({ event, name, worker, told }: Extract<Fact, { kind: "context" }>): string {
  switch (event) {
    case "near":
      return nearWords(name);
    case "full":
      return `Agent ${name} reached its context limit${onWorker(worker)}: handed up to ${told ?? "nobody"}, level 3`;
    case "compacted":
      return `${worker} has compacted the conversation of agent ${name}`;
    case "renewed":
      return `the conversation of agent ${name}${onWorker(worker)} has ended`;
    case "below":
      return `the conversation${onWorker(worker)} is below the context limit of agent ${name} again`;
    default:
      return event satisfies never;
  }
}

function onWorker(worker: string | null): string {
  return worker === null ? "" : ` on ${worker}`;
}

function because(reason: string | null): string {
  return reason === null || reason === "" ? "" : ` (${reason})`;
}

function until(untilMs: number | null): string {
  return untilMs === null ? "a person says it is free" : new Date(untilMs).toISOString();
}

function tokensOf({ tokens, source }: { tokens: number; source: string }): string {
  if (source === "unknown") return "an unknown number of tokens";
  const about = source === "estimated" ? "~" : "";
  const simulated = source === "simulated" ? " (simulated)" : "";
  return `${about}${tokens.toLocaleString("en-US")} tokens${simulated}`;
}
