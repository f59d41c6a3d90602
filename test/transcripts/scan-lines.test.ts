import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseLine, type JsonObject } from "../../src/metering/json-lines.ts";
import { LineScanner, lineMaxBytes, type ScanEnd } from "../../src/transcripts/scan-lines.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ctm-scan-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BULK = { from: '"content":[', to: '],"stop_reason"' };

function scan(text: string | Buffer, from = 0, bulk?: typeof BULK): ScanEnd & { lines: JsonObject[] } {
  const path = join(folder, "record.jsonl");
  writeFileSync(path, text);
  const lines: JsonObject[] = [];
  const scanner = new LineScanner({ marks: ['"usage"', '"other"'], ...(bulk === undefined ? {} : { bulk }) });
  const file = openSync(path, "r");
  try {
    return { ...scanner.scan(file, from, (line) => lines.push(line)), lines };
  } finally {
    closeSync(file);
  }
}

describe("lines of a file", () => {
  test("are those that hold a mark, in their order; the end is behind the last whole one", () => {
    const text = '{"usage":1}\n{"x":"used"}\n{"other":2,"usage":3}\n{"usage":4}';
    expect(scan(text)).toEqual({
      lines: [{ usage: 1 }, { other: 2, usage: 3 }, { usage: 4 }],
      offset: text.lastIndexOf("\n") + 1,
      longLines: 0,
    });
  });

  test("go on from an offset; a line that was cut off is read when it is whole", () => {
    const half = '{"usage":1}\n{"usage":2';
    const first = scan(half);
    expect(first.lines).toEqual([{ usage: 1 }]);
    expect(scan(`${half}2}\n`, first.offset)).toMatchObject({ lines: [{ usage: 22 }] });
  });

  test("are the same as those of the whole text, over the edges of any piece", () => {
    const line = fc.oneof(
      fc.constantFrom('{"usage":1}', "\0\0\0", '{"usage":"é→"}', "{", '\0{"other":5}', ""),
      fc.record({ usage: fc.string({ maxLength: 30 }) }).map((value) => JSON.stringify(value)),
      fc.nat(400_000).map((length) => JSON.stringify({ pad: "y".repeat(length), other: length })),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const text = lines.join("\n");
        const expected = lines
          .filter((each) => /"usage"|"other"/.test(each))
          .flatMap((each) => parseLine(each) ?? []);
        expect(scan(text).lines).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test("without their bulk say the same, also where the bulk looks like its own end", () => {
    const usage = { input_tokens: 1 };
    const tricky = [
      [{ type: "text", text: '],"stop_reason":"x","usage":{' }],
      [{ type: "tool_use", input: { content: [1], a: [2], stop_reason: 3, usage: { input_tokens: 9 } } }],
      [{ input: { list: [], stop_reason: [{ usage: 1 }] } }, { content: [] }],
      [],
    ];
    for (const content of tricky) {
      const line = { message: { id: "m", content, stop_reason: "end", usage }, type: "assistant" };
      const [found] = scan(`${JSON.stringify(line)}\n`, 0, BULK).lines;
      expect(found).toMatchObject({ type: "assistant", message: { id: "m", usage } });
    }
  });

  test("longer than any answer are passed over and counted, and what follows is read", () => {
    const long = Buffer.concat([
      Buffer.from('{"usage":1}\n{"usage":"'),
      Buffer.alloc(lineMaxBytes + 5, "z"),
      Buffer.from('"}\n{"usage":2}\n'),
    ]);
    const { lines, longLines, offset } = scan(long);
    expect(lines).toEqual([{ usage: 1 }, { usage: 2 }]);
    expect(longLines).toBe(1);
    expect(offset).toBe(long.length);
  });
});
