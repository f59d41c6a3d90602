import { expect, test } from "vitest";
import type { Config } from "../../src/config.ts";
import type { WorkerRecord } from "../../src/ledger/worker-rows.ts";
import { groupOf, isGroup } from "../../src/orchestration/groups.ts";
import type { Roster } from "../../src/roster/roster.ts";

const member = (id: string, tier: string, ...departments: string[]) => ({ id, tier, departments });
const roster = {
  departments: [{ id: "frontend" }, { id: "empty" }],
  members: [
    member("cto", "strategic"),
    member("ui-lead", "tactical", "frontend"),
    member("react-expert", "execution", "frontend"),
  ],
} as unknown as Roster;
const workers = () => ["concurrent_worker1", "concurrent_worker2"].map((name) => ({ name }) as WorkerRecord);
const withRoster = { config: { roster: { roster } } as unknown as Config, workers };

test("all workers, a department, a tier", () => {
  expect(isGroup("@all")).toBe(true);
  expect(isGroup("w1")).toBe(false);
  expect(groupOf("@all", withRoster)).toEqual(["concurrent_worker1", "concurrent_worker2"]);
  expect(groupOf("@frontend", withRoster)).toEqual(["ui-lead", "react-expert"]);
  expect(groupOf("@strategic", withRoster)).toEqual(["cto"]);
});

test("a group that is not there, or has nobody in it, is refused", () => {
  expect(() => groupOf("@empty", withRoster)).toThrow(/nobody is in @empty/);
  for (const name of ["@", "@backend", "@ALL", "@constructor"])
    expect(() => groupOf(name, withRoster)).toThrow(/there is no group/);
  const without = { config: { roster: null } as unknown as Config, workers: () => [] };
  expect(() => groupOf("@frontend", without)).toThrow(/there is no group/);
  expect(() => groupOf("@all", without)).toThrow(/nobody/);
});
