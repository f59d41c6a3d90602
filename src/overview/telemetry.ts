/** Does the telemetry that was asked for arrive, and does it say what the records of the latest tasks say? */
import type { ToldUsage } from "../ledger/telemetry-rows.ts";
import { limitTokens, type Usage } from "../metering/usage.ts";
import type { TelemetryState } from "../reports/telemetry.ts";
import type { OverviewSources } from "./sources.ts";
import { bookedUsage } from "./spend-figures.ts";

/** Attempts that ended last and are looked at. */
const attemptsMax = 20;
/** So long an exporter may take to tell of a task's end. */
const toldWithinMs = 5_000;

type Sources = Pick<OverviewSources, "config" | "ledger" | "traits" | "now">;

/** null: it is switched off. */
export function telemetryState(sources: Sources): TelemetryState | null {
  const { config, ledger, now } = sources;
  if (!config.telemetry.receive) return null;
  const nowMs = now();
  const ended = ledger.attempts.lastEnded(nowMs - toldWithinMs, attemptsMax).flatMap((row) => {
    const told = ledger.telemetry.ofAttempt(row);
    const booked = bookedUsage(row, sources);
    return told === null || booked === null ? [] : [{ told, booked }];
  });
  const difference = (told: ToldUsage, booked: Usage): number =>
    limitTokens(told.usage, config.throttle.countCacheReads) -
    limitTokens(booked, config.throttle.countCacheReads);
  const heard = ended.filter(({ told }) => told.responses > 0);
  return {
    nowMs,
    lastMs: ledger.telemetry.lastMs(),
    tasks: heard.length,
    silent: ended.length - heard.length,
    differenceTokens: heard.reduce((sum, { told, booked }) => sum + difference(told, booked), 0),
  };
}
