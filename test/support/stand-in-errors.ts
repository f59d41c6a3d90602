/** The failures a provider may answer with, as the three APIs word them. `429u` = the subscription's usage limit. */

export interface ApiError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

type Api = "anthropic" | "responses" | "gemini";

/** The answer for one failure code; a usage limit resets at `resetsAtMs`. */
export function apiError(api: Api, code: string, resetsAtMs: number): ApiError {
  const reset = String(Math.floor(resetsAtMs / 1_000));
  const error = { anthropic: anthropicError, responses: responsesError, gemini: geminiError }[api](
    code,
    reset,
  );
  if (error === undefined) throw new Error(`the stand-in knows no failure ${code}`);
  return error;
}

/** What an answer says of the provider's windows: so many percent of five hours, and a tenth of that of a week. */
export function windowHeaders(api: Api, percent: number, nowMs: number): Readonly<Record<string, string>> {
  const inS = (seconds: number): string => String(Math.floor(nowMs / 1_000) + seconds);
  const headers: Record<Api, Record<string, string>> = {
    anthropic: {
      "anthropic-ratelimit-unified-status": "allowed",
      "anthropic-ratelimit-unified-reset": inS(3_600),
      "anthropic-ratelimit-unified-representative-claim": "five_hour",
      "anthropic-ratelimit-unified-5h-status": "allowed",
      "anthropic-ratelimit-unified-5h-reset": inS(3_600),
      "anthropic-ratelimit-unified-5h-utilization": String(percent / 100),
      "anthropic-ratelimit-unified-7d-status": "allowed",
      "anthropic-ratelimit-unified-7d-reset": inS(86_400),
      "anthropic-ratelimit-unified-7d-utilization": String(percent / 1_000),
    },
    responses: {
      "x-codex-primary-used-percent": String(percent),
      "x-codex-primary-window-minutes": "300",
      "x-codex-primary-reset-at": inS(3_600),
      "x-codex-secondary-used-percent": String(percent / 10),
      "x-codex-secondary-window-minutes": "10080",
      "x-codex-secondary-reset-at": inS(86_400),
    },
    gemini: {},
  };
  return headers[api];
}

function anthropicError(code: string, reset: string): ApiError | undefined {
  const error = (status: number, type: string, message: string, headers = {}): ApiError => ({
    status,
    headers,
    body: { type: "error", error: { type, message }, request_id: "req_test" },
  });
  const limited = {
    "retry-after": "3600",
    "x-should-retry": "false",
    "anthropic-ratelimit-unified-status": "rejected",
    "anthropic-ratelimit-unified-reset": reset,
    "anthropic-ratelimit-unified-representative-claim": "five_hour",
    "anthropic-ratelimit-unified-5h-status": "rejected",
    "anthropic-ratelimit-unified-5h-reset": reset,
    "anthropic-ratelimit-unified-5h-utilization": "1.0",
    "anthropic-ratelimit-unified-overage-status": "rejected",
    "anthropic-ratelimit-unified-overage-disabled-reason": "org_level_disabled",
  };
  return {
    "401": error(401, "authentication_error", "invalid x-api-key"),
    "403": error(403, "permission_error", "Your account does not have access to this model"),
    "429": error(429, "rate_limit_error", "This request would exceed the rate limit.", {
      "retry-after": "2",
    }),
    "429u": error(429, "rate_limit_error", "You have reached your usage limit.", limited),
    credit: error(
      400,
      "invalid_request_error",
      "Your credit balance is too low to access the Anthropic API.",
    ),
    "529": error(529, "overloaded_error", "Overloaded"),
    "500": error(500, "api_error", "Internal server error"),
    "400": error(400, "invalid_request_error", "messages: this is no valid request"),
    "400ctx": error(400, "invalid_request_error", "prompt is too long: 250000 tokens > 200000 maximum"),
  }[code];
}

function geminiError(code: string): ApiError | undefined {
  const error = (
    status: number,
    name: string,
    message: string,
    details: readonly object[] = [],
  ): ApiError => ({
    status,
    headers: {},
    body: { error: { code: status, message, status: name, details } },
  });
  const perDay = {
    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
    violations: [
      {
        quotaMetric: "generativelanguage.googleapis.com/generate_content_requests",
        quotaId: "GenerateRequestsPerDayPerProjectPerModel",
        quotaValue: "250",
      },
    ],
  };
  return {
    "401": error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
    "429u": error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan.", [
      perDay,
    ]),
    "400ctx": error(
      400,
      "INVALID_ARGUMENT",
      "The input token count exceeds the maximum number of tokens allowed.",
    ),
  }[code];
}

function responsesError(code: string, reset: string): ApiError | undefined {
  const error = (status: number, type: string, message: string, more = {}, headers = {}): ApiError => ({
    status,
    headers,
    body: { error: { type, code: type, message, param: null, ...more } },
  });
  const limited = {
    "x-codex-primary-used-percent": "100.0",
    "x-codex-primary-window-minutes": "300",
    "x-codex-primary-reset-at": reset,
  };
  const resets = { plan_type: "plus", resets_at: Number(reset), resets_in_seconds: 3_600 };
  return {
    "401": error(401, "invalid_api_key", "Incorrect API key provided: dummy."),
    "403": error(403, "permission_error", "You are not allowed to use this model"),
    "429": error(
      429,
      "rate_limit_exceeded",
      "Rate limit reached. Please try again in 2s.",
      {},
      { "retry-after": "2" },
    ),
    "429u": error(429, "usage_limit_reached", "The usage limit has been reached", resets, limited),
    credit: error(
      429,
      "insufficient_quota",
      "You exceeded your current quota, please check your plan and billing details.",
    ),
    "529": error(503, "server_is_overloaded", "The engine is currently overloaded, please try again later"),
    "500": error(500, "server_error", "The server had an error while processing your request"),
    "400": error(400, "invalid_request_error", "This is no valid request."),
    "400ctx": error(400, "context_length_exceeded", "Your input exceeds the context window of this model."),
  }[code];
}
