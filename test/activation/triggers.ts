/** Triggers, events and wakes for tests: defaults that say nothing, changed where a test is about it. */
import type { Envelope } from "../../src/activation/envelope.ts";
import type { Trigger } from "../../src/activation/trigger.ts";
import type { Wake } from "../../src/activation/wake.ts";

export function triggerOf(change: Partial<Trigger> = {}): Trigger {
  return {
    name: "review",
    on: ["git.*"],
    filter: null,
    wake: null,
    prompt: null,
    priority: null,
    cooldownMs: 0,
    debounce: null,
    batch: null,
    mode: "queued",
    depth: 10,
    rate: null,
    ttlMs: null,
    retry: { max: 4, firstDelayMs: 1_000 },
    ackTimeoutMs: 60_000,
    budget: { tokens: null, nanoUsd: null },
    trust: "run",
    schedule: null,
    maxPromptTokens: 4_000,
    ...change,
  };
}

export function eventOf(change: Partial<Envelope> = {}): Envelope {
  return {
    id: "e1",
    source: "test",
    type: "git.push",
    subject: null,
    timeMs: null,
    priority: "normal",
    correlation: null,
    expiresMs: null,
    target: null,
    replayOf: null,
    extensions: {},
    data: null,
    ...change,
  };
}

export function wakeOf(change: Partial<Wake> = {}): Wake {
  return {
    id: 1,
    trigger: "review",
    lane: "",
    target: null,
    priority: "normal",
    foreign: false,
    depth: 0,
    state: "ready",
    events: 1,
    firstMs: 0,
    lastMs: 0,
    sinceMs: 0,
    gate: null,
    untilMs: null,
    reason: null,
    notBeforeMs: null,
    attempts: 0,
    taskId: null,
    claimedMs: null,
    ackedMs: null,
    ...change,
  };
}
