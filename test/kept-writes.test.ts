import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { faultWords, KeptWrites } from "../src/kept-writes.ts";
import { storageFaultOf, type StorageFault } from "../src/ledger/storage-fault.ts";
import { EngineBench, recordOf } from "./support/engine-bench.ts";
import { fill } from "./support/full-database.ts";
import { waitFor } from "./support/wait-for.ts";

const DONE = { kind: "completed", exitCode: null, answer: "done" } as const;

function sqliteError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe("what the disk does not take", () => {
  const told: (StorageFault | null)[] = [];
  const troubles: unknown[] = [];
  let disk: Error | null = null;
  let log: string[] = [];
  let kept: KeptWrites;
  const write = (name: string) => () => {
    if (disk !== null) throw disk;
    log.push(name);
  };
  const later = (): Promise<unknown> => vi.advanceTimersByTimeAsync(2_500);

  beforeEach(() => {
    vi.useFakeTimers();
    told.length = 0;
    troubles.length = 0;
    log = [];
    disk = null;
    kept = new KeptWrites({
      probe: write("probe"),
      changed: (fault) => told.push(fault),
      trouble: (error) => troubles.push(error),
    });
  });
  afterEach(() => {
    kept.close();
    vi.useRealTimers();
  });

  it("is kept and written in its order once there is room, and only then is anything said to be written", async () => {
    disk = sqliteError("SQLITE_FULL");
    for (const name of ["a", "b"]) kept.keep(write(name));
    const written = vi.fn<() => void>();
    void kept.written().then(written);
    disk = null;
    kept.keep(write("c"));
    expect(log, "c does not overtake a and b").toEqual([]);
    expect(kept.fault).toMatchObject({ kind: "full" });
    expect(written).not.toHaveBeenCalled();
    await later();
    expect(log).toEqual(["probe", "a", "b", "c"]);
    expect([kept.fault, kept.count]).toEqual([null, 0]);
    expect(written).toHaveBeenCalledOnce();
    expect(told).toEqual([{ kind: "full", message: "the disk is full" }, null]);
  });

  it("is told once, however often it is tried again", async () => {
    disk = sqliteError("SQLITE_FULL");
    kept.keep(write("a"));
    for (let n = 0; n < 5; n += 1) await later();
    expect(told).toHaveLength(1);
  });

  it("is tried again from the write at which it stopped", async () => {
    disk = sqliteError("SQLITE_BUSY");
    kept.keep(write("a"));
    kept.keep(() => {
      if (log.filter((name) => name === "probe").length < 2) throw sqliteError("SQLITE_FULL");
      log.push("b");
    });
    disk = null;
    await later();
    expect([log, kept.fault?.kind, kept.count]).toEqual([["probe", "a"], "full", 1]);
    await later();
    expect([log, kept.fault]).toEqual([["probe", "a", "probe", "b"], null]);
  });

  it("is given up where it may be, and thrown where somebody waits for it", () => {
    disk = sqliteError("SQLITE_FULL");
    expect(kept.attempt(write("a"))).toBeNull();
    expect(() => kept.orThrow(write("b"))).toThrow("SQLITE_FULL");
    disk = null;
    expect(kept.attempt(write("c")), "nothing new begins before what is kept is written").toBeNull();
    kept.orThrow(write("d"));
    expect(log).toEqual(["d"]);
  });

  it("keeps no other error back", async () => {
    expect(() => kept.keep(() => expect.fail("a bug"))).toThrow("a bug");
    disk = sqliteError("SQLITE_FULL");
    kept.keep(write("a"));
    kept.keep(() => {
      throw new Error("a bug");
    });
    disk = null;
    await later();
    expect([log, troubles.length, kept.fault]).toEqual([["probe", "a"], 1, null]);
  });

  it("whose outcome is unknown is never written again by this process", async () => {
    disk = sqliteError("SQLITE_IOERR_FSYNC");
    kept.keep(write("a"));
    disk = null;
    for (let n = 0; n < 5; n += 1) await later();
    expect([log, kept.fault?.kind, kept.count]).toEqual([[], "broken", 1]);
    expect(() => kept.orThrow(write("b"))).toThrow(/until ctm is started again/);
  });
});

describe("faults of the storage", () => {
  it.each([
    ["SQLITE_FULL", "full"],
    ["SQLITE_BUSY", "busy"],
    ["SQLITE_BUSY_SNAPSHOT", "busy"],
    ["SQLITE_IOERR_FSYNC", "broken"],
    ["SQLITE_CORRUPT", "broken"],
    ["SQLITE_READONLY", "broken"],
    ["SQLITE_CONSTRAINT_UNIQUE", undefined],
  ])("%s: %s", (code, kind) => {
    const fault = storageFaultOf(new Error("outer", { cause: sqliteError(code) }));
    expect(fault?.kind).toBe(kind);
    if (fault !== null) expect(faultWords(fault)).toMatch(/nothing is handed out until/);
  });
});

describe("the engine on a full disk", () => {
  let folder: string;
  let bench: EngineBench;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ctm-full-"));
    bench = new EngineBench({ workers: ["w1", "w2", "w3"], ledgerFile: join(folder, "ledger.sqlite") });
  });
  afterEach(() => {
    bench.close();
    rmSync(folder, { recursive: true });
  });
  const bigEnd = { ...DONE, answer: "a long answer ".repeat(2_000) };

  it("keeps the end of a task until there is room, dispatches nothing meanwhile, and goes on by itself", async () => {
    const order = await bench.running("first");
    const waiting = bench.add("second");
    bench.engine.setAuto(false);
    const makeRoom = fill(bench.ledger.database);
    bench.distributor.ended(order.attemptId, bigEnd, [recordOf("r1", 120)]);
    expect(bench.state(order.task.id), "what is not on the disk has not happened").toBe("running");
    expect(bench.faults).toEqual(["the disk is full"]);
    expect(await bench.pass(), "fail closed").toEqual([]);
    bench.engine.setAuto(true);
    makeRoom();
    await waitFor("the end to be written", () => bench.state(order.task.id) === "completed");
    await waitFor("dispatch to go on", () => bench.distributor.sent.includes(waiting));
    expect(bench.ledger.spend.openReservations(), "only the second task holds room").toHaveLength(1);
    expect(bench.ledger.attempts.byId(order.attemptId)?.answer).toBe(bigEnd.answer);
    expect(bench.troubles).toEqual([]);
  });

  it("loses no report when the manager dies before there was room: the next one finds the task at work", async () => {
    const order = await bench.running("first");
    const makeRoom = fill(bench.ledger.database);
    bench.distributor.ended(order.attemptId, bigEnd, [recordOf("r1", 120)]);
    makeRoom();
    bench.crash();
    expect(bench.state(order.task.id)).toBe("running");
    bench.distributor.ended(order.attemptId, bigEnd, [recordOf("r1", 120)]);
    expect(bench.state(order.task.id)).toBe("completed");
  });

  it("types nothing whose intent the disk did not take; the task is settled by the next start", async () => {
    const order = await bench.sent("first");
    bench.ledger.database.pragma("query_only = 1");
    expect(() => order.intend()).toThrow(/could not be written down/);
    await order.notTyped("its intent could not be written down");
    expect(bench.state(order.task.id)).toBe("reserved");
    expect(await bench.pass()).toEqual([]);
    bench.ledger.database.pragma("query_only = 0");
    bench.crash();
    expect(bench.state(order.task.id), "the next start finds it so").toBe("reserved");
  });
});
