/**
 * What agents say of each response by telemetry: Claude Code's `api_request` and Gemini CLI's `api_response`. Tried on
 * 2.1.330 and 0.61.0. Unlike a record it also holds what stands in no line of it: requests of a compaction, of helpers.
 */
import * as z from "zod";
import { counterMax } from "./json-lines.ts";
import type { OtlpEvent } from "./otlp-logs.ts";
import type { Usage } from "./usage.ts";

/** One response as an agent told it. `key` is the same when it is told again, within one launch of the agent. */
export interface ToldResponse {
  readonly key: string;
  readonly sessionId: string | null;
  readonly model: string | null;
  /** Milliseconds since 1970, by the agent's clock. */
  readonly atMs: number;
  readonly usage: Usage;
  /** What the agent reckons it cost; null = it does not say. */
  readonly costNanoUsd: number | null;
  /** What it was for, in the agent's own word (`repl_main_thread`, `compact`, `main`); null = it does not say. */
  readonly source: string | null;
}

/** Agents whose telemetry is understood. */
export const TELLING_AGENTS = ["claude", "gemini"] as const;
export type TellingAgent = (typeof TELLING_AGENTS)[number];

/** The responses among the events, and how many of them told counters that cannot be. */
export function toldResponses(
  agent: TellingAgent,
  events: readonly OtlpEvent[],
): { readonly responses: readonly ToldResponse[]; readonly rejected: number } {
  const { isResponse, read } = READERS[agent];
  const found = events.filter(isResponse).map(read);
  const responses = found.filter((response) => response !== null);
  return { responses: numbered(responses), rejected: found.length - responses.length };
}

/** Two responses of one moment with the same counters are told apart by their order, which a second telling repeats. */
function numbered(responses: readonly ToldResponse[]): ToldResponse[] {
  const seen = new Map<string, number>();
  return responses.map((response) => {
    const n = (seen.get(response.key) ?? 0) + 1;
    seen.set(response.key, n);
    return n === 1 ? response : { ...response, key: `${response.key} ${n}` };
  });
}

interface Reader {
  isResponse(event: OtlpEvent): boolean;
  read(event: OtlpEvent): ToldResponse | null;
}

const count = z.number().int().min(0).max(counterMax).optional();
const name = z.string().min(1).max(200).optional().catch(undefined);
/** A word of the agent's, shown to a person. */
const word = z
  .string()
  .regex(/^[\w:.-]{1,60}$/)
  .optional()
  .catch(undefined);
/** Dearest single response that is believed: a thousand dollars. */
const dollars = z.number().min(0).max(1_000).optional().catch(undefined);

const claudeFields = z.object({
  "session.id": name,
  "event.sequence": count.catch(undefined),
  model: name,
  query_source: word,
  cost_usd: dollars,
  input_tokens: count,
  output_tokens: count,
  cache_read_tokens: count,
  cache_creation_tokens: count,
  cache_creation_1h_tokens: count,
});

const geminiFields = z.object({
  "session.id": name,
  model: name,
  role: word,
  input_token_count: count,
  output_token_count: count,
  cached_content_token_count: count,
  thoughts_token_count: count,
  tool_token_count: count,
});

const READERS: Readonly<Record<TellingAgent, Reader>> = {
  claude: {
    isResponse: ({ scope, attributes }) =>
      scope.startsWith("com.anthropic.claude_code") && attributes["event.name"] === "api_request",
    read: (event) => {
      const read = claudeFields.safeParse(event.attributes);
      return read.success ? claudeResponse(event, read.data) : null;
    },
  },
  gemini: {
    isResponse: ({ scope, attributes }) =>
      scope === "gemini-cli" && attributes["event.name"] === "gemini_cli.api_response",
    read: (event) => {
      const read = geminiFields.safeParse(event.attributes);
      return read.success ? geminiResponse(event, read.data) : null;
    },
  },
};

/** Earlier versions told cache writes as one sum: it then stands with those for five minutes. */
function claudeResponse(event: OtlpEvent, said: z.output<typeof claudeFields>): ToldResponse | null {
  if (said.input_tokens === undefined || said.output_tokens === undefined) return null;
  const written = said.cache_creation_tokens ?? 0;
  const cacheWrite1hTokens = Math.min(written, said.cache_creation_1h_tokens ?? 0);
  const usage: Usage = {
    inputTokens: said.input_tokens,
    cacheReadTokens: said.cache_read_tokens ?? 0,
    cacheWrite5mTokens: written - cacheWrite1hTokens,
    cacheWrite1hTokens,
    outputTokens: said.output_tokens,
    reasoningTokens: 0,
  };
  const { model, query_source: source, cost_usd: usd } = said;
  const order = String(said["event.sequence"] ?? "");
  const costNanoUsd = usd === undefined ? null : Math.round(usd * 1e9);
  return responseOf(event, order, { sessionId: said["session.id"], model, source, usage, costNanoUsd });
}

/** Gemini counts cached tokens as input and thoughts beside the output: see the reader of its chat logs. */
function geminiResponse(event: OtlpEvent, said: z.output<typeof geminiFields>): ToldResponse | null {
  if (said.input_token_count === undefined || said.output_token_count === undefined) return null;
  const cacheReadTokens = said.cached_content_token_count ?? 0;
  const reasoningTokens = said.thoughts_token_count ?? 0;
  const usage: Usage = {
    inputTokens: Math.max(0, said.input_token_count - cacheReadTokens) + (said.tool_token_count ?? 0),
    cacheReadTokens,
    cacheWrite5mTokens: 0,
    cacheWrite1hTokens: 0,
    outputTokens: said.output_token_count + reasoningTokens,
    reasoningTokens,
  };
  const { model, role: source } = said;
  return responseOf(event, "", { sessionId: said["session.id"], model, source, usage, costNanoUsd: null });
}

interface Told {
  readonly sessionId: string | undefined;
  readonly model: string | undefined;
  readonly source: string | undefined;
  readonly usage: Usage;
  readonly costNanoUsd: number | null;
}

function responseOf({ timeNano }: OtlpEvent, order: string, told: Told): ToldResponse {
  const { usage, costNanoUsd } = told;
  const counters = Object.values(usage).join(" ");
  return {
    key: [told.sessionId ?? "", timeNano, order, counters].join("/"),
    sessionId: told.sessionId ?? null,
    model: told.model ?? null,
    source: told.source ?? null,
    atMs: Number(timeNano.slice(0, -6) || "0"),
    usage,
    costNanoUsd,
  };
}
