import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { figureOf, UNKNOWN, type Figure } from "../../src/reports/figure.ts";
import { roundDocument } from "../../src/reports/round-document.ts";
import {
  changesOf,
  overheadOf,
  phasesOf,
  strictOverheadOf,
  type RoundFigures,
} from "../../src/reports/round-figures.ts";
import { renderRound, renderRounds, roundsCsv } from "../../src/reports/rounds-table.ts";
import { shareWords, tokenWords } from "../../src/reports/round-words.ts";
import { cellWidth } from "../../src/reports/cells.ts";
import type { ToldRound } from "../../src/rounds/told-figures.ts";
import { readToldLog } from "../../src/rounds/told-log.ts";
import { golden } from "./golden.ts";
import { plainPaper } from "./models.ts";

const log = readFileSync(new URL("../fixtures/dispatch-log.md", import.meta.url), "utf8");

/** A round of a log, as it is shown. */
function shown({ name, day, workspace, phase, notes, figures }: ToldRound): RoundFigures {
  const figure = (tokens: typeof figures.agentTokens): Figure =>
    tokens === null ? UNKNOWN : figureOf(tokens.value, tokens.source);
  return {
    ...{ name, day, workspace: workspace ?? name, phase, notes, origin: "import", tasks: null },
    ...{ startedAtMs: Date.parse(`${day}T00:00:00Z`), overAtMs: null, wallMs: figures.wallMs },
    ...{ agents: figures.agents, agentsAtOnce: null, tests: figures.tests, glueTokens: UNKNOWN },
    agentTokens: figure(figures.agentTokens),
    coordinatorTokens: figure(figures.coordinatorTokens),
    ...{ coordinatorParts: null, noCoordinator: figures.noCoordinator },
  };
}

const round = (change: Partial<RoundFigures> = {}): RoundFigures => ({
  ...shown(readToldLog(log)[1] as ToldRound),
  origin: "person",
  ...{ tasks: { total: 5, completed: 4, otherwise: 1 }, agents: 2, agentsAtOnce: 2, wallMs: 1_073_000 },
  ...{ agentTokens: figureOf(97_000, "actual"), coordinatorTokens: figureOf(3_000, "actual") },
  coordinatorParts: {
    setup: figureOf(1_000, "actual"),
    monitoring: figureOf(1_500, "actual"),
    review: figureOf(500, "actual"),
  },
  ...{ glueTokens: figureOf(970, "estimated"), tests: { passed: 118, of: 121 } },
  ...change,
});

describe("the log that was written before there was a program", () => {
  const rounds = readToldLog(log).map(shown);
  const phases = phasesOf(rounds);

  it("gives its own figures again: rounds, pooled sums, and the change of the share", () => {
    const percents = (digits: number, figures: Parameters<typeof overheadOf>[0]): string => {
      const share = overheadOf(figures);
      return share === null ? "" : ((share.part / share.whole) * 100).toFixed(digits);
    };
    expect(percents(0, rounds[0] as RoundFigures)).toBe("17");
    expect(rounds.slice(1).map((each) => percents(1, each))).toEqual(["3.6", "3.2", "2.9"]);
    expect(
      phases.map(({ agentTokens, coordinatorTokens, rounds: n }) => [
        agentTokens.value,
        coordinatorTokens.value,
        n,
      ]),
    ).toEqual([
      [120_000, 25_000, 1],
      [270_000, 9_000, 3],
    ]);
    // 9 of 279, where the mean of the three rounds would be 3.251.
    expect(percents(3, phases[1] as (typeof phases)[number])).toBe("3.226");
    const [change] = changesOf(phases);
    expect(change?.relative).toBeCloseTo(-0.8129, 4);
    expect(change).toMatchObject({ rounds: 3, baselineRounds: 1, agentsDiffer: { now: 2, before: 4 } });
  });

  it("is written with them, every estimate marked, the quoted table called unverified", () => {
    const text = roundDocument(rounds, { project: "Example 2.0" }).join("\n");
    expect(text).toContain("> **Started**: 2026-02-12");
    expect(text).toContain("## Industry Benchmarks (as quoted in the seed, unverified)");
    expect(text).toContain(
      "| P1-W2 | 2026-02-13 | phase1-week2 | 2 | ~90k | ~3k | ~3.2% | n/a | n/a | Worker service",
    );
    expect(text).toContain("| Phase 0: ADR Writing (Baseline - CLI Polling) | ~120k | ~25k | ~17.2% | 1 |");
    expect(text).toContain("| Phase 1: Foundation (Dashboard Approach) | ~270k | ~9k | ~3.2% | 3 |");
    expect(text).toContain(
      "Relative change of overhead share, Phase 1 against Phase 0: ~-81.3% (~17.2% to ~3.2%; n = 3 against 1). Agents a round: 2 against 4",
    );
  });

  it("is read again as it was written", () => {
    const once = roundDocument(rounds, { project: null });
    const again = roundDocument(readToldLog(once.join("\n")).map(shown), { project: null });
    expect(again).toEqual(once);
  });
});

const words = fc.stringMatching(/^[ -~]{1,30}$/).filter((text) => !/^[\s|\\*-]*$/.test(text));
const figure = fc.oneof(
  fc.record({
    value: fc.nat(5_000_000),
    source: fc.constantFrom("actual" as const, "estimated" as const, "simulated" as const),
  }),
  fc.constant(UNKNOWN),
);
const figures = fc.record({
  ...{ name: fc.uuid(), workspace: fc.uuid(), notes: fc.option(words, { nil: null }) },
  phase: fc.constantFrom(null, "Phase 1", "Phase 2: More"),
  ...{ agentTokens: figure, coordinatorTokens: figure, wallMs: fc.option(fc.nat(1e9), { nil: null }) },
  tests: fc.option(
    fc.tuple(fc.nat(2_000), fc.nat(2_000)).map(([a, b]) => ({ passed: Math.min(a, b), of: Math.max(a, b) })),
    { nil: null },
  ),
});

describe("any log", () => {
  it("keeps its figures when it is written, read and written again", () => {
    fc.assert(
      fc.property(fc.array(figures, { minLength: 1, maxLength: 6 }), (drawn) => {
        // Parts and glue are told by a ledger alone.
        const told = { coordinatorParts: null, glueTokens: UNKNOWN, tasks: null };
        const write = (rounds: readonly RoundFigures[]) => roundDocument(rounds, { project: null });
        const read = (lines: readonly string[]) => readToldLog(lines.join("\n")).map(shown);
        const once = read(write(drawn.map((each) => round({ ...each, ...told }))));
        expect(read(write(once))).toEqual(once);
        expect(once.map(({ name }) => name).sort()).toEqual(drawn.map(({ name }) => name).sort());
      }),
      { numRuns: 40 },
    );
  });

  it("gives a share between 0 and 1 that glue only makes larger, and sums that are those of its rounds", () => {
    fc.assert(
      fc.property(fc.array(figures, { maxLength: 6 }), fc.nat(10_000), (drawn, glue) => {
        const rounds = drawn.map((each) => round({ ...each, glueTokens: figureOf(glue, "estimated") }));
        for (const each of rounds) {
          const [plain, strict] = [overheadOf(each), strictOverheadOf(each)];
          if (plain === null || strict === null) continue;
          expect(plain.part).toBeGreaterThanOrEqual(0);
          expect(strict.part).toBeGreaterThanOrEqual(plain.part);
          expect(strict.part).toBeLessThanOrEqual(strict.whole);
        }
        const known = rounds.filter(
          (each) => each.agentTokens.value !== null && each.coordinatorTokens.value !== null,
        );
        const total = (
          pick: (each: { agentTokens: Figure; coordinatorTokens: Figure }) => Figure,
          of: typeof rounds,
        ) => of.reduce((sum, each) => sum + (pick(each).value ?? 0), 0);
        const phases = phasesOf(rounds);
        expect(phases.reduce((sum, phase) => sum + (phase.agentTokens.value ?? 0), 0)).toBe(
          total((r) => r.agentTokens, known),
        );
        expect(phases.reduce((sum, phase) => sum + phase.rounds, 0)).toBe(rounds.length);
      }),
    );
  });
});

describe("what is shown of rounds", () => {
  it.each([
    [figureOf(48_523, "actual"), "48,523"],
    [figureOf(120_000, "estimated"), "~120k"],
    [figureOf(1_240, "estimated"), "~1.2k"],
    [figureOf(999_600, "estimated"), "~1M"],
    [figureOf(102, "simulated"), "102 (sim)"],
    [UNKNOWN, "n/a"],
  ])("tokens %j as %s", (tokens, said) => {
    expect(tokenWords(tokens)).toBe(said);
  });

  it("no share where a side is not known or both are nothing", () => {
    expect(shareWords(overheadOf(round({ coordinatorTokens: UNKNOWN })))).toBe("n/a");
    const nothing = figureOf(0, "actual");
    expect(shareWords(overheadOf(round({ coordinatorTokens: nothing, agentTokens: nothing })))).toBe("n/a");
  });

  it("nothing compared with phases in which no model coordinated", () => {
    const zero = { coordinatorTokens: figureOf(0, "actual"), noCoordinator: true };
    expect(changesOf(phasesOf([round({ phase: "A" }), round({ phase: "B", ...zero })]))).toEqual([]);
  });

  it.each([80, 120])("the tables in %d columns", (columns) => {
    const rounds = [
      ...readToldLog(log).map(shown),
      round({ name: "phase2-week1", phase: "Phase 2" }),
      round({
        name: "batch-20260214-1",
        phase: null,
        coordinatorTokens: figureOf(0, "actual"),
        noCoordinator: true,
        overAtMs: 5,
      }),
      round({
        name: "of\u001b[2J a | name that is much longer than there is room for",
        coordinatorTokens: UNKNOWN,
        coordinatorParts: null,
      }),
    ];
    const lines = renderRounds({ rounds, left: 3, outside: figureOf(1_234, "actual") }, plainPaper(columns));
    expect(lines.filter((line) => cellWidth(line) > columns)).toEqual([]);
    expect(lines).toEqual(golden(`dispatches-${columns}`));
  });

  it("one round with numerator and denominator, glue, and tokens for each agent and task", () => {
    expect(renderRound(round(), plainPaper(80))).toEqual(golden("dispatch-80"));
  });

  it("comma-separated values that no spreadsheet takes for a formula", () => {
    const [head, line] = roundsCsv([round({ name: "=1+1", notes: "a,b" })]);
    expect(head?.split(",").length).toBe(23);
    expect(line).toMatch(
      /^'=1\+1,2026-02-13,phase1-week1,.*,97000,actual,3000,actual,1000,1500,500,0.03,0.0397,970,1073000,118,121,"a,b"$/,
    );
  });
});
