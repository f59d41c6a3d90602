import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { messageMaxBytes } from "../../src/base/limits.ts";
import { encodeMessage, MessageDecoder } from "../../src/server/frames.ts";

describe("messages as lines", () => {
  it("come out as they went in, however the bytes are cut", () => {
    const message = fc.dictionary(
      fc.string().filter((key) => key !== "part" && key !== "last"),
      fc.jsonValue(),
    );
    const cuts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), cuts, (messages, sizes) => {
        const plain = messages.map((value) => JSON.parse(JSON.stringify(value)) as unknown);
        const bytes = Buffer.from(plain.map((value) => encodeMessage(value)).join(""));
        const decoder = new MessageDecoder();
        const out: unknown[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          out.push(...decoder.push(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(out).toEqual(plain);
      }),
    );
  });

  it("split what is too long for a line, never beyond a line's bound", () => {
    const message = { text: "\u0001".repeat(3 * 1024 * 1024) };
    const lines = encodeMessage(message).trimEnd().split("\n");
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(messageMaxBytes);
    expect(new MessageDecoder().push(Buffer.from(`${lines.join("\n")}\n`))).toEqual([message]);
  });
});
