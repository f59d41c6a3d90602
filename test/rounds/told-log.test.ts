import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CtmError } from "../../src/base/errors.ts";
import { readToldLog } from "../../src/rounds/told-log.ts";

const log = readFileSync(new URL("../fixtures/dispatch-log.md", import.meta.url), "utf8");
const estimate = (value: number) => ({ value, source: "estimated" });
const table = (row: string, head = "Round | Date | Agent Tokens | Coordinator Tokens | Wall | Tests") =>
  `### Phase 9\n\n| ${head} |\n|---|---|---|---|---|---|\n${row}\n`;

function faultsOf(text: string): readonly string[] {
  try {
    readToldLog(text);
  } catch (error) {
    if (error instanceof CtmError) return [error.message, ...error.details];
    throw error;
  }
  return [];
}

describe("a written log", () => {
  it("tells of its rounds by phase, and of nothing that stands in other tables", () => {
    const rounds = readToldLog(log);
    expect(rounds.map(({ name, day, workspace, notes }) => [name, day, workspace, notes])).toEqual([
      ["P0-R1", "2026-02-12", null, "ADR writers, used CLI polling"],
      ["P1-W1", "2026-02-13", "phase1-week1", "Schema migrations + Redis client"],
      ["P1-W2", "2026-02-13", "phase1-week2", "Worker service + Queue integration"],
      ["P1-W3", "2026-02-13", "phase1-week3", "Fast Path + Slow Path"],
    ]);
    expect(rounds.map(({ phase }) => phase?.slice(0, 7))).toEqual([
      "Phase 0",
      "Phase 1",
      "Phase 1",
      "Phase 1",
    ]);
    const figures = rounds.map((round) => round.figures);
    expect(figures.map(({ agents }) => agents)).toEqual([4, 2, 2, 2]);
    expect(figures.map(({ agentTokens }) => agentTokens)).toEqual([120e3, 80e3, 90e3, 100e3].map(estimate));
    expect(figures.map(({ coordinatorTokens }) => coordinatorTokens)).toEqual(
      [25e3, 3e3, 3e3, 3e3].map(estimate),
    );
    expect(rounds.map(({ overheadWords }) => overheadWords)).toEqual(["~17%", "~3.6%", "~3.2%", "~2.9%"]);
  });

  it.each([
    [
      "| A | 2026-02-13 | 48,523 | 0 (no LLM coordinator) | 17m53s | 118/121 |",
      {
        ...{
          agentTokens: { value: 48_523, source: "actual" },
          coordinatorTokens: { value: 0, source: "actual" },
        },
        ...{ noCoordinator: true, wallMs: 1_073_000, tests: { passed: 118, of: 121 } },
      },
    ],
    [
      "| A | 2026-02-13 | 102 (sim) | n/a | - | 121 |",
      {
        ...{
          agentTokens: { value: 102, source: "simulated" },
          coordinatorTokens: null,
          noCoordinator: false,
        },
        ...{ wallMs: null, tests: { passed: 121, of: 121 } },
      },
    ],
    [
      "| A | 2026-02-13 | ~1.5M | ~1.2k | 1d02h |  |",
      {
        ...{ agentTokens: { value: 1_500_000, source: "estimated" }, wallMs: 93_600_000, tests: null },
      },
    ],
  ])("takes figures as they are written: %s", (row, figures) => {
    expect(readToldLog(table(row))[0]?.figures).toMatchObject(figures);
  });

  it.each([
    ["", "no round was found"],
    ["# Nothing\n\n| a | b |\n|---|---|\n| 1 | 2 |", "no round was found"],
    [table("| A | 13 Feb | 1 | 1 | - | - |"), "line 5: the date of A"],
    [table("| A | 2026-02-31 | 1 | 1 | - | - |"), "line 5: the date of A"],
    [table("|  | 2026-02-13 | 1 | 1 | - | - |"), "line 5: the round has no name"],
    [table("| A | 2026-02-13 | many | 1 | - | - |"), '"many" of A is no figure'],
    [table("| A | 2026-02-13 | 1 | 1 | - | 9/3 |"), '"9/3" of A is no figure'],
    [table("| A | 2026-02-13 | 1 | 1 | - | - |\n| A | 2026-02-13 | 1 | 1 | - | - |"), "tells of A twice"],
    [`| Round |${"x".repeat(5_000)}`, "line 1: it is longer"],
  ])("is refused whole, with the line: %j", (text, fault) => {
    expect(faultsOf(text).join("\n")).toContain(fault);
  });

  it("is read or refused, whatever stands in it, and in time", () => {
    const piece = fc.constantFrom(
      "|",
      " ",
      "-",
      "#",
      "~",
      "k",
      "(",
      "*",
      "\\",
      "\n",
      "12",
      "Round",
      "Agent Tokens",
      "Date",
      "\u001b[2J",
      "2026-02-13",
      "&lt;",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 120 }), (pieces) => {
        const text = pieces.join("");
        expect(faultsOf(text).length > 0 || readToldLog(text).length > 0).toBe(true);
      }),
    );
  });
});
