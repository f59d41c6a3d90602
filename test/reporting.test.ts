import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, type App } from "../src/app.ts";
import { loadConfig } from "../src/config.ts";
import type { ReportKind } from "../src/hierarchy/reports.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { launchOfKey, reportKey } from "../src/report-key.ts";
import { reportTested, type ReportWish } from "../src/reporting.ts";
import { draftOf } from "./support/drafts.ts";

let folder: string;
let app: App;
let ledger: Ledger;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ctm-reporting-"));
  writeFileSync(
    join(folder, "ctm.roster.yaml"),
    "agents:\n  - { id: coder, tier: execution, types: [coding] }\n",
  );
  const overrides = { stateDir: join(folder, "state"), agent: "rehearsal" };
  app = await openApp(
    await loadConfig({ env: { HOME: folder, PATH: "" }, cwd: folder, overrides }),
    "offline",
  );
  ledger = Ledger.open(app.config.paths.ledgerFile);
  ledger.countBy(() => ({ tier: "execution", departments: [] }));
});
afterEach(async () => {
  ledger.close();
  await app.close({ workers: "leave" });
  rmSync(folder, { recursive: true });
});

/** A task at work at a worker of this launch; returns its id. */
function atWork(n: number, launchId: string): number {
  const { id } = app.submit(draftOf("Fix it", { type: "coding", cwd: folder })).task;
  const attempt = { id: `a${id}`, worker: `concurrent_worker${n}`, agent: "rehearsal", model: null };
  const intent = { attemptId: attempt.id, launchId, pane: "p", previousAttempt: "", textSha256: "" };
  const held = { tokens: 0, nanoUsd: 0, oversized: false };
  const reserved = ledger.reserve(ledger.task(id), attempt, held, 1);
  ledger.typed(ledger.intend(reserved, { ...intent, sessionId: null, recordPath: null }, 2), 3);
  ledger.workers.save({
    ...{
      name: attempt.worker,
      agent: "rehearsal",
      model: null,
      cwd: folder,
      adopted: false,
      tmuxSocket: null,
    },
    ...{ session: attempt.worker, pane: null, launchId, launchDir: null, sessionId: null, recordPath: null },
    ...{
      lastAttempt: attempt.id,
      lastType: null,
      lastCwd: null,
      draining: false,
      foreground: null,
      account: "rehearsal",
    },
  });
  return id;
}

function ended(id: number): void {
  ledger.finish(ledger.task(id), { kind: "completed", exitCode: null, answer: null }, [], 9);
}

const wish = (kind: ReportKind, change: Partial<ReportWish> = {}): ReportWish => ({
  ...{ kind, amount: null, passed: null, key: null, task: null },
  ...change,
});
const quality = () => app.hierarchy.metrics({ kind: "agent", id: "coder" }, null).file.metrics.quality;

describe("an agent's report", () => {
  it("is about the task its worker has in hand, before and after it has ended, and counts for its agent", () => {
    const key = reportKey(ledger, "w1-launch");
    const first = atWork(1, "w1-launch");
    const other = atWork(2, "w2-launch");
    expect(app.hierarchy.report(wish("tests", { amount: 121, passed: 118, key }))).toMatchObject({
      task: first,
      source: "agent",
    });
    ended(first);
    ended(other);
    expect(quality()).toMatchObject({
      test_pass_rate: 0.975,
      avg_quality_score: null,
      code_review_rejections: null,
    });
    app.hierarchy.report(wish("quality", { amount: 0.9, key }));
    app.hierarchy.report(wish("quality", { amount: 0.93, key }));
    app.hierarchy.report(wish("rejected", { key }));
    app.hierarchy.report(wish("rejected", { amount: 2, key }));
    app.hierarchy.report(wish("consulted", { key }));
    expect(quality()).toMatchObject({
      avg_quality_score: 0.93,
      code_review_rejections: 3,
      peer_consultation_count: 1,
    });
    expect(ledger.reports.ofAttempt(`a${other}`)).toEqual([]);
    expect(app.taskDetails(first).reported.map(({ kind, value, source }) => [kind, value, source])).toEqual([
      ["tests", 118, "agent"],
      ["quality", 930, "agent"],
      ["rejected", 3, "agent"],
      ["consulted", 1, "agent"],
    ]);
  });

  it("goes before what its hook has seen of its tests, of which the newest run counts", () => {
    const id = atWork(1, "w1-launch");
    const seen = (passed: number, of: number) => reportTested({ attemptId: `a${id}`, passed, of }, ledger, 5);
    const rate = () => quality().test_pass_rate;
    seen(1, 4);
    seen(3, 4);
    seen(3, 4);
    seen(1, 1e12);
    ended(id);
    expect(rate()).toBe(0.75);
    expect(app.taskDetails(id).reported.map(({ value, source }) => [value, source])).toEqual([[3, "hook"]]);
    expect(ledger.reports.ofAttempt(`a${id}`)).toHaveLength(2);
    app.hierarchy.report(wish("tests", { amount: 10, passed: 9, task: id }));
    seen(4, 4);
    expect(rate()).toBe(0.9);
  });

  it("is the same in the sums however they are come to", () => {
    const ids = [1, 2, 3].map((n) => atWork(n, `launch-${n}`));
    ids.forEach((id, at) => {
      app.hierarchy.report(
        wish("tests", { amount: 10, passed: at, key: reportKey(ledger, `launch-${at + 1}`) }),
      );
      ended(id);
      app.hierarchy.report(wish("recovered", { amount: at, key: reportKey(ledger, `launch-${at + 1}`) }));
    });
    app.hierarchy.report(wish("tests", { amount: 20, passed: 20, task: ids[0] ?? 0 }));
    const kept = app.hierarchy.metrics({ kind: "system", id: "" }, null);
    expect(kept.file.metrics.quality).toMatchObject({ test_pass_rate: 0.575, self_recovery_count: 3 });
    expect(app.hierarchy.metrics({ kind: "system", id: "" }, 0).file).toEqual(kept.file);
    app.hierarchy.rebuildMetrics();
    expect(app.hierarchy.metrics({ kind: "system", id: "" }, null)).toEqual(kept);
  });

  it("with a word nobody here made is refused, and so is one that names a task", () => {
    const id = atWork(1, "w1-launch");
    const key = reportKey(ledger, "w1-launch");
    for (const forged of [
      "",
      "x",
      ".",
      `w2-launch.${key.split(".")[1]}`,
      `${key}0`,
      key.slice(0, -1),
      "w1-launch.",
    ])
      expect(() => app.hierarchy.report(wish("rejected", { key: forged })), forged).toThrow(
        "was not made here",
      );
    expect(() => app.hierarchy.report(wish("rejected", { key, task: id }))).toThrow("leave --task out");
    expect(() => app.hierarchy.report(wish("rejected", { key: reportKey(ledger, "another") }))).toThrow(
      "was given no task",
    );
    expect(launchOfKey(ledger, key)).toBe("w1-launch");
    expect(ledger.reports.ofAttempt(`a${id}`)).toEqual([]);
  });

  it.each([
    ["tests", { amount: 5 }, "report tests 121 --passed 118"],
    ["tests", { amount: 5, passed: 6 }, "6 tests cannot have passed of 5"],
    ["tests", { amount: 1.5, passed: 1 }, "is a whole number"],
    ["tests", { amount: 1e9, passed: 1 }, "is a whole number"],
    ["quality", { amount: 1.01 }, "from 0 to 1"],
    ["quality", {}, "from 0 to 1"],
    ["quality", { amount: 1, passed: 1 }, "--passed goes with tests"],
    ["hallucinated", { amount: 0.5 }, "how often is a whole number"],
  ] as const)("%s %j is refused", (kind, change, message) => {
    atWork(1, "l");
    expect(() => app.hierarchy.report(wish(kind, { ...change, key: reportKey(ledger, "l") }))).toThrow(
      message,
    );
  });
});

describe("a person's report", () => {
  it("names its task and takes the place of what was said", () => {
    const id = atWork(1, "l");
    app.hierarchy.report(wish("hallucinated", { amount: 5, key: reportKey(ledger, "l") }));
    expect(app.hierarchy.report(wish("hallucinated", { amount: 0, task: id }))).toMatchObject({
      value: 0,
      source: "person",
    });
    expect(ledger.reports.ofAttempt(`a${id}`).map(({ value }) => value)).toEqual([5, 0]);
    expect(() => app.hierarchy.report(wish("hallucinated"))).toThrow("--task N");
    expect(() => app.hierarchy.report(wish("hallucinated", { task: 99 }))).toThrow("there is no task 99");
    const waiting = app.submit(draftOf("Later", { cwd: folder })).task.id;
    expect(() => app.hierarchy.report(wish("hallucinated", { task: waiting }))).toThrow(
      "was given to no agent yet",
    );
  });
});
