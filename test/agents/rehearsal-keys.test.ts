import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readKeys, settleKeys } from "../../src/agents/rehearsal-keys.ts";

const text = (value: string, pasted = false) => ({ kind: "text", text: value, pasted });
const pasted = (value: string) => `\u001b[200~${value}\u001b[201~`;

describe("keys in terminal input", () => {
  test.each([
    ["abc\r", [text("abc"), { kind: "enter" }], ""],
    [pasted("two\rlines"), [text("two\nlines", true)], ""],
    [`${pasted("a")}\r`, [text("a", true), { kind: "enter" }], ""],
    [
      "\u0003\u0004\u0015\u007f",
      ["interrupt", "end-of-input", "clear-line", "backspace"].map((kind) => ({ kind })),
      "",
    ],
    ["\u001b[A\u001bOBx\u001b[?2004h", [text("x")], ""],
    ["\u001bx", [{ kind: "escape" }, text("x")], ""],
    ["\u001b", [], "\u001b"],
    ["ab\u001b[20", [text("ab")], "\u001b[20"],
    ["\u001b[200~unfinished", [], "\u001b[200~unfinished"],
  ])("%j", (input, keys, rest) => {
    expect(readKeys(input)).toEqual({ keys, rest });
  });

  test("an Escape that nothing follows is the Escape key", () => {
    expect(settleKeys("\u001b")).toEqual({ keys: [{ kind: "escape" }], rest: "" });
    expect(settleKeys("\u001b[200~half")).toEqual({ keys: [], rest: "\u001b[200~half" });
  });

  test("a paste cut anywhere is the same paste", () => {
    const input = `${pasted("first\nsecond ünï")}\r`;
    fc.assert(
      fc.property(fc.nat(input.length), (cut) => {
        const first = readKeys(input.slice(0, cut));
        const second = readKeys(first.rest + input.slice(cut));
        expect([...first.keys, ...second.keys]).toEqual([text("first\nsecond ünï", true), { kind: "enter" }]);
      }),
    );
  });
});
