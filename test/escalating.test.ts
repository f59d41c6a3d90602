import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openApp, type App } from "../src/app.ts";
import { loadConfig } from "../src/config.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import type { Outcome } from "../src/tasks/task.ts";
import { draftOf } from "./support/drafts.ts";

const ROSTER = `
departments:
  web: { types: [coding], coordinator: boss }
agents:
  - { id: boss, tier: tactical, departments: [web], preamble: You coordinate. }
  - { id: one, tier: execution, departments: [web], words: [one], preamble: You are one. }
  - { id: two, tier: execution, departments: [web] }
  - { id: alone, tier: strategic }
`;

let folder: string;
let app: App;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ctm-escalating-"));
  writeFileSync(join(folder, "ctm.roster.yaml"), ROSTER);
  app = await opened();
});
afterEach(async () => {
  await app.close({ workers: "leave" });
  rmSync(folder, { recursive: true });
});

async function opened(): Promise<App> {
  const overrides = { stateDir: join(folder, "state"), agent: "rehearsal" };
  const config = await loadConfig({ env: { HOME: folder, PATH: "" }, cwd: folder, overrides });
  return openApp(config, "offline");
}

function add(change: Parameters<typeof draftOf>[1] = {}): number {
  return app.submit(draftOf("Fix number one", { type: "coding", cwd: folder, ...change })).task.id;
}

/** An attempt of the task that ends so. */
function endedSo(id: number, outcome: Outcome): void {
  const ledger = Ledger.open(app.config.paths.ledgerFile);
  const attempt = { id: `a${id}`, worker: "concurrent_worker1", agent: "rehearsal", model: null };
  const held = { tokens: 0, nanoUsd: 0, oversized: false };
  const intent = { attemptId: attempt.id, launchId: "l", pane: "p", previousAttempt: "", textSha256: "" };
  const reserved = ledger.reserve(ledger.task(id), attempt, held, 1);
  const typed = ledger.typed(ledger.intend(reserved, { ...intent, sessionId: null, recordPath: null }, 2), 3);
  ledger.finish(typed, outcome, [], 4);
  ledger.close();
}

const wish = (to: "agent" | "coordinator" | "human", as: string | null = null) => ({
  to,
  as,
  reason: "stuck",
});

describe("a waiting task", () => {
  it("goes to the coordinator of whom it was given to, who is told other things first", () => {
    const id = add();
    expect(app.task(id).assignment.member).toMatchObject({ id: "one", preamble: "You are one." });
    const { task, level, done } = app.hierarchy.escalate(id, wish("coordinator"));
    expect([level, done]).toEqual([3, "given to boss"]);
    expect(task.assignment.member).toMatchObject({ id: "boss", preamble: "You coordinate." });
    expect(task.draft.as).toBe("boss");
    const { escalations } = app.taskDetails(id);
    expect(escalations).toMatchObject([{ level: 3, member: "boss", reason: "stuck" }]);
  });

  it("goes to another of its department, or to the one who is named", () => {
    const id = add();
    expect(app.hierarchy.escalate(id, wish("agent")).task.assignment.member?.id).toBe("two");
    expect(app.hierarchy.escalate(id, wish("agent", "alone")).task.assignment.member?.id).toBe("alone");
    expect(() => app.hierarchy.escalate(id, wish("agent", "nobody"))).toThrow(
      '"nobody" is no agent of the roster',
    );
    expect(() => app.hierarchy.escalate(id, wish("coordinator"))).toThrow("nobody is there to hand task");
  });

  it("is held for a person", () => {
    const { task, level } = app.hierarchy.escalate(add(), wish("human"));
    expect([level, task.state]).toMatchObject([4, { holdReason: "escalated to a person: stuck" }]);
  });
});

describe("an ended task", () => {
  it("is queued again for the other; a retry alone is the first step up", () => {
    const id = add();
    endedSo(id, { kind: "failed", reason: "no", exitCode: null });
    app.retry(id);
    expect(app.taskDetails(id).escalations).toMatchObject([{ level: 1, reason: "retried by a person" }]);
    endedAgain(id);
    const { task } = app.hierarchy.escalate(id, wish("coordinator"));
    expect(task.state.name).toBe("queued");
    expect(task.assignment.member?.id).toBe("boss");
    expect(app.taskDetails(id).escalations.map(({ level }) => level)).toEqual([1, 3, 1]);
  });

  it("that is completed is handed to nobody", () => {
    const id = add();
    endedSo(id, { kind: "completed", exitCode: 0, answer: null });
    expect(() => app.hierarchy.escalate(id, wish("human"))).toThrow("is completed");
    expect(app.taskDetails(id).escalations).toEqual([]);
  });
});

function endedAgain(id: number): void {
  void app.cancel(id);
}

it("without a roster only a person is there to hand it to", async () => {
  await app.close({ workers: "leave" });
  rmSync(join(folder, "ctm.roster.yaml"));
  app = await opened();
  const id = add();
  expect(() => app.hierarchy.escalate(id, wish("coordinator"))).toThrow("there is no roster");
  expect(app.hierarchy.escalate(id, wish("human")).task.state).toMatchObject({
    holdReason: "escalated to a person: stuck",
  });
});
