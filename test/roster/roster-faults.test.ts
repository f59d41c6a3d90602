import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rosterFaults } from "../../src/roster/roster-faults.ts";
import { membersMax } from "../../src/roster-schema.ts";
import { memberLike, rosterLike } from "../support/rosters.ts";

const messages = (roster: Parameters<typeof rosterFaults>[0]): string[] =>
  rosterFaults(roster).map(({ path, message }) => `${path.join(".")} ${message}`);

describe("a roster", () => {
  it("that names nobody who is not there has no fault", () => {
    expect(messages(rosterLike({ members: [memberLike("a"), memberLike("b", { reportsTo: "a" })] }))).toEqual(
      [],
    );
  });

  it("tells who is there twice, and every name nobody has", () => {
    const members = [
      memberLike("a", { departments: ["frontend", "frontend"] }),
      memberLike("a", { departments: ["nowhere"], reportsTo: "nobody" }),
    ];
    const roster = rosterLike({ members });
    const departments = roster.departments.map((department) => ({ ...department, coordinator: "gone" }));
    expect(messages({ ...roster, departments })).toEqual([
      "departments.frontend.coordinator names gone, who is no agent here",
      "agents.0.departments names a department twice",
      "agents.1.id a is there twice",
      "agents.1.departments names nowhere, which is no department here",
      "agents.1.reportsTo names nobody, who is no agent here",
    ]);
  });

  it("tells each ring once", () => {
    const members = [
      memberLike("a", { reportsTo: "b" }),
      memberLike("b", { reportsTo: "c" }),
      memberLike("c", { reportsTo: "a" }),
      memberLike("d", { reportsTo: "d" }),
      memberLike("e", { reportsTo: "a" }),
    ];
    expect(messages(rosterLike({ members }))).toEqual([
      "agents.0.reportsTo goes round in a ring: a → b → c → a",
      "agents.3.reportsTo goes round in a ring: d → d",
    ]);
  });

  it("is looked through at once where it is as large, and as deep, as it may be", () => {
    const chain = Array.from({ length: membersMax }, (_, at) =>
      memberLike(`m${at}`, { reportsTo: at === 0 ? null : `m${at - 1}` }),
    );
    expect(messages(rosterLike({ members: chain }))).toEqual([]);
    const ring = chain.with(0, memberLike("m0", { reportsTo: `m${membersMax - 1}` }));
    const [told = "", ...more] = messages(rosterLike({ members: ring }));
    expect(more).toEqual([]);
    expect(told).toMatch(/^agents\.0\.reportsTo goes round in a ring: m0 → m999 → m998 .* → … → m0$/);
  });

  it("has a ring exactly where following it up never ends", () => {
    const ups = fc.array(fc.option(fc.nat(7)), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(ups, (above) => {
        const members = above.map((up, at) =>
          memberLike(`m${at}`, { reportsTo: up === null ? null : `m${up}` }),
        );
        const ends = above.every((_, start) => {
          let at: number | null = start;
          for (let steps = 0; at !== null && steps <= above.length; steps += 1) at = above[at] ?? null;
          return at === null;
        });
        expect(messages(rosterLike({ members })).length === 0).toBe(ends);
      }),
    );
  });
});
