import { describe, expect, it } from "vitest";
import { factsKeptMax } from "../../src/base/limits.ts";
import { FactBus } from "../../src/events/bus.ts";
import type { Fact } from "../../src/events/facts.ts";

const fact = (taskId: number): Fact => ({ kind: "task-added", atMs: taskId, taskId, text: "x" });

describe("the bus", () => {
  it("tells every listener in order, until it stops listening", () => {
    const bus = new FactBus();
    const [first, second]: Fact[][] = [[], []];
    const stop = bus.subscribe((heard) => first?.push(heard));
    bus.subscribe((heard) => second?.push(heard));
    bus.publish(fact(1));
    stop();
    stop();
    bus.publish(fact(2));
    expect([first, second]).toEqual([[fact(1)], [fact(1), fact(2)]]);
  });

  it("drops a listener that throws, tells the others, and stops nothing", () => {
    const bus = new FactBus();
    const heard: string[] = [];
    let calls = 0;
    bus.subscribe(() => {
      calls += 1;
      throw new Error("a broken view");
    });
    bus.subscribe(({ kind }) => heard.push(kind));
    bus.publish(fact(1));
    bus.publish(fact(2));
    expect(calls).toBe(1);
    expect(heard.toSorted()).toEqual(["task-added", "task-added", "trouble"]);
    expect(bus.recent().find(({ kind }) => kind === "trouble")).toMatchObject({
      message: expect.stringContaining("a broken view"),
    });
  });

  it("keeps the last facts for a late reader, and no more than its limit", () => {
    const bus = new FactBus();
    for (let n = 0; n < factsKeptMax + 10; n += 1) bus.publish(fact(n));
    expect(bus.recent()).toHaveLength(factsKeptMax);
    expect([bus.recent()[0], bus.recent().at(-1)]).toEqual([fact(10), fact(factsKeptMax + 9)]);
  });

  it("lets a listener publish and subscribe while it is told", () => {
    const bus = new FactBus();
    const late: Fact[] = [];
    bus.subscribe((heard) => {
      if (heard.kind !== "task-added" || heard.taskId !== 1) return;
      bus.subscribe((other) => late.push(other));
      bus.publish(fact(2));
    });
    bus.publish(fact(1));
    expect(late).toContainEqual(fact(2));
    expect(bus.recent()).toEqual([fact(1), fact(2)]);
  });
});
