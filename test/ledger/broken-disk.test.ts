/**
 * A disk that fails while a ledger is written to in a process of its own: at the n-th sync for n = 1, 2, ... until a
 * run meets none; at random; for want of descriptors. Whatever happens, the process ends with a reason and an exit code,
 * or has done all of it; what it acknowledged is there, and a move whose outcome nobody told is there or is not.
 */
import { constants } from "node:os";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Ledger } from "../../src/ledger/ledger.ts";
import { noShim, shimEnvironment, type BreakingDisk } from "../support/disk-shim.ts";
import { ledgerProgram } from "../support/ledger-program.ts";
import { noDisks, smallDisk } from "../support/small-disk.ts";

const LONG = process.env["CTM_TEST_LONG"] !== undefined;
const SEED = Number(process.env["CTM_TEST_SEED"] ?? Date.now() % 2 ** 31);
const STATES = ["queued", "reserved", "dispatching", "dispatched", "running", "completed"];

let root: string;
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), "ctm-broken-"))));
afterEach(() => rmSync(root, { recursive: true }));

interface Lived {
  readonly code: number | null;
  readonly reason: string;
}

/** Takes some tasks through their lives on such a disk, and checks what is there afterwards. */
async function live(
  name: string,
  tasks: number,
  disk: Omit<BreakingDisk, "root"> | null,
  prefix: readonly string[] = [],
): Promise<Lived> {
  const file = join(root, `${name}.sqlite`);
  const env = disk === null ? {} : shimEnvironment({ root, ...disk });
  const program = await ledgerProgram(["lives", file, String(tasks)], { env, prefix });
  const { code } = await program.ended;
  const told = new Map(program.acknowledged().map((line) => line.split(" ") as [string, string]));
  const label = `${name}: exit ${code}, ${program.faults()}`;
  if (code === 0) expect([...told.values()], label).toEqual(Array.from({ length: tasks }, () => "completed"));
  else expect(program.faults(), `${label}: the reason is told`).not.toBe("");
  expectAcknowledged(file, told, label);
  return { code, reason: program.faults() };
}

/** The next start: reads by key what became of each task. */
function expectAcknowledged(file: string, told: ReadonlyMap<string, string>, label: string): void {
  const ledger = Ledger.open(file);
  expect(ledger.database.pragma("integrity_check", { simple: true }), label).toBe("ok");
  for (const [key, state] of told) {
    const found = STATES.indexOf(ledger.tasks.byKey(key)?.state.name ?? "");
    const ahead = found - STATES.indexOf(state);
    expect([0, 1], `${label}: ${key} was acknowledged as ${state} and is ${STATES[found]}`).toContain(ahead);
  }
  const open = ledger.tasks.open().length;
  expect(
    ledger.spend.openReservations(),
    `${label}: each open attempt holds its room, no other`,
  ).toHaveLength(open);
  ledger.close();
}

describe.skipIf(noShim !== null)(`on a disk that fails (${noShim ?? "preloaded disk"})`, () => {
  it("F30: at the n-th sync and from there on, for each n there is", async () => {
    const codes: (number | null)[] = [];
    for (let nth = 1; codes.at(-1) !== 0; nth += 1) {
      const { code, reason } = await live(`sync-${nth}`, LONG ? 4 : 1, {
        fail: { kind: "sync", nth, errno: constants.errno.EIO },
      });
      if (code !== 0) expect([code, reason], `sync ${nth}`).toEqual([74, expect.stringMatching(/./)]);
      codes.push(code);
    }
    expect(codes.length, "each commit is a sync").toBeGreaterThan(6);
  });

  it("at a write, with no room on the disk", async () => {
    for (const nth of [3, 9, 15]) {
      const { code, reason } = await live(`write-${nth}`, 2, {
        fail: { kind: "write", nth, errno: constants.errno.ENOSPC },
      });
      expect([code, reason], `write ${nth}`).toEqual([74, expect.stringMatching(/./)]);
    }
  });

  it(`F29: at random, short writes too, seed ${SEED}`, async () => {
    const codes = new Set<number | null>();
    for (let round = 0; round < (LONG ? 100 : 8); round += 1) {
      const { code } = await live(`flaky-${round}`, 3, { flaky: { permille: 15, seed: SEED + round } });
      codes.add(code);
    }
    for (const code of codes) expect([0, 74], `seed ${SEED}`).toContain(code);
  });
});

describe("F29: for want of descriptors", () => {
  it("it ends with a reason, or does everything", async () => {
    const limits = LONG ? Array.from({ length: 30 }, (_, n) => 14 + n) : [18, 21, 23, 25, 40];
    const codes: (number | null)[] = [];
    for (const limit of limits) {
      const prefix = ["sh", "-c", `ulimit -n ${limit} && exec "$@"`, "sh"];
      const file = join(root, `files-${limit}.sqlite`);
      Ledger.open(file).close();
      codes.push((await live(`files-${limit}`, 2, null, prefix)).code);
    }
    expect(codes.at(-1)).toBe(0);
  });
});

describe.skipIf(noDisks !== null)(`F28: a disk that is really full (${noDisks ?? "tmpfs"})`, () => {
  it("what was acknowledged before is there, the error is clean, and there is room again afterwards", async () => {
    const disk = smallDisk(1_200);
    try {
      const file = join(disk.folder, "ledger.sqlite");
      const program = await ledgerProgram(["submit", file, "100000"]);
      expect((await program.ended).code).toBe(74);
      expect(program.faults()).toBe("the ledger did not take the change: the disk is full\n");
      const acknowledged = program.acknowledged();
      expect(acknowledged.length).toBeGreaterThan(10);
      const ledger = Ledger.open(file);
      expect(ledger.tasks.counts().get("queued")).toBe(acknowledged.length);
      expect(ledger.database.pragma("integrity_check", { simple: true })).toBe("ok");
      ledger.close();
    } finally {
      disk.remove();
    }
  });
});
