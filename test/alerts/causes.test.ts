import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judge, type Cause } from "../../src/alerts/causes.ts";
import { signal } from "../../src/alerts/signals.ts";

const REARM_MS = 100;
const at = (grade: number, text = "") =>
  signal("x", grade, { kind: "levels", severity: "info", title: "x", text });

/** Moments at which a course of [moment, grade] alerts. */
function alertsOf(course: readonly (readonly [number, number])[]): number[] {
  let cause: Cause | null = null;
  const alerts: number[] = [];
  for (const [atMs, grade] of course) {
    const judged = judge(cause, at(grade), atMs, REARM_MS);
    cause = judged.cause;
    if (judged.news) alerts.push(atMs);
  }
  return alerts;
}

describe("a cause alerts", () => {
  it.each([
    [
      "when it appears, once",
      [
        [0, 1],
        [1, 1],
        [500, 1],
      ],
      [0],
    ],
    [
      "when it gets worse",
      [
        [0, 1],
        [1, 3],
        [2, 2],
        [3, 3],
      ],
      [0, 1],
    ],
    [
      "not again when it comes back too soon",
      [
        [0, 1],
        [1, 0],
        [100, 1],
        [101, 0],
        [150, 1],
      ],
      [0],
    ],
    [
      "again when it was better for long enough",
      [
        [0, 1],
        [1, 0],
        [101, 1],
      ],
      [0, 101],
    ],
    [
      "again when it was at a lower grade for long enough",
      [
        [0, 3],
        [1, 1],
        [101, 3],
      ],
      [0, 101],
    ],
    [
      "not at the grade it stayed at",
      [
        [0, 3],
        [1, 1],
        [101, 1],
        [102, 1],
      ],
      [0],
    ],
    [
      "not when nothing stands",
      [
        [0, 0],
        [1, 0],
      ],
      [],
    ],
  ] as const)("%s", (_, course, expected) => {
    expect(alertsOf(course)).toEqual(expected);
  });

  it("by other words, where words are what it is about", () => {
    const asked = (text: string, grade = 1) => ({ ...at(grade, text), news: "words" as const });
    const first = judge(null, asked("Delete a?"), 0, REARM_MS);
    expect(judge(first.cause, asked("Delete a?"), 1, REARM_MS).news).toBe(false);
    expect(judge(first.cause, asked("Delete b?"), 1, REARM_MS).news).toBe(true);
    expect(judge(first.cause, asked("", 0), 1, REARM_MS)).toMatchObject({ news: false, cause: { grade: 0 } });
  });

  it("each time, and remembers nothing, where each is a thing of its own", () => {
    const ended = { ...at(1), news: "always" as const };
    expect(judge(null, ended, 0, REARM_MS)).toEqual({ news: true, cause: null });
  });

  it("never twice for what has not been better for as long as it takes, and for every new worst grade", () => {
    const course = fc.array(fc.tuple(fc.nat(60), fc.nat(4)), { maxLength: 60 });
    fc.assert(
      fc.property(course, (steps) => {
        let cause: Cause | null = null;
        let nowMs = 0;
        let worstTold = 0;
        const history: { atMs: number; grade: number }[] = [];
        for (const [passedMs, grade] of steps) {
          nowMs += passedMs;
          // What stood through the whole last while is all that may still count as told.
          const lately = [...history].reverse();
          const before = lately.findIndex(({ atMs }) => atMs <= nowMs - REARM_MS);
          const stood = (before < 0 ? lately : lately.slice(0, before + 1)).map((step) => step.grade);
          const worstLately = Math.max(0, ...stood);
          const { news, cause: next } = judge(cause, at(grade), nowMs, REARM_MS);
          if (grade > worstTold) expect(news).toBe(true);
          if (grade <= worstLately && grade <= worstTold && news) {
            // It was told and has stood as badly within the while: only an older, worse telling may be forgotten.
            expect(stood.every((one) => one < worstTold)).toBe(true);
          }
          if (news) worstTold = Math.max(grade, next?.told ?? 0);
          else worstTold = next?.told ?? 0;
          cause = next;
          history.push({ atMs: nowMs, grade });
        }
      }),
    );
  });
});
