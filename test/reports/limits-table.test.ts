import { describe, expect, test } from "vitest";
import { renderLimits } from "../../src/reports/limits-table.ts";
import { limitRow, nano, nowMs, plainPaper } from "./models.ts";

describe("limits", () => {
  test("each limit by the id a person types, and a raise with its reason", () => {
    const raised = { standardAmount: nano(5), untilMs: nowMs + 60_000, reason: "release day" };
    const rows = [
      limitRow({ unit: "tokens", window: "hour", limit: 500_000, used: 48_523 }),
      { ...limitRow({ unit: "cost", window: "hour", limit: nano(10), used: nano(9.2) }), raised },
      limitRow({ unit: "cost", window: "month", limit: null, used: nano(9.2) }),
    ];
    expect(renderLimits(rows, plainPaper(80)).slice(2)).toEqual([
      "  limit                 amount    used       %  window    level",
      "  global tokens/hour      500K  48,523    9.7%  rolling   NONE",
      "  global cost/hour      $10.00   $9.20   92.0%  rolling   SOFT",
      "  global cost/month   no limit   $9.20       -  calendar  NONE",
      "",
      "! global cost/hour is raised to $10.00 until 10:43, then $5.00: release day",
    ]);
  });

  test("held amounts have a column of their own when there are any", () => {
    const rows = [
      limitRow({ unit: "tokens", window: "hour", limit: 500_000, used: 1, held: 12_000 }),
      limitRow({ unit: "tokens", window: "day", limit: 500_000, used: 1 }),
    ];
    const lines = renderLimits(rows, plainPaper(80));
    expect(lines[2]).toContain("held");
    expect(lines[3]).toContain("+12,000");
    expect(lines[4]).toMatch(/1 +- +<0\.01%/);
  });

  test("none", () => {
    expect(renderLimits([], plainPaper(80))[2]).toBe("  No limits are set.");
  });
});
