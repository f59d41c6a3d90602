import { describe, expect, it } from "vitest";
import { isFinal, STATE_NAMES } from "../../src/tasks/task.ts";
import { assertMove, mayMove } from "../../src/tasks/transitions.ts";

describe("the transition table", () => {
  it("is exactly the drawn one", () => {
    const moves = STATE_NAMES.flatMap((from) =>
      STATE_NAMES.filter((to) => mayMove(from, to)).map((to) => `${from} > ${to}`),
    );
    expect(moves).toEqual([
      "queued > reserved",
      "queued > cancelled",
      "reserved > queued",
      "reserved > dispatching",
      "reserved > cancelled",
      "dispatching > queued",
      "dispatching > dispatched",
      "dispatching > needs-input",
      "dispatching > parked",
      "dispatching > failed",
      "dispatching > cancelled",
      "dispatching > lost",
      "dispatched > running",
      "dispatched > needs-input",
      "dispatched > parked",
      "dispatched > completed",
      "dispatched > failed",
      "dispatched > cancelled",
      "dispatched > lost",
      "running > needs-input",
      "running > parked",
      "running > completed",
      "running > failed",
      "running > cancelled",
      "running > lost",
      "needs-input > running",
      "needs-input > parked",
      "needs-input > completed",
      "needs-input > failed",
      "needs-input > cancelled",
      "needs-input > lost",
      "parked > running",
      "parked > needs-input",
      "parked > completed",
      "parked > failed",
      "parked > cancelled",
      "parked > lost",
      "failed > queued",
      "cancelled > queued",
      "lost > queued",
    ]);
  });

  it("never leads from an end state to anything but the queue, and from a typed one never back to it (G6)", () => {
    for (const from of STATE_NAMES) {
      const targets = STATE_NAMES.filter((to) => mayMove(from, to));
      if (isFinal(from)) expect(targets.every((to) => to === "queued")).toBe(true);
      if (["dispatched", "running", "needs-input", "parked"].includes(from))
        expect(targets).not.toContain("queued");
    }
  });

  it("names the task and both states when it refuses", () => {
    expect(() => assertMove(7, "completed", "running")).toThrow(
      "task 7 is completed; it cannot become running",
    );
  });
});
