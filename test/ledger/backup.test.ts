import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { backUp, backUpFile, factsOf } from "../../src/ledger/backup.ts";
import { backupFolder, backupName, newestGoodBackup } from "../../src/ledger/backup-folder.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { LEDGER_VERSION } from "../../src/ledger/migrations.ts";
import { checkBackup, restore } from "../../src/ledger/restore.ts";
import { assignmentOf, draftOf } from "../support/drafts.ts";
import { ledgerProgram } from "../support/ledger-program.ts";
import { noDisks, smallDisk } from "../support/small-disk.ts";
import { waitFor } from "../support/wait-for.ts";

const FIXTURES = new URL("../fixtures/ledgers/", import.meta.url).pathname;

let folder: string;
let file: string;
let ledger: Ledger;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-backup-"));
  file = join(folder, "ledger.sqlite");
  ledger = Ledger.open(file);
});
afterEach(() => {
  ledger.close();
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

function add(text: string, key: string | null = null): void {
  ledger.add([{ draft: draftOf(text, { key }), assignment: assignmentOf() }], 1_000);
}

/** An old ledger in place of the new one. */
function takeOld(version: number): void {
  ledger.close();
  writeFileSync(file, gunzipSync(readFileSync(join(FIXTURES, `version-${version}.sqlite.gz`))), {
    mode: 0o600,
  });
}

describe("a backup", () => {
  it("holds everything of one moment, in a private file, beside a ledger that is written to", () => {
    for (let n = 0; n < 50; n += 1) add(`task ${n}`, `k${n}`);
    const target = join(folder, "copy.sqlite");
    expect(backUp(ledger.database, target)).toMatchObject({
      file: target,
      tasks: 50,
      version: LEDGER_VERSION,
    });
    expect(statSync(target).mode & 0o777).toBe(0o600);
    add("later");
    expect(backUpFile(file, join(folder, "second.sqlite"))).toMatchObject({ tasks: 51 });
    expect(
      readdirSync(folder).filter((name) => name.endsWith(".new")),
      "nothing is left aside",
    ).toEqual([]);
  });

  it("overwrites nothing, and leaves nothing when it cannot be made", () => {
    const target = join(folder, "copy.sqlite");
    writeFileSync(target, "mine");
    expect(() => backUp(ledger.database, target)).toThrow(/is there already; a backup overwrites nothing/);
    expect(readFileSync(target, "utf8")).toBe("mine");
    expect(() => backUp(ledger.database, join(folder, "none", "copy.sqlite"))).toThrow(/there is no folder/);
  });

  it.skipIf(noDisks !== null)(`is not left half written on a full disk (${noDisks ?? "tmpfs"})`, () => {
    for (let n = 0; n < 200; n += 1) add(`task ${n} ${"x".repeat(1_000)}`);
    const disk = smallDisk(128);
    try {
      expect(() => backUp(ledger.database, join(disk.folder, "copy.sqlite"))).toThrow(
        /no copy of the ledger/,
      );
      expect(readdirSync(disk.folder)).toEqual([]);
    } finally {
      disk.remove();
    }
  });

  it("made while others write is whole, each time", async () => {
    const writer = await ledgerProgram(["submit", file, "100000"]);
    children.push(writer.child);
    await waitFor("the writer to write", () => writer.acknowledged().length > 20);
    for (let n = 0; n < 5; n += 1) {
      const { tasks } = backUpFile(file, join(folder, `copy-${n}.sqlite`));
      const copy = Ledger.open(join(folder, `copy-${n}.sqlite`));
      expect(copy.tasks.counts().get("queued"), "its kept sums agree with its rows").toBe(tasks);
      copy.close();
    }
  });
});

describe("a restored ledger", () => {
  it("has its tasks, usage, keys, holds and limits; what was there lies aside", () => {
    takeOld(1);
    ledger = Ledger.open(file);
    const target = join(folder, "copy.sqlite");
    backUp(ledger.database, target);
    add("after the backup");
    ledger.close();
    const { aside, from } = restore(target, file);
    expect(from.tasks).toBe(4);
    ledger = Ledger.open(file);
    expectOldContent(ledger);
    const before = Ledger.open(aside ?? "");
    expect(before.tasks.counts().get("queued"), "with what came after the backup").toBe(3);
    before.close();
  });

  it("replaces one that a kill left, with its WAL; the one aside still has all of it", () => {
    const target = join(folder, "copy.sqlite");
    add("one");
    backUp(ledger.database, target);
    add("two");
    const held = ledger;
    const { aside } = restore(target, file);
    ledger = Ledger.open(file);
    expect(ledger.tasks.counts().get("queued")).toBe(1);
    expect(factsOf(aside ?? "").tasks, "two was in the WAL only").toBe(2);
    held.close();
  });

  it("is not made from what is no good backup: the ledger stays as it was", () => {
    add("one");
    ledger.close();
    const before = readFileSync(file);
    const bad = join(folder, "bad.sqlite");
    writeFileSync(bad, before.subarray(0, before.length - 5_000));
    expect(() => restore(bad, file)).toThrow(/is damaged/);
    writeFileSync(bad, "");
    expect(() => restore(bad, file)).toThrow(/is empty/);
    expect(() => checkBackup(join(folder, "none"))).toThrow(/there is no file/);
    expect(readFileSync(file).equals(before)).toBe(true);
    ledger = Ledger.open(file);
  });
});

describe("F35: ledgers of other programs' versions", () => {
  it.each([1, 2])("version %i opens, is brought up to date, and was backed up before", (version) => {
    takeOld(version);
    ledger = Ledger.open(file);
    expectOldContent(ledger);
    const [backup] = readdirSync(backupFolder(file));
    expect(backup).toMatch(new RegExp(`^before-v${LEDGER_VERSION}-.*\\.sqlite$`));
    expect(factsOf(join(backupFolder(file), backup ?? ""))).toMatchObject({ version, tasks: 4 });
  });

  it("is left as it is, version and all, when no backup can be made", () => {
    takeOld(1);
    writeFileSync(backupFolder(file), "in the way");
    expect(() => Ledger.open(file)).toThrow(/is not a folder/);
    expect(factsOf(file)).toMatchObject({ version: 1, tasks: 4 });
    rmSync(backupFolder(file));
    ledger = Ledger.open(file);
  });

  it("keeps a few of the backups it made by itself, and every one a person made", () => {
    const mine = backupName(file);
    backUp(ledger.database, mine);
    for (let n = 0; n < 6; n += 1) {
      takeOld(1);
      ledger = Ledger.open(file);
    }
    const names = readdirSync(backupFolder(file));
    expect(names.filter((name) => name.startsWith("before-"))).toHaveLength(3);
    expect(names.filter((name) => name.startsWith("ledger-"))).toHaveLength(1);
  });

  it("the newest good backup is found, whatever lies beside it", () => {
    expect(newestGoodBackup(file)).toBeNull();
    add("one");
    const good = backupName(file);
    backUp(ledger.database, good);
    writeFileSync(join(backupFolder(file), "torn.sqlite"), readFileSync(good).subarray(0, 9_000));
    writeFileSync(join(backupFolder(file), "empty.sqlite"), "");
    expect(newestGoodBackup(file)).toMatchObject({ file: good, tasks: 1 });
  });
});

function expectOldContent(old: Ledger): void {
  expect(old.task(1)).toMatchObject({
    draft: { text: "Fix the login ü🙂", key: "login" },
    state: { name: "completed" },
  });
  expect(old.task(2)).toMatchObject({ draft: { priority: "high" }, state: { name: "queued" } });
  expect(old.task(3).state).toMatchObject({ holdReason: "after the release" });
  expect(old.task(4)).toMatchObject({ attempts: 1, state: { name: "running" } });
  expect(old.spend.ofAttempt("a1")).toMatchObject({ tokens: 120, cost: 600_000 });
  expect(old.spend.bookingsSince(0)).toMatchObject([{ model: "sonnet", booked_tokens: 120 }]);
  expect(old.spend.openReservations()).toMatchObject([{ attempt_id: "a2", tokens: 11_200 }]);
  expect(old.settings.get("paused")).toBe("the release is out");
  expect(old.settings.limitChanges()).toMatchObject([{ limitId: "global cost/hour", amount: 7_500_000_000 }]);
  const again = { draft: draftOf("other", { key: "login" }), assignment: assignmentOf() };
  expect(old.add([again], 2), "its keys hold for ever").toMatchObject([{ created: false, task: { id: 1 } }]);
}
