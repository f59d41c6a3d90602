import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CtmError } from "../src/base/errors.ts";
import { childDepthMax, childOf, childrenMax, type ChildWish } from "../src/child-tasks.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { reportKey } from "../src/report-key.ts";
import { assignmentOf, draftOf } from "./support/drafts.ts";
import { workerRecordOf } from "./support/worker-bench.ts";

let ledger: Ledger;
beforeEach(() => void (ledger = Ledger.open(":memory:")));
afterEach(() => ledger.close());

const wish = (change: Partial<ChildWish> = {}): ChildWish => ({
  ...{ text: "part of it", type: null, cap: null, key: null, word: reportKey(ledger, "l1") },
  ...change,
});
const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof CtmError) return error.code;
    throw error;
  }
  return "none";
};

/** A task in the hand of the one worker. */
function inHand(change: Parameters<typeof draftOf>[1] = {}): number {
  const [added] = ledger.add([{ draft: draftOf("whole", change), assignment: assignmentOf() }], 1);
  return atWork(added?.task.id ?? 0);
}
function atWork(id: number): number {
  const attempt = { id: `a${id}`, worker: "concurrent_worker1", agent: "claude", model: null };
  ledger.reserve(ledger.task(id), attempt, { tokens: 0, nanoUsd: 0, oversized: false }, 2);
  ledger.workers.save(workerRecordOf({ name: attempt.worker, launchId: "l1", lastAttempt: attempt.id }));
  return id;
}
/** Submits it as the desk does. */
function submit(change: Partial<ChildWish> = {}): number {
  const { draft, parentId, ...place } = childOf(wish(change), ledger);
  const [added] = ledger.add([{ draft, assignment: assignmentOf() }], 3, (created) => {
    for (const id of created) ledger.addChild(id, parentId, place);
  });
  return added?.task.id ?? 0;
}

describe("a child task", () => {
  it("has its parent's priority and folder, and no more to use than its parent", () => {
    const parent = inHand({ priority: "low", cwd: "/srv", cap: { tokens: 9_000, nanoUsd: null } });
    const child = childOf(wish({ cap: { tokens: 50_000, nanoUsd: 7 }, key: "k" }), ledger);
    expect(child).toMatchObject({ parentId: parent, rootId: parent, depth: 1 });
    expect(child.draft).toMatchObject({
      ...{ priority: "low", cwd: "/srv", cap: { tokens: 9_000, nanoUsd: 7 }, key: `child:${parent}:k` },
      ...{ agent: null, worker: null, model: null, retryLost: false, origin: `task ${parent}` },
    });
  });

  it("is capped where its parent is not", () => {
    inHand();
    expect(childOf(wish(), ledger).draft.cap).toEqual({ tokens: 500_000, nanoUsd: null });
  });

  it("is refused beyond the depth and the number there may be", () => {
    inHand();
    for (let n = 0; n < childrenMax; n += 1) submit();
    expect(codeOf(submit)).toBe("refused");
    let child = inHand();
    for (let depth = 1; depth <= childDepthMax; depth += 1) child = atWork(submit());
    expect(ledger.children.placeOf(child).depth).toBe(childDepthMax);
    expect(codeOf(submit)).toBe("refused");
  });

  it("is nobody's who holds another word, none, or no task", () => {
    const parent = inHand();
    expect(codeOf(() => submit({ word: "l1.00" }))).toBe("refused");
    expect(codeOf(() => submit({ word: null }))).toBe("usage");
    expect(codeOf(() => submit({ word: reportKey(ledger, "other") }))).toBe("not-found");
    ledger.unreserve(ledger.task(parent), "not typed", null, 4);
    expect(codeOf(submit)).toBe("not-found");
  });
});
