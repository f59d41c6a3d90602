/**
 * The environment by which an agent's own telemetry exporter is pointed at us: log records only, as JSON, soon after they
 * are written, without the texts of prompts. Tried on Claude Code 2.1.330 and Gemini CLI 0.61.0.
 */
import type { TellingAgent } from "../metering/otlp-usage.ts";

const EXPORT_EVERY_MS = "250";

/** Variables of a person's own telemetry. Where one is set, their telemetry is theirs. */
const OWN: Readonly<Record<TellingAgent, RegExp>> = {
  claude: /^(?:OTEL_|CLAUDE_CODE_ENABLE_TELEMETRY$)/,
  gemini: /^(?:OTEL_|GEMINI_TELEMETRY_)/,
};

/**
 * Variables that send an agent's log records to `<endpoint>/v1/logs`; null where its environment configures telemetry
 * of the person's own already, which is left as it is.
 */
export function telemetryEnvironment(
  agent: TellingAgent,
  endpoint: string,
  env: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> | null {
  if (Object.keys(env).some((variable) => OWN[agent].test(variable))) return null;
  if (agent === "gemini")
    return {
      GEMINI_TELEMETRY_ENABLED: "true",
      GEMINI_TELEMETRY_TARGET: "local",
      GEMINI_TELEMETRY_OTLP_PROTOCOL: "http",
      GEMINI_TELEMETRY_OTLP_ENDPOINT: endpoint,
      GEMINI_TELEMETRY_LOG_PROMPTS: "false",
      GEMINI_TELEMETRY_TRACES_ENABLED: "false",
      OTEL_BLRP_SCHEDULE_DELAY: EXPORT_EVERY_MS,
    };
  return {
    CLAUDE_CODE_ENABLE_TELEMETRY: "1",
    OTEL_LOGS_EXPORTER: "otlp",
    OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${endpoint}/v1/logs`,
    OTEL_LOGS_EXPORT_INTERVAL: EXPORT_EVERY_MS,
  };
}
