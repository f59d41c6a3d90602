import { expect, test } from "vitest";
import { maySleep, sleptBefore, type Sleeper } from "../../src/workers/sleeping.ts";
import { workerRecordOf } from "../support/worker-bench.ts";

const pane = {} as NonNullable<Sleeper["pane"]>;
const record = { agent: "claude", adopted: false, sessionId: "s1", lastType: "coding" };
const sleeper = (change: Partial<Sleeper> = {}): Sleeper => ({
  ...{ free: true, asleep: false, pane, record },
  state: { name: "idle", sinceMs: 1_000 },
  ...change,
});

test("one that is free for long enough, with a conversation to come back to, may sleep", () => {
  expect(maySleep(sleeper(), 500, 1_500)).toBe(true);
  expect(maySleep(sleeper(), 500, 1_499)).toBe(false);
});

test.each<[string, Partial<Sleeper>]>([
  ["at work, draining or withheld", { free: false }],
  ["asleep already", { asleep: true }],
  ["without a session", { pane: null }],
  ["starting", { state: { name: "starting", sinceMs: 0 } }],
  ["one that a person opened", { record: { ...record, adopted: true } }],
  ["one that did no task yet", { record: { ...record, lastType: null } }],
  ["one whose conversation has no name", { record: { ...record, sessionId: null } }],
  ["one that comes back to no conversation", { record: { ...record, agent: "shell" } }],
])("not %s", (_what, change) => {
  expect(maySleep(sleeper(change), 500, 1_000_000)).toBe(false);
});

test("one that slept when its manager ended sleeps on; one that was ended otherwise does not", () => {
  const slept = { ...workerRecordOf(), ...record, pane: null, launchId: null, launchDir: "/launch" };
  expect(sleptBefore(slept)).toBe(true);
  expect(sleptBefore({ ...slept, launchId: "l1" })).toBe(false);
  expect(sleptBefore({ ...slept, pane: "{}" })).toBe(false);
  expect(sleptBefore({ ...slept, lastType: null })).toBe(false);
});
