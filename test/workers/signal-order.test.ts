import { describe, expect, it } from "vitest";
import { SignalOrder } from "../../src/workers/signal-order.ts";

/** An act that ends when the test says so. */
function gate(log: string[], name: string): { act: () => Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const act = async (): Promise<void> => {
    log.push(`${name} begins`);
    await opened;
    log.push(`${name} ends`);
  };
  return { act, open };
}

describe("the order of signals", () => {
  it("is kept within a launch, and launches do not wait for each other", async () => {
    const log: string[] = [];
    const order = new SignalOrder();
    const [slow, next, other] = [gate(log, "slow"), gate(log, "next"), gate(log, "other")];
    order.add("launch-1", slow.act);
    order.add("launch-1", next.act);
    order.add("launch-2", other.act);
    next.open();
    other.open();
    await new Promise((resolve) => setImmediate(resolve));
    expect(log).toEqual(["slow begins", "other begins", "other ends"]);
    await order.settledOf("launch-2");
    await order.settledOf("a launch that never signalled");
    slow.open();
    await order.settledOf("launch-1");
    await order.settled();
    expect(log.slice(3)).toEqual(["slow ends", "next begins", "next ends"]);
  });

  it("settles at once when nothing waits", async () => {
    await expect(new SignalOrder().settled()).resolves.toBeUndefined();
  });
});
