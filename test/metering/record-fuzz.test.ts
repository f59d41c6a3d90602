import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { claudeLimit, claudeTurnEnded } from "../../src/metering/claude-turn.ts";
import { parseClaudeRecord } from "../../src/metering/claude-record.ts";
import { codexTurnEnded, codexTurnState } from "../../src/metering/codex-turn.ts";
import { parseCodexRecord } from "../../src/metering/codex-record.ts";
import { parseGeminiRecord } from "../../src/metering/gemini-record.ts";
import { opencodeFileRecord } from "../../src/metering/opencode-record.ts";
import { mergeRecords } from "../../src/metering/merge-records.ts";
import type { UsageRecord } from "../../src/metering/usage.ts";
import { fixtureTexts, sumOf } from "./transcript-fixtures.ts";

/** Only lines that matter, so that a mutation hits one: prompts and notes of the CLI are most of a transcript. */
const claude = ["tool-turn", "subagent", "resume-fork-compact-clear", "handmade-rules", "usage-limit"]
  .map((name) => fixtureTexts(`claude/${name}`))
  .map((texts) =>
    texts.map((text) =>
      text
        .split("\n")
        .filter((line) => /"usage"|"user"|compact_b/.test(line))
        .join("\n"),
    ),
  );
const codex = ["resume-fork", "usage-limit"].map((name) => fixtureTexts(`codex/${name}`));
const codexOlder = codex.map((texts) =>
  texts.map((text) =>
    text
      .split("\n")
      .filter((line) => !line.includes('"token_usage'))
      .join("\n"),
  ),
);

const gemini = [fixtureTexts("gemini")];
/** Messages as older versions kept them, one a line here. */
const opencode = [
  [1, 2, 3].map((part) =>
    Array.from({ length: 4 }, (_, n) =>
      JSON.stringify({
        id: `msg_${n}`,
        sessionID: "ses_1",
        role: "assistant",
        cost: 0.003 * part,
        tokens: { input: 2599, output: 50 * part, reasoning: 31, cache: { write: 7, read: 1501 } },
        modelID: "m1",
        time: { created: 1_795_438_275_903 + n },
      }),
    ).join("\n"),
  ),
];

interface Format {
  readonly name: string;
  readonly sets: readonly (readonly string[])[];
  parse(text: string): readonly UsageRecord[];
  readTurn(text: string): unknown;
}
const formats: Format[] = [
  {
    name: "claude",
    sets: claude,
    parse: parseClaudeRecord,
    readTurn: (text) => [
      claudeTurnEnded(text, null),
      claudeTurnEnded(text, "All done."),
      claudeLimit(text, "UTC"),
    ],
  },
  {
    name: "codex",
    sets: codex,
    parse: parseCodexRecord,
    readTurn: (text) => [codexTurnState(text, "UTC"), codexTurnEnded(text, "All done.")],
  },
  {
    name: "codex, older",
    sets: codexOlder,
    parse: parseCodexRecord,
    readTurn: (text) => codexTurnState(text, "UTC"),
  },
  { name: "gemini", sets: gemini, parse: parseGeminiRecord, readTurn: () => null },
  {
    name: "opencode",
    sets: opencode,
    parse: (text) => mergeRecords([text.split("\n").flatMap((line) => opencodeFileRecord(line) ?? [])]),
    readTurn: () => null,
  },
];

/** Ten thousand over all formats; CTM_TEST_LONG: so many for each. */
const mutationRuns = process.env["CTM_TEST_LONG"] === undefined ? 2_000 : 10_000;

const scrap = fc.oneof(
  fc.constantFrom(
    "\0",
    "\n",
    '"',
    "{",
    "}",
    "[",
    "null",
    "-1",
    "1e999",
    "0.5",
    "\\",
    '":',
    ",",
    "\uD800",
    "true",
    '"usage":{',
    "99999999999999999999",
  ),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const mutation = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), cut: fc.nat(60), put: scrap });

function mutated(text: string, mutations: readonly { at: number; cut: number; put: string }[]): string {
  let result = text;
  for (const { at, cut, put } of mutations) {
    const from = Math.floor(at * result.length);
    result = result.slice(0, from) + put + result.slice(from + cut);
  }
  return result;
}

const anyOf = <T>(items: readonly T[]) => fc.constantFrom(...items);

describe.each(formats)("$name records", ({ sets, parse, readTurn }) => {
  test("mutated text never crashes, counts nothing twice, and every count that comes out is a count", () => {
    fc.assert(
      fc.property(
        anyOf(sets.flat()),
        fc.array(mutation, { minLength: 1, maxLength: 8 }),
        (text, mutations) => {
          const hostile = mutated(text, mutations);
          readTurn(hostile);
          const records = parse(hostile);
          // Read from two places, as a copy of a file is: whatever it says, it says once.
          expect(sumOf(mergeRecords([records, parse(hostile)]))).toEqual(sumOf(records));
          for (const { usage, key } of records) {
            expect(key).not.toBe("");
            for (const count of Object.values(usage))
              expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
          }
        },
      ),
      { numRuns: mutationRuns },
    );
  });

  test("a line that is repeated anywhere after itself never changes the sum", () => {
    fc.assert(
      fc.property(
        anyOf(sets.flat()),
        fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 6 }),
        (text, copies) => {
          const lines = text.split("\n");
          const repeated = [...lines];
          for (const [which, offset] of copies) {
            const line = lines[which % lines.length] ?? "";
            const from = repeated.indexOf(line) + 1;
            repeated.splice(from + (offset % (repeated.length - from + 1)), 0, line);
          }
          expect(sumOf(parse(repeated.join("\n")))).toEqual(sumOf(parse(text)));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("a file that is there twice, whole or begun, and any order of files never changes the sum", () => {
    const cases = anyOf(sets).chain((texts) =>
      fc.record({
        texts: fc.constant(texts),
        shuffled: fc.shuffledSubarray(
          [...texts, ...texts].map((_, i) => i),
          { minLength: 2 * texts.length },
        ),
        begun: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ texts, shuffled, begun }) => {
        const all = shuffled.map((i) => texts[i % texts.length] ?? "");
        const [first = ""] = texts;
        const start = first
          .split("\n")
          .slice(0, Math.floor(begun * first.split("\n").length))
          .join("\n");
        expect(sumOf(mergeRecords([start, ...all].map(parse)))).toEqual(
          sumOf(mergeRecords(texts.map(parse))),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("a last line that is cut off counts nothing twice, and nothing else less", () => {
    fc.assert(
      fc.property(anyOf(sets.flat()), fc.double({ min: 0, max: 1, noNaN: true }), (text, share) => {
        const cut = text.slice(0, Math.floor(share * text.length));
        const whole = cut.slice(0, cut.lastIndexOf("\n") + 1);
        const rest = text.slice(whole.length).split("\n")[0] ?? "";
        const complete = rest.length === cut.length - whole.length;
        if (!complete) expect(sumOf(parse(cut))).toEqual(sumOf(parse(whole)));
      }),
      { numRuns: 300 },
    );
  });
});

test("any text at all is survived", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
      for (const { parse, readTurn } of formats) {
        readTurn(text);
        expect(parse(text)).toEqual([]);
      }
    }),
    { numRuns: 500 },
  );
});
