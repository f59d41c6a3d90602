/**
 * What must hold after every fault, whatever was broken: looked up in the ledger's file, in what the rehearsal agents
 * were given and in what they recorded of their own usage. Nothing is asked of the product itself.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { parseRehearsalRecord } from "../../src/metering/rehearsal-record.ts";
import { isFinal, STATE_NAMES, type TaskStateName } from "../../src/tasks/task.ts";
import { mayMove } from "../../src/tasks/transitions.ts";
import type { Product } from "./product.ts";

/** How a person's own words to a worker begin in these tests. */
export const ASIDE = "Aside: ";
/** What an attempt that waited for its account is told. */
const GO_ON = "The usage limit is over. Please continue where you stopped.";

interface TaskSeen {
  readonly id: number;
  readonly text: string;
  readonly agent: string;
  readonly state: TaskStateName;
  readonly attempt_id: string | null;
  readonly attempts: number;
}

interface AttemptSeen {
  readonly id: string;
  readonly task_id: number;
  readonly n: number;
  readonly intent_at_ms: number | null;
  readonly typed_at_ms: number | null;
  readonly ended_at_ms: number | null;
  readonly outcome: string | null;
}

/** Every way in which the product's files disagree; none of them may. Each task's text must be its own. */
export function violations(ctm: Product): string[] {
  const db = new Database(join(ctm.state, "ledger.sqlite"), { readonly: true, timeout: 10_000 });
  try {
    const all = <T>(sql: string): T[] => db.prepare<[], T>(sql).all();
    const tasks = all<TaskSeen>("SELECT id, text, agent, state, attempt_id, attempts FROM task ORDER BY id");
    const attempts = all<AttemptSeen>("SELECT * FROM attempt ORDER BY task_id, n");
    return [
      ...wholeFile(db),
      ...tasks.flatMap((task) => [...legal(task, all), ...numbered(task, attempts)]),
      ...heldForOpen(tasks, attempts, all),
      ...typedAsSeen(tasks, attempts, ctm.typedPrompts()),
      ...bookedAsRecorded(ctm, all),
      ...sumsKept(all),
    ];
  } finally {
    db.close();
  }
}

/** Tasks that have not ended. */
export function unended(ctm: Product): string[] {
  const db = new Database(join(ctm.state, "ledger.sqlite"), { readonly: true, timeout: 10_000 });
  try {
    const rows = db
      .prepare<[], TaskSeen>("SELECT id, text, agent, state, attempt_id, attempts FROM task")
      .all();
    return rows.filter(({ state }) => !isFinal(state)).map(({ id, state }) => `task ${id} is ${state}`);
  } finally {
    db.close();
  }
}

type All = <T>(sql: string) => T[];

function wholeFile(db: Database.Database): string[] {
  const said = String(db.pragma("integrity_check", { simple: true }));
  const broken = db.pragma("foreign_key_check") as unknown[];
  return [
    ...(said === "ok" ? [] : [`integrity_check: ${said}`]),
    ...broken.map(() => "a row refers to none"),
  ];
}

/** The state is one there is, and every move that led to it is in the table, each from where the last one ended. */
function legal(task: TaskSeen, all: All): string[] {
  const wrong: string[] = STATE_NAMES.includes(task.state) ? [] : [`task ${task.id} is ${task.state}`];
  let at: TaskStateName = "queued";
  for (const move of all<{ from_state: TaskStateName; to_state: TaskStateName }>(
    `SELECT from_state, to_state FROM move WHERE task_id = ${task.id} ORDER BY seq`,
  )) {
    if (move.from_state !== at) wrong.push(`task ${task.id} moved from ${move.from_state}, but was ${at}`);
    if (!mayMove(move.from_state, move.to_state))
      wrong.push(`task ${task.id} moved from ${move.from_state} to ${move.to_state}`);
    at = move.to_state;
  }
  return at === task.state ? wrong : [...wrong, `task ${task.id} is ${task.state}, its last move says ${at}`];
}

/** One row an attempt, numbered without a gap; all have ended but the one in hand. */
function numbered(task: TaskSeen, attempts: readonly AttemptSeen[]): string[] {
  const own = attempts.filter(({ task_id }) => task_id === task.id);
  const inHand = !isFinal(task.state) && task.state !== "queued";
  const open = own.filter(({ ended_at_ms }) => ended_at_ms === null).map(({ id }) => id);
  const expected = inHand ? [task.attempt_id] : [];
  return [
    ...(own.every(({ n }, at) => n === at + 1) && own.length === task.attempts
      ? []
      : [`task ${task.id} counts ${task.attempts} attempts and has ${own.map(({ n }) => n).join()}`]),
    ...(JSON.stringify(open) === JSON.stringify(expected)
      ? []
      : [`task ${task.id} is ${task.state} with the open attempts [${open.join()}]`]),
  ];
}

/** What is held is held for the attempts in hand, all of them and no other. */
function heldForOpen(tasks: readonly TaskSeen[], attempts: readonly AttemptSeen[], all: All): string[] {
  const held = all<{ attempt_id: string }>("SELECT attempt_id FROM reservation WHERE settled_at_ms IS NULL");
  const open = tasks.filter(({ state }) => !isFinal(state) && state !== "queued");
  const [a, b] = [held.map((row) => row.attempt_id), open.map((task) => String(task.attempt_id))].map((ids) =>
    ids.toSorted((one, other) => one.localeCompare(other)).join(),
  );
  const kept = all<{ n: number }>("SELECT count(*) AS n FROM reservation")[0]?.n ?? 0;
  return [
    ...(a === b ? [] : [`held for [${a}], in hand [${b}]`]),
    ...(kept === attempts.length ? [] : [`${attempts.length} attempts with ${kept} reservations`]),
  ];
}

/** Agents were given each attempt's text once where the ledger says typed, at most once where nobody can say. */
function typedAsSeen(
  tasks: readonly TaskSeen[],
  attempts: readonly AttemptSeen[],
  pastes: readonly string[],
): string[] {
  const known = new Set(tasks.map(({ text }) => text));
  const strange = pastes
    .filter((text) => !known.has(text) && !text.startsWith(ASIDE) && text !== GO_ON)
    .map((text) => `typed, but no task's: ${text}`);
  const wrong = tasks.flatMap(({ id, text, agent }) => {
    // Nobody reads along in a shell.
    if (agent === "shell") return [];
    const seen = pastes.filter((paste) => paste === text).length;
    const own = attempts.filter(({ task_id }) => task_id === id);
    const typed = own.filter(({ typed_at_ms }) => typed_at_ms !== null).length;
    // An intent without `typed` whose attempt did not go back to the queue: gone or refused before anybody could say.
    const unsure = own.filter(
      ({ intent_at_ms, typed_at_ms, outcome }) =>
        intent_at_ms !== null && typed_at_ms === null && outcome !== "not typed",
    ).length;
    if (seen >= typed && seen <= typed + unsure) return [];
    return [`task ${id} was typed ${seen} times; the ledger says ${typed}, and ${unsure} unsure`];
  });
  return [...strange, ...wrong];
}

/** Each response an agent recorded is booked once, with its own figures; nothing else is. */
function bookedAsRecorded(ctm: Product, all: All): string[] {
  const booked = new Map(
    all<{ key: string; booked_tokens: number }>(
      "SELECT key, booked_tokens FROM usage WHERE source = 'simulated'",
    ).map(({ key, booked_tokens }) => [key.replace(/^rehearsal:/, ""), booked_tokens]),
  );
  const unknown = all<{ n: number }>("SELECT count(*) AS n FROM usage WHERE source = 'unknown'")[0]?.n ?? 0;
  const recorded = new Map(
    recordsOf(ctm).map(({ key, usage }) => [key, usage.inputTokens + usage.outputTokens]),
  );
  const invented = [...booked.keys()].filter((key) => !recorded.has(key)).map((key) => `${key} nobody used`);
  const missed = [...recorded.keys()].filter((key) => !booked.has(key));
  const wrong = [...booked]
    .filter(([key, tokens]) => recorded.has(key) && recorded.get(key) !== tokens)
    .map(([key, tokens]) => `${key} is booked with ${tokens}, used were ${recorded.get(key)}`);
  // A turn that nobody could follow to its end is settled at what was held for it: its own record may come too late.
  return [
    ...invented,
    ...wrong,
    ...(missed.length <= unknown
      ? []
      : [`${missed.length} used, but not booked; ${unknown} settled as held`]),
  ];
}

function recordsOf(ctm: Product): ReturnType<typeof parseRehearsalRecord> {
  const folder = join(ctm.state, "workers");
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".jsonl"))
    .flatMap((name) => parseRehearsalRecord(readFileSync(join(folder, name), "utf8")));
}

/** The sums that are kept are the sums of the rows. */
function sumsKept(all: All): string[] {
  const differing = (name: string, kept: string, counted: string): string[] => {
    const [a, b] = [kept, counted].map((sql) => JSON.stringify(all(sql)));
    return a === b ? [] : [`${name}: kept ${a}, counted ${b}`];
  };
  return [
    ...differing(
      "tasks by state",
      "SELECT state, n FROM task_count WHERE n <> 0 AND state <> 'held' ORDER BY state",
      "SELECT state, count(*) AS n FROM task WHERE cleared = 0 GROUP BY state ORDER BY state",
    ),
    ...differing(
      "held tasks",
      "SELECT n FROM task_count WHERE state = 'held'",
      "SELECT count(*) AS n FROM task WHERE state = 'queued' AND hold_reason IS NOT NULL",
    ),
    ...differing(
      "tokens",
      "SELECT total(tokens) AS n FROM spend_total",
      "SELECT total(booked_tokens) AS n FROM usage",
    ),
    ...differing(
      "tokens and cost by agent and model",
      "SELECT member, model, type, source, sum(tokens) AS n, sum(nano) AS cost FROM spend_slice GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
      "SELECT coalesce(member, '') AS member, coalesce(model, '') AS model, coalesce(type, '') AS type, source, sum(booked_tokens) AS n, sum(coalesce(cost_nano, 0)) AS cost FROM usage GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
    ),
    ...differing(
      "cost of tasks",
      "SELECT task_id, tokens, nano FROM task_spend ORDER BY task_id",
      "SELECT task_id, sum(booked_tokens) AS tokens, sum(coalesce(cost_nano, 0)) AS nano FROM usage WHERE task_id IS NOT NULL GROUP BY task_id ORDER BY task_id",
    ),
    ...differing(
      "outcomes",
      "SELECT outcome, sum(n) AS n FROM outcome_total GROUP BY outcome ORDER BY outcome",
      "SELECT outcome, count(*) AS n FROM attempt WHERE outcome IN ('completed', 'failed', 'cancelled', 'lost') GROUP BY outcome ORDER BY outcome",
    ),
  ];
}
