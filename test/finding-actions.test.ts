import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { CtmError } from "../src/base/errors.ts";
import { loadConfig } from "../src/config.ts";
import { DelegationDesk } from "../src/delegation-desk.ts";
import { modelLadder, nextModel, DEFAULT_TIERS } from "../src/delegation/routes.ts";
import { applyFinding, type FindingActionParts } from "../src/finding-actions.ts";
import { FactBus } from "../src/events/bus.ts";
import type { KeptWrites } from "../src/kept-writes.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import type { KeptFinding, Rule } from "../src/optimization/rules.ts";
import { renderApplied } from "../src/reports/findings.ts";
import { RouteDesk } from "../src/route-desk.ts";
import { draftOf } from "./support/drafts.ts";
import { wide80 } from "./support/papers.ts";
import { settleTask } from "./support/settled-tasks.ts";

const ROSTER = `
departments: { web: { types: [coding] } }
agents: [{ id: coder, tier: execution, departments: [web], model: haiku }]
`;
let folder: string;
let ledger: Ledger;
let parts: FindingActionParts;
const told: [number, boolean][] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ctm-apply-"));
  writeFileSync(join(folder, "ctm.roster.yaml"), ROSTER, { mode: 0o600 });
  writeFileSync(join(folder, "ctm.yaml"), "workers: { agent: claude }\n", { mode: 0o600 });
  const config = await loadConfig({ env: { HOME: "/nowhere" }, cwd: folder });
  ledger = Ledger.open(":memory:");
  const delegation = new DelegationDesk(config, ledger);
  const kept: Pick<KeptWrites, "orThrow"> = { orThrow: (write) => write() };
  const routeParts = { config, ledger, delegation, bus: new FactBus(), now: () => 7 };
  const routes = new RouteDesk({ ...routeParts, kept: kept as KeptWrites });
  const contexts = {
    compactAfter: (task: number, act: boolean) => {
      told.push([task, act]);
      return { worker: "concurrent_worker1" };
    },
  };
  parts = { ledger, delegation, routes, workplace: { contexts } };
});
afterEach(() => {
  ledger.close();
  rmSync(folder, { recursive: true });
});

const finding = (rule: Rule, subject: string): KeptFinding => ({
  ...{ id: 3, rule, subject, evidence: "14 of 20 tasks succeeded", suggestion: "begin with coder" },
  ...{ state: "open", sinceMs: 0, endedAtMs: null },
});

it("another model for one agent, from its usual one, previewed, adopted once, dropped", () => {
  const found = finding("T2", "coder");
  expect(() => applyFinding(found, true, parts)).toThrow("no ended task of coder tells which model it runs");
  settleTask(ledger, { id: "a1", agent: "claude", model: "haiku", member: "coder", nanoUsd: 1 });
  const draft = draftOf("Fix the bug in the parser");
  expect(parts.delegation.delegate(draft)).toMatchObject({ member: { id: "coder" }, model: "haiku" });
  const preview = applyFinding(found, false, parts);
  expect(renderApplied(preview, wide80).join("\n")).toMatch(
    /haiku -> sonnet[^]*`findings apply 3 --yes` does it/,
  );
  expect(parts.delegation.delegate(draft).model).toBe("haiku");
  applyFinding(found, true, parts);
  expect(parts.delegation.delegate(draft)).toMatchObject({ model: "sonnet", route: "codex, adopted" });
  expect(parts.delegation.delegate({ ...draft, model: "opus" })).toMatchObject({
    model: "opus",
    route: "codex",
  });
  expect(parts.delegation.delegate({ ...draft, agent: "codex" }).route).toBe("codex");
  expect(() => applyFinding(found, true, parts)).toThrow(
    /adopted; `routes drop coder`.*first its new tasks must tell/,
  );
  parts.delegation.adopted.drop("coder");
  expect(parts.delegation.delegate(draft)).toMatchObject({ model: "haiku", route: "codex" });
  expect(() => applyFinding(finding("T1", "coder"), true, parts)).toThrow(
    "no cheaper model than haiku is known",
  );
});

it("a summary is for the manager that has the agent; budgets are for a person", () => {
  expect(applyFinding(finding("T6", "#12"), false, parts).action).toMatchObject({ done: false });
  expect(renderApplied(applyFinding(finding("T6", "#12"), true, parts), wide80).join(" ")).toContain(
    "sums its",
  );
  expect(told).toEqual([
    [12, false],
    [12, true],
  ]);
  const offline = { ...parts, workplace: null };
  expect(() => applyFinding(finding("T6", "#12"), true, offline)).toThrow(CtmError);
  for (const rule of ["T4", "T5"] as const)
    expect(() => applyFinding(finding(rule, "web by month"), true, parts)).toThrow(
      /nothing is applied of finding 3 \(T[45]\)/,
    );
});

describe("the next model", () => {
  test.each([
    ["claude", "haiku", "up", "sonnet"],
    ["claude", "claude-sonnet-4-5-20250929", "up", "opus"],
    ["claude", "opus", "up", null],
    ["claude", "haiku", "down", null],
    ["claude", "", "up", null],
    ["gemini", "gemini-2.5-flash", "up", "gemini-2.5-pro"],
    ["gemini", "gemini-3-pro", "down", null],
    ["codex", "gpt-5.5", "down", null],
  ] as const)("of %s, %s %s: %s", (agent, model, direction, next) => {
    expect(nextModel(model, modelLadder(agent, DEFAULT_TIERS), direction)).toBe(next);
  });
});
