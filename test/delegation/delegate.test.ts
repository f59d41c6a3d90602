import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CtmError } from "../../src/base/errors.ts";
import {
  delegate,
  explain,
  type DelegationRequest,
  type DelegationRules,
} from "../../src/delegation/delegate.ts";
import { defaultRules } from "../../src/delegation/delegator.ts";
import { priceTable } from "../../src/metering/prices.ts";
import { draftOf } from "../support/drafts.ts";

const rules: DelegationRules = {
  ...defaultRules(),
  prices: priceTable("flat-2025"),
  agentOfWorker: (worker) => (worker === "concurrent_worker2" ? "codex" : null),
};
const forced = (change: Partial<DelegationRequest>): DelegationRequest => ({
  ...draftOf("fix the crash"),
  ...change,
});

test("a draft becomes an assignment", () => {
  expect(delegate(draftOf("Write documentation for the API"), rules)).toEqual({
    type: "documentation",
    complexity: "simple",
    route: "haiku",
    agent: "claude",
    model: "haiku",
    estimateTokens: 1_007,
    member: null,
    reserveTokens: 11_200,
    reserveNanoUsd: 2_800_000,
    reserveBasis: "first-request floor of claude",
  });
});

describe("what the person forces wins", () => {
  test("type", () => {
    expect(delegate(forced({ type: "ui" }), rules)).toMatchObject({
      type: "ui",
      route: "comet",
      model: "haiku",
    });
  });

  test("model, also against prefer cheap", () => {
    const assigned = delegate(forced({ model: "opus" }), { ...rules, preferCheap: true });
    expect(assigned).toMatchObject({ type: "coding", route: "codex", model: "opus" });
  });

  test("a tier as model means the agent's own", () => {
    expect(delegate(forced({ model: "cheap" }), rules).model).toBe("haiku");
  });

  test("agent: its own models apply", () => {
    expect(delegate(forced({ agent: "codex" }), rules)).toMatchObject({
      agent: "codex",
      model: null,
      reserveTokens: 8_700,
    });
  });

  test("worker: its agent applies", () => {
    expect(delegate(forced({ worker: "concurrent_worker2" }), rules).agent).toBe("codex");
    expect(delegate(forced({ worker: "concurrent_worker9" }), rules).agent).toBe("claude");
  });
});

test("the shell spends, estimates and reserves nothing", () => {
  expect(delegate(forced({ agent: "shell" }), rules)).toMatchObject({
    model: null,
    estimateTokens: 0,
    reserveTokens: 0,
    reserveNanoUsd: 0,
  });
});

test("S2-51: prefer cheap sends everything to the cheap model", () => {
  expect(delegate(forced({}), { ...rules, preferCheap: true }).model).toBe("haiku");
});

test("a route may name its own agent", () => {
  const routes = { ...rules.routes, coding: { name: "second", agent: "codex", model: "gpt-5.5" } } as const;
  expect(delegate(forced({}), { ...rules, routes })).toMatchObject({
    route: "second",
    agent: "codex",
    model: "gpt-5.5",
  });
});

test("history is asked for by agent, model and type", () => {
  const asked: unknown[] = [];
  const learnt = delegate(forced({}), {
    ...rules,
    samples: (...of) => {
      asked.push(of);
      return Array.from({ length: 34 }, () => ({ tokens: 70_000, nanoUsd: 9 }));
    },
  });
  expect(asked).toEqual([["claude", "sonnet", "coding"]]);
  expect(learnt).toMatchObject({ reserveTokens: 70_000, reserveBasis: "p90 of 34 tasks" });
});

test.each([
  [{ type: "codng" }, /"codng" is no task type \(did you mean coding\?\)/],
  [{ type: "zzzzzz" }, /there are ui, coding, documentation, analysis/],
  [{ agent: "cluade" }, /"cluade" is no agent \(did you mean claude\?\)/],
  [{ agent: "" }, /is no agent/],
  [{ model: "sonet" }, /"sonet" is no model \(did you mean sonnet\?\); set a price/],
  [{ model: "haiku", agent: "codex" }, /codex cannot run the model "haiku"/],
  [{ model: "haiku", agent: "shell" }, /the shell has no models/],
  [{ agent: "claude", worker: "concurrent_worker2" }, /runs codex, not claude/],
  [{ model: "\u001b[2J\u202e" }, /^"\?\[2J\?" is no model/],
  [{ model: "m".repeat(100_000) }, /^"m{59}…" is no model/],
])("%j is refused as bad usage", (change, sentence) => {
  const refused = () => delegate(forced(change), rules);
  expect(refused).toThrow(CtmError);
  expect(refused).toThrow(sentence);
  expect(refused).toThrow(expect.objectContaining({ code: "usage" }));
});

test("models nobody listed are taken once they have a price, and by full name", () => {
  const prices = priceTable("list", { "in-house-7b": { input: 1, output: 2 } });
  expect(delegate(forced({ model: "in-house-7b" }), { ...rules, prices }).model).toBe("in-house-7b");
  expect(delegate(forced({ model: "claude-opus-4-5-20251101" }), rules).model).toBe(
    "claude-opus-4-5-20251101",
  );
});

test("one price for everything does not make every name a model", () => {
  expect(() => delegate(forced({ model: "sonet" }), { ...rules, prices: priceTable("flat-10") })).toThrow(
    /sonnet/,
  );
});

describe("explain", () => {
  test("decides as delegate does, and compares with the agent's other models", () => {
    const explanation = explain(forced({}), rules);
    expect(explanation).toMatchObject(delegate(forced({}), rules));
    expect(explanation.costNanoUsd).toBe(33_600_000);
    expect(explanation.alternatives).toEqual([
      { model: "haiku", nanoUsd: 2_800_000 },
      { model: "opus", nanoUsd: 168_000_000 },
    ]);
    expect(explanation.reasons.length).toBeGreaterThan(0);
  });

  test("a model without a price costs null, never 0", () => {
    expect(explain(forced({ agent: "codex" }), rules).costNanoUsd).toBeNull();
  });

  test("a forced type is certain", () => {
    expect(explain(forced({ type: "UI" }), rules)).toMatchObject({
      type: "ui",
      confidence: 1,
      reasons: ["type set by hand"],
    });
  });
});

test("any text is delegated, twice alike, and reserves at least its estimate", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 500 }), (text) => {
      const assignment = delegate(draftOf(text), rules);
      expect(assignment.reserveTokens).toBeGreaterThanOrEqual(assignment.estimateTokens);
      expect(delegate(draftOf(text), rules)).toEqual(assignment);
    }),
  );
});
