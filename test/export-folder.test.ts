import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { checkExportFolder, EXPORT_MARK, writeExport } from "../src/export-folder.ts";

const PAGE = `<!doctype html><head>${EXPORT_MARK}</head>`;

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "ctm-export-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

it("makes the folder, private as its file, and writes over an earlier copy", () => {
  const folder = join(home, "a", "b");
  const file = writeExport(folder, PAGE);
  expect([file, modeOf(folder), modeOf(file)]).toEqual([join(folder, "index.html"), "700", "600"]);
  writeExport(folder, `${PAGE}<p>newer`);
  expect(readFileSync(file, "utf8")).toBe(`${PAGE}<p>newer`);
});

it("takes an empty folder, and one with what a killed write left", () => {
  const left = join(home, ".0b9f6f0e-2f57-4c1c-9d0b-6d7d7e0f7a11.new");
  writeFileSync(left, "half a pa");
  writeExport(home, PAGE);
  expect([existsSync(left), modeOf(home)]).toEqual([false, "700"]);
});

it.for([
  ["another file", (folder: string) => writeFileSync(join(folder, "notes.txt"), "mine")],
  ["a page of another's", (folder: string) => writeFileSync(join(folder, "index.html"), "<p>my site")],
  [
    "a mark far down",
    (folder: string) => writeFileSync(join(folder, "index.html"), " ".repeat(2_000) + EXPORT_MARK),
  ],
  ["a folder of its name", (folder: string) => mkdirSync(join(folder, "index.html"))],
  [
    "a link to a copy",
    (folder: string) => {
      writeFileSync(join(home, "elsewhere"), PAGE);
      symlinkSync(join(home, "elsewhere"), join(folder, "index.html"));
    },
  ],
] as const)("refuses a folder that holds %s, and leaves it as it is", ([, fill]) => {
  const folder = join(home, "full");
  mkdirSync(folder, { mode: 0o755 });
  fill(folder);
  expect(() => writeExport(folder, PAGE)).toThrow(
    /holds something else \((?:index\.html|notes\.txt)\): nothing/,
  );
  expect(modeOf(folder)).toBe("755");
});

it("refuses a file or a link in the folder's place", () => {
  writeFileSync(join(home, "file"), "");
  symlinkSync(home, join(home, "link"));
  for (const name of ["file", "link"])
    expect(() => checkExportFolder(join(home, name))).toThrow("is no folder");
});
