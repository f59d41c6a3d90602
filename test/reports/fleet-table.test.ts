import { expect, test } from "vitest";
import { cellWidth } from "../../src/reports/cells.ts";
import { UNKNOWN } from "../../src/reports/figure.ts";
import { efficiencyOf, efficiencyPercent, type FleetModel, type FleetRow } from "../../src/reports/fleet.ts";
import { renderFleet } from "../../src/reports/fleet-table.ts";
import { actual, nowMs, plainPaper, worker } from "./models.ts";

const row = (n: number, activity: FleetRow["activity"], tokens: number, done: number): FleetRow => ({
  ...worker(n, { tokens: actual(tokens), done }),
  ...{ activity, todayTokens: tokens },
});
const rows = [row(1, "dormant", 12_543, 8), row(2, "active", 23_101, 12), row(3, "dormant", 8_922, 6)];
const model: FleetModel = {
  ...{ nowMs, rows },
  totals: { done: 26, tokens: actual(44_566), cost: actual(0) },
  budget: { limit: 150_000, used: 44_566, held: 0, left: 105_434 },
  efficiency: efficiencyOf(44_566, 3),
  simulated: null,
};

test("each agent, the sums, what is left, and efficiency with what it is measured against", () => {
  const lines = renderFleet(model, plainPaper(80));
  const text = lines.join("\n");
  expect(text).toMatch(/AGENT STATUS +1 of 3 active \(33\.3%\)/);
  expect(text).toMatch(/concurrent_worker2 +\w+ +Active +23,101 +12/);
  expect(text).toMatch(/Total +44,566 +26/);
  expect(text).toContain("105,434 tokens of 150,000 a day");
  // 3 agents, 8,640 looks a day of 150 tokens each.
  expect(text.replaceAll(/\s+/g, " ")).toContain(
    "98.8%: 44,566 tokens used so far, against 3,888,000 of 3 agents that look for messages every 15 s and for work every 30 s all day: 8,640 looks of each",
  );
  for (const line of lines) expect(cellWidth(line)).toBeLessThanOrEqual(80);
});

test("what is not known is said, not shown as nothing", () => {
  const none = { ...model, rows: [], budget: null, efficiency: null };
  const text = renderFleet({ ...none, totals: { ...model.totals, tokens: UNKNOWN } }, plainPaper(80)).join(
    "\n",
  );
  expect(text).toContain("No agents");
  expect(text).toMatch(/Budget left.*n\/a/);
  expect(text).toMatch(/Efficiency.*n\/a/);
});

test("while anything is used nothing is spared whole, and rehearsals are told apart", () => {
  const efficiency = efficiencyOf(65, 3);
  expect(efficiencyPercent(efficiency)).toBe(99.9);
  const simulated = { tokens: 65, nanoUsd: 200_000 };
  const text = renderFleet({ ...model, efficiency, simulated }, plainPaper(80)).join(" ");
  expect(text).toContain("99.9%: 65 tokens used so far");
  expect(text.replaceAll(/\s+/g, " ")).toContain("(simulated) 65 tokens and $0.0002 of these totals");
  expect(renderFleet(model, plainPaper(80)).join(" ")).not.toContain("simulated");
});
