import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { classify } from "../../src/delegation/classify.ts";
import { headChars, tailChars } from "../../src/delegation/prompt-clauses.ts";
import { TASK_TYPES } from "../../src/tasks/task.ts";
import { measure, type Prompts } from "./measures.ts";
import { HELD_OUT_PROMPTS } from "./prompts/held-out.ts";
import { LATE_PROMPTS } from "./prompts/late.ts";
import { TUNING_PROMPTS } from "./prompts/tuning.ts";

describe.each<[string, Prompts]>([
  ["tuned on", TUNING_PROMPTS],
  ["held out", HELD_OUT_PROMPTS],
  ["late", LATE_PROMPTS],
])("prompts %s", (_name, prompts) => {
  test("macro-F1 is at least 0.85", () => {
    expect(measure(prompts).macroF1).toBeGreaterThanOrEqual(0.85);
  });

  test("at most one in twenty coding or analysis prompts goes to the cheap model", () => {
    expect(measure(prompts).wronglyCheap).toBeLessThanOrEqual(0.05);
  });
});

test("the measures tell a classifier that says coding to everything from a good one", () => {
  expect(measure(HELD_OUT_PROMPTS, () => "coding").macroF1).toBeLessThan(0.2);
  expect(measure(HELD_OUT_PROMPTS, () => "ui").wronglyCheap).toBe(1);
});

test("no prompt stands in two sets", () => {
  const all = [TUNING_PROMPTS, HELD_OUT_PROMPTS, LATE_PROMPTS].flatMap((prompts) =>
    Object.values(prompts).flat(),
  );
  expect(new Set(all).size).toBe(all.length);
  for (const type of TASK_TYPES) {
    expect(TUNING_PROMPTS[type].length + HELD_OUT_PROMPTS[type].length).toBeGreaterThanOrEqual(60);
  }
});

test.each([
  ["Create a user authentication system", "coding"],
  ["Fix responsive styling on mobile", "ui"],
  ["Write documentation for API", "documentation"],
  ["document.getElementById bug", "coding"],
  ["fix the docs build script", "coding"],
  ["update README styling section", "documentation"],
  ["analyse and fix the crash", "coding"],
  ["profile the API and report the slowest endpoints", "analysis"],
  ["add tests for the button component", "coding"],
  ["add docs for the button component", "documentation"],
  ["Review the docs of the queue", "analysis"],
  ["Find the memory leak", "analysis"],
  ["Find the memory leak and fix it", "coding"],
  ["Find out why the import hangs. Then fix it.", "coding"],
  ["Find out why the import hangs. Do not fix it.", "analysis"],
  ["Move the job to a background worker", "coding"],
  ["Give the page a dark background", "ui"],
  ["Could you add a spinner to the login page?", "ui"],
  ["Could a replay attack work here?", "analysis"],
])("%s is %s", (text, type) => {
  expect(classify(text).type).toBe(type);
});

test.each(["", "   ", "?", "\u0000", "lorem ipsum dolor", "修复登录", "12345", "…"])(
  "%j tells nothing and falls to coding, with little confidence and the reason",
  (text) => {
    const { type, confidence, reasons } = classify(text);
    expect(type).toBe("coding");
    expect(confidence).toBeLessThan(0.6);
    expect(reasons.join()).toContain("safe guess");
  },
);

test("close evidence goes to the dearer type, and says so", () => {
  const { type, reasons } = classify("Add validation to the form");
  expect(type).toBe("coding");
  expect(reasons.length).toBeGreaterThan(0);
});

test("a clear prompt has more confidence than a vague one", () => {
  const clear = classify("Write a tutorial and update the README").confidence;
  expect(clear).toBeGreaterThan(0.9);
  expect(classify("Improve it").confidence).toBeLessThan(clear);
});

test("reasons name what was found, the weightiest first", () => {
  expect(classify("Write documentation for API").reasons[0]).toMatch(
    /"documentation" \(\+\d\.\d documentation\)/,
  );
});

test("of a long text only the beginning and the end are looked at", () => {
  const about = (middle: string) =>
    `Write documentation for the API.\n${"x ".repeat(headChars)}${middle}${" y".repeat(tailChars)}`;
  expect(classify(about("crash bug exception test ".repeat(20_000)))).toEqual(classify(about("")));
  expect(classify(about("")).type).toBe("documentation");
});

test("what is asked at the end of a long text counts", () => {
  const text = `${"lorem ipsum dolor sit amet ".repeat(40_000)}\nWrite documentation for all of this in README.md.`;
  expect(classify(text).type).toBe("documentation");
});

test("the subject behind a heading does not decide", () => {
  expect(classify("Code review: fix typo in the docs").type).toBe("analysis");
});

test("any text has a type, a share of odds and reasons a terminal can show; the same ones every time", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.string({ maxLength: 300 }),
    fc
      .array(
        fc.constantFrom(
          "\ud800",
          "\udc00",
          "\u0000",
          "\u001b[201~",
          "```",
          "a.b/c",
          "fix",
          "?",
          ":",
          "\n",
          "docs",
          "and",
        ),
      )
      .map((parts) => parts.join(" ")),
  );
  fc.assert(
    fc.property(text, (input) => {
      const found = classify(input);
      expect(TASK_TYPES).toContain(found.type);
      expect(found.confidence).toBeGreaterThan(0);
      expect(found.confidence).toBeLessThanOrEqual(1);
      expect(found.reasons.length).toBeGreaterThan(0);
      expect(found.reasons.join("")).not.toMatch(/[\p{Cc}\p{Cs}]/u);
      expect(classify(input)).toEqual(found);
    }),
    { numRuns: 500 },
  );
});
