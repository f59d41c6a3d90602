import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Ledger } from "../../src/ledger/ledger.ts";
import type { UsageEntry } from "../../src/ledger/spend-rows.ts";
import { NO_USAGE } from "../../src/metering/usage.ts";
import type { Outcome } from "../../src/tasks/task.ts";
import { assignmentOf, draftOf } from "../support/drafts.ts";
import { invocationNumber } from "../support/invocations.ts";
import { generator } from "../support/random.ts";

let ledger: Ledger;
beforeEach(() => {
  ledger = Ledger.open(":memory:");
});
afterEach(() => ledger.close());

const PLACES: Readonly<Record<string, { tier: "execution" | "tactical"; departments: string[] }>> = {
  react: { tier: "execution", departments: ["frontend", "mobile"] },
  boss: { tier: "tactical", departments: ["frontend"] },
};

function counting(): void {
  ledger.countBy((member) => PLACES[member] ?? null);
}

interface Attempt {
  readonly member?: string | null;
  readonly outcome?: Outcome;
  readonly tookMs?: number;
  readonly entries?: readonly Partial<UsageEntry>[];
}

/** Runs a task to its end; returns its attempt's id. */
function ran({ member = "react", outcome = DONE, tookMs = 1_000, entries = [{}] }: Attempt = {}): string {
  const assigned = member === null ? null : { id: member, preamble: null, worker: null };
  const added = ledger.add([{ draft: draftOf("x"), assignment: assignmentOf({ member: assigned }) }], 1);
  const task = added[0]?.task;
  if (task === undefined) throw new Error("no task was added");
  const id = `a${task.id}`;
  const attempt = { id, worker: "w", agent: "claude", model: "sonnet" };
  const reserved = ledger.reserve(task, attempt, { tokens: 1, nanoUsd: 1, oversized: false }, 1_000);
  const intent = { attemptId: id, launchId: "l", pane: "p", previousAttempt: "", textSha256: "" };
  const typed = ledger.typed(
    ledger.intend(reserved, { ...intent, sessionId: "s", recordPath: null }, 2_000),
    5_000,
  );
  ledger.finish(
    typed,
    outcome,
    entries.map((entry, n) => entryOf(id, n, entry)),
    5_000 + tookMs,
  );
  return id;
}

const DONE: Outcome = { kind: "completed", exitCode: null, answer: null };

function entryOf(attemptId: string, n: number, change: Partial<UsageEntry> = {}): UsageEntry {
  return {
    key: `${attemptId}/${n}`,
    attemptId,
    taskId: 1,
    worker: "w",
    agent: "claude",
    model: "sonnet",
    limitModel: null,
    type: "coding",
    atMs: 3,
    source: "actual",
    usage: { ...NO_USAGE, inputTokens: 70, outputTokens: 30 },
    bookedTokens: 100,
    bookedNanoUsd: 500,
    costNanoUsd: 500,
    priceTable: "list",
    sessionId: null,
    cliVersion: null,
    flags: [],
    ...change,
  };
}

const react = { kind: "agent", id: "react" } as const;
const rows = (table: string): number =>
  ledger.database.prepare<[], { n: number }>(`SELECT count(*) AS n FROM ${table}`).get()?.n ?? -1;

describe("an ended attempt", () => {
  it("counts for nobody where there is no roster", () => {
    ran();
    expect([rows("invocation"), rows("hierarchy_sums"), ledger.hierarchy.any]).toEqual([0, 0, false]);
  });

  it("counts for its agent, its departments, its tier and all together, in the commit that ends it", () => {
    counting();
    ran({ tookMs: 12_340 });
    ran({ member: "boss", outcome: { kind: "failed", reason: "no", exitCode: null }, tookMs: 2_000 });
    ran({ member: null });
    ran({ member: "somebody of before" });
    expect(ledger.hierarchy.sums(react)).toMatchObject({
      invocations: 1,
      inputTokens: 70,
      outputTokens: 30,
      costNanoUsd: 500,
    });
    const of = (kind: "department" | "tier" | "system", id: string) => ledger.hierarchy.sums({ kind, id });
    expect(of("department", "frontend")).toMatchObject({
      invocations: 2,
      succeeded: 1,
      failed: 1,
      longestMs: 12_340,
    });
    expect(of("department", "mobile").invocations).toBe(1);
    expect(of("tier", "tactical").invocations).toBe(1);
    expect(of("system", "")).toMatchObject({ invocations: 4, inputTokens: 280 });
  });

  it("whose usage nobody knows adds no tokens, and one that used none adds 0", () => {
    counting();
    ran({ entries: [{ source: "unknown", costNanoUsd: null, usage: NO_USAGE }] });
    expect(ledger.hierarchy.sums(react)).toMatchObject({
      invocations: 1,
      tokensKnown: 0,
      costKnown: 0,
      inputTokens: 0,
    });
    ran({ entries: [] });
    expect(ledger.hierarchy.sums(react)).toMatchObject({
      invocations: 2,
      tokensKnown: 1,
      costKnown: 1,
      inputTokens: 0,
    });
  });

  it("is corrected by what is booked for it later, and by other prices", () => {
    counting();
    const id = ran();
    ledger.bookUsage([
      entryOf(id, 1, {
        usage: { ...NO_USAGE, inputTokens: 5, outputTokens: 5 },
        bookedTokens: 10,
        costNanoUsd: 7,
      }),
    ]);
    expect(ledger.hierarchy.sums(react)).toMatchObject({
      invocations: 1,
      inputTokens: 75,
      outputTokens: 35,
      costNanoUsd: 507,
    });
    ledger.reprice({ table: "dear", cost: () => 1_000 }, true);
    expect(ledger.hierarchy.sums(react).costNanoUsd).toBe(2_000);
  });

  it("that was cancelled before anything was typed invoked nobody", () => {
    counting();
    const [added] = ledger.add([{ draft: draftOf("x"), assignment: assignmentOf() }], 1);
    if (added === undefined) throw new Error("no task was added");
    const attempt = { id: "a", worker: "w", agent: "claude", model: null };
    const reserved = ledger.reserve(added.task, attempt, { tokens: 1, nanoUsd: 1, oversized: false }, 1);
    ledger.finish(reserved, { kind: "cancelled" }, [], 2);
    expect(rows("invocation")).toBe(0);
  });
});

describe("the kept sums", () => {
  it("are what the invocations come to, counted apart, and stay so when they are made anew", () => {
    const seed = Number(process.env["CTM_TEST_SEED"] ?? 47);
    const random = generator(seed);
    const many = 1_500;
    for (let n = 0; n < many; n += 1) ledger.hierarchy.book(invocationNumber(n, random));
    const before = dump();
    for (const subject of ledger.hierarchy.subjects()) {
      const { kind, id } = subject;
      const where = {
        agent: "member = @id",
        department: "EXISTS (SELECT 1 FROM json_each(departments) WHERE value = @id)",
        tier: "tier = @id",
        system: "@id = ''",
      }[kind];
      const counted = ledger.database
        .prepare<{ id: string }, Record<string, number>>(
          `SELECT count(*) AS invocations, total(outcome = 'completed') AS succeeded, total(outcome IN ('failed', 'lost')) AS failed,
            total(input) AS inputTokens, total(output) AS outputTokens, count(input) AS tokensKnown, total(cost_nano) AS costNanoUsd,
            count(cost_nano) AS costKnown, count(duration_ms) AS durations, total(duration_ms) AS durationMs,
            min(duration_ms) AS shortestMs, max(duration_ms) AS longestMs, min(started_at_ms) AS firstMs, max(started_at_ms) AS lastMs
           FROM invocation WHERE ${where}`,
        )
        .get({ id });
      const sums = ledger.hierarchy.sums(subject);
      expect(sums, `seed ${seed}`).toMatchObject(counted ?? {});
      const durations = ledger.database
        .prepare<{ id: string }, { ms: number }>(
          `SELECT duration_ms AS ms FROM invocation WHERE duration_ms IS NOT NULL AND ${where} ORDER BY 1`,
        )
        .all({ id })
        .map(({ ms }) => ms);
      const p95 = durations[Math.ceil(durations.length * 0.95) - 1];
      expect(ledger.hierarchy.p95Tenths(subject, sums.durations), `seed ${seed}`).toBe(
        p95 === undefined ? null : Math.round(p95 / 100),
      );
    }
    ledger.rebuildHierarchy();
    expect(dump()).toEqual(before);
  });

  function dump(): unknown[] {
    return ["hierarchy_sums", "hierarchy_duration"].map((table) =>
      ledger.database.prepare(`SELECT * FROM ${table}`).all(),
    );
  }
});
