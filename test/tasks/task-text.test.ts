import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { taskTextMaxBytes } from "../../src/base/limits.ts";
import { taskText } from "../../src/tasks/task-text.ts";

describe("a task's text", () => {
  it.each([
    ["ends in a semicolon;"],
    ["--looks-like-a-flag -x"],
    ["C-c Enter Escape #{pane_id} #(date) $(date) `date` %%1"],
    ["two\nlines\tand a tab "],
    ["שלום עולם \u202Ertl\u202C"],
    ["👩‍👩‍👧‍👦 e\u0301 \u{1F600}"],
    ["'; DROP TABLE task; --"],
  ])("%j is kept as it is", (text) => {
    expect(taskText(text)).toBe(text);
  });

  it("has line feeds for line ends, whatever they were", () => {
    expect(taskText("a\r\nb\rc\nd")).toBe("a\nb\nc\nd");
  });

  it.each(["", " ", "\n\t\r\n", "\u3000\u00a0"])("%j is no text", (text) => {
    expect(() => taskText(text)).toThrow("the task has no text");
  });

  it.each([
    ["a\u001b[201~b", "a character that cannot be typed into a terminal: U+001B at character 2"],
    ["\u0000", "a character that cannot be typed into a terminal: U+0000 at character 1"],
    ["ab\r\n\u0003\u0004", "2 characters that cannot be typed into a terminal: U+0003 at character 4"],
    ["👍\u009b", "U+009B at character 2"],
    ["x\ud83d", "U+D83D at character 2"],
    ["\u007f", "U+007F at character 1"],
  ])("%j is refused: it would be keys", (text, words) => {
    expect(() => taskText(text)).toThrow(words);
  });

  it("may be as large as its limit, in bytes, and no larger", () => {
    const umlauts = "ü".repeat(taskTextMaxBytes / 2);
    expect(taskText(umlauts)).toBe(umlauts);
    expect(() => taskText(`${umlauts}x`)).toThrow(
      `${taskTextMaxBytes + 1} bytes; ${taskTextMaxBytes} at most`,
    );
    expect(() => taskText("x".repeat(5 * 1024 * 1024))).toThrow(/Put it into|at most/);
  });

  it("is refused or typed as it stands, whatever it is: nothing is altered in silence", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (raw) => {
        let kept: string | null = null;
        try {
          kept = taskText(raw);
        } catch {
          return;
        }
        expect(kept).toBe(raw.replace(/\r\n?/g, "\n"));
        // oxlint-disable-next-line no-control-regex
        expect(kept).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/);
      }),
    );
  });
});
