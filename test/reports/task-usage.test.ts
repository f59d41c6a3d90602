import { describe, expect, test } from "vitest";
import { figureOf } from "../../src/reports/figure.ts";
import { renderTaskUsage, type TaskUsageRow } from "../../src/reports/task-usage.ts";
import { plainPaper } from "./models.ts";

const row: TaskUsageRow = {
  id: 1,
  state: "completed",
  agent: "claude",
  model: "opus",
  attempts: 1,
  tokens: figureOf(1_000, "actual"),
  cost: figureOf(5_000_000, "actual"),
  telemetry: null,
  flags: [],
  text: "Fix it",
};

describe("usage by task", () => {
  test("what agents told by telemetry stands beside it, and in no total", () => {
    const tasks = [
      { ...row, telemetry: { tokens: 1_186, difference: 186 } },
      { ...row, id: 2, telemetry: { tokens: 900, difference: null } },
      { ...row, id: 3 },
    ];
    expect(renderTaskUsage({ tasks, csv: false }, plainPaper(80))).toEqual([
      "USAGE BY TASK",
      "=".repeat(80),
      "     id  state      agent   tokens     cost  telemetry  diff  text",
      "      1  completed  claude   1,000  $0.0050      1,186  +186  Fix it",
      "      2  completed  claude   1,000  $0.0050        900   n/a  Fix it",
      "      3  completed  claude   1,000  $0.0050          -     -  Fix it",
      "  Total                      3,000  $0.0150",
    ]);
    expect(renderTaskUsage({ tasks: [row], csv: false }, plainPaper(80)).join("\n")).not.toContain(
      "telemetry",
    );
  });

  test("as comma-separated values, empty where nothing was told", () => {
    const tasks = [{ ...row, telemetry: { tokens: 1_186, difference: -3 } }, row];
    expect(renderTaskUsage({ tasks, csv: true }, plainPaper(80))).toEqual([
      "id,state,agent,model,attempts,tokens,cost_usd,source,telemetry_tokens,telemetry_difference,flags,text",
      "1,completed,claude,opus,1,1000,0.005,actual,1186,-3,,Fix it",
      "1,completed,claude,opus,1,1000,0.005,actual,,,,Fix it",
    ]);
  });
});
