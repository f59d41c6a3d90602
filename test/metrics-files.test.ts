import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
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
import { Ledger } from "../src/ledger/ledger.ts";
import { MetricsFiles, pathOf } from "../src/metrics-files.ts";
import { loadConfig } from "../src/config.ts";
import { invocationLike, invocationNumber } from "./support/invocations.ts";
import { generator } from "./support/random.ts";
import { memberLike, rosterLike } from "./support/rosters.ts";
import { noDisks, smallDisk } from "./support/small-disk.ts";
import { waitFor } from "./support/wait-for.ts";

let project: string;
let ledger: Ledger;
let files: MetricsFiles;
const troubles: string[] = [];
const metricsDir = (): string => join(project, ".claude/metrics");

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "ctm-metrics-"));
  ledger = Ledger.open(":memory:");
  troubles.length = 0;
  const roster = rosterLike({ members: [memberLike("react-expert", { model: "sonnet" })] });
  files = new MetricsFiles({
    setting: { file: join(project, "ctm.roster.yaml"), roster, metricsDir: metricsDir() },
    ledger,
    trouble: (error) => troubles.push(error instanceof Error ? error.message : String(error)),
  });
});
afterEach(() => {
  files.close();
  ledger.close();
  if (existsSync(project)) chmodSync(project, 0o700);
  rmSync(project, { recursive: true, force: true });
});

function everything(): Record<string, string> {
  const names = readdirSync(metricsDir(), { recursive: true, encoding: "utf8" });
  const regular = names.filter((name) => statSync(join(metricsDir(), name)).isFile()).sort();
  return Object.fromEntries(regular.map((name) => [name, readFileSync(join(metricsDir(), name), "utf8")]));
}

function booked(n = 1): void {
  ledger.hierarchy.book(invocationLike({ attemptId: `a${n}`, taskId: n }));
}

describe("the metrics files", () => {
  it("are written soon after something was counted, one a subject, and no more", async () => {
    booked();
    files.changed();
    await waitFor("the files", () => existsSync(join(metricsDir(), "system.json")));
    expect(Object.keys(everything())).toEqual([
      "agents/react-expert.json",
      "departments/frontend-department.json",
      "system.json",
      "tiers/execution-tier.json",
    ]);
    const agent: unknown = JSON.parse(everything()["agents/react-expert.json"] ?? "");
    expect(agent).toMatchObject({
      agent_id: "react-expert",
      metrics: { summary: { total_invocations: 1, total_cost: 0.0045 } },
    });
    expect(readdirSync(project)).toEqual([".claude"]);
  });

  it("stay as they are where nothing has changed, and are all replaced otherwise", () => {
    booked();
    files.changed();
    files.flush();
    const path = join(metricsDir(), "agents/react-expert.json");
    const { ino } = statSync(path);
    ledger.rebuildHierarchy();
    files.changed();
    files.flush();
    expect(statSync(path).ino).toBe(ino);
    booked(2);
    files.changed();
    files.flush();
    expect(statSync(path).ino).not.toBe(ino);
  });

  it("are made anew byte for byte, whatever became of them", () => {
    const random = generator(3);
    for (let n = 0; n < 400; n += 1) {
      ledger.hierarchy.book(invocationNumber(n, random));
      if (n % 40 === 0) {
        files.changed();
        files.flush();
      }
    }
    files.close();
    const before = everything();
    expect(Object.keys(before)).toHaveLength(47 + 10 + 3 + 1);
    rmSync(join(metricsDir(), "agents"), { recursive: true });
    writeFileSync(join(metricsDir(), "system.json"), "{}");
    ledger.rebuildHierarchy();
    expect(files.writeAll()).toBe(61);
    expect(everything()).toEqual(before);
  });
});

function fill(path: string): void {
  try {
    for (let n = 0; n < 1_000; n += 1) appendFileSync(path, Buffer.alloc(4_096));
  } catch {
    // It is full.
  }
}

describe("what is in the way is told in a sentence, once, and nothing is written elsewhere", () => {
  const tried = (): string[] => {
    booked(1);
    for (let n = 2; n < 4; n += 1) {
      files.changed();
      files.flush();
      booked(n);
    }
    return troubles.map((message) => message.replaceAll(project, "."));
  };

  it.each([".claude", ".claude/metrics", ".claude/metrics/agents"])("a link at %s", (place) => {
    const outside = mkdtempSync(join(tmpdir(), "ctm-outside-"));
    mkdirSync(join(project, place, ".."), { recursive: true });
    symlinkSync(outside, join(project, place));
    expect(tried()).toEqual([
      `no metrics are written: ./${place} is a link, and what it leads to is not ours`,
    ]);
    expect(readdirSync(outside)).toEqual([]);
    rmSync(outside, { recursive: true });
  });

  it("a file where the folder should be", () => {
    mkdirSync(join(project, ".claude"));
    writeFileSync(metricsDir(), "mine");
    expect(tried()).toEqual(["no metrics are written: ./.claude/metrics is no folder"]);
    expect(readFileSync(metricsDir(), "utf8")).toBe("mine");
  });

  it("a link in the place of a file is replaced, not followed", () => {
    const target = join(project, "target");
    writeFileSync(target, "mine");
    mkdirSync(metricsDir(), { recursive: true });
    symlinkSync(target, join(metricsDir(), "system.json"));
    expect(tried()).toEqual([]);
    expect(readFileSync(target, "utf8")).toBe("mine");
    expect(lstatSync(join(metricsDir(), "system.json")).isFile()).toBe(true);
  });

  it.skipIf(process.getuid?.() === 0)("a folder that takes no files (root writes everywhere)", () => {
    chmodSync(project, 0o500);
    expect(tried()[0]).toMatch(/^no metrics are written: the folder \.\/\.claude cannot be made: EACCES/);
  });

  it.skipIf(noDisks !== null)(
    `a disk that is full, then has room again (${noDisks ?? "a small one"})`,
    () => {
      const disk = smallDisk(256, join(project, ".claude"));
      try {
        mkdirSync(metricsDir());
        const filler = join(project, ".claude/filler");
        fill(filler);
        expect(tried()[0]).toMatch(
          /^(?:the file|no metrics are written: the folder) \.\/\.claude\/metrics.*ENOSPC/,
        );
        expect(troubles).toHaveLength(1);
        rmSync(filler);
        files.changed();
        files.flush();
        expect(Object.keys(everything())).toHaveLength(4);
        expect(everything()["system.json"]).toContain('"total_invocations": 3');
        disk.readOnly(true);
        booked(9);
        files.changed();
        files.flush();
        expect(troubles[1]).toContain("EROFS");
        disk.readOnly(false);
      } finally {
        disk.remove();
      }
    },
  );

  it("the project's folder is gone", () => {
    rmSync(project, { recursive: true });
    expect(tried()[0]).toMatch(/^no metrics are written: the folder \.\/\.claude cannot be made: ENOENT/);
    expect(existsSync(project)).toBe(false);
    mkdirSync(project);
  });

  it("a link where a folder outside of the project was configured, and one that is missing is made", () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "ctm-elsewhere-"));
    const into = (metricsDir: string): MetricsFiles =>
      new MetricsFiles({
        setting: { file: join(project, "ctm.roster.yaml"), roster: rosterLike(), metricsDir },
        ledger,
        trouble: () => undefined,
      });
    booked();
    const [link, missing] = [join(elsewhere, "link"), join(elsewhere, "missing")];
    symlinkSync(project, link);
    expect(() => into(link).writeAll()).toThrow(`no metrics are written: ${link} is a link`);
    expect(readdirSync(project)).toEqual([]);
    expect(into(missing).writeAll()).toBe(4);
    expect(readdirSync(missing).sort()).toEqual(["agents", "departments", "system.json", "tiers"]);
    rmSync(elsewhere, { recursive: true });
  });

  it("a name in the ledger that becomes no name of a file", () => {
    for (const id of ["../../x", "con", "x".repeat(300), "🦊", ""])
      expect(() => pathOf({ kind: "agent", id }, "/m")).toThrow("becomes no name of a file");
    expect(pathOf({ kind: "tier", id: "tactical" }, "/m")).toBe("/m/tiers/tactical-tier.json");
  });
});

it("never lie in the person's own folder of Claude Code", async () => {
  writeFileSync(join(project, "ctm.roster.yaml"), "agents: []\n", { mode: 0o600 });
  const at = async (home: string) =>
    (await loadConfig({ env: { HOME: home }, cwd: project })).roster?.metricsDir;
  expect(await at(project)).toBeNull();
  expect(await at("/elsewhere")).toBe(metricsDir());
});
