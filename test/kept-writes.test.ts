import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { After } from "../src/gathered-writes.ts";
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
      commit: (act) => act(),
      sync: () => Promise.resolve(),
      syncNow: () => undefined,
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

describe("what is gathered in a turn", () => {
  const troubles: unknown[] = [];
  let log: string[] = [];
  let disk: Error | null = null;
  let syncFault: Error | null = null;
  let diskTakesTime: Promise<void> = Promise.resolve();
  let kept: KeptWrites;
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const write = (name: string) => (after: After) => {
    log.push(name);
    after(() => log.push(`${name} told`));
  };

  beforeEach(() => {
    [log, disk, syncFault, troubles.length] = [[], null, null, 0];
    diskTakesTime = Promise.resolve();
    kept = new KeptWrites({
      // As SQLite does it: what was written is gone when the commit fails.
      commit: (act) => {
        const before = log.length;
        try {
          const result = act();
          if (disk !== null) throw disk;
          log.push("commit");
          return result;
        } catch (error) {
          log.splice(before);
          throw error;
        }
      },
      sync: async () => {
        const begun = log;
        begun.push("sync begins");
        await diskTakesTime;
        await turn();
        if (syncFault !== null) throw syncFault;
        begun.push("synced");
      },
      syncNow: () => {
        if (syncFault !== null) throw syncFault;
        log.push("synced at once");
      },
      probe: () => {
        if (disk !== null) throw disk;
      },
      changed: () => undefined,
      trouble: (error) => troubles.push(error),
    });
  });
  afterEach(() => kept.close());

  it("is one commit, and what follows from it follows the disk", async () => {
    kept.gather(write("a"));
    const b = kept.gathered(write("b")).then(() => log.push("b is on the disk"));
    const done = kept.written().then(() => log.push("all written"));
    expect(log).toEqual([]);
    await turn();
    expect(log, "committed, and nothing told").toEqual(["a", "b", "commit", "sync begins"]);
    await Promise.all([b, done]);
    expect(log.slice(4)).toEqual(["synced", "a told", "b told", "b is on the disk", "all written"]);
  });

  it("lies a moment longer when nothing waits for it, and then goes alone or with what is waited for", async () => {
    kept.gather(write("a"), true);
    await turn();
    expect(log, "a turn has passed").toEqual([]);
    kept.gather(write("b"));
    await turn();
    expect(log).toEqual(["a", "b", "commit", "sync begins"]);
    kept.gather(write("c"), true);
    await kept.written();
    expect(log.slice(-3)).toEqual(["sync begins", "synced", "c told"]);
    kept.gather(write("d"), true);
    kept.keep(() => log.push("e"));
    expect(log.slice(-5), "and goes before whatever is written at once").toEqual([
      ...["d", "commit", "synced at once", "d told", "e"],
    ]);
  });

  it("shares one wait for the disk with all that was committed before it, and no more", async () => {
    let diskIsThere = (): void => undefined;
    diskTakesTime = new Promise((resolve) => (diskIsThere = resolve));
    kept.gather(write("a"));
    await turn();
    kept.gather(write("b"));
    kept.gather(write("c"));
    await turn();
    diskIsThere();
    await kept.written();
    const all = ["a", "commit", "sync begins", "b", "c", "commit", "synced", "a told"];
    expect(log).toEqual([...all, "sync begins", "synced", "b told", "c told"]);
  });

  it("is followed at once when another write must go behind it, whatever sync is under way", async () => {
    kept.gather(write("a"));
    await turn();
    kept.gather(write("b"));
    kept.keep(() => log.push("c"));
    const told = ["a", "commit", "sync begins", "b", "commit", "synced at once", "a told", "b told", "c"];
    expect(log).toEqual(told);
    expect(kept.idle).toBe(true);
    await kept.written();
    await turn();
    await turn();
    expect(log.slice(told.length), "nothing is told twice").toEqual(["synced"]);
  });

  it("lets an early write count before it is on the disk, behind what was gathered before", async () => {
    kept.gather(write("a"));
    expect(kept.attemptEarly(() => log.push("early"))).not.toBeNull();
    expect(log).toEqual(["a", "commit", "sync begins", "early", "commit"]);
    disk = sqliteError("SQLITE_FULL");
    const counted = vi.fn<() => void>();
    expect(kept.attemptEarly((after) => after(counted))).toBeNull();
    expect(counted, "what is not written does not count").not.toHaveBeenCalled();
  });

  it("says what is written so far, while ever more comes", async () => {
    let more = true;
    const another = (): void => {
      if (more) kept.gather((after) => after(another));
    };
    another();
    await kept.written();
    more = false;
    expect(kept.idle, "it goes on").toBe(false);
  });

  it("is not taken for safe because a later sync succeeds: what was committed behind a failed one is unknown too", async () => {
    let diskIsThere = (): void => undefined;
    diskTakesTime = new Promise((resolve) => (diskIsThere = resolve));
    kept.gather(write("a"));
    await turn();
    const b = kept.gathered(write("b"));
    await turn();
    syncFault = sqliteError("SQLITE_IOERR_FSYNC");
    diskIsThere();
    await expect(b).rejects.toThrow("SQLITE_IOERR_FSYNC");
    syncFault = null;
    kept.flush();
    await turn();
    expect(log.filter((entry) => /told|synced/.test(entry))).toEqual([]);
    expect([kept.fault?.kind, kept.idle]).toEqual(["broken", true]);
  });

  it("whose sync failed is neither told nor written again", async () => {
    kept.gather(write("a"));
    const b = kept.gathered(write("b"));
    syncFault = sqliteError("SQLITE_IOERR_FSYNC");
    await expect(b).rejects.toThrow("SQLITE_IOERR_FSYNC");
    expect([log, kept.fault?.kind, kept.count]).toEqual([["a", "b", "commit", "sync begins"], "broken", 1]);
    kept.gather(write("c"));
    await turn();
    expect(log).toHaveLength(4);
  });

  it("goes before every other write", () => {
    kept.gather(write("a"));
    kept.keep(() => log.push("b"));
    kept.gather(write("c"));
    kept.attempt(() => log.push("d"));
    kept.gather(write("e"));
    kept.orThrow(() => log.push("f"));
    const order = log.filter((entry) => entry.length === 1).join("");
    expect(order).toBe("abcdef");
  });

  it("is kept while the disk is full, and told of only then; what somebody waits for is given up", async () => {
    disk = sqliteError("SQLITE_FULL");
    kept.gather(write("a"));
    const b = kept.gathered(write("b"));
    await expect(b).rejects.toThrow("SQLITE_FULL");
    expect([log, kept.count, kept.fault?.kind]).toEqual([[], 1, "full"]);
    kept.gather(write("c"));
    await expect(kept.gathered(write("d")), "while the fault lasts").rejects.toThrow(/until there is room/);
    disk = null;
    await kept.written();
    const told = (name: string): string[] => [name, "commit", "synced at once", `${name} told`];
    expect(log).toEqual([...told("a"), ...told("c")]);
    expect(troubles).toEqual([]);
  });

  it("takes none of the others with it when one fails by itself", async () => {
    kept.gather(write("a"));
    kept.gather(() => {
      throw new Error("a bug");
    });
    const refused = kept.gathered(() => {
      throw new Error("not this one");
    });
    kept.gather(write("b"));
    await expect(refused).rejects.toThrow("not this one");
    await kept.written();
    expect(log).toEqual(["a", "commit", "b", "commit", "sync begins", "synced", "a told", "b told"]);
    expect(troubles.map(String)).toEqual(["Error: a bug"]);
  });

  it("is never written by a process that does not know what became of it", async () => {
    disk = sqliteError("SQLITE_IOERR_FSYNC");
    kept.gather(write("a"));
    await turn();
    disk = null;
    kept.gather(write("b"));
    await expect(kept.gathered(write("c"))).rejects.toThrow(/until ctm is started again/);
    expect([log, kept.count]).toEqual([[], 2]);
  });

  it("is forgotten at the end: the next start finds what it came from", async () => {
    kept.gather(write("a"));
    kept.close();
    kept.gather(write("b"));
    await turn();
    expect(log).toEqual([]);
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

  it("types nothing whose intent shares a commit that the disk did not take", async () => {
    const order = await bench.sent("first");
    bench.engine.setAuto(true);
    bench.ledger.database.pragma("query_only = 1");
    await expect(order.intended()).rejects.toThrow(/could not be written down/);
    expect([bench.state(order.task.id), bench.kept.count]).toEqual(["reserved", 0]);
    bench.ledger.database.pragma("query_only = 0");
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
