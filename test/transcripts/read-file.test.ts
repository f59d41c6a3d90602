import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Pack } from "../../src/metering/packed-records.ts";
import { readText } from "../../src/metering/record-format.ts";
import type { UsageRecord } from "../../src/metering/usage.ts";
import { findRecordFiles, type FoundFile } from "../../src/transcripts/find-files.ts";
import { LINE_FORMATS } from "../../src/transcripts/formats.ts";
import { FileReader } from "../../src/transcripts/read-file.ts";
import { writeTranscripts } from "../support/transcripts.ts";

const seed = Number(process.env["CTM_TEST_SEED"] ?? 11);
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "ctm-read-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function files(): FoundFile[] {
  const folders = { claude: [join(home, ".claude")], codex: [join(home, ".codex")] };
  return findRecordFiles({ ...folders, gemini: [], opencode: [] });
}

function recordsOf(file: FoundFile): UsageRecord[] {
  return new Pack(new FileReader().read(file, null).reading.records).records();
}

/** Line by line, every one of them taken apart: what the short cuts of the reader must come to. */
function asText(file: FoundFile): UsageRecord[] {
  if (file.agent === "opencode") throw new Error("has no lines");
  return readText(LINE_FORMATS[file.agent], readFileSync(file.path, "utf8"));
}

/** Lines of an answer as Claude Code writes them, one a block. */
function claude(...lines: readonly object[]): FoundFile {
  mkdirSync(join(home, ".claude/projects/shop"), { recursive: true });
  const whole = lines.map((line, at) => {
    const { message, ...rest } = line as { message?: object };
    return JSON.stringify({
      parentUuid: `p${at}`,
      isSidechain: false,
      message: {
        id: "m1",
        model: "sonnet",
        content: [{ type: "text", text: `block ${at}` }],
        stop_reason: null,
        usage: { input_tokens: 3, output_tokens: 5 },
        ...message,
      },
      apiBlockIndex: at,
      requestId: "r1",
      type: "assistant",
      uuid: `u${at}`,
      timestamp: `2026-02-13T10:00:0${at}.000Z`,
      sessionId: "s",
      version: "2.1.330",
      ...rest,
    });
  });
  writeFileSync(join(home, ".claude/projects/shop/s.jsonl"), `${whole.join("\n")}\n`);
  const [file] = files();
  if (file === undefined) throw new Error("nothing was found");
  return file;
}

describe("a file read with short cuts says what all its lines say", () => {
  test(`of generated sessions; seed ${seed}`, () => {
    writeTranscripts(home, 3_000_000, seed);
    const found = files();
    expect(new Set(found.map(({ agent }) => agent))).toEqual(new Set(["claude", "codex"]));
    for (const file of found) expect(recordsOf(file)).toEqual(asText(file));
  });

  test.each([
    ["blocks of one answer", [{}, {}, {}], 1],
    ["an answer that grows", [{}, { message: { usage: { input_tokens: 3, output_tokens: 90 } } }], 1],
    [
      "another request, message, session, version or model",
      [{}, { requestId: "r2" }, { requestId: "r3", message: { id: "m2" } }],
      3,
    ],
    ["messages without an id", [{ message: { id: null } }, { message: { id: null } }], 2],
    [
      "an id too long to be one",
      [{ message: { id: "m".repeat(300) } }, { message: { id: "m".repeat(300) } }],
      2,
    ],
    ["another version of the program", [{}, { version: "2.0.1" }], 1],
    ["a cost beside the second", [{}, { costUSD: 0.5 }], 1],
    ["an answer that comes back later", [{}, { requestId: "r2" }, {}], 2],
  ])("%s", (_what, lines, responses) => {
    const file = claude(...lines);
    const records = recordsOf(file);
    expect(records).toEqual(asText(file));
    expect(records).toHaveLength(responses);
  });

  test("lines of Claude Code with their members in any order, and texts that look like others", () => {
    const kind = fc.constantFrom(
      "assistant",
      "user",
      "attachment",
      "progress",
      "system",
      "of-tomorrow",
      "cost-state",
    );
    const text = fc.constantFrom(
      "x",
      '"type":"user",',
      '{"type":"assistant","usage":{"input_tokens":1}}',
      "\\",
      "é→",
    );
    const members = fc.record({
      type: kind,
      message: fc.record({
        id: fc.constantFrom("m1", "m2", "m3"),
        type: fc.constant("message"),
        content: fc.array(text, { maxLength: 2 }),
        stop_reason: fc.constant(null),
        usage: fc.record({ input_tokens: fc.nat(9), output_tokens: fc.nat(9) }),
      }),
      cwd: text.map((more) => `/shop/${more}`),
      data: fc.record({ type: kind, message: fc.record({ type: kind, message: fc.constant({}) }) }),
      requestId: fc.constantFrom("r1", "r2"),
      isSidechain: fc.boolean(),
      timestamp: fc.constantFrom("2026-02-13T10:00:00.000Z", "2026-02-13T10:00:01.000Z"),
      long: fc.constantFrom("", "x".repeat(400)),
    });
    const line = fc.tuple(members, fc.array(fc.nat(), { minLength: 8, maxLength: 8 })).map(([all, order]) => {
      const entries = Object.entries(all).map((entry, at) => ({ entry, at: order[at] ?? 0 }));
      return JSON.stringify(
        Object.fromEntries(entries.sort((a, b) => a.at - b.at).map(({ entry }) => entry)),
      );
    });
    const path = join(home, ".claude/projects/shop/s.jsonl");
    mkdirSync(join(home, ".claude/projects/shop"), { recursive: true });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), (lines) => {
        writeFileSync(path, `${lines.join("\n")}\n`);
        const [file] = files();
        if (file === undefined) throw new Error("nothing was found");
        expect(recordsOf(file)).toEqual(asText(file));
      }),
      { numRuns: 500 },
    );
  });

  test("totals that Claude Code states, wherever they stand, and nothing a person or a tool wrote", () => {
    const stated = {
      sonnet: { inputTokens: 5, outputTokens: 7, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 },
    };
    const file = claude(
      { type: "user" },
      { type: "attachment", requestId: "r2" },
      { type: "cost-state", modelUsage: stated },
      { requestId: "r3" },
    );
    expect(recordsOf(file).map(({ key }) => key)).toEqual(["m1/r3"]);
    expect(new FileReader().read(file, null).reading.stated).toEqual({ s: 12 });
    const first = JSON.stringify({ type: "cost-state", sessionId: "t", modelUsage: stated });
    writeFileSync(file.path, `${first}\n`);
    expect(new FileReader().read(file, null).reading.stated).toEqual({ t: 12 });
  });

  test("lines of Codex whose type stands elsewhere, or is said twice", () => {
    const count = (total: number) => ({
      type: "token_count",
      info: { total_token_usage: { input_tokens: total, output_tokens: 1 } },
    });
    const lines = [
      { payload: { id: "t", cwd: "/shop" }, timestamp: "2026-02-13T10:00:00Z", type: "session_meta" },
      { timestamp: "2026-02-13T10:00:01Z", type: "event_msg", payload: { ...count(5), type: "token_count" } },
      {
        timestamp: "2026-02-13T10:00:02Z",
        type: "event_msg",
        payload: { info: count(9).info, type: "token_count" },
      },
      { type: "event_msg", timestamp: "2026-02-13T10:00:03Z", payload: count(12) },
      {
        timestamp: "2026-02-13T10:00:04Z",
        type: "response_item",
        payload: { type: "message", token_count: 1 },
      },
    ];
    mkdirSync(join(home, ".codex/sessions"), { recursive: true });
    writeFileSync(
      join(home, ".codex/sessions/rollout-1.jsonl"),
      lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
    );
    const [file] = files();
    if (file === undefined) throw new Error("nothing was found");
    expect(recordsOf(file)).toEqual(asText(file));
    expect(recordsOf(file)).toHaveLength(3);
  });
});
