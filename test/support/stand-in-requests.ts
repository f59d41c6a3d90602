/** What the stand-in API needs to know of a request, read from either protocol. */

export interface ModelRequest {
  readonly api: "anthropic" | "responses" | "gemini";
  readonly model: string;
  readonly stream: boolean;
  readonly messages: number;
  /** The last thing the person said, free of what the CLI put around it. */
  readonly prompt: string;
  /** The request carries the result of a tool and nothing newer from the person. */
  readonly afterTool: boolean;
  /** So many tools have run since the prompt: the next one it names is asked for. */
  readonly toolsRun: number;
  readonly tools: readonly string[];
  /** What the last tool answered; empty where none has run, or the protocol is not read so far. */
  readonly lastResult: string;
}

/** What Codex says in the person's name. */
const INJECTED = /^\s*<(?:environment_context|user_instructions|subagent_notification)/;

type Json = Readonly<Record<string, unknown>>;

export function readAnthropic(body: unknown): ModelRequest {
  const request = object(body);
  const messages = list(request["messages"]);
  // What the CLI adds for the model alone stands in messages of its own.
  const last = blocks(messages.findLast((message) => message["role"] !== "system"));
  const lastResult = last.findLastIndex((block) => block["type"] === "tool_result");
  // A prompt typed after a denied tool arrives in one message with the tool's result.
  const newer = last
    .slice(lastResult + 1)
    .map(textOf)
    .filter((text) => text !== "" && !text.startsWith("[Request interrupted"));
  const said = messages.map((message) => (message["role"] === "user" ? lastText(message) : ""));
  const promptAt = said.findLastIndex((text) => text !== "");
  return {
    api: "anthropic",
    model: String(request["model"]),
    stream: request["stream"] === true,
    messages: messages.length,
    prompt: said[promptAt] ?? "",
    afterTool: lastResult >= 0 && newer.length === 0,
    toolsRun: messages
      .slice(promptAt + 1)
      .filter((message) => blocks(message).some((block) => block["type"] === "tool_result")).length,
    tools: list(request["tools"]).map((tool) => String(tool["name"])),
    lastResult: lastResult < 0 ? "" : resultText(last[lastResult]?.["content"]),
  };
}

export function readResponses(body: unknown): ModelRequest {
  const request = object(body);
  const items = list(request["input"]);
  const said = items.map((item) =>
    item["role"] === "user"
      ? list(item["content"])
          .map((part) => stringAt(part, "text"))
          .join("\n")
      : "",
  );
  const promptAt = said.findLastIndex((text) => text !== "" && !INJECTED.test(text));
  return {
    api: "responses",
    model: String(request["model"]),
    stream: request["stream"] === true,
    messages: items.length,
    prompt: said[promptAt] ?? "",
    toolsRun: items.slice(promptAt + 1).filter((item) => String(item["type"]).endsWith("_output")).length,
    afterTool: String(items.findLast((_item, at) => !INJECTED.test(said[at] ?? ""))?.["type"]).endsWith(
      "_output",
    ),
    tools: list(request["tools"]).map((tool) => String(tool["name"] ?? tool["type"])),
    lastResult: "",
  };
}

/** Gemini names the model and whether it streams in the path, not in the body. */
export function readGemini(path: string, body: unknown): ModelRequest {
  const request = object(body);
  const contents = list(request["contents"]);
  const said = contents
    .filter((content) => content["role"] !== "model")
    .map((content) =>
      list(content["parts"])
        .map((part) => stringAt(part, "text"))
        .join("\n")
        .replace(/<session_context>[\s\S]*?<\/session_context>/g, "")
        .trim(),
    )
    .filter((text) => text !== "");
  const toolRan = list(contents.at(-1)?.["parts"]).some((part) => part["functionResponse"] !== undefined);
  return {
    api: "gemini",
    model: /models\/([^:/]+):/.exec(path)?.[1] ?? "",
    stream: path.endsWith(":streamGenerateContent"),
    messages: contents.length,
    prompt: said.at(-1) ?? "",
    afterTool: toolRan,
    toolsRun: toolRan ? 1 : 0,
    tools: list(request["tools"]).flatMap((tool) =>
      list(tool["functionDeclarations"]).map((declared) => String(declared["name"])),
    ),
    lastResult: "",
  };
}

function resultText(content: unknown): string {
  if (typeof content === "string") return content;
  return list(content)
    .map((part) => stringAt(part, "text"))
    .join("\n");
}

/** The last text of a message that a person may have typed. */
function lastText(message: Json): string {
  const texts = blocks(message).map((block) => (block["type"] === "text" ? textOf(block) : ""));
  return texts.filter((text) => text !== "" && !/^<task-notification\b/.test(text)).at(-1) ?? "";
}

function blocks(message: Json | undefined): readonly Json[] {
  const content = message?.["content"];
  return typeof content === "string" ? [{ type: "text", text: content }] : list(content);
}

function textOf(block: Json): string {
  return stringAt(block, "text")
    .replace(/<system-reminder>[\s\S]*?<\/system-reminder>/g, "")
    .trim();
}

function object(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(object) : [];
}

function stringAt(from: Json, name: string): string {
  const value = from[name];
  return typeof value === "string" ? value : "";
}
