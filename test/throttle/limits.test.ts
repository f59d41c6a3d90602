import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CtmError } from "../../src/base/errors.ts";
import { DEFAULT_LIMITS, limitId, parseLimitId, type Scope, WINDOWS } from "../../src/throttle/limits.ts";

describe("DEFAULT_LIMITS", () => {
  it("S2-04 to S2-06: 100K and 1M a worker, 500K and 5M for all, $5, $50, $1000", () => {
    expect(DEFAULT_LIMITS.map((limit) => [limitId(limit), limit.amount, limit.form])).toEqual([
      ["global tokens/hour", 500_000, "rolling"],
      ["global tokens/day", 5_000_000, "calendar"],
      ["global cost/hour", 5_000_000_000, "rolling"],
      ["global cost/day", 50_000_000_000, "calendar"],
      ["global cost/month", 1_000_000_000_000, "calendar"],
      ["worker * tokens/hour", 100_000, "rolling"],
      ["worker * tokens/day", 1_000_000, "calendar"],
    ]);
  });
});

describe("parseLimitId", () => {
  it.each([
    ["cost/hour", "global cost/hour"],
    ["  TOKENS/Day ", "global tokens/day"],
    ["global cost/month", "global cost/month"],
    ["worker tokens/hour", "worker * tokens/hour"],
    ["Worker concurrent_worker2 tokens/hour", "worker concurrent_worker2 tokens/hour"],
    ["model Opus cost/day", "model Opus cost/day"],
    ["agent * tokens/month", "agent * tokens/month"],
    ["model global cost/day", "model global cost/day"],
  ])("%j is %j", (text, id) => {
    expect(limitId(parseLimitId(text))).toBe(id);
  });

  it.each([
    ["", "does not end in tokens or cost"],
    ["cost", "does not end in tokens or cost"],
    ["cost/year", "does not end in tokens or cost"],
    ["cost/hour/day", "does not end in tokens or cost"],
    ["dollars/hour", "does not end in tokens or cost"],
    ["team cost/hour", "must begin with worker, model, agent"],
    ["global x cost/hour", "must begin with worker, model, agent"],
    ["__proto__ cost/hour", "must begin with worker, model, agent"],
    ["constructor x cost/hour", "must begin with worker, model, agent"],
    ["worker a b cost/hour", "is not a limit"],
    ["model a\u0007b cost/hour", "control characters"],
    [`model ${"x".repeat(300)} cost/hour`, "too long"],
    ["x".repeat(100_000), "too long"],
  ])("refuses %j", (text, sentence) => {
    expect(() => parseLimitId(text)).toThrow(sentence);
    expect(() => parseLimitId(text)).toThrow(CtmError);
  });

  it("reads back every id that is written", () => {
    const name = fc.stringMatching(/^[\w.:/*-]{1,40}$/);
    const scope: fc.Arbitrary<Scope> = fc.oneof(
      fc.constantFrom<Scope>({ kind: "global" }, { kind: "system" }),
      fc.record({ kind: fc.constantFrom("worker", "model", "agent", "member", "department", "tier"), name }),
    );
    fc.assert(
      fc.property(
        scope,
        fc.constantFrom("tokens", "cost"),
        fc.constantFrom(...WINDOWS),
        (who, unit, window) => {
          expect(parseLimitId(limitId({ scope: who, unit, window }))).toEqual({ scope: who, unit, window });
        },
      ),
    );
  });

  it("never throws anything but a clear sentence", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        try {
          parseLimitId(text);
        } catch (error) {
          expect(error).toBeInstanceOf(CtmError);
        }
      }),
    );
  });
});
