import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeReport } from "../src/report-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-report-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = (name: string): string => join(folder, name);

describe("a report's file", () => {
  it("is written as a whole and for its owner alone, and never over another unless that is asked for", () => {
    writeReport(path("week.md"), ["one", "two"], false);
    expect(readFileSync(path("week.md"), "utf8")).toBe("one\ntwo\n");
    expect(statSync(path("week.md")).mode & 0o777).toBe(0o600);
    expect(() => writeReport(path("week.md"), ["three"], false)).toThrow(/is there already; --force/);
    expect(readFileSync(path("week.md"), "utf8")).toBe("one\ntwo\n");
    writeReport(path("week.md"), ["three"], true);
    expect(readFileSync(path("week.md"), "utf8")).toBe("three\n");
    expect(readdirSync(folder)).toEqual(["week.md"]);
  });

  it("follows no link: without force it is refused, with force the link is replaced", () => {
    writeFileSync(path("mine"), "mine");
    symlinkSync(path("mine"), path("week.md"));
    symlinkSync(path("nowhere"), path("dangling.md"));
    for (const name of ["week.md", "dangling.md"])
      expect(() => writeReport(path(name), ["x"], false)).toThrow(/is there already/);
    writeReport(path("week.md"), ["x"], true);
    expect([readFileSync(path("mine"), "utf8"), readFileSync(path("week.md"), "utf8")]).toEqual([
      "mine",
      "x\n",
    ]);
    expect(readdirSync(folder).sort()).toEqual(["dangling.md", "mine", "week.md"]);
  });

  it("needs a folder, and is none", () => {
    mkdirSync(path("folder"));
    expect(() => writeReport(path("no/week.md"), ["x"], false)).toThrow(/there is no folder/);
    expect(() => writeReport(path("no/week.md"), ["x"], true)).toThrow(/cannot be written/);
    expect(() => writeReport(path("folder"), ["x"], true)).toThrow(/is a folder/);
    expect(readdirSync(folder)).toEqual(["folder"]);
  });
});
