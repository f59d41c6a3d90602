import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { databaseFault } from "../../src/ledger/database-fault.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { isSealed, sealOf } from "../../src/ledger/seal.ts";
import { assignmentOf, draftOf } from "../support/drafts.ts";

const pageBytes = 4_096;
const enoughBytes = 17 * 1024 * 1024;

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-seal-"));
  file = join(folder, "ledger.sqlite");
});
afterEach(() => rmSync(folder, { recursive: true }));

function closed(bytes: number): void {
  const ledger = Ledger.open(file);
  const text = "x".repeat(500_000);
  const count = Math.ceil(bytes / text.length);
  const drafts = Array.from({ length: count }, () => ({ draft: draftOf(text), assignment: assignmentOf() }));
  ledger.add(drafts, 1_000);
  ledger.close();
}

function zeroPage(at: number): void {
  const all = readFileSync(file);
  all.fill(0, at, at + pageBytes);
  writeFileSync(file, all);
}

describe("a large ledger", () => {
  it("is opened again without being read through, as long as it is just as it was closed", () => {
    closed(enoughBytes);
    expect(isSealed(file)).toBe(true);
    expect(statSync(sealOf(file)).mode & 0o777).toBe(0o600);
    Ledger.open(file).close();
    expect(isSealed(file), "opened, read and closed").toBe(true);
    const ledger = Ledger.open(file);
    ledger.setHold(1, "changed");
    expect(isSealed(file), "its newest change is in the WAL").toBe(false);
    ledger.close();
    expect(isSealed(file)).toBe(true);
  });

  it.each<[string, () => void, RegExp]>([
    ["cut off", () => truncateSync(file, 10 * pageBytes), /is damaged/],
    ["with a page of zeros", () => zeroPage(5 * pageBytes), /is damaged/],
    [
      "with a page of zeros and its old times",
      () => {
        const { atimeMs, mtimeMs } = statSync(file);
        zeroPage(5 * pageBytes);
        utimesSync(file, atimeMs / 1_000, mtimeMs / 1_000);
      },
      /is damaged/,
    ],
  ])("%s since it was closed is read through, and refused", (_what, spoil, says) => {
    closed(enoughBytes);
    spoil();
    expect(() => Ledger.open(file)).toThrow(says);
  });

  it("is read through when somebody asks for that, and when its note is gone or a stranger's", () => {
    closed(enoughBytes);
    const note = readFileSync(sealOf(file), "utf8");
    for (const words of ["", "sealed", `${note}${note}`]) {
      writeFileSync(sealOf(file), words);
      expect(isSealed(file)).toBe(false);
    }
    rmSync(sealOf(file));
    expect([isSealed(file), databaseFault(file)]).toEqual([false, null]);
  });

  it("is closed all the same where no note can be left", () => {
    closed(enoughBytes);
    rmSync(sealOf(file));
    mkdirSync(sealOf(file));
    Ledger.open(file).close();
    expect(isSealed(file)).toBe(false);
    Ledger.open(file).close();
  });
});

describe("a small ledger", () => {
  it("has no note, and is always read through", () => {
    closed(1_000_000);
    expect([existsSync(sealOf(file)), isSealed(file)]).toEqual([false, false]);
  });
});
