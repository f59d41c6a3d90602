import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CtmError } from "../../src/base/errors.ts";
import { attemptOf, Ledger } from "../../src/ledger/ledger.ts";
import type { UsageEntry } from "../../src/ledger/spend-rows.ts";
import { NO_USAGE } from "../../src/metering/usage.ts";
import { PRIORITIES } from "../../src/tasks/priority.ts";
import type { Task } from "../../src/tasks/task.ts";
import { assignmentOf, draftOf } from "../support/drafts.ts";

const HELD = { tokens: 1_008, nanoUsd: 3_024_000, oversized: false };
const WORKER = { worker: "concurrent_worker1", agent: "rehearsal", model: "sonnet" };
const INTENT = {
  launchId: "l1",
  pane: "{}",
  previousAttempt: "",
  textSha256: "00",
  sessionId: null,
  recordPath: null,
};

let folder: string;
let file: string;
let ledger: Ledger;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-ledger-"));
  file = join(folder, "ledger.sqlite");
  ledger = Ledger.open(file);
});

afterEach(() => {
  ledger.close();
  rmSync(folder, { recursive: true });
});

function add(text: string, change = {}): Task {
  const [added] = ledger.add([{ draft: draftOf(text, change), assignment: assignmentOf() }], 1_000);
  if (added === undefined) throw new Error("nothing was added");
  return added.task;
}

function reopened(): Ledger {
  ledger.close();
  ledger = Ledger.open(file);
  return ledger;
}

function running(text: string): Task {
  const reserved = ledger.reserve(add(text), { ...WORKER, id: `a-${text}` }, HELD, 2_000);
  const dispatching = ledger.intend(reserved, { ...INTENT, attemptId: attemptOf(reserved) }, 3_000);
  return ledger.run(ledger.typed(dispatching, 4_000), { sessionId: "s", recordPath: null }, 5_000);
}

function entry(task: Task, change: Partial<UsageEntry> = {}): UsageEntry {
  return {
    key: `claude:${task.id}`,
    attemptId: attemptOf(task),
    taskId: task.id,
    worker: "concurrent_worker1",
    agent: "rehearsal",
    model: "sonnet",
    limitModel: "sonnet",
    type: "coding",
    atMs: 6_000,
    source: "actual",
    usage: { ...NO_USAGE, inputTokens: 100, outputTokens: 20 },
    bookedTokens: 120,
    bookedNanoUsd: 600_000,
    costNanoUsd: 600_000,
    priceTable: "list",
    sessionId: "s",
    cliVersion: null,
    flags: [],
    ...change,
  };
}

describe("queueing", () => {
  it("keeps a text byte for byte, with its folder and every choice of the person", () => {
    const text = "Ünïcode 🙂\n\tsecond line; '; DROP TABLE task; --  \u202Ertl";
    const draft = {
      cwd: "/tmp/a b",
      priority: "high",
      type: "ui",
      model: "opus",
      worker: "concurrent_worker2",
      retryLost: true,
      cap: { tokens: 50_000, nanoUsd: null },
    } as const;
    const task = add(text, draft);
    expect(reopened().task(task.id).draft).toEqual(draftOf(text, draft));
  });

  it("answers a known key with the task it named, for ever, also after that task was cleared (G2)", () => {
    const first = add("one", { key: "k" });
    ledger.cancelQueued(first, 2_000);
    ledger.clear(["cancelled"]);
    const again = reopened().add(
      [{ draft: draftOf("other", { key: "k" }), assignment: assignmentOf() }],
      3_000,
    );
    expect(again).toMatchObject([{ created: false, task: { id: first.id, draft: { text: "one" } } }]);
  });

  it("queues all of a batch or nothing", () => {
    const bad = { draft: draftOf("two", { priority: "urgent" as "high" }), assignment: assignmentOf() };
    const batch = [
      { draft: draftOf("one"), assignment: assignmentOf() },
      { ...bad, assignment: assignmentOf({ agent: null as unknown as string }) },
    ];
    expect(() => ledger.add(batch, 1_000)).toThrow(CtmError);
    expect(ledger.tasks.counts().get("queued") ?? 0).toBe(0);
  });

  it("hands out priority first, then first come first served, in pages (G10)", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...PRIORITIES), { maxLength: 40 }),
        fc.integer({ min: 1, max: 7 }),
        (priorities, pageSize) => {
          const fresh = Ledger.open(":memory:");
          fresh.add(
            priorities.map((priority) => ({ draft: draftOf("x", { priority }), assignment: assignmentOf() })),
            1,
          );
          const seen: number[] = [];
          for (
            let page = fresh.tasks.ready(null, new Set(), pageSize);
            page.length > 0;
            page = fresh.tasks.ready(page.at(-1) ?? null, new Set(), pageSize)
          ) {
            seen.push(...page.map(({ id }) => id));
          }
          const expected = priorities
            .map((priority, index) => ({ id: index + 1, rank: PRIORITIES.indexOf(priority) }))
            .sort((a, b) => b.rank - a.rank || a.id - b.id)
            .map(({ id }) => id);
          fresh.close();
          expect(seen).toEqual(expected);
        },
      ),
    );
  });

  it("passes over those that need what was found wanting, whatever their folder is called", () => {
    const odd = '/a "b", [null] ü\n\u0001';
    for (const change of [
      { cwd: odd },
      {},
      { cwd: odd, worker: "w1" },
      { cwd: odd, priority: "low" },
    ] as const)
      add("x", change);
    const [first] = ledger.tasks.ready(null, new Set(), 1);
    const others = ledger.tasks.ready(null, new Set([first?.needs ?? ""]), 10);
    expect(others.map(({ id }) => id)).toEqual([2, 3]);
  });

  it("leaves held tasks out of the ready ones and counts them apart", () => {
    const task = add("held", { holdReason: "waiting for Anna" });
    expect(ledger.tasks.ready(null, new Set(), 10)).toEqual([]);
    expect(ledger.tasks.counts().get("held")).toBe(1);
    ledger.setHold(task.id, null);
    expect(ledger.tasks.ready(null, new Set(), 10)).toHaveLength(1);
    expect(ledger.tasks.counts().get("held")).toBe(0);
  });

  it("changes only queued tasks", () => {
    const task = running("busy");
    expect(() => ledger.setPriority(task.id, "high")).toThrow(/is running; only a queued task/);
    expect(() => ledger.setHold(task.id, "x")).toThrow(/is running/);
  });
});

describe("the way of a task", () => {
  it("commits the attempt and its reservation with the move", () => {
    const reserved = ledger.reserve(add("t"), { ...WORKER, id: "a1" }, HELD, 2_000);
    expect(reserved).toMatchObject({
      attempts: 1,
      state: { name: "reserved", attemptId: "a1", worker: "concurrent_worker1" },
    });
    expect(reopened().spend.openReservations()).toMatchObject([
      { attempt_id: "a1", tokens: 1_008, nano: 3_024_000 },
    ]);
  });

  it("reserves a task once, however many ask at the same time", () => {
    const task = add("t");
    ledger.reserve(task, { ...WORKER, id: "a1" }, HELD, 2_000);
    expect(() => ledger.reserve(task, { ...WORKER, id: "a2" }, HELD, 2_000)).toThrow(/no longer queued/);
    expect(ledger.spend.openReservations()).toHaveLength(1);
  });

  it("books, settles and ends in one commit, and only once", () => {
    const task = running("t");
    const { task: ended } = ledger.finish(
      task,
      { kind: "completed", exitCode: null, answer: "done" },
      [entry(task)],
      9_000,
    );
    expect(ended.state).toEqual({
      name: "completed",
      attemptId: attemptOf(task),
      endedAtMs: 9_000,
      exitCode: null,
    });
    expect(reopened().spend.openReservations()).toEqual([]);
    expect(ledger.spend.ofAttempt(attemptOf(task))).toMatchObject({ tokens: 120, cost: 600_000 });
    expect(() => ledger.finish(task, { kind: "cancelled" }, [], 9_001)).toThrow(/no longer running/);
  });

  it("gives an untyped task back with its reservation closed, and fences its old attempt off", () => {
    const reserved = ledger.reserve(add("t"), { ...WORKER, id: "a1" }, HELD, 2_000);
    const queued = ledger.unreserve(reserved, "pane refused", 5_000, 3_000);
    expect(queued.state).toEqual({ name: "queued", holdReason: null, notBeforeMs: 5_000 });
    expect(ledger.spend.openReservations()).toEqual([]);
    ledger.reserve(queued, { ...WORKER, id: "a2" }, HELD, 6_000);
    expect(() => ledger.intend(reserved, { ...INTENT, attemptId: "a1" }, 7_000)).toThrow(CtmError);
  });

  it("refuses moves that are not in the table", () => {
    const task = running("t");
    const { task: ended } = ledger.finish(task, { kind: "completed", exitCode: 0, answer: null }, [], 9_000);
    expect(() => ledger.retry(ended, "again", null, 9_500)).toThrow("is completed; it cannot become queued");
  });

  it("retries and cancels nothing that is in a worker's hands, whatever moves the table has", () => {
    const reserved = ledger.reserve(add("t"), { ...WORKER, id: "a1" }, HELD, 2_000);
    const dispatching = ledger.intend(reserved, { ...INTENT, attemptId: "a1" }, 3_000);
    for (const task of [reserved, dispatching]) {
      expect(() => ledger.retry(task, "again", null, 4_000)).toThrow(/only a failed, lost or cancelled one/);
      expect(() => ledger.cancelQueued(task, 4_000)).toThrow(/only a waiting task/);
    }
    expect(ledger.spend.openReservations()).toHaveLength(1);
  });

  it("tells every move with its cause", () => {
    const task = running("t");
    ledger.finish(task, { kind: "failed", reason: "exit code 3", exitCode: 3 }, [], 9_000);
    expect(ledger.moves(task.id).map(({ from, to, cause }) => [from, to, cause])).toEqual([
      ["queued", "reserved", null],
      ["reserved", "dispatching", null],
      ["dispatching", "dispatched", null],
      ["dispatched", "running", null],
      ["running", "failed", "exit code 3"],
    ]);
  });

  it("lets a second Enter be claimed once", () => {
    const attemptId = attemptOf(running("t"));
    expect([ledger.claimSecondEnter(attemptId, 1), ledger.claimSecondEnter(attemptId, 2)]).toEqual([
      true,
      false,
    ]);
  });
});

describe("booking", () => {
  it("counts a response once, at its largest sighting (G9)", () => {
    const task = running("t");
    const larger = {
      usage: { ...NO_USAGE, inputTokens: 100, outputTokens: 90 },
      bookedTokens: 190,
      bookedNanoUsd: 950_000,
      costNanoUsd: 950_000,
    };
    expect(ledger.bookUsage([entry(task)])).toMatchObject([{ addedTokens: 120 }]);
    expect(ledger.bookUsage([entry(task), entry(task)])).toEqual([]);
    expect(ledger.bookUsage([entry(task, larger)])).toMatchObject([
      { addedTokens: 70, addedNanoUsd: 350_000 },
    ]);
    expect(ledger.bookUsage([entry(task)])).toEqual([]);
    expect(reopened().spend.ofAttempt(attemptOf(task))).toMatchObject({ tokens: 190, cost: 950_000 });
    expect(ledger.spend.usageOfAttempt(attemptOf(task))).toMatchObject({
      inputTokens: 100,
      outputTokens: 90,
    });
    expect(ledger.spend.spendTotals()).toMatchObject([
      { tokens: 190, nano: 950_000, input: 100, output: 90 },
    ]);
  });

  it("lets a response that grew count from its first sighting on, as a new start reads it (G9)", () => {
    const task = running("work");
    ledger.bookUsage([entry(task, { atMs: 6_000, bookedTokens: 50 })]);
    const [grown] = ledger.bookUsage([entry(task, { atMs: 9_000, bookedTokens: 120 })]);
    expect(grown).toMatchObject({ addedTokens: 70, entry: { atMs: 6_000 } });
    expect(ledger.spend.bookingsSince(0)).toMatchObject([{ at_ms: 6_000, booked_tokens: 120 }]);
  });

  it("lets a response grow for its first owner, and each counter by itself (G9)", () => {
    const [first, second] = [running("first"), running("second")];
    const usage = { ...NO_USAGE, inputTokens: 100, outputTokens: 20 };
    ledger.bookUsage([entry(first, { key: "k", bookedTokens: 120, bookedNanoUsd: 900, usage })]);
    const later = { ...NO_USAGE, inputTokens: 90, outputTokens: 60 };
    const again = entry(second, { key: "k", bookedTokens: 150, bookedNanoUsd: 800, usage: later });
    const [grown] = ledger.bookUsage([again]);
    expect(grown).toMatchObject({
      addedTokens: 30,
      addedNanoUsd: 0,
      entry: { attemptId: attemptOf(first), bookedNanoUsd: 900 },
    });
    expect(ledger.bookUsage([again])).toEqual([]);
    expect(ledger.spend.ofAttempt(attemptOf(second)).rows).toBe(0);
    expect(ledger.spend.usageOfAttempt(attemptOf(first))).toMatchObject({
      inputTokens: 100,
      outputTokens: 60,
    });
  });

  it("forgets a doubt that a later reading has cleared up, of its own attempt only", () => {
    const [task, other] = [running("work"), running("other")];
    ledger.bookUsage([entry(task, { key: "k", flags: ["compaction-unseen"] })]);
    ledger.bookUsage([entry(other, { key: "k", flags: [] })]);
    expect(ledger.spend.ofAttempt(attemptOf(task)).flags).toEqual(["compaction-unseen"]);
    ledger.bookUsage([entry(task, { key: "k", flags: [] })]);
    expect(reopened().spend.ofAttempt(attemptOf(task))).toMatchObject({ flags: [], rows: 1 });
  });

  it("extends a reservation that is open, in one step, and lets none shrink", () => {
    const task = running("work");
    const attemptId = attemptOf(task);
    const reserved = { tokens: HELD.tokens + 500, nanoUsd: HELD.nanoUsd };
    ledger.extend(attemptId, { reserved, owed: { tokens: 0, nanoUsd: 7 } });
    expect(reopened().spend.openReservations()).toMatchObject([
      { attempt_id: attemptId, tokens: HELD.tokens + 500, nano: HELD.nanoUsd, owed_tokens: 0, owed_nano: 7 },
    ]);
    const nothing = { tokens: 0, nanoUsd: 0 };
    const smaller = { tokens: HELD.tokens, nanoUsd: HELD.nanoUsd };
    expect(() => ledger.extend(attemptId, { reserved: smaller, owed: nothing })).toThrow(CtmError);
    expect(() => ledger.extend("a-nobody", { reserved, owed: nothing })).toThrow(CtmError);
    ledger.finish(task, { kind: "cancelled" }, [], 9_000);
    expect(() => ledger.extend(attemptId, { reserved, owed: nothing })).toThrow("holds no reservation");
  });

  it("keeps sums equal to the rows they stand for", () => {
    const task = running("t");
    const amounts = fc.array(
      fc.record({
        key: fc.constantFrom("a", "b", "c", "d"),
        tokens: fc.integer({ min: 0, max: 500 }),
        priced: fc.boolean(),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(amounts, (sightings) => {
        ledger.bookUsage(
          sightings.map(({ key, tokens, priced }) =>
            entry(task, {
              key,
              usage: { ...NO_USAGE, inputTokens: tokens },
              bookedTokens: tokens,
              bookedNanoUsd: tokens * 3_000,
              // A table that is brought up to date under way may know a model's price, or no longer.
              costNanoUsd: priced ? tokens * 3_000 : null,
            }),
          ),
        );
        expect(keptSums()).toEqual(rowSums());
      }),
      { numRuns: 50 },
    );
  });

  it("says n/a, not 0, for a cost nobody knows", () => {
    const task = running("t");
    ledger.bookUsage([entry(task, { costNanoUsd: null })]);
    expect(ledger.spend.ofAttempt(attemptOf(task)).cost).toBeNull();
  });
});

/** The kept sums, and the same from the rows: tokens, cost, and tokens whose cost is not known. */
function keptSums(): number[] {
  const totals = ledger.spend.spendTotals();
  const sum = (of: (row: (typeof totals)[number]) => number) => totals.reduce((all, row) => all + of(row), 0);
  return [sum(({ tokens }) => tokens), sum(({ nano }) => nano), sum(({ unpriced }) => unpriced)];
}

function rowSums(): number[] {
  const sql = `SELECT total(booked_tokens) AS tokens, total(cost_nano) AS nano,
    total(CASE WHEN cost_nano IS NULL THEN booked_tokens ELSE 0 END) AS unpriced FROM usage`;
  const row = ledger.database.prepare<[], Record<string, number>>(sql).get() ?? {};
  return [row["tokens"] ?? -1, row["nano"] ?? -1, row["unpriced"] ?? -1];
}

describe("what a move returns", () => {
  it("is the task as it is read, at every step", () => {
    const reserved = ledger.reserve(add("work"), { ...WORKER, id: "a1" }, HELD, 2_000);
    const steps = [
      (task: Task) => ledger.intend(task, { ...INTENT, attemptId: "a1" }, 3_000),
      (task: Task) => ledger.typed(task, 4_000),
      (task: Task) => ledger.run(task, { sessionId: "s", recordPath: null }, 5_000),
      (task: Task) => ledger.ask(task, "y/n?", 6_000),
      (task: Task) => ledger.run(task, { sessionId: "s", recordPath: null }, 7_000),
      (task: Task) => ledger.finish(task, { kind: "failed", reason: "why", exitCode: 7 }, [], 8_000).task,
    ];
    let task = reserved;
    for (const step of steps) {
      task = step(task);
      expect(task).toEqual(ledger.task(task.id));
    }
  });
});

describe("waiting for the disk", () => {
  const level = (): unknown => ledger.database.pragma("synchronous", { simple: true });

  it("is left out by no move of a task that has a commit of its own", () => {
    const asked = vi.spyOn(ledger.database, "pragma");
    const moved = ledger.reserve(add("work"), { ...WORKER, id: "a1" }, HELD, 2_000);
    ledger.intend(moved, { ...INTENT, attemptId: "a1" }, 3);
    expect(asked).not.toHaveBeenCalled();
    asked.mockRestore();
    expect(level()).toBe(2);
  });

  it("is left out by a commit that is synced later, and by nothing after it, not even when it fails", async () => {
    expect(ledger.commit(level)).toBe(1);
    expect(level()).toBe(2);
    expect(() =>
      ledger.commit(() => {
        throw new Error("a bug");
      }),
    ).toThrow("a bug");
    expect(level()).toBe(2);
    await ledger.sync();
    ledger.syncNow();
  });
});

describe("several verbs in one commit", () => {
  const begun = () => ledger.reserve(add("work"), { ...WORKER, id: "a1" }, HELD, 2_000);
  const intended = (task: Task) => ledger.intend(task, { ...INTENT, attemptId: "a1" }, 3_000);

  it("are all there", () => {
    const task = begun();
    ledger.commit(() => void ledger.typed(intended(task), 4_000));
    expect(ledger.task(task.id).state.name).toBe("dispatched");
    expect(ledger.moves(task.id).map(({ to }) => to)).toEqual(["reserved", "dispatching", "dispatched"]);
  });

  it("are none of them there when the last one fails", () => {
    const task = begun();
    const act = () => {
      intended(task);
      // It is dispatching by now, and not reserved.
      intended(task);
    };
    expect(() => ledger.commit(act)).toThrow(/is no longer reserved/);
    expect(ledger.task(task.id)).toEqual(task);
    expect(ledger.moves(task.id)).toHaveLength(1);
  });
});

describe("a file that cannot be trusted", () => {
  it("is refused when a newer program wrote it, and left as it was", () => {
    ledger.database.pragma("user_version = 99");
    ledger.close();
    expect(() => Ledger.open(file)).toThrow(/written by a newer ctm/);
    ledger = Ledger.open(":memory:");
  });
});
