import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSyntheticPrompt, normalisePrompt } from "../../src/agents/prompt-text.ts";

const wrapped = (text: string, id = "63be") =>
  `<pasted_content id="${id}">\n${text}\n</pasted_content id="${id}">`;

describe("a prompt as an agent reports it", () => {
  test.each([
    ["plain", "plain"],
    ["  blanks \n", "blanks"],
    ["two\r\nlines\rhere", "two\nlines\nhere"],
    [wrapped("pasted"), "pasted"],
    [wrapped("two\n\nlines"), "two\n\nlines"],
    [`before ${wrapped("a")} between ${wrapped("b", "1")} after`, "before a between b after"],
    ["a <pasted_content> that never ends", "a <pasted_content> that never ends"],
  ])("%j is %j", (prompt, text) => {
    expect(normalisePrompt(prompt)).toBe(text);
  });

  test("wrapped or not, any text compares equal to itself", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (text) => {
        fc.pre(!text.includes("<pasted_content") && text.trim() !== "");
        expect(normalisePrompt(wrapped(text))).toBe(normalisePrompt(text));
      }),
    );
  });

  test("what an agent tells itself is synthetic", () => {
    expect(isSyntheticPrompt("<task-notification>\n<task-id>1")).toBe(true);
    expect(isSyntheticPrompt("explain <task-notification> to me")).toBe(false);
  });
});
