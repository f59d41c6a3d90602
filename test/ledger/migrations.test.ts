import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { attemptOf, Ledger } from "../../src/ledger/ledger.ts";
import { openDatabase } from "../../src/ledger/database.ts";
import { LEDGER_VERSION, migrate } from "../../src/ledger/migrations.ts";
import { SpendRows, type UsageEntry } from "../../src/ledger/spend-rows.ts";
import { NO_USAGE } from "../../src/metering/usage.ts";
import { assignmentOf, draftOf } from "../support/drafts.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-migrations-"));
  file = join(folder, "ledger.sqlite");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Takes off what later versions added. */
const TO_VERSION_1 = `DROP TRIGGER usage_sliced; DROP TRIGGER usage_resliced; DROP TABLE spend_slice; DROP TABLE task_spend;
  DROP INDEX attempt_ended; DROP TRIGGER usage_booked; DROP TRIGGER usage_rebooked; DROP TABLE spend_quarter;
  ALTER TABLE usage DROP COLUMN member; ALTER TABLE usage DROP COLUMN limit_model; ALTER TABLE attempt DROP COLUMN cancel_at_ms;
  ALTER TABLE reservation DROP COLUMN owed_tokens; ALTER TABLE reservation DROP COLUMN owed_nano;
  DROP TABLE account; DROP TABLE provider_window;
  ALTER TABLE attempt DROP COLUMN resume_mark; ALTER TABLE worker DROP COLUMN account;
  ALTER TABLE sample DROP COLUMN attempt_id; ALTER TABLE sample DROP COLUMN cwd;
  ALTER TABLE sample DROP COLUMN prompt_chars; ALTER TABLE sample DROP COLUMN formula_tokens;
  ALTER TABLE sample DROP COLUMN total_tokens; ALTER TABLE sample DROP COLUMN priced;
  ALTER TABLE task DROP COLUMN cap_tokens; ALTER TABLE task DROP COLUMN cap_nano;
  ALTER TABLE attempt DROP COLUMN cap_state; DROP TABLE external_usage;
  ALTER TABLE task DROP COLUMN forced_member; ALTER TABLE task DROP COLUMN member; ALTER TABLE task DROP COLUMN preamble;
  ALTER TABLE attempt DROP COLUMN member; DROP TABLE context; DROP TABLE context_event; DROP TABLE member_note;
  DROP TABLE event; DROP TABLE event_key; DROP TABLE event_fate; DROP TABLE wake;
  DROP TABLE finding; DROP TABLE report; DROP TABLE invocation; DROP TABLE hierarchy_sums; DROP TABLE hierarchy_duration;
  ALTER TABLE task DROP COLUMN escalation; DROP TABLE escalation;
  DROP TABLE telemetry; DROP TABLE telemetry_launch;
  DROP TABLE alert_cause; DROP TABLE alert; DROP TABLE alert_delivery; DROP TABLE alert_message;
  DROP TABLE round_tasks; DROP TABLE round; DROP TABLE coordination; DROP TABLE coordinator; DROP TABLE child_task; DROP TABLE task_likeness;
  DROP INDEX usage_price_table; ALTER TABLE usage DROP COLUMN web_searches;
  PRAGMA user_version = 1`;
const version = (ledger: Ledger): unknown => ledger.database.pragma("user_version", { simple: true });

function entryOf(change: Partial<UsageEntry>): UsageEntry {
  return {
    key: "k",
    attemptId: null,
    taskId: null,
    worker: "w",
    agent: "claude",
    model: "claude-opus-4-1",
    limitModel: null,
    type: null,
    atMs: 3,
    source: "actual",
    usage: NO_USAGE,
    bookedTokens: 10,
    bookedNanoUsd: 10,
    costNanoUsd: 10,
    priceTable: "list",
    sessionId: null,
    cliVersion: null,
    flags: [],
    ...change,
  };
}

describe("a ledger of an older program", () => {
  it("of version 1 is brought up to date: its usage counts for the model of its attempt", () => {
    const ledger = Ledger.open(file);
    const [added] = ledger.add([{ draft: draftOf("old"), assignment: assignmentOf() }], 1);
    if (added === undefined) throw new Error("nothing was added");
    const attempt = { id: "a1", worker: "w", agent: "claude", model: "opus" };
    const reserved = ledger.reserve(added.task, attempt, { tokens: 1, nanoUsd: 1, oversized: false }, 2);
    for (const attemptId of [attemptOf(reserved), null])
      ledger.bookUsage([entryOf({ key: `k-${attemptId}`, attemptId })]);
    ledger.database.exec(TO_VERSION_1);
    ledger.close();

    const again = Ledger.open(file);
    expect(version(again)).toBe(LEDGER_VERSION);
    expect(again.spend.bookingsSince(0).map(({ attempt_id, model }) => [attempt_id, model])).toEqual([
      ["a1", "opus"],
      [null, "claude-opus-4-1"],
    ]);
    expect(again.spend.spentBetween(0, 900_000).map(({ model, tokens }) => [model, tokens])).toEqual([
      ["claude-opus-4-1", 10],
      ["opus", 10],
    ]);
    expect(again.task(1).state.name).toBe("reserved");
    again.close();
  });

  it("of version 1 has its finished tasks sampled anew, with what forecasts ask of them", () => {
    const ledger = Ledger.open(file);
    const ids = [
      {
        text: "x".repeat(400),
        outcome: { kind: "completed", exitCode: null, answer: null },
        source: "actual",
      },
      { text: "cut off", outcome: { kind: "completed", exitCode: null, answer: null }, source: "unknown" },
      { text: "broken", outcome: { kind: "failed", reason: "x", exitCode: 1 }, source: "actual" },
    ] as const;
    for (const [at, { text, outcome, source }] of ids.entries()) {
      const id = `a${at}`;
      const [added] = ledger.add([{ draft: draftOf(text, { cwd: "/w" }), assignment: assignmentOf() }], 1);
      if (added === undefined) throw new Error("nothing was added");
      const attempt = { id, worker: "w", agent: "claude", model: "opus" };
      const reserved = ledger.reserve(added.task, attempt, { tokens: 1, nanoUsd: 1, oversized: false }, 2);
      const intent = { attemptId: id, launchId: "l", pane: "{}", previousAttempt: "", textSha256: "0" };
      const typed = ledger.typed(
        ledger.intend(reserved, { ...intent, sessionId: null, recordPath: null }, 3),
        4,
      );
      const usage = { ...NO_USAGE, inputTokens: 10, cacheReadTokens: 90 };
      ledger.finish(typed, outcome, [entryOf({ key: id, attemptId: id, source, usage })], 1_004);
    }
    const sampled = ledger.samples.newest(10);
    expect(sampled).toMatchObject([
      { cwd: "/w", prompt_chars: 400, tokens: 10, total_tokens: 100, nano: 10, priced: 1 },
    ]);
    ledger.database.exec(TO_VERSION_1);
    ledger.close();
    const again = Ledger.open(file);
    expect(again.samples.newest(10)).toEqual(sampled);
    expect(again.spend.durations(10)).toEqual([{ worker: "w", duration_ms: 1_000 }]);
    again.close();
  });

  it("may be migrated by another program after this one looked at its tables", () => {
    const old = Ledger.open(file);
    old.database.exec(TO_VERSION_1);
    old.close();
    const early = openDatabase(file);
    early.prepare("SELECT count(*) FROM usage").get();
    Ledger.open(file).close();
    migrate(early);
    expect(() => new SpendRows(early)).not.toThrow();
    early.close();
  });

  it("is migrated once", () => {
    Ledger.open(file).close();
    const again = Ledger.open(file);
    expect(version(again)).toBe(LEDGER_VERSION);
    again.close();
  });
});
