/** Telemetry as the agents' exporters send it, made up. */
type Value = string | number | boolean;

const SCOPES = { claude: "com.anthropic.claude_code.events", gemini: "gemini-cli" } as const;

/** The document of some log records, each given by its attributes. */
export function logsOf(
  agent: keyof typeof SCOPES,
  records: readonly Readonly<Record<string, Value>>[],
  atMs = 1_795_661_081_748,
): string {
  const logRecords = records.map((attributes) => ({
    timeUnixNano: `${atMs}000000`,
    body: { stringValue: "x" },
    attributes: Object.entries(attributes).map(([key, value]) => ({ key, value: valueOf(value) })),
  }));
  return JSON.stringify({ resourceLogs: [{ scopeLogs: [{ scope: { name: SCOPES[agent] }, logRecords }] }] });
}

function valueOf(value: Value): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  return Number.isInteger(value) ? { intValue: value } : { doubleValue: value };
}

/** One response as Claude Code tells it. */
export function claudeRequest(change: Readonly<Record<string, Value>> = {}): Record<string, Value> {
  return {
    "session.id": "fae2ef6b-b6f8-4423-9273-7a863d7f235a",
    "event.name": "api_request",
    "event.sequence": 6,
    model: "claude-opus-5-5",
    input_tokens: 1_020,
    output_tokens: 12,
    cache_read_tokens: 202,
    cache_creation_tokens: 32,
    cache_creation_5m_tokens: 30,
    cache_creation_1h_tokens: 2,
    cost_usd: 0.0045204,
    request_id: "req_1",
    query_source: "repl_main_thread",
    ...change,
  };
}

/** One response as Gemini CLI tells it. */
export function geminiResponse(change: Readonly<Record<string, Value>> = {}): Record<string, Value> {
  return {
    "session.id": "a3440813-0699-4fdd-b67c-055d3adb3e4a",
    "event.name": "gemini_cli.api_response",
    model: "gemini-2.5-flash",
    input_token_count: 1_211,
    output_token_count: 12,
    cached_content_token_count: 201,
    thoughts_token_count: 3,
    tool_token_count: 0,
    total_token_count: 1_226,
    role: "main",
    ...change,
  };
}
