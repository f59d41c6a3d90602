import { describe, expect, it } from "vitest";
import { CtmError } from "../../src/base/errors.ts";
import { KeptWrites } from "../../src/kept-writes.ts";
import type { Incoming, Taken } from "../../src/ledger/event-journal.ts";
import { EventGroups } from "../../src/orchestration/event-groups.ts";
import { waitFor } from "../support/wait-for.ts";
import { eventOf } from "../activation/triggers.ts";

const incoming = (id: string): Incoming => ({
  ...{ event: eventOf({ id }), foreign: true, via: "test", keys: [] },
});
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A disk whose syncs end when the test says so. */
function bench() {
  const commits: string[][] = [];
  const syncs: ((error?: Error) => void)[] = [];
  const kept = new KeptWrites({
    commit: (act) => act(),
    sync: () =>
      new Promise((resolve, reject) =>
        syncs.push((error) => (error === undefined ? resolve() : reject(error))),
      ),
    syncNow: () => undefined,
    probe: () => undefined,
    changed: () => undefined,
    trouble: (error) => {
      throw error;
    },
  });
  const groups = new EventGroups(kept, (events): Taken[] => {
    const ids = events.map(({ event }) => event.id);
    if (ids.includes("poison")) throw new CtmError("ledger", "it is no event");
    if (ids.includes("beyond")) throw new CtmError("refused", "too many wait");
    commits.push(ids);
    return ids.map((id) => ({ seq: Number(id), duplicate: false }));
  });
  const answers: string[] = [];
  const take = (...ids: string[]): void =>
    void groups.take(ids.map(incoming)).then(
      (taken) => answers.push(taken.map(({ seq }) => seq).join("+")),
      (error: unknown) => answers.push(`${ids.join("+")}: ${(error as Error).message}`),
    );
  const synced = async (): Promise<void> => {
    await waitFor("a sync to begin", () => syncs.length > 0);
    syncs.shift()?.();
    await turn();
  };
  return { commits, syncs, answers, take, synced };
}

describe("events that come at the same time", () => {
  it("are one commit and one wait for the disk, and nobody is answered before it is over", async () => {
    const { commits, answers, take, synced } = bench();
    take("1");
    take("2");
    take("3", "4");
    await turn();
    expect([commits, answers]).toEqual([[["1", "2", "3", "4"]], []]);
    // What comes meanwhile is the next group.
    take("5");
    await turn();
    take("6");
    await turn();
    expect(commits).toHaveLength(1);
    await synced();
    expect(answers).toEqual(["1", "2", "3+4"]);
    await synced();
    expect([commits[1], answers.slice(3)]).toEqual([
      ["5", "6"],
      ["5", "6"],
    ]);
  });

  it("suffer nothing from one the journal does not take", async () => {
    const { answers, take, synced } = bench();
    for (const id of ["1", "poison", "2"]) take(id);
    await synced();
    await synced();
    await waitFor("all answers", () => answers.length === 3);
    expect(answers.toSorted()).toEqual(["1", "2", "poison: it is no event"]);
  });

  it("are refused together where there is no room", async () => {
    const { commits, answers, take } = bench();
    for (const id of ["1", "beyond"]) take(id);
    await waitFor("both answers", () => answers.length === 2);
    expect([commits, answers]).toEqual([[], ["1: too many wait", "beyond: too many wait"]]);
  });

  it("are not said to be taken when nobody knows whether the disk has them", async () => {
    const { answers, syncs, take } = bench();
    for (const id of ["1", "2"]) take(id);
    await waitFor("a sync to begin", () => syncs.length > 0);
    take("3");
    syncs.shift()?.(Object.assign(new Error("lost"), { code: "SQLITE_IOERR_FSYNC" }));
    await waitFor("all answers", () => answers.length === 3);
    for (const [at, answer] of answers.entries()) expect(answer).toMatch(new RegExp(`^${at + 1}: `));
  });
});
