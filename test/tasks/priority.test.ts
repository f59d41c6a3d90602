import { describe, expect, it } from "vitest";
import { PRIORITIES, priorityOfRank, priorityRank } from "../../src/tasks/priority.ts";

describe("priorities", () => {
  it("rank from low to critical, and read back", () => {
    expect(PRIORITIES.map(priorityRank)).toEqual([0, 1, 2, 3]);
    expect(PRIORITIES.map((priority) => priorityOfRank(priorityRank(priority)))).toEqual(PRIORITIES);
  });

  it.each([-1, 4, 1.5, Number.NaN])("has none of rank %d", (rank) => {
    expect(() => priorityOfRank(rank)).toThrow(RangeError);
  });
});
