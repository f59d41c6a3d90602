/**
 * A month of 47 agents through the real engine, on a clock of its own. What was kept of it is held against tasks,
 * attempts, usage and moves as they stand in the ledger: not against the rows it was kept from.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { INIT_ROSTER } from "../../src/init-roster.ts";
import { MetricsFiles } from "../../src/metrics-files.ts";
import { readRoster } from "../../src/roster-file.ts";
import type { Roster } from "../../src/roster/roster.ts";
import type { Outcome } from "../../src/tasks/task.ts";
import { EngineBench, recordOf } from "../support/engine-bench.ts";
import { generator } from "../support/random.ts";

const SEED = Number(process.env["CTM_TEST_SEED"] ?? 47);
const tasks = process.env["CTM_TEST_LONG"] === undefined ? 400 : 20_000;
const stepMs = Math.floor((30 * 86_400_000) / tasks);

let folder: string;
let bench: EngineBench;
let roster: Roster;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ctm-month-"));
  const file = join(folder, "ctm.roster.yaml");
  writeFileSync(file, INIT_ROSTER, { mode: 0o600 });
  roster = await readRoster(file, ["claude"]);
  bench = new EngineBench();
  const places = new Map(roster.members.map(({ id, tier, departments }) => [id, { tier, departments }]));
  bench.ledger.countBy((member) => places.get(member) ?? null);
});
afterEach(() => {
  bench.close();
  rmSync(folder, { recursive: true });
});

async function month(): Promise<void> {
  const random = generator(SEED);
  const ended: string[] = [];
  for (let n = 0; n < tasks; n += 1) {
    const member = roster.members[Math.floor(random() * roster.members.length)];
    const again = random() < 0.1 ? bench.ledger.tasks.list(failedOnes).at(-1) : undefined;
    if (again !== undefined) bench.engine.retry(again.id, "again");
    else bench.add("work", { as: member?.id ?? null });
    await bench.pass();
    const { order } = bench.distributor;
    order.intend();
    await order.typed();
    bench.distributor.accepted(order.attemptId);
    bench.nowMs += Math.floor(random() ** 3 * stepMs * 0.9);
    if (random() < 0.3)
      bench.distributor.used(order.attemptId, [recordOf(`u${n}`, Math.floor(random() * 900))]);
    const records =
      random() < 0.05 ? null : [recordOf(`r${n}`, Math.floor(random() * 9_000), modelOf(random()))];
    bench.distributor.ended(order.attemptId, outcomeOf(random()), records);
    await bench.settled();
    ended.push(order.attemptId);
    // What an agent recorded behind its end is booked to the attempt it belongs to.
    const late = ended[Math.floor(random() * ended.length)];
    if (random() < 0.1 && late !== undefined)
      bench.distributor.ended(late, { kind: "cancelled" }, [recordOf(`l${n}`, Math.floor(random() * 500))]);
    await bench.settled();
    bench.nowMs += Math.floor(random() * stepMs);
  }
  expect(bench.troubles).toEqual([]);
}

const failedOnes = {
  states: ["failed", "lost"] as const,
  type: null,
  worker: null,
  containing: null,
  limit: 10,
};

function modelOf(chance: number): string | null {
  return chance < 0.1 ? "nobody-knows-this" : chance < 0.5 ? "claude-haiku-4-5" : "claude-sonnet-4-5";
}

function outcomeOf(chance: number): Outcome {
  if (chance < 0.7) return { kind: "completed", exitCode: null, answer: null };
  if (chance < 0.85) return { kind: "failed", reason: "no", exitCode: null };
  return chance < 0.95 ? { kind: "lost", reason: "gone" } : { kind: "cancelled" };
}

/** One attempt as tasks, attempts and usage have it. */
interface RawAttempt {
  member: string;
  outcome: string;
  began: number;
  took: number;
  tokens: number | null;
  output: number | null;
  cost: number | null;
}

function rawAttempts(): RawAttempt[] {
  return bench.ledger.database
    .prepare<[], RawAttempt>(
      `SELECT task.member, outcome, typed_at_ms AS began, ended_at_ms - typed_at_ms AS took,
        CASE WHEN max(source = 'unknown') THEN NULL ELSE sum(booked_tokens) END AS tokens,
        CASE WHEN max(source = 'unknown') THEN NULL ELSE sum(output) END AS output,
        CASE WHEN count(*) > count(cost_nano) THEN NULL ELSE sum(cost_nano) END AS cost
       FROM attempt JOIN task ON task.id = attempt.task_id JOIN usage ON usage.attempt_id = attempt.id
       WHERE attempt.ended_at_ms IS NOT NULL GROUP BY attempt.id`,
    )
    .all();
}

function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}

it(`is what its tasks come to, agent by agent and department by department (seed ${SEED})`, async () => {
  await month();
  const attempts = rawAttempts();
  expect(attempts).toHaveLength(tasks);
  const { hierarchy } = bench.ledger;
  const placeOf = new Map(roster.members.map((member) => [member.id, member]));
  const groups = new Map<string, { subject: Parameters<typeof hierarchy.sums>[0]; all: RawAttempt[] }>();
  for (const attempt of attempts) {
    const member = placeOf.get(attempt.member);
    const subjects = [
      { kind: "agent", id: attempt.member } as const,
      ...(member?.departments ?? []).map((id) => ({ kind: "department", id }) as const),
      { kind: "tier", id: member?.tier ?? "" } as const,
      { kind: "system", id: "" } as const,
    ];
    for (const subject of subjects) {
      const key = `${subject.kind} ${subject.id}`;
      groups.set(key, { subject, all: [...(groups.get(key)?.all ?? []), attempt] });
    }
  }
  expect(hierarchy.subjects()).toHaveLength(groups.size);
  for (const [key, { subject, all }] of groups) {
    const sums = hierarchy.sums(subject);
    const took = all.map((one) => one.took).sort((a, b) => a - b);
    expect(sums, key).toMatchObject({
      invocations: all.length,
      succeeded: all.filter(({ outcome }) => outcome === "completed").length,
      failed: all.filter(({ outcome }) => outcome === "failed" || outcome === "lost").length,
      inputTokens: sum(all.map(({ tokens }) => tokens)) - sum(all.map(({ output }) => output)),
      outputTokens: sum(all.map(({ output }) => output)),
      tokensKnown: all.filter(({ tokens }) => tokens !== null).length,
      costNanoUsd: sum(all.map(({ cost }) => cost)),
      costKnown: all.filter(({ cost }) => cost !== null).length,
      durationMs: sum(took),
      shortestMs: took[0],
      longestMs: took.at(-1),
      firstMs: Math.min(...all.map(({ began }) => began)),
      lastMs: Math.max(...all.map(({ began }) => began)),
    });
    expect(hierarchy.p95Tenths(subject, took.length), key).toBe(
      Math.round((took[Math.ceil(took.length * 0.95) - 1] ?? Number.NaN) / 100),
    );
  }
  const retried = bench.ledger.database
    .prepare<[], { n: number }>("SELECT count(*) AS n FROM attempt WHERE n > 1")
    .get()?.n;
  expect(hierarchy.sums({ kind: "system", id: "" }).levels).toEqual([retried, 0, 0, 0]);

  const files = new MetricsFiles({
    setting: { file: join(folder, "ctm.roster.yaml"), roster, metricsDir: join(folder, "metrics") },
    ledger: bench.ledger,
    trouble: (error) => bench.troubles.push(error),
  });
  expect(files.writeAll()).toBe(groups.size);
  const before = contents();
  rmSync(join(folder, "metrics"), { recursive: true });
  bench.ledger.rebuildHierarchy();
  files.writeAll();
  expect(contents()).toEqual(before);
});

function contents(): Record<string, string> {
  const root = join(folder, "metrics");
  const names = readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
  const regular = names.filter((name) => statSync(join(root, name)).isFile());
  return Object.fromEntries(regular.map((name) => [name, readFileSync(join(root, name), "utf8")]));
}
