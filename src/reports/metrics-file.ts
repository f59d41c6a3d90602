/**
 * The figures of a subject in the shape of a metrics file: keys, their order and their rounding are fixed (rates to
 * three decimals, dollars to four, seconds to one, tokens per task cut off). What nobody reported is null, never 0.
 */
import type { Aggregate } from "../hierarchy/aggregate.ts";
import type { Invocation, Subject } from "../hierarchy/invocation.ts";

/** What a subject is called, and what its place in the roster says. */
export interface SubjectFacts {
  readonly subject: Subject;
  readonly name: string;
  /** Of an agent alone. */
  readonly model: string | null;
  readonly tier: string | null;
  readonly department: string | null;
  /** How much context a conversation of its tier may take in; null = of several tiers, or not known. */
  readonly maxTokens: number | null;
}

/** What agents reported of their work; null = nobody did. */
export interface ReportedQuality {
  readonly selfRecoveries: number | null;
  readonly peerConsultations: number | null;
  readonly tests: number | null;
  readonly testsPassed: number | null;
  readonly reviewRejections: number | null;
  readonly hallucinations: number | null;
  /** Mean of what was given, 0 to 1. */
  readonly quality: number | null;
}

export const NOTHING_REPORTED: ReportedQuality = Object.freeze({
  selfRecoveries: null,
  peerConsultations: null,
  tests: null,
  testsPassed: null,
  reviewRejections: null,
  hallucinations: null,
  quality: null,
});

export interface SubjectFigures {
  readonly facts: SubjectFacts;
  readonly sums: Aggregate;
  /** 95th percentile of the durations, in tenths of a second. */
  readonly p95Tenths: number | null;
  readonly reported: ReportedQuality;
  /** Oldest first. */
  readonly recent: readonly Invocation[];
  /** How often a conversation came near its context budget, and over it. */
  readonly context: { readonly warnings: number; readonly overruns: number };
}

export type MetricsFile = ReturnType<typeof metricsFile>;

export function metricsFile(figures: SubjectFigures) {
  return {
    ...headOf(figures.facts),
    metrics: {
      summary: summaryOf(figures.sums),
      performance: performanceOf(figures),
      quality: qualityOf(figures),
      budget: {
        budget_warnings: figures.sums.tokensKnown > 0 ? figures.context.warnings : null,
        budget_overruns: figures.sums.tokensKnown > 0 ? figures.context.overruns : null,
        max_tokens_in_session: figures.facts.maxTokens,
        current_session_tokens:
          figures.facts.subject.kind === "agent" && figures.sums.session !== null
            ? figures.sums.sessionTokens
            : null,
      },
      timeline: timelineOf(figures.sums),
      recent_tasks: figures.recent.toReversed().map(recentTask),
    },
  };
}

/** As it is written to disk. */
export function metricsText(figures: SubjectFigures): string {
  return `${JSON.stringify(metricsFile(figures), null, 2)}\n`;
}

function headOf({ subject, name, model, tier, department }: SubjectFacts): Record<string, string | null> {
  switch (subject.kind) {
    case "agent":
      return { agent_id: subject.id, agent_name: name, model, tier, department };
    case "department":
      return { department_id: subject.id, department_name: name };
    case "tier":
      return { tier: subject.id };
    case "system":
      return {};
    default:
      return subject.kind satisfies never;
  }
}

function summaryOf(sums: Aggregate) {
  const { invocations, succeeded, failed, inputTokens, outputTokens, tokensKnown, costNanoUsd, costKnown } =
    sums;
  const ended = succeeded + failed;
  const known = tokensKnown > 0;
  return {
    total_invocations: invocations,
    successful_tasks: succeeded,
    failed_tasks: failed,
    success_rate: ended === 0 ? null : rounded(succeeded / ended, 3),
    total_tokens_input: known ? inputTokens : null,
    total_tokens_output: known ? outputTokens : null,
    total_tokens: known ? inputTokens + outputTokens : null,
    avg_tokens_per_task: known ? Math.floor((inputTokens + outputTokens) / tokensKnown) : null,
    total_cost: costKnown > 0 ? dollarsOf(costNanoUsd) : null,
    avg_cost_per_task: costKnown > 0 ? dollarsOf(costNanoUsd / costKnown) : null,
  };
}

function performanceOf({ sums, p95Tenths }: SubjectFigures) {
  const { durations, durationMs, shortestMs, longestMs } = sums;
  return {
    avg_completion_time_seconds: durations === 0 ? null : seconds(durationMs / durations),
    p95_completion_time_seconds: p95Tenths === null ? null : p95Tenths / 10,
    min_completion_time_seconds: shortestMs === null ? null : seconds(shortestMs),
    max_completion_time_seconds: longestMs === null ? null : seconds(longestMs),
  };
}

function qualityOf({ sums, reported }: SubjectFigures) {
  const [tried, peer, coordinator, human] = sums.levels;
  const { tests, testsPassed } = reported;
  return {
    self_recovery_count: tried + (reported.selfRecoveries ?? 0),
    peer_consultation_count: peer + (reported.peerConsultations ?? 0),
    coordinator_escalation_count: coordinator,
    human_escalation_count: human,
    test_pass_rate: tests === null || tests === 0 ? null : rounded((testsPassed ?? 0) / tests, 3),
    code_review_rejections: reported.reviewRejections,
    avg_quality_score: reported.quality === null ? null : rounded(reported.quality, 2),
  };
}

function timelineOf({ firstMs, lastMs }: Aggregate) {
  return {
    first_invocation: firstMs === null ? null : moment(firstMs),
    last_invocation: lastMs === null ? null : moment(lastMs),
    session_duration_minutes:
      firstMs === null || lastMs === null ? null : Math.floor((lastMs - firstMs) / 60_000),
  };
}

function recentTask(one: Invocation) {
  return {
    task_id: `T${String(one.taskId).padStart(3, "0")}`,
    timestamp: moment(one.startedAtMs),
    status: statusWord(one.outcome),
    tokens_input: one.inputTokens,
    tokens_output: one.outputTokens,
    cost: one.costNanoUsd === null ? null : dollarsOf(one.costNanoUsd),
    duration_seconds: one.durationMs === null ? null : seconds(one.durationMs),
    escalation_level: one.escalation,
  };
}

function statusWord(outcome: Invocation["outcome"]): string {
  switch (outcome) {
    case "completed":
      return "success";
    case "failed":
      return "failure";
    case "cancelled":
    case "lost":
      return outcome;
    default:
      return outcome satisfies never;
  }
}

/** Whole seconds, as 2025-11-04T10:00:00Z. */
function moment(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d{3}Z$/, "Z");
}

function seconds(durationMs: number): number {
  return Math.round(durationMs / 100) / 10;
}

function dollarsOf(nanoUsd: number): number {
  return Math.round(nanoUsd / 100_000) / 10_000;
}

function rounded(value: number, decimals: number): number {
  const unit = 10 ** decimals;
  return Math.round(value * unit) / unit;
}
