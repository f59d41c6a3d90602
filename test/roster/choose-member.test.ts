import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseMember } from "../../src/roster/choose-member.ts";
import { departmentLike, memberLike, rosterLike } from "../support/rosters.ts";

const roster = rosterLike({
  departments: [
    departmentLike("frontend", { words: ["page"] }),
    departmentLike("docs", { types: ["documentation"] }),
  ],
  members: [
    memberLike("lead", { tier: "strategic", types: ["ui", "documentation"] }),
    memberLike("react", { words: ["React"], worker: "concurrent_worker2" }),
    memberLike("css", { words: ["css"], agent: "codex" }),
    memberLike("writer", { departments: ["docs"] }),
    memberLike("both", { departments: ["frontend", "docs"], types: ["analysis"] }),
  ],
});
const chosen = (text: string, change: Partial<Parameters<typeof chooseMember>[1]> = {}) =>
  chooseMember(roster, { text, type: "ui", agent: null, worker: null, ...change })?.id ?? null;

test.each([
  ["Make the REACT hook faster.", {}, "react"],
  ["tidy up the css", {}, "css"],
  ["the manual", { type: "documentation" }, "writer"],
  ["anything", { type: "analysis" }, "both"],
  ["css", { type: "coding" }, null],
  ["tidy up the css", { agent: "claude" }, "react"],
  ["react", { worker: "concurrent_worker1" }, "css"],
  ["react", { worker: "concurrent_worker1", agent: "claude" }, null],
] as const)("%s (%j) goes to %s", (text, change, id) => {
  expect(chosen(text, change)).toBe(id);
});

test("the same text always goes to the same member, and those equally fit all get some", () => {
  const got = new Set<string>();
  fc.assert(
    fc.property(fc.string(), (text) => {
      const id = chosen(text.replace(/react|css/gi, ""));
      expect(chosen(text.replace(/react|css/gi, ""))).toBe(id);
      got.add(id ?? "nobody");
    }),
    { numRuns: 200 },
  );
  expect([...got].sort()).toEqual(["css", "react"]);
});
