import { describe, expect, it } from "vitest";
import { readyWindowMax } from "../../src/base/limits.ts";
import { ReadyQueue, type Begun } from "../../src/tasks/ready-queue.ts";

/** Dispatches that go on until the test ends them. */
function dispatches() {
  const begun: number[] = [];
  const ends = new Map<number, () => void>();
  const begin =
    (id: number, sent = true) =>
    (): Begun => {
      begun.push(id);
      const done = sent ? new Promise<void>((resolve) => ends.set(id, resolve)) : Promise.resolve();
      return { sent, done };
    };
  return { begun, begin, end: (id: number) => ends.get(id)?.() };
}

const everythingDone = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("the line of ready tasks", () => {
  it("stands still until it is allowed, then begins by priority, first come first served", async () => {
    const queue = new ReadyQueue();
    const { begun, begin } = dispatches();
    const decisions = [0, 1, 3, 2, 1].map((priority, at) =>
      queue.offer(at + 1, priority, begin(at + 1, false)),
    );
    await everythingDone();
    expect(begun).toEqual([]);
    queue.allow(1);
    expect(await Promise.all(decisions)).toEqual([false, false, false, false, false]);
    expect(begun).toEqual([3, 4, 2, 5, 1]);
  });

  it("stands still again as soon as the next id comes, whatever was allowed before", async () => {
    const queue = new ReadyQueue();
    const { begun, begin } = dispatches();
    const first = queue.offer(1, 1, begin(1, false));
    queue.allow(3);
    await first;
    const decisions = [queue.offer(2, 0, begin(2, false)), queue.offer(3, 3, begin(3, false))];
    await everythingDone();
    expect(begun).toEqual([1]);
    queue.allow(1);
    await Promise.all(decisions);
    expect(begun).toEqual([1, 3, 2]);
  });

  it("lets as many begin as workers are free, and takes the others out of line", async () => {
    const queue = new ReadyQueue();
    const { begun, begin } = dispatches();
    const decisions = [1, 2, 3, 4].map((id) => queue.offer(id, 1, begin(id)));
    queue.allow(2);
    expect(await Promise.all(decisions)).toEqual([true, true, false, false]);
    expect(begun).toEqual([1, 2]);
    expect(queue.room).toBe(readyWindowMax);
  });

  it("counts dispatches of before beside those that are allowed now, however long they take", async () => {
    const queue = new ReadyQueue();
    const { begun, begin, end } = dispatches();
    void queue.offer(1, 1, begin(1));
    queue.allow(1);
    const next = [2, 3].map((id) => queue.offer(id, 1, begin(id)));
    queue.allow(1);
    expect(await Promise.all(next)).toEqual([true, false]);
    end(1);
    end(2);
    await everythingDone();
    expect(begun).toEqual([1, 2]);
  });

  it("decides about every id when nobody is free: no pass waits for the end of a dispatch", async () => {
    const queue = new ReadyQueue();
    const { begun, begin } = dispatches();
    const decisions = [1, 2].map((id) => queue.offer(id, 1, begin(id)));
    queue.allow(0);
    expect(await Promise.all(decisions)).toEqual([false, false]);
    expect(begun).toEqual([]);
  });

  it("takes an id once, and no more than its window", async () => {
    const queue = new ReadyQueue();
    const { begin, begun } = dispatches();
    const decisions = Array.from({ length: readyWindowMax + 1 }, (_, at) => queue.offer(at, 1, begin(at)));
    expect(queue.room).toBe(0);
    expect(await decisions.at(-1)).toBe(false);
    expect(await queue.offer(3, 1, begin(3))).toBe(false);
    queue.clear();
    expect(await Promise.all(decisions)).not.toContain(true);
    expect([queue.room, begun]).toEqual([readyWindowMax, []]);
  });

  it("hands on what goes wrong while a task is begun", async () => {
    const queue = new ReadyQueue();
    const broken = queue.offer(1, 1, () => {
      throw new Error("the ledger is full");
    });
    const { begin } = dispatches();
    const next = queue.offer(2, 1, begin(2));
    queue.allow(2);
    await expect(broken).rejects.toThrow("the ledger is full");
    expect(await next).toBe(true);
  });
});
