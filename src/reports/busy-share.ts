/** How busy a subject was: the time its tasks took, of all the time its agents had between its first task and its last. */
import type { MetricsFile } from "./metrics-file.ts";

/**
 * Sum of the durations over the span between first and last invocation, for each of `agents`; 0.5: half of the time, or
 * half of them. null = nothing that took time ended yet, or nobody works there. More than 1 where one did several at once.
 */
export function busyShare({ metrics }: MetricsFile, agents: number): number | null {
  const { summary, performance, timeline } = metrics;
  const meanSeconds = performance.avg_completion_time_seconds;
  const spanMinutes = timeline.session_duration_minutes;
  if (meanSeconds === null || spanMinutes === null || spanMinutes === 0 || agents === 0) return null;
  const ended = summary.successful_tasks + summary.failed_tasks;
  return (meanSeconds * ended) / (spanMinutes * 60) / agents;
}
