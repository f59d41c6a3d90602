import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hasWalResetBug, openDatabase, sqliteVersion } from "../../src/ledger/database.ts";

let folder: string;

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "ctm-database-"))));
afterEach(() => rmSync(folder, { recursive: true }));

describe("opening the database", () => {
  it("syncs every commit to disk before it is acknowledged (G1), in a private file", () => {
    const file = join(folder, "ledger.sqlite");
    const db = openDatabase(file);
    const setting = (name: string): unknown => db.pragma(name, { simple: true });
    expect([setting("journal_mode"), setting("synchronous"), setting("foreign_keys")]).toEqual(["wal", 2, 1]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    db.close();
  });

  it("refuses what is no database with a clear sentence, and leaves it as it was", () => {
    const file = join(folder, "ledger.sqlite");
    const text = "a person's notes, not a database\n".repeat(100);
    writeFileSync(file, text, { mode: 0o600 });
    expect(() => openDatabase(file)).toThrow(/the database .* is no ledger: it is not an SQLite database/);
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  it("runs on a library without the WAL-reset bug", () => {
    const db = openDatabase(":memory:");
    expect(hasWalResetBug(sqliteVersion(db))).toBe(false);
    db.close();
  });

  it.each([
    ["3.6.23", true],
    ["3.7.0", true],
    ["3.40.1", true],
    ["3.44.5", true],
    ["3.44.6", false],
    ["3.45.0", true],
    ["3.50.6", true],
    ["3.50.7", false],
    ["3.51.2", true],
    ["3.51.3", false],
    ["3.52.0", false],
    ["3.53.4", false],
    ["4.0.0", true],
    ["nonsense", true],
  ])("knows whether SQLite %s has it", (version, has) => {
    expect(hasWalResetBug(version)).toBe(has);
  });
});
