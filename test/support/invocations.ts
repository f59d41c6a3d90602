/** Invocations for tests: one that succeeded, or random ones. */
import type { Invocation } from "../../src/hierarchy/invocation.ts";

export function invocationLike(change: Partial<Invocation> = {}): Invocation {
  return {
    attemptId: "a1",
    taskId: 1,
    member: "react-expert",
    tier: "execution",
    departments: ["frontend"],
    model: "sonnet",
    outcome: "completed",
    startedAtMs: 1_000,
    endedAtMs: 61_000,
    inputTokens: 1_000,
    outputTokens: 100,
    costNanoUsd: 4_500_000,
    durationMs: 60_000,
    escalation: 0,
    sessionId: null,
    ...change,
  };
}

const OUTCOMES = ["completed", "completed", "completed", "failed", "lost", "cancelled"] as const;
const LEVELS = [0, 0, 0, 1, 2, 3, 4] as const;
/** 47 agents: 5, 10 and 32 in ten departments, some of them in two. */
const TIERS = ["strategic", "tactical", "execution"] as const;

/** The n-th of a made-up history; `random` gives numbers from 0 up to but not including 1. */
export function invocationNumber(n: number, random: () => number): Invocation {
  const pick = <T>(list: readonly [T, ...T[]]): T => list[Math.floor(random() * list.length)] ?? list[0];
  const agent = Math.floor(random() * 47);
  const isUnknown = random() < 0.05;
  const startedAtMs = 1_762_250_000_000 + n * 30_000 + Math.floor(random() * 20_000);
  const durationMs = random() < 0.02 ? null : Math.floor(random() ** 4 * 3_600_000);
  return {
    attemptId: `a${n}`,
    taskId: n,
    member: random() < 0.02 ? null : `agent-${agent}`,
    tier: TIERS[agent < 5 ? 0 : agent < 15 ? 1 : 2] ?? null,
    departments:
      agent < 5 ? [] : agent % 3 === 0 ? [`d${agent % 10}`, `d${(agent + 1) % 10}`] : [`d${agent % 10}`],
    model: pick(["haiku", "sonnet", null]),
    outcome: pick(OUTCOMES),
    startedAtMs,
    endedAtMs: startedAtMs + (durationMs ?? 0),
    inputTokens: isUnknown ? null : Math.floor(random() * 50_000),
    outputTokens: isUnknown ? null : Math.floor(random() * 9_000),
    costNanoUsd: isUnknown || random() < 0.1 ? null : Math.floor(random() * 1e9),
    durationMs,
    escalation: pick(LEVELS),
    sessionId: random() < 0.3 ? null : `s${Math.floor(n / 4)}`,
  };
}
