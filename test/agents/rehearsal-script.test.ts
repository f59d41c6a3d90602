import { describe, expect, test } from "vitest";
import { planTurn } from "../../src/agents/rehearsal-script.ts";

describe("what the rehearsal agent does with a prompt", () => {
  test("without directives: the same short turn for the same text", () => {
    const turn = planTurn("write a haiku about tmux");
    expect(planTurn("write a haiku about tmux")).toEqual(turn);
    expect(turn).toMatchObject({ question: null, failure: null, exitCode: null, cacheReadTokens: 0 });
    expect(turn.answer).toContain("write a haiku");
    expect(turn.delayMs).toBeGreaterThanOrEqual(300);
    expect(turn.delayMs).toBeLessThan(1_300);
    expect(turn.inputTokens).toBeGreaterThan(0);
    expect(turn.outputTokens).toBeGreaterThan(0);
  });

  test.each([
    ["[[delay:25]]", { delayMs: 25 }],
    ["[[say:all good]]", { answer: "all good" }],
    ["[[ask:May I?]]", { question: "May I?" }],
    ["[[err:limit]] [[reset:60]]", { failure: "quota-exhausted", resetsInMs: 60_000 }],
    ["[[err:credit]]", { failure: "out-of-credit" }],
    ["[[err:nonsense]]", { failure: "unknown" }],
    ["[[die:3]]", { exitCode: 3 }],
    ["[[die:999]]", { exitCode: 255 }],
    ["[[in:5000]] [[out:70]] [[cache:9]]", { inputTokens: 5_000, outputTokens: 70, cacheReadTokens: 9 }],
    ["[[in:-5]] [[die:x]]", { exitCode: null, inputTokens: 25 }],
  ])("%s", (prompt, expected) => {
    expect(planTurn(prompt)).toMatchObject(expected);
  });
});
