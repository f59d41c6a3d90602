import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CtmError } from "../src/base/errors.ts";
import { loadConfig } from "../src/config.ts";
import { rosterChecks } from "../src/doctor-roster.ts";
import { INIT_ROSTER } from "../src/init-roster.ts";
import { renderRoster } from "../src/reports/roster.ts";
import { rosterModel } from "../src/overview/roster.ts";
import { membersIn, specialistsIn, superiorOf } from "../src/roster/roster.ts";
import { findRoster, readRoster } from "../src/roster-file.ts";
import { wide80 } from "./support/papers.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-roster-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const KINDS = ["claude", "codex", "shell", "rehearsal"];

function fileOf(text: string): string {
  const file = join(folder, "ctm.roster.yaml");
  writeFileSync(file, text);
  return file;
}

/** Message and details, each place without its folder. */
async function faultsOf(text: string): Promise<string[]> {
  const error = await readRoster(fileOf(text), KINDS).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CtmError)) throw new Error("it was taken");
  expect(error.code).toBe("config");
  return [error.message, ...error.details].map((line) => line.replaceAll(`${folder}/`, ""));
}

describe("the first roster", () => {
  it("has 5 + 10 + 32 agents, and in each department as many specialists as it says", async () => {
    const roster = await readRoster(fileOf(INIT_ROSTER), KINDS);
    const tiers = roster.members.map(({ tier }) => tier);
    const inTier = (tier: string): number => tiers.filter((name) => name === tier).length;
    expect([inTier("strategic"), inTier("tactical"), inTier("execution"), tiers.length]).toEqual([
      5, 10, 32, 47,
    ]);
    const specialists = roster.departments.map(({ id }) => specialistsIn(roster, id).length);
    expect(specialists).toEqual([4, 8, 3, 4, 7, 3, 3, 3, 4, 4]);
    expect(roster.departments.map((department) => department.specialists)).toEqual(specialists);
    expect(membersIn(roster, "frontend")).toHaveLength(5);
    const react = roster.members.find(({ id }) => id === "react-expert");
    expect(react === undefined ? null : superiorOf(roster, react)?.id).toBe("frontend-coordinator");
    expect(INIT_ROSTER.split("\n").filter((line) => line.length > 140)).toEqual([]);
  });

  it("is drawn and looked at without a complaint", async () => {
    fileOf(INIT_ROSTER);
    const { roster: setting } = await loadConfig({ env: { HOME: "/nowhere" }, cwd: folder });
    const config = { roster: setting } as Parameters<typeof rosterChecks>[0];
    expect(rosterChecks(config)).toHaveLength(1);
    const drawn = renderRoster(rosterModel(setting), wide80);
    expect(drawn.join("\n")).toContain("47 agents: 5 strategic, 10 tactical, 32 execution");
    expect(setting?.metricsDir).toBe(join(folder, ".claude/metrics"));
  });

  it("is complained of where it is not what it says", async () => {
    const wrong = INIT_ROSTER.replace("specialists: 8", "specialists: 7").replace(
      "departments: [data]",
      "departments: []",
    );
    const roster = await readRoster(fileOf(wrong), KINDS);
    const config = { roster: { file: "f", roster, metricsDir: "m" } } as unknown as Parameters<
      typeof rosterChecks
    >[0];
    expect(rosterChecks(config).map(({ verdict, found }) => `${verdict} ${found}`)).toEqual([
      "ok 47 agents in 10 departments (f)",
      "warn backend has 8 specialists, and is said to have 7",
      "warn data-coordinator coordinates data and does not stand in it",
    ]);
  });
});

describe("a roster that is refused", () => {
  it("says where: twice the same id, a ring, an unknown tier, a negative budget, an unknown key", async () => {
    const agent = (text: string): string => `  - { ${text} }\n`;
    const ringed = ["id: a, tier: execution, reportsTo: b", "id: b, tier: execution, reportsTo: a"];
    const twice = ["id: c, tier: tactical", "id: c, tier: tactical"];
    expect(await faultsOf(`agents:\n${[...ringed, ...twice].map(agent).join("")}`)).toEqual([
      "the roster has 2 faults",
      "ctm.roster.yaml:5:7 agents[3].id c is there twice",
      "ctm.roster.yaml:2:31 agents[0].reportsTo goes round in a ring: a → b → a",
    ]);
    expect(
      await faultsOf(
        `budget: { tokens: { day: -5 } }\nagents:\n${agent("id: a, tier: executive")}${agent("id: b, tier: execution, budget: { cost: { month: -1 } }, modl: x")}`,
      ),
    ).toEqual([
      "the roster has 4 faults",
      expect.stringMatching(
        /^ctm\.roster\.yaml:3:14 agents\[0\]\.tier must be one of strategic, tactical, execution, not "executive"/,
      ),
      expect.stringMatching(/^ctm\.roster\.yaml:4:49 agents\[1\]\.budget\.cost\.month must be .*, not -1$/),
      expect.stringMatching(
        /^ctm\.roster\.yaml:4:64 agents\[1\] has no key "modl" \(did you mean model\?\)$/,
      ),
      expect.stringMatching(/^ctm\.roster\.yaml:1:21 budget\.tokens\.day must be tokens .*, not -5$/),
    ]);
  });

  it.each([
    ["../../x"],
    ["con"],
    ["com1"],
    ["x".repeat(300)],
    ["🦊"],
    ["a/b"],
    ["A"],
    [".hidden"],
    ["-x"],
    [""],
  ])("names an agent or department %j", async (id) => {
    const quoted = JSON.stringify(id);
    const [, asAgent = ""] = await faultsOf(`agents:\n  - id: ${quoted}\n    tier: execution\n`);
    expect(asAgent).toMatch(
      /^ctm\.roster\.yaml:2:5 agents\[0\]\.id must be an id of 1 to 64 lower-case letters/,
    );
    const [, asDepartment = ""] = await faultsOf(`agents: []\ndepartments:\n  ${quoted}: {}\n`);
    expect(asDepartment).toMatch(/^ctm\.roster\.yaml:3:3 departments\.?.* has a key that is not an id/);
  });

  it("has 10,000 agents, or is no YAML, or has a preamble that cannot be typed", async () => {
    const many = Array.from({ length: 10_000 }, (_, at) => `  - { id: a${at}, tier: execution }\n`).join("");
    expect(await faultsOf(`agents:\n${many}`)).toEqual([
      "the roster has a fault",
      "ctm.roster.yaml:1:1 agents must not have more than 1000 agents",
    ]);
    const [message, first] = await faultsOf("agents: [\n");
    expect(message).toBe("the roster ctm.roster.yaml cannot be read");
    expect(first).toMatch(/^ctm\.roster\.yaml:\d+:\d+ /);
    const [, typed] = await faultsOf('agents:\n  - { id: a, tier: execution, preamble: "\\e[A" }\n');
    expect(typed).toContain(
      "agents[0].preamble must be a text of at most 16384 characters that can be typed",
    );
  });

  it("can be written by anybody", async () => {
    const file = fileOf("agents: []\n");
    chmodSync(file, 0o666);
    await expect(readRoster(file, KINDS)).rejects.toMatchObject({ code: "refused" });
    chmodSync(file, 0o600);
  });
});

it("is found in a folder above, and not where there is none", () => {
  fileOf("agents: []\n");
  expect(findRoster(null, join(folder, "deep", "er"))).toBe(join(folder, "ctm.roster.yaml"));
  expect(findRoster("/named", folder)).toBe("/named");
});
