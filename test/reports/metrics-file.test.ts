import { describe, expect, it } from "vitest";
import { NO_AGGREGATE, withInvocation, type Aggregate } from "../../src/hierarchy/aggregate.ts";
import type { Invocation } from "../../src/hierarchy/invocation.ts";
import { costNanoUsd, priceTable } from "../../src/metering/prices.ts";
import { NO_USAGE } from "../../src/metering/usage.ts";
import {
  metricsFile,
  metricsText,
  NOTHING_REPORTED,
  type SubjectFacts,
  type SubjectFigures,
} from "../../src/reports/metrics-file.ts";
import { invocationLike } from "../support/invocations.ts";

const REACT: SubjectFacts = {
  subject: { kind: "agent", id: "react-expert" },
  name: "React Expert",
  model: "sonnet",
  tier: "execution",
  department: "frontend",
  maxTokens: 32_000,
};

const prices = priceTable("anthropic-2024-11");
const priced = (inputTokens: number, outputTokens: number, model: string): number =>
  costNanoUsd({ ...NO_USAGE, inputTokens, outputTokens }, model, prices) ?? Number.NaN;

const figures = (sums: Aggregate, change: Partial<SubjectFigures> = {}): SubjectFigures => ({
  facts: REACT,
  sums,
  p95Tenths: null,
  reported: NOTHING_REPORTED,
  recent: [],
  context: { warnings: 0, overruns: 0 },
  ...change,
});

/** 42 tasks, 40 of them done: 125,000 tokens in, 45,000 out. */
const SAMPLE: Aggregate = {
  ...NO_AGGREGATE,
  invocations: 42,
  succeeded: 40,
  failed: 2,
  inputTokens: 125_000,
  outputTokens: 45_000,
  tokensKnown: 42,
  costNanoUsd: priced(125_000, 45_000, "sonnet"),
  costKnown: 42,
  durations: 42,
  durationMs: 42 * 145_200,
  shortestMs: 12_300,
  longestMs: 450_000,
  levels: [5, 2, 1, 0],
  firstMs: Date.parse("2025-11-04T10:00:00Z"),
  lastMs: Date.parse("2025-11-04T16:30:00Z"),
  session: "s",
  sessionTokens: 8_500,
};

describe("a metrics file", () => {
  it("has this shape, in this order, and these roundings", () => {
    const last = invocationLike({
      taskId: 42,
      startedAtMs: Date.parse("2025-11-04T16:30:00Z"),
      inputTokens: 3_200,
      outputTokens: 1_100,
      costNanoUsd: priced(3_200, 1_100, "sonnet"),
      durationMs: 82_460,
    });
    const reported = {
      ...NOTHING_REPORTED,
      tests: 121,
      testsPassed: 118,
      reviewRejections: 1,
      quality: 0.934,
    };
    const text = metricsText(figures(SAMPLE, { p95Tenths: 3_205, reported, recent: [last] }));
    expect(JSON.stringify(JSON.parse(text))).toBe(
      JSON.stringify({
        agent_id: "react-expert",
        agent_name: "React Expert",
        model: "sonnet",
        tier: "execution",
        department: "frontend",
        metrics: {
          summary: {
            total_invocations: 42,
            successful_tasks: 40,
            failed_tasks: 2,
            success_rate: 0.952,
            total_tokens_input: 125_000,
            total_tokens_output: 45_000,
            total_tokens: 170_000,
            avg_tokens_per_task: 4_047,
            total_cost: 1.05,
            avg_cost_per_task: 0.025,
          },
          performance: {
            avg_completion_time_seconds: 145.2,
            p95_completion_time_seconds: 320.5,
            min_completion_time_seconds: 12.3,
            max_completion_time_seconds: 450,
          },
          quality: {
            self_recovery_count: 5,
            peer_consultation_count: 2,
            coordinator_escalation_count: 1,
            human_escalation_count: 0,
            test_pass_rate: 0.975,
            code_review_rejections: 1,
            avg_quality_score: 0.93,
          },
          budget: {
            budget_warnings: 0,
            budget_overruns: 0,
            max_tokens_in_session: 32_000,
            current_session_tokens: 8_500,
          },
          timeline: {
            first_invocation: "2025-11-04T10:00:00Z",
            last_invocation: "2025-11-04T16:30:00Z",
            session_duration_minutes: 390,
          },
          recent_tasks: [
            {
              task_id: "T042",
              timestamp: "2025-11-04T16:30:00Z",
              status: "success",
              tokens_input: 3_200,
              tokens_output: 1_100,
              cost: 0.0261,
              duration_seconds: 82.5,
              escalation_level: 0,
            },
          ],
        },
      }),
    );
  });

  it.each([
    ["sonnet", 1.05],
    ["haiku", 0.28],
    ["opus", 5.25],
  ])("of 125,000 and 45,000 tokens by %s tells a cost of %d", (model, cost) => {
    const sums = { ...SAMPLE, costNanoUsd: priced(125_000, 45_000, model) };
    expect(metricsFile(figures(sums)).metrics.summary.total_cost).toBe(cost);
  });

  it("says null of what nobody knows, never 0", () => {
    const unknown: Invocation = invocationLike({
      ...{ inputTokens: null, outputTokens: null, costNanoUsd: null, durationMs: null, outcome: "cancelled" },
    });
    const { summary, performance, quality, budget } = metricsFile(
      figures(withInvocation(NO_AGGREGATE, unknown, 1)),
    ).metrics;
    expect(summary).toEqual({
      total_invocations: 1,
      successful_tasks: 0,
      failed_tasks: 0,
      success_rate: null,
      total_tokens_input: null,
      total_tokens_output: null,
      total_tokens: null,
      avg_tokens_per_task: null,
      total_cost: null,
      avg_cost_per_task: null,
    });
    expect(new Set(Object.values(performance))).toEqual(new Set([null]));
    expect([quality.test_pass_rate, quality.code_review_rejections, quality.avg_quality_score]).toEqual([
      null,
      null,
      null,
    ]);
    expect([budget.budget_warnings, budget.current_session_tokens]).toEqual([null, null]);
  });

  it("of a department, a tier and the system is headed by what they are", () => {
    const headed = (facts: Partial<SubjectFacts>) =>
      Object.keys(metricsFile(figures(NO_AGGREGATE, { facts: { ...REACT, ...facts } })));
    expect(headed({ subject: { kind: "department", id: "frontend" } })).toEqual([
      "department_id",
      "department_name",
      "metrics",
    ]);
    expect(headed({ subject: { kind: "tier", id: "tactical" } })).toEqual(["tier", "metrics"]);
    expect(headed({ subject: { kind: "system", id: "" } })).toEqual(["metrics"]);
  });
});
