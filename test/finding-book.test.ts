import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadConfig } from "../src/config.ts";
import { FindingBook } from "../src/finding-book.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import type { Invocation } from "../src/hierarchy/invocation.ts";
import { findingKey } from "../src/optimization/rules.ts";
import { renderFindings } from "../src/reports/findings.ts";
import { invocationLike } from "./support/invocations.ts";
import { wide80 } from "./support/papers.ts";

const ROSTER = `
departments:
  frontend: { budget: { cost: { month: 10, week: 5, day: null } } }
agents:
  - { id: react-expert, tier: execution, departments: [frontend] }
  - { id: css-expert, tier: execution, departments: [frontend] }
`;
/** A Wednesday. */
const NOW = Date.parse("2026-02-11T12:00:00Z");

let folder: string;
let ledger: Ledger;
let book: FindingBook;
let nowMs = NOW;
const opened: string[] = [];
const resolved: string[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "ctm-findings-"));
  writeFileSync(join(folder, "ctm.roster.yaml"), ROSTER, { mode: 0o600 });
  writeFileSync(join(folder, "ctm.yaml"), "throttle: { timeZone: UTC }\n", { mode: 0o600 });
  const config = await loadConfig({ env: { HOME: "/nowhere" }, cwd: folder });
  ledger = Ledger.open(":memory:");
  opened.length = 0;
  resolved.length = 0;
  nowMs = NOW;
  book = new FindingBook({
    config,
    ledger,
    now: () => nowMs,
    attempt: (act) => act(),
    opened: (finding) => opened.push(findingKey(finding)),
    resolved: (finding) => resolved.push(findingKey(finding)),
    trouble: (error) => {
      throw error;
    },
  });
});
afterEach(() => {
  book.close();
  ledger.close();
  rmSync(folder, { recursive: true });
});

let count = 0;
function ran(times: number, change: Partial<Invocation>): void {
  for (let n = 0; n < times; n += 1) {
    count += 1;
    ledger.hierarchy.book(
      invocationLike({ attemptId: `a${count}`, startedAtMs: NOW - 1_000, costNanoUsd: 0, ...change }),
    );
  }
}
const standing = (): string[] => book.look().map((finding) => `${findingKey(finding)} ${finding.state}`);

it("a finding is opened once, acknowledged, and over when its figure is well again", () => {
  ran(16, {});
  ran(4, { outcome: "failed" });
  expect(standing()).toEqual(["T2 react-expert open"]);
  expect(standing()).toEqual(["T2 react-expert open"]);
  expect(opened).toEqual(["T2 react-expert"]);
  const [{ id = 0 } = {}] = book.look();
  expect(book.acknowledge(id).state).toBe("acknowledged");
  ran(9, {});
  // 25 of 29 are 86.2 %: no longer below the bound, and not yet well.
  expect(book.look()).toMatchObject([
    { state: "acknowledged", sinceMs: NOW, evidence: expect.stringContaining("25 of 29") },
  ]);
  nowMs += 60_000;
  ran(5, {});
  expect(standing()).toEqual([]);
  expect(ledger.findings.newest(9)).toMatchObject([{ state: "resolved", endedAtMs: nowMs }]);
  expect(() => book.acknowledge(id)).toThrow("is over already");
  expect(() => book.acknowledge(99)).toThrow("there is no finding 99");
  expect(resolved).toEqual(["T2 react-expert"]);
  ran(30, { outcome: "failed" });
  expect(standing()).toEqual(["T2 react-expert open"]);
  expect(opened).toHaveLength(2);
});

it("budgets of a department count what its month and its week, from Monday on, have cost", () => {
  const at = (day: string) => Date.parse(`2026-02-${day}T00:00:00Z`);
  ran(1, { costNanoUsd: 11e9, startedAtMs: at("08") + 86_399_999 });
  expect(standing()).toEqual([]);
  ran(1, { costNanoUsd: 1, startedAtMs: Date.parse("2026-01-31T23:59:59Z") });
  expect(standing()).toEqual([]);
  ran(1, { costNanoUsd: 1, startedAtMs: at("01") });
  expect(standing()).toEqual(["T4 frontend by month open"]);
  ran(1, { costNanoUsd: 5.5e9, startedAtMs: at("09") });
  expect(standing()).toEqual(["T4 frontend by month open"]);
  ran(1, { costNanoUsd: 1, startedAtMs: at("10") });
  expect(standing()).toEqual(["T4 frontend by month open", "T4 frontend by week open"]);
  nowMs = at("16");
  expect(standing()).toEqual(["T4 frontend by month open"]);
});

it("fits 80 columns", () => {
  ran(30, { outcome: "failed", costNanoUsd: 9e9 });
  const lines = renderFindings(book.look(), wide80);
  expect(lines.join("\n")).toContain("low success rate: react-expert (open since");
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});
