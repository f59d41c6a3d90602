import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonText } from "../../src/reports/json-text.ts";

test("is the same data, whatever is in it, in printable characters of one line", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const line = jsonText({ text, list: [text] });
      expect(JSON.parse(line)).toEqual({ text, list: [text] });
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    }),
  );
  expect(jsonText("\u009b31m \u202e \u{e0041} é")).toBe(String.raw`"\u009b31m \u202e \udb40\udc41 é"`);
  expect(jsonText(undefined)).toBe("null");
});
