import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claudeAdapter } from "../src/agents/claude.ts";
import { CtmError } from "../src/base/errors.ts";
import { loadConfig } from "../src/config.ts";
import { coordinate } from "../src/coordinating.ts";
import { CoordinatorWatch } from "../src/coordinator-watch.ts";
import { KeptWrites } from "../src/kept-writes.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import type { UsageEntry } from "../src/ledger/spend-rows.ts";
import { priceTable } from "../src/metering/prices.ts";
import { NO_USAGE } from "../src/metering/usage.ts";
import { RoundDesk } from "../src/round-desk.ts";
import { readToldLog } from "../src/rounds/told-log.ts";
import type { TaskDraft } from "../src/tasks/task.ts";
import { claudeLine } from "./support/claude-lines.ts";
import { assignmentOf, draftOf } from "./support/drafts.ts";

const T0 = Date.parse("2026-02-13T10:00:00Z");
const SESSION = "1f0c9a52-7d2e-4b53-9a52-7d2e4b53aaaa";
let folder: string;
let ledger: Ledger;
let watch: CoordinatorWatch;
let desk: RoundDesk;
let nowMs: number;
const folders = { claude: [] as string[], codex: [], gemini: [], opencode: [] };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ctm-rounds-"));
  folders.claude = [join(folder, "claude")];
  nowMs = T0;
  ledger = Ledger.open(":memory:");
  const config = await loadConfig({ env: { HOME: folder, PATH: "", TZ: "UTC" }, cwd: folder });
  const trouble = (error: unknown): never => {
    throw error;
  };
  const kept = new KeptWrites({
    ...{ commit: (act) => ledger.commit(act), sync: async () => undefined, syncNow: () => undefined },
    ...{ probe: () => undefined, changed: () => undefined, trouble },
  });
  const now = (): number => nowMs;
  const entryRules = { prices: priceTable("flat-2025"), countCacheReads: false };
  watch = new CoordinatorWatch({
    ...{ ledger, kept, entryRules, now, trouble },
    adapterOf: () => claudeAdapter,
    workers: () => [],
  });
  desk = new RoundDesk({
    ...{ config, ledger, kept, now, coordinatorWatch: watch },
    submitMany: (drafts: readonly TaskDraft[], also) =>
      ledger
        .add(
          drafts.map((draft) => ({
            draft,
            assignment: assignmentOf({ member: { id: "m", preamble: "P".repeat(38), worker: null } }),
          })),
          nowMs,
          also,
        )
        .map((added) => ({ ...added, waitsFor: null })),
  });
});
afterEach(() => {
  watch.close();
  ledger.close();
  rmSync(folder, { recursive: true });
});

const wish = (name: string, phase: string | null = null) => ({ name, workspace: null, phase, notes: null });

/** A task goes through a worker: typed at one moment, ended at another, with so many tokens. */
function work(id: number, worker: string, typedMs: number, endedMs: number, tokens: number): void {
  const attempt = { id: `a${id}`, worker, agent: "claude", model: "sonnet" };
  const reserved = ledger.reserve(
    ledger.task(id),
    attempt,
    { tokens: 0, nanoUsd: 0, oversized: false },
    typedMs,
  );
  const intent = {
    launchId: "l",
    pane: "p",
    previousAttempt: "",
    textSha256: "",
    sessionId: null,
    recordPath: null,
  };
  const typed = ledger.typed(ledger.intend(reserved, { attemptId: attempt.id, ...intent }, typedMs), typedMs);
  const entry: UsageEntry = {
    ...{ key: `claude:k${id}`, attemptId: attempt.id, taskId: id, worker, agent: "claude", model: "sonnet" },
    ...{
      limitModel: "sonnet",
      type: null,
      atMs: typedMs,
      source: "actual",
      usage: NO_USAGE,
      bookedTokens: tokens,
    },
    ...{ bookedNanoUsd: 0, costNanoUsd: 0, priceTable: "t", sessionId: null, cliVersion: null, flags: [] },
  };
  ledger.finish(typed, { kind: "completed", exitCode: null, answer: null }, [entry], endedMs);
}

/** The record of a coordinating session, and a line in it. */
const record = (): string => join(folder, "claude", "projects", "p", `${SESSION}.jsonl`);
function coordinated(id: string, atMs: number, tokens: number): void {
  mkdirSync(dirname(record()), { recursive: true });
  const line = claudeLine({
    id,
    input: tokens,
    output: 0,
    session: SESSION,
    at: new Date(atMs).toISOString(),
  });
  appendFileSync(record(), `${line}\n`);
}
function begin(): void {
  coordinate({ agent: "claude", session: SESSION, record: record(), end: false }, ledger, folders, nowMs);
}
const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof CtmError) return error.code;
    throw error;
  }
  return "none";
};

describe("a dispatch round", () => {
  it("tells all that is tracked of it: workspace, agents, tokens by part, overhead, wall-clock, tests", () => {
    nowMs = T0 - 5_000;
    begin();
    coordinated("before", T0 - 6_000, 9_999);
    coordinated("outside", T0 - 1_000, 70);
    nowMs = T0;
    const { queued } = desk.start(wish("phase1-week1", "Phase 1"), [draftOf("a"), draftOf("b")]);
    coordinated("setup", T0 + 1_000, 100);
    coordinated("watching", T0 + 15_000, 200);
    coordinated("watching more", T0 + 20_000, 50);
    coordinated("review", T0 + 31_000, 30);
    work(queued[0] ?? 0, "concurrent_worker1", T0 + 10_000, T0 + 20_000, 4_000);
    work(queued[1] ?? 0, "concurrent_worker2", T0 + 12_000, T0 + 30_000, 5_620);
    ledger.report("a1", { kind: "tests", value: 3, of: 9, atMs: T0, source: "agent" });
    ledger.report("a1", { kind: "tests", value: 9, of: 9, atMs: T0, source: "agent" });
    ledger.report("a2", { kind: "tests", value: 110, of: 112, atMs: T0, source: "agent" });
    nowMs = T0 + 60_000;
    const round = desk.end("phase1-week1", "all merged");
    const actual = (value: number) => ({ value, source: "actual" });
    expect(round).toMatchObject({
      ...{
        name: "phase1-week1",
        workspace: "phase1-week1",
        phase: "Phase 1",
        notes: "all merged",
        day: "2026-02-13",
      },
      ...{ agents: 2, agentsAtOnce: 2, tasks: { total: 2, completed: 2, otherwise: 0 } },
      ...{ agentTokens: actual(9_620), coordinatorTokens: actual(380), noCoordinator: false },
      coordinatorParts: { setup: actual(100), monitoring: actual(250), review: actual(30) },
      ...{ wallMs: 60_000, tests: { passed: 119, of: 121 }, glueTokens: { value: 20, source: "estimated" } },
    });
    coordinated("after", T0 + 61_000, 7);
    nowMs = T0 + 70_000;
    expect(desk.list(10)).toMatchObject({
      rounds: [{ coordinatorTokens: actual(380) }],
      left: 0,
      outside: actual(77),
    });
  });

  it("counts each of a coordinator's responses once, however often it is read, and none from before it coordinated", () => {
    coordinated("before", T0 - 10, 1_000);
    begin();
    desk.start(wish("r"), []);
    coordinated("one", T0 + 10, 100);
    nowMs = T0 + 100;
    for (let n = 0; n < 3; n++) watch.look();
    expect(desk.show("r").coordinatorTokens.value).toBe(100);
    const again = new CoordinatorWatch({
      ...{ ledger, now: () => nowMs, trouble: (error) => expect(error).toBeUndefined() },
      kept: { attempt: (write: () => unknown) => write() } as KeptWrites,
      ...{
        entryRules: { prices: priceTable("flat-2025"), countCacheReads: false },
        workers: () => [],
        adapterOf: () => claudeAdapter,
      },
    });
    again.look();
    again.close();
    expect(desk.show("r").coordinatorTokens.value).toBe(100);
    expect(ledger.coordinators.sums()).toEqual([
      { name: `claude:${SESSION}`, source: "actual", tokens: 100, apart: 100 },
    ]);
  });

  it("says n/a of a coordinator whose record is nowhere, and 0 where no model coordinates", () => {
    desk.start(wish("alone"), []);
    expect(desk.show("alone")).toMatchObject({ coordinatorTokens: { value: 0 }, noCoordinator: true });
    nowMs += 5;
    begin();
    expect(desk.show("alone")).toMatchObject({
      coordinatorTokens: { value: null },
      coordinatorParts: null,
      noCoordinator: false,
    });
  });

  it("began with the turn that asked for it: what led to it is its setup", () => {
    begin();
    coordinated("asked", T0 + 20, 70);
    nowMs = T0 + 50;
    desk.start({ ...wish("asked"), sinceMs: T0 + 10 }, []);
    expect(desk.show("asked")).toMatchObject({
      ...{ startedAtMs: T0 + 10, coordinatorParts: { setup: { value: 70 } } },
    });
    nowMs = T0 + 60;
    desk.start({ ...wish("later"), sinceMs: T0 + 90 }, []);
    expect(desk.show("later").startedAtMs).toBe(T0 + 60);
    // Another one of the same turn takes nothing away from those before it.
    nowMs = T0 + 80;
    desk.end("later", null);
    nowMs = T0 + 100;
    desk.start({ ...wish("next"), sinceMs: T0 + 10 }, []);
    expect(desk.show("next").startedAtMs).toBe(T0 + 80);
    expect(desk.show("asked").coordinatorParts?.setup.value).toBe(70);
  });

  it("holds a name once, takes more tasks while it is open, and is found by its workspace", () => {
    desk.start({ ...wish("r1"), workspace: "shop" }, [draftOf("a")]);
    desk.start({ ...wish("r2"), workspace: "shop" }, []);
    expect(codeOf(() => desk.start(wish("r1"), [draftOf("never queued")]))).toBe("refused");
    expect(ledger.tasks.counts().get("queued")).toBe(1);
    expect(desk.add("r2", [draftOf("b", { key: "k" }), draftOf("c")]).queued).toEqual([2, 3]);
    expect(desk.add("r2", [draftOf("b", { key: "k" })])).toMatchObject({ queued: [], known: [2] });
    expect(desk.show("shop")).toMatchObject({ name: "r2", tasks: { total: 2 } });
    expect(ledger.rounds.ofTask(3)?.name).toBe("r2");
    desk.end("r2", null);
    expect(codeOf(() => desk.add("r2", [draftOf("d")]))).toBe("illegal-move");
    expect(codeOf(() => desk.end("r2", null))).toBe("illegal-move");
    expect(codeOf(() => desk.show("nosuch"))).toBe("not-found");
  });
});

describe("a batch", () => {
  it("is a round with a name made for it, which ends with its tasks; one of nothing new is none", () => {
    expect(desk.batch([draftOf("a", { key: "a" }), draftOf("b")]).round).toBe("batch-20260213-1");
    expect(desk.batch([draftOf("c")]).round).toBe("batch-20260213-2");
    expect(desk.batch([draftOf("a", { key: "a" })])).toEqual({
      ...{ round: null, queued: [], known: [1] },
      alike: { count: 0, first: [] },
    });
    work(1, "w1", T0 + 10, T0 + 500, 10);
    nowMs = T0 + 900;
    expect(desk.show("batch-20260213-1")).toMatchObject({ overAtMs: null, wallMs: 900 });
    work(2, "w1", T0 + 500, T0 + 800, 10);
    expect(desk.show("batch-20260213-1")).toMatchObject({
      overAtMs: T0 + 800,
      wallMs: 800,
      agents: 1,
      agentsAtOnce: 1,
    });
    expect(codeOf(() => desk.end("batch-20260213-1", null))).toBe("illegal-move");
  });
});

describe("a log that was written by hand", () => {
  const log = readToldLog(readFileSync(new URL("fixtures/dispatch-log.md", import.meta.url), "utf8"));

  it("is taken over with its figures, once", () => {
    expect(
      desk.import(log).imported.map(({ name, day, agentTokens }) => [name, day, agentTokens.value]),
    ).toEqual([
      ["P0-R1", "2026-02-12", 120_000],
      ["P1-W1", "2026-02-13", 80_000],
      ["P1-W2", "2026-02-13", 90_000],
      ["P1-W3", "2026-02-13", 100_000],
    ]);
    expect(desk.import(log)).toEqual({ imported: [], known: ["P0-R1", "P1-W1", "P1-W2", "P1-W3"] });
    expect(desk.show("phase1-week2")).toMatchObject({
      name: "P1-W2",
      tasks: null,
      wallMs: null,
      tests: null,
    });
    expect(codeOf(() => desk.end("P1-W2", null))).toBe("illegal-move");
  });
});
