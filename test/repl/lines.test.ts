/** The lines of a pipe: whatever pieces it comes in, each line is what was written, or said to be no text. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { messageMaxBytes } from "../../src/base/limits.ts";
import { linesOf } from "../../src/repl/lines.ts";

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Buffer, size = 7): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(pieces(bytes, size)))
    lines.push(typeof line === "string" ? line : line.message);
  return lines;
}

describe("the lines of a pipe", () => {
  it("end at a line feed alone, and keep every other character", async () => {
    const line = fc.string({ unit: "binary" }).map((text) => text.replace(/\n/g, "").replace(/\r$/, ""));
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        async (lines, size) => {
          const written = Buffer.from(`${lines.join("\n")}\n`);
          expect(await read(written, size)).toEqual(lines);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("that are no UTF-8 are told, and the next one is read", async () => {
    const bytes = Buffer.concat([Buffer.from("one\nt"), Buffer.of(0xff), Buffer.from("wo\r\nthree")]);
    expect(await read(bytes)).toEqual(["one", "a line is not UTF-8 text; it was passed over", "three"]);
  });

  it("are no longer than a message may be", async () => {
    const most = Buffer.alloc(messageMaxBytes, "x");
    expect(await read(most, 65_536)).toEqual([most.toString()]);
    await expect(read(Buffer.concat([most, Buffer.from("x")]), 65_536)).rejects.toMatchObject({
      code: "usage",
    });
  });
});
