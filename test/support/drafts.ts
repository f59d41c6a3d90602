/** Small task drafts and assignments for tests. */
import type { Assignment, TaskDraft } from "../../src/tasks/task.ts";

export function draftOf(text: string, change: Partial<TaskDraft> = {}): TaskDraft {
  return {
    text,
    priority: "normal",
    cwd: "/tmp",
    type: null,
    model: null,
    agent: null,
    worker: null,
    as: null,
    key: null,
    holdReason: null,
    retryLost: false,
    cap: null,
    origin: "test",
    ...change,
  };
}

export function assignmentOf(change: Partial<Assignment> = {}): Assignment {
  return {
    type: "coding",
    complexity: "medium",
    route: "codex",
    agent: "rehearsal",
    model: "sonnet",
    estimateTokens: 1_008,
    member: null,
    reserveTokens: 1_008,
    reserveNanoUsd: 3_024_000,
    reserveBasis: "formula",
    ...change,
  };
}
