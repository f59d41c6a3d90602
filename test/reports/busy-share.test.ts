import { describe, expect, it } from "vitest";
import { busyShare } from "../../src/reports/busy-share.ts";
import type { MetricsFile } from "../../src/reports/metrics-file.ts";

function fileOf(ended: number, meanSeconds: number | null, spanMinutes: number | null): MetricsFile {
  return {
    metrics: {
      summary: { successful_tasks: ended - 1, failed_tasks: 1 },
      performance: { avg_completion_time_seconds: meanSeconds },
      timeline: { session_duration_minutes: spanMinutes },
    },
  } as unknown as MetricsFile;
}

describe("how busy a subject was (S1-46)", () => {
  it.each([
    // Ten tasks of a minute within twenty: one agent half of the time, or each of two a quarter.
    [fileOf(10, 60, 20), 1, 0.5],
    [fileOf(10, 60, 20), 2, 0.25],
    [fileOf(30, 60, 20), 1, 1.5],
    [fileOf(10, null, 20), 1, null],
    [fileOf(10, 60, null), 1, null],
    [fileOf(10, 60, 0), 1, null],
    [fileOf(10, 60, 20), 0, null],
  ])("%#: is the time of its tasks of the time its agents had", (file, agents, share) => {
    expect(busyShare(file, agents)).toBe(share);
  });
});
