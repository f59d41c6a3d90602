/** What an agent told of its usage by telemetry, beside what is booked of it: for comparison, in no sum. */
import { isNoDifference, type UsageDifference } from "../metering/reconcile.ts";
import type { Usage } from "../metering/usage.ts";
import { oneLine } from "./cells.ts";
import { labelled, wrapWords } from "./lines.ts";
import { costOf, count, NOT_KNOWN } from "./numbers.ts";
import type { Paper } from "./paper.ts";
import { span } from "./times.ts";

/** What was told of one attempt. */
export interface TelemetryDetails {
  readonly responses: number;
  readonly usage: Usage;
  /** As limits count them. */
  readonly tokens: number;
  /** What the agent reckons it cost, in nano-dollars; null = it does not say. */
  readonly costNanoUsd: number | null;
  /** What the responses were for, in the agent's own words. */
  readonly sources: readonly { readonly source: string; readonly responses: number }[];
  /** Told less booked; null: what was used is not known from a record. */
  readonly difference: UsageDifference | null;
  /** The same in tokens as limits count them. */
  readonly differenceTokens: number | null;
}

/** The lines of one attempt; none where its agent was not asked to tell. */
export function telemetryLines(told: TelemetryDetails | null, ended: boolean, paper: Paper): string[] {
  if (told === null) return [];
  if (told.responses === 0) return labelled("Telemetry:", `${NOT_KNOWN}: nothing has arrived`, paper);
  return [
    ...labelled("Telemetry:", toldWords(told), paper),
    ...labelled("Difference:", differenceWords(told, ended), paper),
  ];
}

function toldWords({ responses, usage, tokens, costNanoUsd }: TelemetryDetails): string {
  const cost =
    costNanoUsd === null ? "" : `, ${costOf({ value: costNanoUsd, source: "actual" })} by its own reckoning`;
  return `${count(tokens)} tokens in ${responses === 1 ? "1 response" : `${count(responses)} responses`}${cost}: ${counterWords(usage)}`;
}

/** The counters of some usage, as they are shown everywhere. */
export function counterWords(usage: Usage): string {
  const reasoning = usage.reasoningTokens > 0 ? ` (reasoning ${count(usage.reasoningTokens)})` : "";
  return [
    `input ${count(usage.inputTokens)}`,
    `output ${count(usage.outputTokens)}${reasoning}`,
    `cache read ${count(usage.cacheReadTokens)}`,
    `cache write ${count(usage.cacheWrite5mTokens + usage.cacheWrite1hTokens)}`,
  ].join(", ");
}

function differenceWords({ difference, sources }: TelemetryDetails, ended: boolean): string {
  if (difference === null) return `${NOT_KNOWN}: nothing is recorded to hold it against`;
  if (isNoDifference(difference)) return "none";
  const counters: readonly (readonly [string, number])[] = [
    ["input", difference.inputTokens],
    ["output", difference.outputTokens],
    ["cache read", difference.cacheReadTokens],
    ["cache write", difference.cacheWriteTokens],
  ];
  const differing = counters.filter(([, tokens]) => tokens !== 0);
  const words = differing.map(([name, tokens]) => `${name} ${signed(tokens)}`).join(", ");
  const told = sources.map(({ source, responses }) => `${oneLine(source)} ${count(responses)}`).join(", ");
  const what = told === "" ? "" : `; told of: ${told}`;
  return `${words} in telemetry${ended ? "" : ", so far"}${what}`;
}

/** `+1,050`, `-12`, `0` */
export function signed(tokens: number): string {
  return `${tokens > 0 ? "+" : tokens < 0 ? "-" : ""}${count(Math.abs(tokens))}`;
}

/** Whether telemetry arrives, by the tasks that ended last and were asked to tell. */
export interface TelemetryState {
  readonly nowMs: number;
  /** When the last response was that was told of; null = none ever was. */
  readonly lastMs: number | null;
  /** Attempts of which something was told, and those that used something and told nothing. */
  readonly tasks: number;
  readonly silent: number;
  /** What the former told less what is booked of them, in tokens as limits count them. */
  readonly differenceTokens: number;
}

/** One sentence of it. */
export function telemetryWords({ nowMs, lastMs, tasks, silent, differenceTokens }: TelemetryState): string {
  const last = lastMs === null ? "nothing received yet" : `last received ${span(nowMs - lastMs)} ago`;
  const beside =
    differenceTokens === 0 ? "as recorded" : `${signed(differenceTokens)} tokens beside the records`;
  const told = tasks === 0 ? "" : `; ${tasks === 1 ? "the last task" : `the last ${tasks} tasks`}: ${beside}`;
  const missing = silent === 0 ? "" : `; nothing arrived of ${silent === 1 ? "1 task" : `${silent} tasks`}`;
  return `${last}${told}${missing}`;
}

/** The line of `status`; none while it is switched off. */
export function telemetryStateLines(state: TelemetryState | null, paper: Paper): string[] {
  return state === null ? [] : wrapWords("Telemetry: ", telemetryWords(state), paper);
}
