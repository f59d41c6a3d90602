import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { withClaudeBeyond } from "../../src/metering/claude-beyond.ts";
import { parseOwnClaudeRecord } from "../../src/metering/claude-record.ts";
import { NO_USAGE, type Usage, type UsageRecord } from "../../src/metering/usage.ts";
import { claudeLine } from "../support/claude-lines.ts";
import { fixtureTexts } from "./transcript-fixtures.ts";

const MODEL = "claude-sonnet-4-5-20250929";
const BEYOND = "beyond-record";

const answer = (id: string, input: number, output: number): string => claudeLine({ id, input, output });

function state(input: number, output: number, sessionId = "s1"): string {
  const usage = { inputTokens: input, outputTokens: output, cacheCreationInputTokens: 0 };
  return JSON.stringify({ type: "cost-state", sessionId, modelUsage: { [MODEL]: usage } });
}

const compaction = JSON.stringify({ type: "system", subtype: "compact_boundary" });

function read(...lines: readonly string[]): readonly UsageRecord[] | null {
  const text = lines.join("\n");
  return withClaudeBeyond(text, "s1", parseOwnClaudeRecord(text));
}

const beyond = (records: readonly UsageRecord[] | null): readonly Usage[] =>
  (records ?? []).filter(({ flags }) => flags.includes(BEYOND)).map(({ usage }) => usage);

describe("what Claude Code states beside the lines of a session", () => {
  test("is booked once, as an entry of its own, and what was in doubt is not any more", () => {
    const records = read(answer("a", 10, 5), compaction, answer("b", 20, 7), state(43, 24));
    expect(records).toHaveLength(3);
    expect(beyond(records)).toEqual([{ ...NO_USAGE, inputTokens: 13, outputTokens: 12 }]);
    expect(records?.flatMap(({ flags }) => flags)).toEqual([BEYOND]);
    // Read again, or after the session was resumed and ended once more, it has the same key.
    const later = read(answer("a", 10, 5), state(43, 24), answer("b", 20, 7), state(99, 99));
    const key = (all: typeof records) => all?.find(({ flags }) => flags.includes(BEYOND))?.key;
    expect(key(later)).toBe(key(records));
  });

  test("is nothing where the lines hold all of it", () => {
    expect(beyond(read(answer("a", 10, 5), state(10, 5)))).toEqual([]);
    expect(read(answer("a", 10, 5), compaction, answer("b", 1, 1), state(11, 6))?.[1]?.flags).toEqual([]);
  });

  test.each([
    ["nothing is stated", [answer("a", 10, 5)]],
    ["something came after it: the session goes on", [state(43, 24), answer("a", 10, 5)]],
    ["it is of another session", [answer("a", 10, 5), state(43, 24, "s2")]],
    ["less is stated than the lines hold", [answer("a", 10, 5), state(43, 4)]],
    ["it is of other models", [answer("a", 10, 5).replace(MODEL, "claude-opus-4-6"), state(43, 24)]],
    ["it is no statement", [answer("a", 10, 5), '{"type":"cost-state","sessionId":"s1","modelUsage":7}']],
  ])("is not known where %s", (_, lines) => {
    expect(read(...lines)).toBeNull();
  });

  test("is, in what the real program wrote, just what was served for its compaction", () => {
    const id = "11111111-2222-4333-8444-555555555555";
    const texts = fixtureTexts("claude/resume-fork-compact-clear");
    const text = texts.find((each) => each.includes(`"cost-state","sessionId":"${id}"`)) ?? "";
    const rest = beyond(withClaudeBeyond(text, id, parseOwnClaudeRecord(text)));
    expect(rest).toMatchObject([{ inputTokens: 33, outputTokens: 153, cacheReadTokens: 4_013 }]);
    expect((rest[0]?.cacheWrite5mTokens ?? 0) + (rest[0]?.cacheWrite1hTokens ?? 0)).toBe(2_013);
  });

  test("is not known of a fork, whose total starts from its parent's", () => {
    const id = "fbd65657-caef-40e6-b095-411e9655791b";
    const texts = fixtureTexts("claude/resume-fork-compact-clear");
    const text = texts.find((each) => each.includes(`"cost-state","sessionId":"${id}"`)) ?? "";
    expect(text).not.toBe("");
    expect(withClaudeBeyond(text, id, parseOwnClaudeRecord(text))).toBeNull();
  });

  test("together with the lines always comes to what is stated", () => {
    const counts = fc.array(fc.tuple(fc.nat(1_000), fc.nat(1_000)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(counts, fc.nat(5_000), fc.nat(5_000), (used, moreInput, moreOutput) => {
        const sum = (of: 0 | 1) => used.reduce((total, each) => total + each[of], 0);
        const lines = used.map(([input, output], n) => answer(`m${n}`, input, output));
        const records = read(...lines, state(sum(0) + moreInput, sum(1) + moreOutput)) ?? [];
        const total = (of: keyof Usage) => records.reduce((all, { usage }) => all + (usage[of] ?? 0), 0);
        expect(total("inputTokens")).toBe(sum(0) + moreInput);
        expect(total("outputTokens")).toBe(sum(1) + moreOutput);
      }),
    );
  });
});
