import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CLAUDE_RECORD, parseClaudeRecord } from "../../src/metering/claude-record.ts";
import { CODEX_RECORD, parseCodexRecord } from "../../src/metering/codex-record.ts";
import { GEMINI_RECORD, parseGeminiRecord } from "../../src/metering/gemini-record.ts";
import { mergeRecords } from "../../src/metering/merge-records.ts";
import { Pack, packRecords } from "../../src/metering/packed-records.ts";
import { readText } from "../../src/metering/record-format.ts";
import { fixtureTexts } from "./transcript-fixtures.ts";

const older = fixtureTexts("codex/resume-fork").map((text) =>
  text
    .split("\n")
    .filter((line) => !line.includes('"token_usage_record"'))
    .join("\n"),
);
const claude = ["tool-turn", "resume-fork-compact-clear", "handmade-rules"].flatMap((name) =>
  fixtureTexts(`claude/${name}`),
);
const formats = [
  { name: "claude", format: CLAUDE_RECORD, parse: parseClaudeRecord, texts: claude },
  { name: "codex", format: CODEX_RECORD, parse: parseCodexRecord, texts: fixtureTexts("codex/resume-fork") },
  { name: "codex, older", format: CODEX_RECORD, parse: parseCodexRecord, texts: older },
  { name: "gemini", format: GEMINI_RECORD, parse: parseGeminiRecord, texts: fixtureTexts("gemini") },
];

describe.each(formats)("$name, read in parts", ({ format, parse, texts }) => {
  test("says what it says as a whole, wherever it is parted and however the state travelled", () => {
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.array(fc.nat(40), { maxLength: 4 }), (text, cuts) => {
        const lines = text.split("\n");
        let state: unknown = null;
        let from = 0;
        const parts = [...cuts, lines.length].map((length) => {
          const reading = format.open(JSON.parse(JSON.stringify(state)));
          const part = lines.slice(from, from + length);
          from += length;
          const records = part.flatMap((line) => {
            const object: unknown = line.startsWith("{") ? safeParse(line) : null;
            return object === null ? [] : reading.read(object as Record<string, unknown>);
          });
          state = reading.state();
          return records;
        });
        expect(mergeRecords(parts)).toEqual(parse(text));
      }),
      { numRuns: 200 },
    );
  });

  test("tells the folder it worked in, or that it does not know", () => {
    for (const text of texts.filter((each) => parse(each).length > 0)) {
      const reading = format.open(null);
      for (const line of text.split("\n")) reading.read((safeParse(line) ?? {}) as Record<string, unknown>);
      if (format === GEMINI_RECORD) expect(reading.cwd()).toBeNull();
      else expect(reading.cwd()).toMatch(/^\//);
    }
  });

  test("packed and stored, the records come back as they were", () => {
    for (const text of texts) {
      const records = readText(format, text);
      expect(new Pack(packRecords(records)).records()).toEqual(records);
    }
  });

  test("a state that is none of its own is a beginning", () => {
    for (const state of [1, "x", [], { totals: 5 }, { cwd: {} }]) {
      expect(() => format.open(state).state()).not.toThrow();
    }
  });
});

function safeParse(line: string): unknown {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
