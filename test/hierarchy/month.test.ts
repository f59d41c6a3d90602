/**
 * A month of 47 agents through the real engine, on a clock of its own: real ledger, delegation, throttle, metrics files
 * and findings. The workers are none of tmux here, but follow the rehearsal agent's script in this process; a day of it
 * with agents in panes is in test/e2e/hierarchy.test.ts. CTM_TEST_LONG: 20,000 tasks, under a time limit of their own;
 * CTM_TEST_SEED: another month.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadConfig, type Config } from "../../src/config.ts";
import { DelegationDesk } from "../../src/delegation-desk.ts";
import { escalate } from "../../src/escalating.ts";
import { FindingBook } from "../../src/finding-book.ts";
import { INIT_ROSTER } from "../../src/init-roster.ts";
import { MetricsFiles } from "../../src/metrics-files.ts";
import { findingKey } from "../../src/optimization/rules.ts";
import { report } from "../../src/reporting.ts";
import { ESCALATION_TARGETS, type EscalationTarget } from "../../src/roster/escalation.ts";
import type { Roster } from "../../src/roster/roster.ts";
import type { TaskDraft } from "../../src/tasks/task.ts";
import { EngineBench, recordOf } from "../support/engine-bench.ts";
import { expectedFiles, rawAttempts, rulesLook } from "../support/hierarchy-oracle.ts";
import { generator } from "../support/random.ts";
import { RehearsedWorkers } from "../support/rehearsed-workers.ts";

const SEED = Number(process.env["CTM_TEST_SEED"] ?? 47);
const long = process.env["CTM_TEST_LONG"] !== undefined;
const randomTasks = long ? 20_000 : 350;
/** A look at every rule takes as long as some tasks: so often it is done while nothing is at a bound. */
const tasksPerLook = long ? 250 : 12;
const withinMs = long ? 3_600_000 : 240_000;
const MARCH = Date.parse("2026-03-01T00:00:00Z");
const dayMs = 86_400_000;

const ROSTER = INIT_ROSTER.replace(
  "    coordinator: integration-coordinator\n",
  "$&    budget: { cost: { day: 0.03 } }\n",
).replace(/$/, "budget: { cost: { month: 300 } }\n");

// What one task may use at most is above what an hour allows one worker: the throttle holds tasks back.
const CONFIG = `
workers: { agent: claude }
throttle: { timeZone: UTC }
limits:
  worker: { tokens: { hour: 25K, day: null } }
  global: { tokens: { hour: 500K, day: null }, cost: { hour: null, day: null, month: null } }
`;

let folder: string;
let config: Config;
let roster: Roster;
let bench: EngineBench;
let workers: RehearsedWorkers;
let files: MetricsFiles;
let book: FindingBook;
const opened: string[] = [];
let atBounds: Set<string>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ctm-month-"));
  writeFileSync(join(folder, "ctm.roster.yaml"), ROSTER, { mode: 0o600 });
  writeFileSync(join(folder, "ctm.yaml"), CONFIG, { mode: 0o600 });
  config = await loadConfig({ env: { HOME: "/nowhere" }, cwd: folder });
  if (config.roster === null) throw new Error("there is no roster");
  roster = config.roster.roster;
  const { limits, timeZone, criticalHeadroomPercent, oversized } = config.throttle;
  bench = new EngineBench({
    workers: [1, 2, 3, 4].map((n) => `concurrent_worker${n}:claude:any`),
    policy: { limits, timeZone, criticalHeadroomPercent, oversized },
    desk: (ledger) => new DelegationDesk(config, ledger),
  });
  bench.nowMs = MARCH;
  const places = new Map(roster.members.map(({ id, tier, departments }) => [id, { tier, departments }]));
  bench.ledger.countBy((member) => places.get(member) ?? null);
  workers = new RehearsedWorkers(bench);
  const { ledger } = bench;
  const trouble = (error: unknown): void => void bench.troubles.push(error);
  files = new MetricsFiles({ setting: config.roster, ledger, trouble });
  [opened.length, atBounds] = [0, new Set()];
  book = new FindingBook({
    ...{ config, ledger, trouble, now: () => bench.nowMs },
    attempt: (act) => void act(),
    opened: (finding) => opened.push(findingKey(finding)),
    resolved: () => undefined,
  });
});
afterEach(() => {
  book.close();
  files.close();
  bench.close();
  rmSync(folder, { recursive: true });
});

/** The rules are gone through: exactly what the raw rows say must stand, no more and no less. Returns it. */
function look(): string[] {
  const { database } = bench.ledger;
  const open = new Set(bench.ledger.findings.standing().map(findingKey));
  const { found, atBounds: now } = rulesLook(database, roster, open, bench.nowMs);
  const before = opened.length;
  const standing = book.look().map(findingKey).sort();
  expect(standing).toEqual([...found].sort());
  expect(opened.slice(before).sort()).toEqual([...found].filter((key) => !open.has(key)).sort());
  for (const bound of now) atBounds.add(bound);
  return standing;
}

/** One task of an agent's from its start to its end; returns what is found behind it. */
async function ran(as: string, text: string, change: Partial<TaskDraft> = {}): Promise<string[]> {
  const id = bench.add(`${text} [[delay:60000]]`, { as, model: "premium", ...change });
  await workers.pass(1_000);
  if (text.includes("[[handed-up]]")) handUp(id, "coordinator", null);
  await workers.finish();
  return look();
}

/** Handed to the one named, else to whom the roster names. */
function handUp(id: number, to: EscalationTarget, as: string | null): void {
  escalate(
    id,
    { to, as, reason: "it cannot go on" },
    {
      roster,
      task: (task) => bench.task(task),
      note: (task, level, member, reason) => bench.ledger.escalate(task, level, member, reason, bench.nowMs),
      retry: (task, cause) => void bench.engine.retry(task, cause),
      hold: (task, reason) => void bench.ledger.setHold(task, reason),
      giveTo: () => undefined,
    },
  );
}

/** Costs are even: one token in is 3,000 nano-dollars. */
async function dearAgent(): Promise<void> {
  const me = "technical-writer";
  const others = ["tutorial-writer", "documentation-coordinator"];
  const costs = async (tokens: number): Promise<boolean> =>
    (await ran(me, `write [[in:${tokens}]] [[out:0]]`)).includes(`T1 ${me}`);
  for (let n = 0; n < 4; n += 1) for (const other of others) await ran(other, "write [[in:1000]] [[out:0]]");
  for (let n = 0; n < 4; n += 1) expect(await costs(1_200)).toBe(false);
  for (const other of others) await ran(other, "write [[in:1000]] [[out:0]]");
  // Five a piece: exactly 120 % of 1,000, then a token more.
  expect(await costs(1_200)).toBe(false);
  expect(await costs(1_201)).toBe(true);
  // It is over at 110 %, and not a token above.
  expect(await costs(500)).toBe(true);
  expect(await costs(1_099)).toBe(false);
  expect(await costs(1_200)).toBe(false);
}

/** 85 of 100 and 15 of 100 are the same steps: `bad` in turns 1 to 3, 32, 33 and 34. */
async function agentThat(as: string, rule: string, bad: string): Promise<void> {
  const standing: number[] = [];
  for (let n = 1; n <= 50; n += 1) {
    const isBad = n <= 3 || (n >= 32 && n <= 34);
    if ((await ran(as, `work [[in:1000]] [[out:0]] ${isBad ? bad : ""}`)).includes(`${rule} ${as}`))
      standing.push(n);
  }
  // 3 of 20 are the bound itself, 5 of 33 more; 6 of 50 are where it is over.
  expect(standing).toEqual(Array.from({ length: 49 - 33 + 1 }, (_, at) => 33 + at));
}

async function dearDepartment(): Promise<void> {
  const spends = async (as: string, tokens: number): Promise<boolean> =>
    (await ran(as, `work [[in:${tokens}]] [[out:0]]`)).includes("T4 integration by day");
  const nextDay = async (): Promise<void> => workers.pass(dayMs - ((bench.nowMs - MARCH) % dayMs) + 1);
  await nextDay();
  expect(await spends("payment-expert", 4_000)).toBe(false);
  expect(await spends("webhook-expert", 7_000)).toBe(false);
  expect(await spends("integration-coordinator", 1)).toBe(true);
  // The next day has spent nothing yet; 100 % of it are where it is over, and not a token more.
  await nextDay();
  expect(look()).not.toContain("T4 integration by day");
  await spends("payment-expert", 11_001);
  await nextDay();
  bench.add("work [[in:10001]] [[out:0]] [[delay:60000]]", { as: "webhook-expert", model: "premium" });
  await workers.finish();
  expect(look()).toContain("T4 integration by day");
  await nextDay();
  bench.add("work [[in:10000]] [[out:0]] [[delay:60000]]", { as: "webhook-expert", model: "premium" });
  await workers.finish();
  expect(look()).not.toContain("T4 integration by day");
}

/** Half of it is out while it works. */
async function longTask(): Promise<void> {
  for (const [output, fires] of [
    [8_000, false],
    [8_002, true],
  ] as const) {
    const id = bench.add(`work [[out:${output}]] [[responses:2]] [[delay:60000]]`, { as: "code-reviewer" });
    await workers.pass(45_000);
    expect(bench.state(id)).toBe("running");
    expect(look().includes(`T6 #${id}`)).toBe(fires);
    await workers.finish();
    expect(look()).not.toContain(`T6 #${id}`);
  }
}

/** What is left to 110 % of the month's $300 in one task: nothing yet. A token more fires. */
async function dearMonth(): Promise<void> {
  const spent = bench.ledger.database
    .prepare<[], { nano: number }>("SELECT sum(booked_nano) AS nano FROM usage")
    .get();
  const leftNano = 330e9 - (spent?.nano ?? 0);
  // A token of the cheap model is 1,000.
  const last = `work [[in:${Math.floor(leftNano / 1_000)}]] [[out:0]]`;
  expect(await ran("css-expert", last, { model: "cheap" })).not.toContain("T5 system by month");
  if (leftNano % 1_000 === 0) expect(atBounds).toContain("T5 110%");
  await workers.pass(dayMs / 2);
  const more = "work [[in:1]] [[out:0]]";
  expect(await ran("css-expert", more, { model: "cheap" })).toContain("T5 system by month");
  await workers.pass(Date.parse("2026-04-01T00:00:00Z") - bench.nowMs);
  expect(look()).not.toContain("T5 system by month");
}

const WORDS = ["react page", "sql schema", "docker image", "write a guide", "audit the login", "unit tests"];
const TURNS = [
  "",
  "",
  "",
  "",
  "",
  "[[err:invalid]]",
  "[[die:1]]",
  "[[ask:May I?]]",
  "[[unreadable]]",
  "[[unpriced]]",
];

/** Tasks of all kinds for everybody, by name and by what they say, as many at once as there are workers. */
async function anyMonth(untilMs: number): Promise<void> {
  const random = generator(SEED);
  const below = (n: number): number => Math.floor(random() * n);
  const stepMs = Math.floor((untilMs - bench.nowMs) / randomTasks);
  // They come by tens, so that they meet at the hourly limits.
  const pause = (n: number): number => (n % 10 === 0 ? below(stepMs * 10) : below(60_000));
  const ended: string[] = [];
  for (let n = 0; n < randomTasks; n += 1) {
    const tokens = `[[in:${below(9_000)}]] [[out:${below(3_000)}]] [[responses:${1 + below(3)}]]`;
    const text = `${WORDS[below(WORDS.length)]} ${n} ${tokens} [[delay:${below(300_000)}]] ${TURNS[below(TURNS.length)]}`;
    const id = bench.add(text, { as: random() < 0.7 ? (roster.members[n % 47]?.id ?? null) : null });
    await workers.pass(pause(n));
    const at = bench.task(id);
    if (at.state.name === "running" && random() < 0.1)
      handUp(id, ESCALATION_TARGETS[below(3)] ?? "human", "context-manager");
    if (at.state.name === "running" && random() < 0.05) await workers.cancel(id);
    if (at.attempts > 0 && random() < 0.3) reportOn(id, below);
    await workers.pass(pause(n));
    const { state } = bench.task(id);
    if ((state.name === "failed" || state.name === "lost") && random() < 0.4) bench.engine.retry(id, "again");
    if (state.name === "completed") ended.push(state.attemptId);
    // What an agent recorded behind its end is booked to the attempt it belongs to.
    const late = ended[below(ended.length)];
    if (random() < 0.1 && late !== undefined)
      bench.distributor.ended(late, { kind: "cancelled" }, [recordOf(`late-${n}`, below(500))]);
    await bench.settled();
    if (n % tasksPerLook === 0) look();
    if (n % 40 === 0) files.changed();
    if (n % 40 === 0) files.flush();
  }
}

function reportOn(task: number, below: (n: number) => number): void {
  const about = { passed: null, key: null, task };
  const amount = 1 + below(100);
  const kind = (["rejected", "hallucinated", "consulted", "recovered"] as const)[below(4)] ?? "rejected";
  report({ ...about, kind, amount: below(3) }, bench.ledger, bench.nowMs);
  report({ ...about, kind: "quality", amount: amount / 100 }, bench.ledger, bench.nowMs);
  report({ ...about, kind: "tests", amount, passed: below(amount + 1) }, bench.ledger, bench.nowMs);
}

function written(): Record<string, string> {
  const root = join(folder, ".claude/metrics");
  const names = readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
  const regular = names.filter((name) => statSync(join(root, name)).isFile());
  return Object.fromEntries(regular.map((name) => [name, readFileSync(join(root, name), "utf8")]));
}

it(`is what its raw rows come to, file by file and finding by finding (seed ${SEED})`, {
  timeout: withinMs,
}, async () => {
  await dearAgent();
  await agentThat("node-expert", "T2", "[[err:invalid]]");
  await agentThat("cloud-engineer", "T3", "[[handed-up]]");
  await dearDepartment();
  await longTask();
  await anyMonth(MARCH + 29 * dayMs);
  await workers.finish();
  await dearMonth();
  // Each bound was stood at exactly, where it begins and where it is over, and nothing fired there.
  const bounds = [
    "T1 110%",
    "T1 120%",
    "T2 85%",
    "T2 88%",
    "T3 12%",
    "T3 15%",
    "T4 100%",
    "T4 110%",
    "T6 100%",
  ];
  expect([...atBounds]).toEqual(expect.arrayContaining(bounds));
  expect(bench.troubles).toEqual([]);
  expect(bench.factsOf("task-deferred").length).toBeGreaterThan(0);
  expect(rawAttempts(bench.ledger.database).length).toBeGreaterThan(randomTasks);

  files.changed();
  files.flush();
  const files47 = expectedFiles(bench.ledger.database, roster);
  expect(Object.keys(files47)).toHaveLength(47 + 10 + 3 + 1);
  expect(written()).toEqual(files47);
  rmSync(join(folder, ".claude"), { recursive: true });
  bench.ledger.rebuildHierarchy();
  expect(files.writeAll()).toBe(61);
  expect(written()).toEqual(files47);
});
