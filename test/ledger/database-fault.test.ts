import Database from "better-sqlite3";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CtmError, exitCodeOf } from "../../src/base/errors.ts";
import { databaseFault } from "../../src/ledger/database-fault.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { isMarked, markInUse } from "../../src/ledger/use-mark.ts";
import { assignmentOf, draftOf } from "../support/drafts.ts";
import { noDisks, smallDisk } from "../support/small-disk.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-fault-"));
  file = join(folder, "ledger.sqlite");
});
afterEach(() => rmSync(folder, { recursive: true }));

function fill(ledger: Ledger, count = 300): void {
  ledger.add(
    Array.from({ length: count }, (_, n) => ({
      draft: draftOf(`task ${n} ${"x".repeat(200)}`, { key: `k${n}` }),
      assignment: assignmentOf(),
    })),
    1_000,
  );
}

/** A closed ledger with some hundred tasks. */
function sound(): void {
  const ledger = Ledger.open(file);
  fill(ledger);
  ledger.close();
}

/** As a kill leaves it: the newest changes are in the WAL. */
function left(): void {
  const ledger = Ledger.open(join(folder, "source.sqlite"));
  fill(ledger);
  for (const end of ["", "-wal"]) copyFileSync(join(folder, `source.sqlite${end}`), `${file}${end}`);
  ledger.close();
}

/** Of the ledger, and of the WAL where there is anything in it: who only reads leaves an empty one behind. */
function hashes(): Record<string, string> {
  const names = readdirSync(folder)
    .filter((name) => /^ledger\.sqlite(-wal)?$/.test(name))
    .filter((name) => statSync(join(folder, name)).size > 0);
  return Object.fromEntries(
    names.map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(folder, name)))
        .digest("hex"),
    ]),
  );
}

function overwrite(at: number, bytes: Uint8Array): void {
  const all = readFileSync(file);
  all.set(bytes, at);
  writeFileSync(file, all);
}

function refusal(): CtmError {
  try {
    Ledger.open(file).close();
  } catch (error) {
    if (error instanceof CtmError) return error;
    throw error;
  }
  throw new Error("it was opened");
}

describe("F31: a ledger that is not what it should be is named, and left byte for byte as it was", () => {
  const pageBytes = 4_096;
  it.each<[string, () => void, RegExp]>([
    ["cut off in the middle", () => truncateSync(file, 10 * pageBytes), /is damaged: /],
    ["cut off within a page", () => truncateSync(file, 7 * pageBytes + 100), /is damaged: /],
    ["with a page of zeros", () => overwrite(5 * pageBytes, new Uint8Array(pageBytes)), /is damaged: /],
    ["with its head gone", () => overwrite(0, new Uint8Array(100)), /it is not an SQLite database/],
    ["a text", () => writeFileSync(file, "a person's notes\n".repeat(500)), /it is not an SQLite database/],
    [
      "the database of another program",
      () => {
        rmSync(file);
        const other = new Database(file);
        other.exec(
          "CREATE TABLE bookmark (url TEXT); INSERT INTO bookmark VALUES ('x'); PRAGMA user_version = 77",
        );
        other.close();
      },
      /it is the SQLite database of another program/,
    ],
    [
      "one of a newer ctm",
      () => {
        const newer = new Database(file);
        newer.pragma("user_version = 99");
        newer.close();
      },
      /was written by a newer ctm \(version 99, this one knows \d+\)/,
    ],
    ["not closed, and its WAL taken away", () => markInUse(file), /lacks its newest changes/],
  ])("%s", (_what, spoil, says) => {
    sound();
    spoil();
    const before = hashes();
    const error = refusal();
    expect(error.message).toMatch(says);
    expect(error.message).toContain(file);
    expect(error.details.join(" "), "what to do is said").toMatch(/ctm doctor --repair|ctm restore FILE/);
    expect(exitCodeOf(error)).toBe(74);
    expect(hashes()).toEqual(before);
    expect(refusal().message, "it says the same again").toBe(error.message);
  });

  it("damaged while changes wait in the WAL: neither of the two files is touched", () => {
    sound();
    const ledger = Ledger.open(file);
    ledger.setHold(1, "changed");
    for (const end of ["", "-wal"]) copyFileSync(`${file}${end}`, join(folder, `kept${end}`));
    ledger.close();
    for (const end of ["", "-wal"]) copyFileSync(join(folder, `kept${end}`), `${file}${end}`);
    truncateSync(file, 3 * pageBytes);
    // A WAL that ends early is what a power cut leaves: its rest counts for nothing.
    truncateSync(`${file}-wal`, 32);
    const before = hashes();
    expect(Object.keys(before)).toHaveLength(2);
    expect(refusal().message).toMatch(/is damaged/);
    expect(hashes()).toEqual(before);
  });

  it.skipIf(noDisks !== null)(`on a read-only disk (${noDisks ?? "tmpfs"})`, () => {
    const disk = smallDisk(4_096);
    try {
      file = join(disk.folder, "ledger.sqlite");
      sound();
      const before = readFileSync(file);
      disk.readOnly(true);
      expect(refusal().message).toMatch(/cannot be written: it or its folder is read-only \(EROFS\)/);
      expect(readFileSync(file).equals(before)).toBe(true);
    } finally {
      disk.remove();
    }
  });

  it("a sound one has no fault: new, closed, or left by a kill", () => {
    writeFileSync(file, "");
    expect(databaseFault(file)).toBeNull();
    rmSync(file);
    left();
    markInUse(file);
    const before = hashes();
    expect(databaseFault(file)).toBeNull();
    expect(hashes()).toEqual(before);
    const ledger = Ledger.open(file);
    expect(ledger.tasks.counts().get("queued")).toBe(300);
    ledger.close();
  });
});

describe("the mark of a ledger in use", () => {
  it("left by a manager that was killed, is taken away by whoever closes the ledger next", () => {
    left();
    markInUse(file);
    Ledger.open(file).close();
    expect(isMarked(file)).toBe(false);
    Ledger.open(file).close();
  });
});
