/**
 * A stand-in for the model APIs on loopback: Anthropic Messages, OpenAI Responses and Gemini, as far as the real CLIs need
 * them. It is steered by directives in the prompt, so workers in parallel do not disturb each other, and it keeps a
 * log of every request with the usage it served: the oracle of the tests.
 *
 *   [[say:TEXT]]  [[delay:MS]]  [[stream:MS a word]]  [[bash:CMD]]  [[tool:NAME|{json}]]  [[ask:QUESTION]]
 *   [[err:401|403|429|429u|credit|529|500|400ctx|cut]]  [[times:N]] = the error is served N times, then success
 */
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { apiError, windowHeaders } from "./stand-in-errors.ts";
import { readAnthropic, readGemini, readResponses, type ModelRequest } from "./stand-in-requests.ts";

/** Usage of one response: a pure function of the number of messages and the answer. */
export interface ServedUsage {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
}

/** What is played in place of the directives of a prompt. */
export interface PlayedTurn {
  readonly answer: string;
  readonly call: { readonly name: string; readonly args: unknown } | null;
  readonly delayMs: number;
}

/** How it answers and counts, where a prompt's directives and the plain count will not do. */
export interface StandInParts {
  /** Asked at each turn of a conversation; null: its directives are followed. */
  readonly play?: (request: ModelRequest) => PlayedTurn | null;
  readonly count?: (body: unknown, answered: string) => ServedUsage;
}

export interface ServedRequest {
  readonly atMs: number;
  readonly api: ModelRequest["api"];
  readonly model: string;
  /** A turn of the conversation; false = a side request (a title, a compaction) without tools. */
  readonly main: boolean;
  readonly prompt: string;
  readonly afterTool: boolean;
  /** Everything that was sent: what of the conversation before it holds. */
  readonly body: string;
  status: number;
  aborted: boolean;
  answer: string | null;
  usage: ServedUsage | null;
  endedAtMs: number | null;
}

export interface StandInApi {
  readonly baseUrl: string;
  readonly requests: readonly ServedRequest[];
  /** Sum of what was served to completion on turns of the conversation. */
  served(filter?: (request: ServedRequest) => boolean): ServedUsage;
}

/** The directives of a prompt by name, and its tools in their order. */
interface Directives {
  readonly by: Readonly<Record<string, string | undefined>>;
  readonly tools: readonly { readonly name: string; readonly value: string }[];
}

interface Reply {
  readonly request: ModelRequest;
  readonly entry: ServedRequest;
  readonly answer: string;
  readonly call: { readonly name: string; readonly args: unknown } | null;
  /** What the provider says of its windows beside the answer. */
  readonly headers: Readonly<Record<string, string>>;
  readonly usage: ServedUsage;
  readonly delayMs: number;
  readonly wordMs: number;
  readonly cut: boolean;
}

const SHELL_TOOLS = ["Bash", "run_shell_command", "exec_command", "shell_command", "shell"];

/** Starts the stand-in on a free loopback port and stops it when the test ends, or when `atEnd` says so. */
export async function startStandInApi(
  atEnd: (end: () => void) => void = onTestFinished,
  parts: StandInParts = {},
): Promise<StandInApi> {
  const requests: ServedRequest[] = [];
  const failuresServed = new Map<string, number>();
  const server = createServer((request, response) => {
    void handle(request, response, requests, failuresServed, parts).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    });
  });
  server.on("upgrade", (_request, socket) =>
    socket.end("HTTP/1.1 426 Upgrade Required\r\nconnection: close\r\n\r\n"),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { baseUrl: `http://127.0.0.1:${port}`, requests, served: (filter) => sumServed(requests, filter) };
}

/** What the stand-in says a response cost. */
export function usageOf(messages: number, answer: string): ServedUsage {
  const words = answer.split(/\s+/).length;
  return {
    input: 1_000 + 10 * messages,
    cacheRead: 200 + messages,
    cacheWrite: 30 + messages,
    output: 7 + words,
    reasoning: 3,
  };
}

function sumServed(
  requests: readonly ServedRequest[],
  filter: (request: ServedRequest) => boolean = () => true,
) {
  const counted = requests.filter((request) => request.main && !request.aborted && filter(request));
  const sum = (name: keyof ServedUsage) =>
    counted.reduce((total, request) => total + (request.usage?.[name] ?? 0), 0);
  return {
    input: sum("input"),
    cacheRead: sum("cacheRead"),
    cacheWrite: sum("cacheWrite"),
    output: sum("output"),
    reasoning: sum("reasoning"),
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  requests: ServedRequest[],
  failuresServed: Map<string, number>,
  parts: StandInParts,
): Promise<void> {
  const path = (request.url ?? "/").split("?")[0] ?? "/";
  const body = await readBody(request);
  if (path.endsWith("/messages/count_tokens")) return json(response, 200, { input_tokens: 1_000 });
  if (path.endsWith("/models")) return json(response, 200, { object: "list", data: [], has_more: false });
  const parsed = path.endsWith("/messages")
    ? readAnthropic(body)
    : path.endsWith("/responses")
      ? readResponses(body)
      : /:(?:streamG|g)enerateContent$/.test(path)
        ? readGemini(path, body)
        : null;
  if (parsed === null)
    return json(response, 404, { error: { type: "not_found_error", message: "no such endpoint" } });

  const entry: ServedRequest = {
    atMs: Date.now(),
    api: parsed.api,
    model: parsed.model,
    main: parsed.tools.length > 0,
    prompt: parsed.prompt,
    afterTool: parsed.afterTool,
    body: JSON.stringify(body),
    status: 200,
    aborted: false,
    answer: null,
    usage: null,
    endedAtMs: null,
  };
  requests.push(entry);
  const given = directives(entry.main ? parsed.prompt : "");
  const failure = failureFor(given, parsed, failuresServed);
  if (failure !== null && failure !== "cut") {
    const resetsAtMs = Date.now() + 1_000 * Number(given.by["reset"] ?? 3_600);
    const error = apiError(parsed.api, failure, resetsAtMs);
    entry.status = error.status;
    return json(response, error.status, error.body, error.headers);
  }
  const played = entry.main ? (parts.play?.(parsed) ?? null) : null;
  const directed = replyTo(parsed, entry, given, failure === "cut");
  const reply = recounted({ ...directed, ...played }, body, parts);
  await { anthropic: sendAnthropic, responses: sendResponses, gemini: sendGemini }[parsed.api](
    response,
    reply,
  );
  if (response.destroyed && !response.writableFinished) entry.aborted = true;
  else Object.assign(entry, { answer: reply.answer, usage: reply.usage });
  entry.endedAtMs = Date.now();
}

const TOOL_DIRECTIVES: readonly string[] = ["bash", "ask", "tool"];

function directives(prompt: string): Directives {
  const all = [...prompt.matchAll(/\[\[(\w+):([\s\S]*?)\]\]/g)].map(([, name = "", value = ""]) => ({
    name,
    value,
  }));
  return {
    by: Object.fromEntries(all.map(({ name, value }) => [name, value])),
    tools: all.filter(({ name }) => TOOL_DIRECTIVES.includes(name)),
  };
}

/** `err` fails every request of the prompt or so many `times`, `errafter` those that follow a tool. */
function failureFor(
  { by }: Directives,
  { prompt, afterTool }: ModelRequest,
  failuresServed: Map<string, number>,
): string | null {
  if (afterTool && by["errafter"] !== undefined) return by["errafter"];
  if (by["err"] === undefined) return null;
  if (by["times"] === undefined) return by["err"];
  const served = failuresServed.get(prompt) ?? 0;
  failuresServed.set(prompt, served + 1);
  return served < Number(by["times"]) ? by["err"] : null;
}

function replyTo(request: ModelRequest, entry: ServedRequest, given: Directives, cut: boolean): Reply {
  const { by } = given;
  const call = toolCall(request, entry, given);
  const plain = request.prompt
    .replace(/\[\[[\s\S]*?\]\]/g, "")
    .trim()
    .slice(0, 60);
  const said = entry.main ? (by["say"] ?? `ECHO: ${plain}`) : "A side answer";
  const answer = call ? "I will use a tool." : request.afterTool ? (by["after"] ?? "The tool ran.") : said;
  const usage = usageOf(request.messages, answer);
  return {
    request,
    entry,
    answer,
    call,
    headers: by["used"] === undefined ? {} : windowHeaders(request.api, Number(by["used"]), Date.now()),
    usage: { ...usage, cacheRead: usage.cacheRead + Number(by["context"] ?? 0) },
    delayMs: request.afterTool ? 0 : Number(by["delay"] ?? 0),
    wordMs: Number(by["stream"] ?? 2),
    cut,
  };
}

function recounted(reply: Reply, body: unknown, { count }: StandInParts): Reply {
  if (count === undefined) return reply;
  const { answer, call } = reply;
  return { ...reply, usage: count(body, call === null ? answer : answer + JSON.stringify(call)) };
}

/** The next tool of the prompt that has not run, in this CLI's own words for it. */
function toolCall(request: ModelRequest, entry: ServedRequest, given: Directives): Reply["call"] {
  const wanted = given.tools[request.toolsRun];
  if (wanted === undefined) return null;
  const shell = SHELL_TOOLS.find((name) => request.tools.includes(name));
  if (wanted.name === "bash" && shell !== undefined) {
    const command = wanted.value;
    if (shell === "exec_command") return { name: shell, args: { cmd: command } };
    if (shell === "shell") return { name: shell, args: { command: ["sh", "-c", command] } };
    return { name: shell, args: { command, description: "run a test command" } };
  }
  if (wanted.name === "ask" && request.tools.includes("AskUserQuestion")) {
    const options = ["Red", "Blue"].map((label) => ({ label, description: `the ${label} one` }));
    return {
      name: "AskUserQuestion",
      args: { questions: [{ question: wanted.value, header: "Pick", multiSelect: false, options }] },
    };
  }
  if (wanted.name !== "tool") return null;
  const [name = "", ...args] = wanted.value.split("|");
  // A tool may need what the one before it answered with: the id of the agent it started.
  const agentId = /agent_id\W+([\w-]+)/.exec(entry.body)?.[1] ?? "";
  return { name, args: JSON.parse(args.join("|").replaceAll("@agent", agentId)) };
}

async function sendAnthropic(response: ServerResponse, reply: Reply): Promise<void> {
  const { answer, call, usage, request } = reply;
  const counters = {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
    cache_creation: { ephemeral_5m_input_tokens: usage.cacheWrite, ephemeral_1h_input_tokens: 0 },
  };
  const id = newId("msg_");
  const toolUse = call && { type: "tool_use", id: newId("toolu_"), name: call.name, input: call.args };
  const stopReason = call ? "tool_use" : "end_turn";
  const message = { id, type: "message", role: "assistant", model: request.model, stop_sequence: null };
  if (!request.stream) {
    const content = [{ type: "text", text: answer }, ...(toolUse ? [toolUse] : [])];
    const full = {
      ...message,
      content,
      stop_reason: stopReason,
      usage: { ...counters, output_tokens: usage.output },
    };
    return json(response, 200, full);
  }
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "request-id": "req_test",
    ...reply.headers,
  });
  const send = (type: string, more: object) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`);
  send("message_start", {
    message: { ...message, content: [], stop_reason: null, usage: { ...counters, output_tokens: 1 } },
  });
  await pause(reply.delayMs);
  send("content_block_start", { index: 0, content_block: { type: "text", text: "" } });
  const whole = await sendWords(response, reply, (text) =>
    send("content_block_delta", { index: 0, delta: { type: "text_delta", text } }),
  );
  if (!whole) return;
  send("content_block_stop", { index: 0 });
  if (toolUse) {
    send("content_block_start", { index: 1, content_block: { ...toolUse, input: {} } });
    send("content_block_delta", {
      index: 1,
      delta: { type: "input_json_delta", partial_json: JSON.stringify(call?.args) },
    });
    send("content_block_stop", { index: 1 });
  }
  send("message_delta", {
    delta: { stop_reason: stopReason, stop_sequence: null },
    usage: { output_tokens: usage.output },
  });
  send("message_stop", {});
  response.end();
}

async function sendResponses(response: ServerResponse, reply: Reply): Promise<void> {
  const { answer, call, usage, request } = reply;
  const counters = {
    input_tokens: usage.input + usage.cacheRead,
    input_tokens_details: { cached_tokens: usage.cacheRead },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: usage.input + usage.cacheRead + usage.output,
  };
  const id = newId("msg_");
  const part = { type: "output_text", text: answer, annotations: [] };
  const text = { type: "message", id, role: "assistant", status: "completed", content: [part] };
  const args = JSON.stringify(call?.args);
  const [name, namespace] = (call?.name ?? "").split(".").reverse();
  const tool = call && {
    type: "function_call",
    id: newId("fc_"),
    call_id: newId("call_"),
    name,
    ...(namespace === undefined ? {} : { namespace }),
    arguments: args,
    status: "completed",
  };
  const output = tool ? [text, tool] : [text];
  const base = {
    id: newId("resp_"),
    object: "response",
    created_at: Math.floor(Date.now() / 1_000),
    model: request.model,
  };
  if (!request.stream) return json(response, 200, { ...base, status: "completed", output, usage: counters });

  response.writeHead(200, { "content-type": "text/event-stream", ...reply.headers });
  let sequence = 0;
  const send = (type: string, more: object) =>
    response.write(
      `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...more })}\n\n`,
    );
  send("response.created", { response: { ...base, status: "in_progress", output: [] } });
  await pause(reply.delayMs);
  const at = { output_index: 0, item_id: id, content_index: 0 };
  send("response.output_item.added", {
    output_index: 0,
    item: { ...text, status: "in_progress", content: [] },
  });
  send("response.content_part.added", { ...at, part: { ...part, text: "" } });
  if (!(await sendWords(response, reply, (delta) => send("response.output_text.delta", { ...at, delta }))))
    return;
  send("response.output_text.done", { ...at, text: answer });
  send("response.content_part.done", { ...at, part });
  send("response.output_item.done", { output_index: 0, item: text });
  if (tool) {
    send("response.output_item.added", { output_index: 1, item: { ...tool, arguments: "" } });
    send("response.function_call_arguments.done", { output_index: 1, item_id: tool.id, arguments: args });
    send("response.output_item.done", { output_index: 1, item: tool });
  }
  send("response.completed", { response: { ...base, status: "completed", output, usage: counters } });
  response.end();
}

async function sendGemini(response: ServerResponse, reply: Reply): Promise<void> {
  const { answer, call, usage, request } = reply;
  const usageMetadata = {
    promptTokenCount: usage.input + usage.cacheRead,
    cachedContentTokenCount: usage.cacheRead,
    candidatesTokenCount: usage.output,
    thoughtsTokenCount: usage.reasoning,
    totalTokenCount: usage.input + usage.cacheRead + usage.output + usage.reasoning,
  };
  const said = (part: object, more: object = {}) => ({
    candidates: [{ content: { role: "model", parts: [part] }, index: 0, ...more }],
    modelVersion: request.model,
    responseId: "stand-in",
  });
  const last = said(call === null ? { text: "" } : { functionCall: call }, { finishReason: "STOP" });
  if (!request.stream)
    return json(response, 200, { ...said({ text: answer }, { finishReason: "STOP" }), usageMetadata });
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (event: object) => response.write(`data: ${JSON.stringify(event)}\n\n`);
  await pause(reply.delayMs);
  if (!(await sendWords(response, reply, (text) => send(said({ text }))))) return;
  send({ ...last, usageMetadata });
  response.end();
}

/** False: the reader went away, or the reply is to be cut after its first word. */
async function sendWords(
  response: ServerResponse,
  reply: Reply,
  send: (word: string) => void,
): Promise<boolean> {
  for (const word of reply.answer.split(/(?<=\s)/)) {
    if (response.destroyed) return false;
    send(word);
    await pause(reply.wordMs);
    if (reply.cut) {
      response.destroy();
      return false;
    }
  }
  return !response.destroyed;
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return null;
  }
}

function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", "request-id": "req_test", ...headers });
  response.end(JSON.stringify(body));
}

/** What a model takes to think is part of what is stood in for: this is the one place where a test waits on time. */
function pause(ms: number): Promise<void> {
  return ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : Promise.resolve();
}

function newId(prefix: string): string {
  return prefix + randomBytes(9).toString("hex");
}
