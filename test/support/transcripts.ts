/**
 * Transcripts of any size for measuring readers: sessions of Claude Code with subagents, repeated blocks and forks,
 * and of Codex with counts said twice. Line kinds, their order and their fields are those of records that the real
 * programs write; texts are random words, with sizes as tool outputs have them (most short, some very long).
 */
import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { generator } from "./random.ts";

const MODELS = ["claude-sonnet-4-5-20250929", "claude-opus-4-6", "claude-haiku-4-5-20251001"];
const START_MS = Date.parse("2026-08-01T06:00:00Z");
const codexShare = 0.25;

export interface Generated {
  readonly files: number;
  readonly bytes: number;
}

/** Writes about `bytes` of transcripts below `home`, as `.claude/projects` and `.codex/sessions`. */
export function writeTranscripts(home: string, bytes: number, seed: number): Generated {
  const world = new World(seed);
  let written = 0;
  let files = 0;
  for (let session = 0; written < bytes; session++) {
    const made = world.random() < codexShare ? codexSession(world, session) : claudeSession(world, session);
    for (const { path, lines } of made) {
      written += writeLines(join(home, path), lines);
      files++;
    }
  }
  return { files, bytes: written };
}

interface MadeFile {
  readonly path: string;
  readonly lines: readonly string[];
}

/** Random things, the same for the same seed. */
class World {
  readonly random: () => number;
  readonly #prose: string;

  constructor(seed: number) {
    this.random = generator(seed);
    const words = Array.from({ length: 4_000 }, () =>
      Array.from({ length: 2 + this.below(8) }, () => String.fromCharCode(97 + this.below(26))).join(""),
    );
    const marks = [
      " ",
      " ",
      " ",
      " ",
      ", ",
      ". ",
      "\n",
      "\n    ",
      ' "',
      '" ',
      " = ",
      "(",
      ");\n",
      " é ",
      " → ",
      "\t",
    ];
    let prose = "";
    while (prose.length < 1_000_000)
      prose += words[this.below(words.length)] + (marks[this.below(marks.length)] ?? "");
    this.#prose = prose;
  }

  below(end: number): number {
    return Math.floor(this.random() * end);
  }

  /** A length with this median and a long tail. */
  size(median: number, max: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.random())) * Math.cos(2 * Math.PI * this.random());
    return Math.min(max, Math.max(1, Math.round(median * Math.exp(1.3 * normal))));
  }

  text(chars: number): string {
    const from = this.below(this.#prose.length - Math.min(chars, 900_000));
    return this.#prose.slice(from, from + chars);
  }

  id(prefix: string): string {
    const hex = createHash("sha256").update(`${prefix}${this.random()}`).digest("hex");
    return prefix === ""
      ? hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5")
      : prefix + hex.slice(0, 24);
  }
}

/** Fields at the end of nearly every line of Claude Code. */
interface Session {
  readonly sessionId: string;
  readonly cwd: string;
  readonly side: string | null;
}

function claudeSession(world: World, number: number): MadeFile[] {
  const sessionId = world.id("");
  const project = `-home-dev-project-${number % 23}`;
  const cwd = `/home/dev/project-${number % 23}`;
  const clock = { atMs: START_MS + number * 1_700_000 };
  const main = claudeLines(world, { sessionId, cwd, side: null }, 3 + world.below(60), clock);
  const folder = join(".claude", "projects", project);
  const made: MadeFile[] = [{ path: join(folder, `${sessionId}.jsonl`), lines: main }];
  for (let n = world.below(4); n > 0; n--) {
    const side = world.id("a").slice(0, 17);
    const lines = claudeLines(world, { sessionId, cwd, side }, 2 + world.below(15), clock);
    made.push({ path: join(folder, sessionId, "subagents", `agent-${side}.jsonl`), lines });
  }
  if (world.random() < 0.1) {
    const fork = world.id("");
    const lines = main.map((line) => line.replaceAll(sessionId, fork));
    made.push({ path: join(folder, `${fork}.jsonl`), lines });
  }
  return made;
}

function claudeLines(world: World, session: Session, responses: number, clock: { atMs: number }): string[] {
  const { sessionId } = session;
  const model = MODELS[world.below(MODELS.length)] ?? "";
  const lines: string[] = [];
  const push = (line: object): void => void lines.push(JSON.stringify(line));
  const around = (uuid: string): object => ({
    uuid,
    timestamp: new Date((clock.atMs += 200 + world.below(20_000))).toISOString(),
    userType: "external",
    entrypoint: "cli",
    cwd: session.cwd,
    sessionId,
    version: "2.1.330",
    gitBranch: "main",
    ...(session.side === null ? {} : { agentId: session.side }),
  });
  const isSidechain = session.side !== null;
  push({
    type: "attachment",
    attachment: { type: "prompt_snapshot", prompt: world.text(40_000) },
    sessionId,
  });
  let read = 12_000;
  for (let response = 0; response < responses; response++) {
    if (response % 7 === 0) {
      push({
        type: "user",
        isSidechain,
        message: { role: "user", content: world.text(world.size(300, 20_000)) },
        ...around(world.id("")),
      });
      push({
        type: "file-history-snapshot",
        messageId: world.id(""),
        snapshot: { trackedFileBackups: {} },
        isSnapshotUpdate: false,
      });
    }
    const [id, requestId] = [world.id("msg_"), world.id("req_")];
    const written = world.size(900, 60_000);
    const usage = {
      input_tokens: 1 + world.below(12),
      cache_creation_input_tokens: written,
      cache_read_input_tokens: (read += written),
      output_tokens: 20 + world.size(250, 8_000),
      output_tokens_details: { thinking_tokens: 0 },
      server_tool_use: { web_search_requests: 0, web_fetch_requests: 0 },
      service_tier: "standard",
      cache_creation: { ephemeral_1h_input_tokens: 0, ephemeral_5m_input_tokens: written },
      inference_geo: "",
      iterations: [],
      speed: "standard",
    };
    const blocks: object[] = [];
    if (world.random() < 0.4)
      blocks.push({
        type: "thinking",
        thinking: world.text(world.size(600, 8_000)),
        signature: world.text(400),
      });
    if (world.random() < 0.7) blocks.push({ type: "text", text: world.text(world.size(250, 6_000)) });
    const tools = Array.from({ length: blocks.length === 0 ? 1 : world.below(3) }, () => world.id("toolu_"));
    for (const tool of tools) {
      const input = {
        file_path: `${session.cwd}/src/x.ts`,
        old_string: world.text(world.size(200, 9_000)),
        new_string: world.text(world.size(300, 9_000)),
      };
      blocks.push({ type: "tool_use", id: tool, name: "Edit", input });
    }
    for (const [apiBlockIndex, block] of blocks.entries()) {
      push({
        parentUuid: world.id(""),
        isSidechain,
        message: {
          id,
          type: "message",
          role: "assistant",
          model,
          content: [block],
          stop_reason: "tool_use",
          stop_sequence: null,
          usage,
          stop_details: null,
        },
        apiBlockIndex,
        requestId,
        requestedModel: model,
        type: "assistant",
        ...around(world.id("")),
      });
    }
    for (const tool of tools) {
      const content = world.text(world.size(1_800, 120_000));
      push({
        parentUuid: world.id(""),
        isSidechain,
        type: "user",
        message: {
          role: "user",
          content: [{ tool_use_id: tool, type: "tool_result", content, is_error: false }],
        },
        toolUseResult: { stdout: content, stderr: "", interrupted: false, isImage: false },
        ...around(world.id("")),
      });
      push({ type: "last-prompt", lastPrompt: world.text(80), leafUuid: world.id(""), sessionId });
    }
  }
  return lines;
}

function codexSession(world: World, number: number): MadeFile[] {
  const id = world.id("");
  const clock = { atMs: START_MS + number * 1_700_000 };
  const lines: string[] = [];
  const push = (type: string, payload: object): void =>
    void lines.push(
      JSON.stringify({
        timestamp: new Date((clock.atMs += 200 + world.below(9_000))).toISOString(),
        type,
        payload,
      }),
    );
  const startedAt = new Date(clock.atMs).toISOString();
  const cwd = `/home/dev/project-${number % 23}`;
  push("session_meta", {
    id,
    timestamp: startedAt,
    cwd,
    originator: "codex_cli_rs",
    cli_version: "0.120.0",
    source: "cli",
    model_provider: "openai",
    base_instructions: { text: world.text(20_000) },
  });
  const total = {
    input_tokens: 0,
    cached_input_tokens: 0,
    output_tokens: 0,
    reasoning_output_tokens: 0,
    total_tokens: 0,
  };
  for (let turn = 1 + world.below(12); turn > 0; turn--) {
    const turn_id = world.id("");
    push("event_msg", { type: "task_started", turn_id, model_context_window: 258_400 });
    push("turn_context", { turn_id, cwd, approval_policy: "never", model: "gpt-5.1-codex", summary: "none" });
    push("response_item", {
      type: "message",
      role: "user",
      content: [{ type: "input_text", text: world.text(world.size(300, 9_000)) }],
    });
    for (let response = 1 + world.below(10); response > 0; response--) {
      push("response_item", {
        type: "reasoning",
        summary: [],
        encrypted_content: world.text(world.size(900, 9_000)),
      });
      const call_id = world.id("call_");
      push("response_item", {
        type: "function_call",
        name: "shell",
        arguments: world.text(world.size(200, 4_000)),
        call_id,
      });
      push("response_item", {
        type: "function_call_output",
        call_id,
        output: world.text(world.size(2_000, 120_000)),
      });
      const last = {
        input_tokens: 9_000 + world.below(90_000),
        cached_input_tokens: 0,
        output_tokens: 50 + world.below(3_000),
        reasoning_output_tokens: world.below(50),
        total_tokens: 0,
      };
      last.cached_input_tokens = world.below(last.input_tokens);
      last.total_tokens = last.input_tokens + last.output_tokens;
      for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += last[key];
      const info = { total_token_usage: { ...total }, last_token_usage: last, model_context_window: 258_400 };
      const rate_limits = {
        primary: { used_percent: 12.5, window_minutes: 300, resets_at: null },
        secondary: null,
      };
      push("event_msg", { type: "token_count", info, rate_limits });
      if (world.random() < 0.3) push("event_msg", { type: "token_count", info, rate_limits });
    }
  }
  const day = startedAt.slice(0, 10).replaceAll("-", "/");
  const name = `rollout-${startedAt.slice(0, 19).replaceAll(":", "-")}-${id}.jsonl`;
  return [{ path: join(".codex", "sessions", day, name), lines }];
}

function writeLines(path: string, lines: readonly string[]): number {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, "w");
  try {
    return writeSync(file, `${lines.join("\n")}\n`);
  } finally {
    closeSync(file);
  }
}
