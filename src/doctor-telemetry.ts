/** The doctor's look at telemetry: is it asked for, and does it arrive? */
import type { Config } from "./config-shape.ts";
import type { DoctorCheck } from "./reports/doctor.ts";
import { telemetryWords, type TelemetryState } from "./reports/telemetry.ts";

/** `state` null: nobody can say, without the database. */
export function telemetryCheck(config: Config, state: TelemetryState | null): DoctorCheck {
  const name = "telemetry";
  if (!config.telemetry.receive)
    return { name, verdict: "ok", found: "not received (telemetry.receive is off)", remedy: null };
  if (state === null)
    return { name, verdict: "ok", found: "asked for; not known without the database", remedy: null };
  const found = telemetryWords(state);
  if (state.silent === 0) return { name, verdict: "ok", found, remedy: null };
  const remedy =
    "`restart` workers that run from before it was switched on; a proxy must let 127.0.0.1 through (NO_PROXY).";
  return { name, verdict: "warn", found, remedy };
}
