import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { takeManagerLock } from "../../src/ledger/manager-lock.ts";

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-lock-"));
  file = join(folder, "manager.lock");
});
afterEach(() => rmSync(folder, { recursive: true }));

const DATABASE = createRequire(import.meta.url).resolve("better-sqlite3");
/** Holds the lock as a manager does, says so, and lives until it is killed. */
const HOLDER = `
  const db = new (require(${JSON.stringify(DATABASE)}))(process.argv[1]);
  db.pragma("journal_mode = DELETE");
  db.exec("BEGIN EXCLUSIVE");
  console.log("held");
  setInterval(() => {}, 1000);
`;

describe("the lock of a manager", () => {
  it("is had by one at a time, at once and with a clear word", () => {
    const lock = takeManagerLock(file);
    expect(() => takeManagerLock(file)).toThrow(/another ctm manager already runs/);
    lock.release();
    lock.release();
    takeManagerLock(file).release();
  });

  it("is let go by the kernel when its manager is killed, and by nothing before", async () => {
    takeManagerLock(file).release();
    const holder = spawn(process.execPath, ["-e", HOLDER, file], { stdio: ["ignore", "pipe", "inherit"] });
    const ended = new Promise((resolve) => holder.once("exit", resolve));
    await new Promise((resolve) => holder.stdout.once("data", resolve));
    expect(() => takeManagerLock(file)).toThrow(expect.objectContaining({ code: "manager-running" }));
    holder.kill("SIGKILL");
    await ended;
    takeManagerLock(file).release();
  });

  it("is a private file, and no link that leads elsewhere", () => {
    takeManagerLock(file).release();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const elsewhere = join(folder, "elsewhere");
    writeFileSync(elsewhere, "mine", { mode: 0o600 });
    symlinkSync(elsewhere, join(folder, "link"));
    expect(() => takeManagerLock(join(folder, "link"))).toThrow();
    expect(execFileSync("cat", [elsewhere], { encoding: "utf8" })).toBe("mine");
  });

  it("says what is wrong with a file that is no lock", () => {
    writeFileSync(file, "this is no database, and longer than a header of one would be ".repeat(20), {
      mode: 0o600,
    });
    expect(() => takeManagerLock(file)).toThrow(expect.objectContaining({ code: "ledger" }));
  });
});
