import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { dashboardKeys, noteDashboard, readDashboardFile } from "../src/dashboard-file.ts";

const folder = mkdtempSync(join(tmpdir(), "ctm-keys-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the keys of the dashboard", () => {
  it("are made once, are for us alone, and stay over a change of the address", () => {
    const file = join(folder, "dashboard.json");
    expect(readDashboardFile(file)).toBeNull();
    const made = dashboardKeys(file);
    expect(made.act).toMatch(/^[\w-]{43}$/);
    expect(made.read).not.toBe(made.act);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    noteDashboard(file, "http://127.0.0.1:3847/");
    expect(dashboardKeys(file)).toEqual({ ...made, url: "http://127.0.0.1:3847/" });
    chmodSync(file, 0o644);
    expect(dashboardKeys(file).act).toBe(made.act);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("are not taken from a link or from what is no such file", () => {
    const planted = join(folder, "planted.json");
    symlinkSync(join(folder, "dashboard.json"), planted);
    expect(() => dashboardKeys(planted)).toThrow(/is not the file of the dashboard's keys/);
    const damaged = join(folder, "damaged.json");
    for (const text of ["", "{", '{"act":"short","read":"short","url":null}']) {
      writeFileSync(damaged, text);
      expect(() => dashboardKeys(damaged)).toThrow(/is not the file of the dashboard's keys/);
      expect(readFileSync(damaged, "utf8")).toBe(text);
    }
  });
});
