import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Ledger } from "../../src/ledger/ledger.ts";
import type { AddedTask } from "../../src/ledger/likeness-rows.ts";
import { assignmentOf, draftOf } from "../support/drafts.ts";

const T0 = 1_000_000_000_000;
const hourMs = 3_600_000;
const WORKER = { worker: "concurrent_worker1", agent: "rehearsal", model: "sonnet" };
const HELD = { tokens: 1_008, nanoUsd: 3_024_000, oversized: false };
const INTENT = {
  launchId: "l1",
  pane: "{}",
  previousAttempt: "",
  textSha256: "00",
  sessionId: null,
  recordPath: null,
};

let ledger: Ledger;
beforeEach(() => {
  ledger = Ledger.open(":memory:");
});
afterEach(() => ledger.close());

function addAll(texts: readonly string[], atMs = T0, change = {}): AddedTask[] {
  return ledger.add(
    texts.map((text) => ({ draft: draftOf(text, change), assignment: assignmentOf() })),
    atMs,
  );
}

function add(text: string, atMs = T0, change = {}): AddedTask {
  const [added] = addAll([text], atMs, change);
  if (added === undefined) throw new Error("nothing was added");
  return added;
}

const rows = (): number =>
  ledger.database.prepare<[], { n: number }>("SELECT count(*) AS n FROM task_likeness").get()?.n ?? 0;

/** What became of a task is told by hand here: no worker is needed to know what counts. */
function ends(id: number, kind: "completed" | "failed", atMs: number): void {
  const reserved = ledger.reserve(ledger.task(id), { ...WORKER, id: `a${id}` }, HELD, atMs);
  const intent = { ...INTENT, attemptId: `a${id}` };
  const typed = ledger.typed(ledger.intend(reserved, intent, atMs), atMs);
  const running = ledger.run(typed, { sessionId: "s", recordPath: null }, atMs);
  const outcome =
    kind === "completed"
      ? { kind, exitCode: null, answer: null }
      : { kind, exitCode: null, reason: "it broke" };
  ledger.finish(running, outcome, [], atMs);
}

describe("a task that asks for the same", () => {
  it("is pointed out while it waits or is at work, in its folder alone", () => {
    expect(add("Fix the login page").like).toBeNull();
    expect(add("fix the login page.", T0, { cwd: "/other" }).like).toBeNull();
    const told = { id: 1, same: true, endedAtMs: null, text: "Fix the login page" };
    expect(add("Fix the LOGIN page").like).toEqual({ ...told, state: "queued" });
    ledger.cancelQueued(ledger.task(3), T0);
    ledger.reserve(ledger.task(1), { ...WORKER, id: "a1" }, HELD, T0);
    expect(add("fix the login page!").like).toEqual({ ...told, state: "reserved" });
  });

  it("is pointed out for a day after its end, failed or not, and never when it was cancelled", () => {
    add("Fix the login page");
    ends(1, "completed", T0);
    const about = (hours: number) => add("Fix the login page", T0 + hours * hourMs);
    expect(about(24).like).toMatchObject({ id: 1, state: "completed", endedAtMs: T0 });
    ledger.cancelQueued(ledger.task(2), T0);
    expect(add("Fix the login page", T0 + 24 * hourMs + 1).like).toBeNull();
    ends(3, "failed", T0 + 30 * hourMs);
    expect(about(31).like).toMatchObject({ id: 3, state: "failed" });
  });

  it("is the newest that says the same, before a newer one that nearly does", () => {
    addAll(["Fix the login bug on the mobile page", "Please fix the login bug on the mobile page"]);
    expect(add("fix the login bug on the mobile page").like).toMatchObject({ id: 1, same: true });
    expect(add("Fix the login bug on the mobile page now").like).toMatchObject({ id: 3, same: false });
  });

  it("is found within one batch, and among many of one pattern", () => {
    expect(addAll(["Fix it", "Fix that", "fix it"]).map(({ like }) => like?.id ?? null)).toEqual([
      null,
      null,
      1,
    ]);
    const parts = Array.from({ length: 300 }, (_, n) => `Write the tests of part ${n} and tell what is left`);
    expect(addAll(parts).every(({ like }) => like === null)).toBe(true);
    expect(add("write the tests of part 7, and tell what is left!").like).toMatchObject({
      id: 11,
      same: true,
    });
    expect(add("Please write the tests of part 9 and tell what is left").like).toMatchObject({
      id: 13,
      same: false,
    });
  });

  it("is not told of one that is known by its key", () => {
    add("Fix it", T0, { key: "k" });
    expect(add("Fix it", T0, { key: "k" })).toMatchObject({ created: false, like: null });
  });

  it("is told by its beginning, without the keys it holds", () => {
    const secret = `sk-ant-${"a1".repeat(20)}`;
    const text = `Use ${secret} to fetch it ${"and so on ".repeat(600)}`;
    add(text);
    const { like } = add(text);
    expect(like?.text).toMatch(/^Use \[redacted: Anthropic key\] to fetch it and so on/);
    expect(like?.text.length).toBeLessThanOrEqual(200);
  });

  it("follows the text as it is edited", () => {
    add("Fix the login page");
    const draft = draftOf("Write the docs");
    ledger.edit(1, draft, assignmentOf());
    expect(add("Fix the login page").like).toBeNull();
    expect(add("write the docs").like).toMatchObject({ id: 1, same: true });
    ledger.edit(1, draft, assignmentOf());
    expect(rows()).toBe(5);
  });

  it("leaves nothing of a commit that is undone", () => {
    const undone = (): never => {
      throw new Error("undone");
    };
    const entry = { draft: draftOf("Fix the login page at once"), assignment: assignmentOf() };
    expect(() => ledger.add([entry], T0, undone)).toThrow("undone");
    expect(rows()).toBe(0);
    expect(add("Fix the login page at once").like).toBeNull();
  });
});
