import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TmuxConnection } from "../../../src/workers/tmux/connection.ts";
import { formatLiteral, quoted } from "../../../src/workers/tmux/quoting.ts";
import { TEST_ENV, testServer } from "../../support/tmux-server.ts";

const CORPUS = [
  "",
  "a b",
  "~",
  "~root",
  "$HOME",
  "${x}",
  '"',
  "'",
  "\\",
  "\\n",
  ";",
  "a;",
  "a ;",
  "#{pid}",
  "#(id)",
  "{ }",
  "%if",
  "-x",
  "a\nb",
  "\t\u007f\u001b[201~",
  "é漢👩‍💻",
];

describe("words for tmux", () => {
  test.each(CORPUS)("%j reaches the server as it is, also through three levels of quoting", async (text) => {
    const { socket } = await testServer();
    const connection = await TmuxConnection.open({
      address: { kind: "own", socket },
      session: null,
      env: TEST_ENV,
    });
    const set = `set-option -g @t ${quoted(text)}`;
    const nested = `if-shell -F 1 ${quoted(`if-shell -F 1 ${quoted(set)} ""`)} ""`;
    for (const line of [set, nested]) {
      await connection.command("set-option -gu @t");
      await connection.command(line);
      expect((await connection.command(`display-message -p "#{@t}"`)).join("\n")).toBe(text);
    }
    await connection.close();
  });

  test("any text without NUL survives", async () => {
    const { socket } = await testServer();
    const connection = await TmuxConnection.open({
      address: { kind: "own", socket },
      session: null,
      env: TEST_ENV,
    });
    const text = fc.string({ unit: "grapheme", maxLength: 60 }).map((s) => s.replaceAll("\0", ""));
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        await connection.command(`set-option -g @t ${quoted(value)}`);
        expect((await connection.command(`display-message -p "#{@t}"`)).join("\n")).toBe(value);
        // As the guards ask it: `display-message` would expand dates in it, `if-shell` does not.
        const same = `#{==:#{@t},${formatLiteral(value)}}`;
        const asked = `if-shell -F ${quoted(same)} "display-message -p same" "display-message -p other"`;
        expect(await connection.command(asked)).toEqual(["same"]);
      }),
      { numRuns: 300, examples: [["%d %Y"], ["#{pid}"], ["a,b}"], [";"], [""]] },
    );
    await connection.close();
  });

  test("NUL is refused", () => {
    expect(() => quoted("a\0b")).toThrow("NUL");
  });
});
