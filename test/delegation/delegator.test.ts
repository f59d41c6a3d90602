import { expect, test } from "vitest";
import { getDelegator } from "../../src/delegation/delegator.ts";
import { priceTable } from "../../src/metering/prices.ts";

test("S2-44: a text is delegated with the default routes", () => {
  const result = getDelegator().delegateTask("Create a user authentication system");
  expect(result).toMatchObject({
    type: "coding",
    model: "sonnet",
    agent: "claude",
    route: "codex",
    complexity: "complex",
    estimatedTokens: 1_008,
  });
  expect(result.estimatedNanoUsd).toBeGreaterThan(0);
});

test.each([
  ["Fix responsive styling on mobile", "ui", "haiku"],
  ["Write documentation for API", "documentation", "haiku"],
  ["Why does the build get slower each week?", "analysis", "sonnet"],
])("%s: %s on %s", (text, type, model) => {
  expect(getDelegator().delegateTask(text)).toMatchObject({ type, model });
});

test("options force, rules replace", () => {
  const delegator = getDelegator({ preferCheap: true, prices: priceTable("flat-2025"), overheadTokens: 0 });
  const text = "Implement rate limiting";
  expect(delegator.delegateTask(text)).toMatchObject({ model: "haiku", estimatedTokens: 5 });
  expect(delegator.delegateTask(text, { model: "opus" }).model).toBe("opus");
  expect(() => delegator.delegateTask(text, { model: "opsu" })).toThrow("did you mean opus?");
  expect(delegator.explain(text, { agent: "shell" }).reserveTokens).toBe(0);
});
