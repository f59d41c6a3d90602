/**
 * The power is cut: a ledger in a process of its own, on a disk that forgets what was not synced. What was
 * acknowledged must be there afterwards; with `synchronous=NORMAL` this very test must find that something is gone.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Ledger } from "../../src/ledger/ledger.ts";
import { noShim, shimEnvironment } from "../support/disk-shim.ts";
import { ledgerProgram } from "../support/ledger-program.ts";
import { generator } from "../support/random.ts";

const SEED = Number(process.env["CTM_TEST_SEED"] ?? Date.now() % 2 ** 31);
const ROUNDS = process.env["CTM_TEST_LONG"] === undefined ? 3 : 40;
const pageBytes = 4_096;

let folder: string;
let root: string;
let shadow: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-power-"));
  [root, shadow] = [join(folder, "disk"), join(folder, "after")];
  for (const path of [root, shadow]) mkdirSync(path, { mode: 0o700 });
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Adds tasks until the power is cut. Returns the ids that were acknowledged. */
async function untilCut(count: number, synchronous: string | null, randomSeed?: number): Promise<number[]> {
  const args = [
    "submit",
    join(root, "ledger.sqlite"),
    String(count),
    ...(synchronous === null ? [] : [synchronous]),
  ];
  const env = shimEnvironment({ root, shadow, ...(randomSeed === undefined ? {} : { randomSeed }) });
  const program = await ledgerProgram(args, { env });
  const { signal } = await program.ended;
  expect([signal, program.faults()]).toEqual(["SIGKILL", ""]);
  return program.acknowledged().map(Number);
}

/** Moves one task on until the power is cut behind its n-th move. Returns what was acknowledged last, and what is there. */
async function movedUntilCut(
  nth: number,
  synchronous: "FULL" | "NORMAL",
): Promise<[told: string, found: string]> {
  return lastToldAndFound(["lives", join(root, "ledger.sqlite"), "1", String(nth), synchronous]);
}

/** The same for moves that are committed first and synced later. */
async function gatheredUntilCut(nth: number, told: "synced" | "early"): Promise<[string, string]> {
  return lastToldAndFound(["gathers", join(root, "ledger.sqlite"), told, String(nth)]);
}

async function lastToldAndFound(args: readonly string[]): Promise<[told: string, found: string]> {
  const program = await ledgerProgram(args, { env: shimEnvironment({ root, shadow }) });
  const { signal } = await program.ended;
  expect([signal, program.faults()]).toEqual(["SIGKILL", ""]);
  const told = program.acknowledged().at(-1)?.split(" ")[1] ?? "";
  const ledger = Ledger.open(join(shadow, "ledger.sqlite"));
  const found = ledger.tasks.byKey("k0")?.state.name ?? "gone";
  ledger.close();
  emptyDisks();
  return [told, found];
}

function emptyDisks(): void {
  for (const path of [root, shadow]) {
    rmSync(path, { recursive: true });
    mkdirSync(path, { mode: 0o700 });
  }
}

/** Ids of the tasks that are there when the machine is on again; none when the ledger cannot be opened. */
function thereAfterwards(): Set<number> {
  let ledger: Ledger;
  try {
    ledger = Ledger.open(join(shadow, "ledger.sqlite"));
  } catch {
    return new Set();
  }
  const everything = { states: null, type: null, worker: null, containing: null, limit: 100_000 };
  const ids = new Set(ledger.tasks.list(everything).map(({ id }) => id));
  expect(ledger.database.pragma("integrity_check", { simple: true })).toBe("ok");
  expect(ledger.tasks.counts().get("queued") ?? 0, "kept sums agree with the rows").toBe(ids.size);
  ledger.close();
  return ids;
}

const missing = (acknowledged: readonly number[]): number[] => {
  const there = thereAfterwards();
  return acknowledged.filter((id) => !there.has(id));
};

describe.skipIf(noShim !== null)(`F3: the power is cut (${noShim ?? "preloaded disk"})`, () => {
  it("every acknowledged task is there", async () => {
    const acknowledged = await untilCut(150, null);
    expect(acknowledged).toHaveLength(150);
    expect(missing(acknowledged)).toEqual([]);
  });

  it("negative control: without the sync of every commit this test finds that tasks are gone", async () => {
    const acknowledged = await untilCut(150, "NORMAL");
    expect(acknowledged).toHaveLength(150);
    expect(missing(acknowledged).length).toBeGreaterThan(0);
  });

  it(`also when pages that nobody synced reach the disk in any order, seed ${SEED}`, async () => {
    const random = generator(SEED);
    for (let round = 0; round < ROUNDS; round += 1) {
      const acknowledged = await untilCut(40, null, 1 + Math.floor(random() * 1e9));
      leakAtLast(random);
      expect(missing(acknowledged), `seed ${SEED}, round ${round}`).toEqual([]);
      emptyDisks();
    }
  });

  it("every acknowledged move of a task is there, whichever was the last", async () => {
    const moves = ["queued", "reserved", "dispatching", "dispatched", "running", "completed"];
    for (const [index, move] of moves.entries())
      expect(await movedUntilCut(index + 1, "FULL")).toEqual([move, move]);
  });

  it("negative control: without the sync of every commit a move is gone", async () => {
    const [told, found] = await movedUntilCut(4, "NORMAL");
    expect(told).toBe("dispatched");
    expect(found).not.toBe(told);
  });

  it("every move that shares its commit and was told after the sync is there, whichever was the last", async () => {
    for (const [index, move] of ["reserved", "dispatching", "dispatched", "running", "completed"].entries())
      expect(await gatheredUntilCut(index + 1, "synced")).toEqual([move, move]);
  });

  it("negative control: told before the sync, it is gone", async () => {
    expect(await gatheredUntilCut(2, "early")).toEqual(["dispatching", "queued"]);
  });
});

/** At the moment of the cut some of what stands in memory is on its way. */
function leakAtLast(random: () => number): void {
  for (const name of readdirSync(root).filter((file) => /^ledger\.sqlite(-wal)?$/.test(file))) {
    const target = join(shadow, name);
    if (statSync(target, { throwIfNoEntry: false }) === undefined) continue;
    const now = readFileSync(join(root, name));
    const kept = readFileSync(target);
    const grown = Buffer.alloc(Math.max(now.length, kept.length));
    kept.copy(grown);
    let length = kept.length;
    for (let at = 0; at < now.length; at += pageBytes) {
      if (random() < 0.5) continue;
      now.copy(grown, at, at, at + pageBytes);
      length = Math.max(length, Math.min(at + pageBytes, now.length));
    }
    writeFileSync(target, grown.subarray(0, length));
  }
}
