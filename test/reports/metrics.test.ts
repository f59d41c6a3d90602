import { describe, expect, test } from "vitest";
import { figureOf, UNKNOWN } from "../../src/reports/figure.ts";
import { renderMetrics } from "../../src/reports/metrics.ts";
import type { MetricsModel } from "../../src/reports/metrics-model.ts";
import { golden, seen } from "./golden.ts";
import { metricsModel, nano, paper, plainPaper } from "./models.ts";

function text(changes: Partial<MetricsModel>, columns = 80): string {
  return seen(renderMetrics(metricsModel(changes), paper(columns))).join("\n");
}

describe("metrics", () => {
  test.each([
    ["metrics-80-colour", 80],
    ["metrics-120-colour", 120],
  ])("%s is as drawn", (name, columns) => {
    expect(seen(renderMetrics(metricsModel(), paper(columns)))).toEqual(golden(name));
  });

  test("without colour nothing changes but the ticks", () => {
    const expected = golden("metrics-80-colour").map((line) => line.replace("✅", "[ok]"));
    expect(renderMetrics(metricsModel(), plainPaper(80))).toEqual(expected);
  });

  test("S2-40 to S2-42: every label stands there word for word", () => {
    const labels = [
      "TOKEN USAGE & COST METRICS",
      "Global Metrics:",
      "Total tasks completed:  12",
      "Total tokens used:      48,523",
      "Estimated total cost:   $0.1456",
      "Average tokens/task:    4,043",
      "Average cost/task:      $0.0121",
      "Per-Worker Metrics:",
      "Tasks completed",
      "Tokens used",
      "Estimated cost",
      "Avg tokens/task",
      "3,808",
      "Cost Optimization:",
      "✅ Task delegation enabled - routing to optimal models",
      "✅ Expected savings: 20-40% vs uniform model usage",
    ];
    for (const label of labels) expect(text({}, 120)).toContain(label);
  });

  test("C-06: estimates carry ~ and what is unknown is n/a and told", () => {
    const { total } = metricsModel();
    const lines = text({
      total: { ...total, tokens: figureOf(48_523, "estimated"), cost: UNKNOWN },
      tasksBySource: { actual: 9, estimated: 1, simulated: 1, unknown: 1 },
      cacheReadTokens: UNKNOWN,
      cacheWriteTokens: UNKNOWN,
    });
    expect(lines).toContain("Total tokens used:      ~48,523");
    expect(lines).toContain("Average tokens/task:    ~4,043");
    expect(lines).toContain("Estimated total cost:   n/a");
    expect(lines).toContain("Cache read / write:   n/a / n/a");
    expect(lines).toContain("9 exact, 1 est., 1 sim., 1 n/a");
    expect(lines).toContain("(simulated) 1 task of a rehearsal");
    expect(lines).toContain("(n/a) 1 task has a usage nobody knows");
  });

  test("averages are over the tasks whose usage is known", () => {
    const { total } = metricsModel();
    expect(text({ total: { ...total, measured: 10 } })).toContain("Average tokens/task:    4,852");
    expect(text({ total: { ...total, measured: 0 } })).toContain("Average tokens/task:    n/a");
  });

  test("C-23: the measured saving stands beside the expected one", () => {
    const saving = {
      uniformModel: "sonnet",
      uniformNanoUsd: nano(1.2),
      savedNanoUsd: nano(0.22),
      estimated: true,
    };
    expect(text({ saving })).toContain(
      "Measured: ~$0.2200 saved of ~$1.2000 (18.3%) vs all-sonnet on the same tokens",
    );
    const dearer = { ...saving, savedNanoUsd: nano(-0.3), estimated: false };
    expect(text({ saving: dearer })).toContain("Measured: $0.3000 more than $1.2000 (25.0%) vs all-sonnet");
    expect(text({ saving: null })).toContain("Measured: n/a (nothing was priced yet)");
  });

  test("delegation that is off does not claim to be on", () => {
    const lines = text({ delegating: false });
    expect(lines).toContain("[off] Task delegation disabled");
    expect(lines).not.toContain("delegation enabled");
  });

  test("before the first task", () => {
    const { total } = metricsModel();
    const lines = text({
      sinceMs: null,
      models: [],
      total: { ...total, completed: 0, measured: 0 },
      tasksBySource: { actual: 0, estimated: 0, simulated: 0, unknown: 0 },
    });
    expect(lines).toContain("Success rate:         n/a");
    expect(lines).toContain("Usage source:         -");
    expect(lines).toContain("no model was used yet");
  });
});
