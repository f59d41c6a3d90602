import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  drawRehearsal,
  readRehearsalScreen,
  REHEARSAL_BANNER,
  type RehearsalView,
} from "../../src/agents/rehearsal-screen.ts";

const view: RehearsalView = {
  mode: "idle",
  model: "sonnet",
  transcript: ["❯ earlier", "● answer", ""],
  interrupted: false,
  question: null,
  composer: "",
  columns: 80,
  rows: 24,
};

describe("the rehearsal agent's screen", () => {
  test.each([
    [{}, "idle", null],
    [{ mode: "busy" }, "busy", null],
    [{ mode: "asking", question: "May I delete it?" }, "dialog", "May I delete it?"],
    [{ mode: "limited" }, "limited", null],
    [{ interrupted: true }, "interrupted", null],
    [{ composer: "half a prompt" }, "draft", "half a prompt"],
    [{ composer: "two\nlines" }, "draft", "two\nlines"],
    [{ mode: "limited", composer: "draft" }, "draft", "draft"],
  ] as const)("with %j reads as %s", (change, state, text) => {
    expect(readRehearsalScreen(drawRehearsal({ ...view, ...change }))).toMatchObject({ state, text });
  });

  test("every screen fits, and says that nothing is spent", () => {
    const modes = fc.constantFrom("idle", "busy", "asking", "limited" as const);
    const columns = fc.integer({ min: 60, max: 250 });
    const rows = fc.integer({ min: 16, max: 80 });
    const text = fc.string({ unit: "grapheme", maxLength: 300 });
    fc.assert(
      fc.property(
        modes,
        columns,
        rows,
        text,
        fc.array(text, { maxLength: 60 }),
        (mode, wide, high, composer, transcript) => {
          const question = mode === "asking" ? "May I?" : null;
          const lines = drawRehearsal({
            ...view,
            mode,
            question,
            composer,
            transcript,
            columns: wide,
            rows: high,
          });
          expect(lines).toHaveLength(high);
          expect(lines.join("\n")).toContain(REHEARSAL_BANNER);
          for (const line of lines) expect([...line].length).toBeLessThanOrEqual(wide);
        },
      ),
    );
  });

  test("any other screen is unknown", () => {
    expect(readRehearsalScreen(["$ ls", "file"]).state).toBe("unknown");
    expect(readRehearsalScreen([]).state).toBe("unknown");
  });
});
