import { describe, expect, test } from "vitest";
import { cellWidth } from "../../src/reports/cells.ts";
import { renderAccounts, type AccountRow } from "../../src/reports/accounts-table.ts";
import { nowMs, paper, plainPaper } from "./models.ts";

const rowOf = (change: Partial<AccountRow> = {}): AccountRow => ({
  account: "claude",
  workers: 3,
  park: null,
  waiting: 0,
  reservePercent: 0,
  windows: [],
  ...change,
});
const park = { cause: "quota-exhausted", sinceMs: nowMs, inRow: 1 } as const;

describe("accounts", () => {
  test("each with its state, what waits for it, and what its provider says of its windows", () => {
    const windows = [
      { window: "five_hour", usedPermille: 922, resetsAtMs: nowMs + 3_600_000, level: "SOFT" as const },
    ];
    const rows = [
      rowOf({ reservePercent: 20, windows }),
      rowOf({
        account: "work",
        workers: 12,
        waiting: 2,
        park: { ...park, message: "You've hit your limit", untilMs: nowMs + 7_200_000 },
      }),
      rowOf({
        account: "spare",
        park: { ...park, cause: "not-logged-in", message: "log in", untilMs: null },
      }),
    ];
    expect(renderAccounts(rows, plainPaper(80)).slice(2)).toEqual([
      "  account       state   workers  waiting  kept for you",
      "  claude        free          3        0           20%",
      "  work          parked       12        2            0%",
      "  spare         parked        3        0            0%",
      "  claude: five_hour window 92.2% used SOFT, begins anew 11:42",
      "  work: parked until 12:42 (2h00m), quota-exhausted: You've hit your limit",
      "  spare: parked until you say that it is free, not-logged-in: log in",
      "  -> accounts free spare",
    ]);
  });

  test("fit any terminal, whatever a provider says", () => {
    const message = `${"very ".repeat(100)}\u001b[31m long`;
    const rows = [rowOf({ account: "a".repeat(40), park: { ...park, message, untilMs: null } })];
    for (const columns of [80, 120])
      for (const line of renderAccounts(rows, paper(columns))) {
        expect(cellWidth(line)).toBeLessThanOrEqual(columns);
        expect(line).not.toContain("\u001b[31m long");
      }
  });

  test("none", () => {
    expect(renderAccounts([], plainPaper(80))[2]).toBe("  No agent runs with an account.");
  });
});
