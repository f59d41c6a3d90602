import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LastLine, type ShortLine } from "../../src/transcripts/last-line.ts";

const DIFFER = ['"parent":', 'Index":', '"uuid":'];
const FROM = '"content":[';
const TO = '],"stop';

/** A line as it lies among others, whatever stands around it. */
function placed(line: string): { data: Buffer; short: ShortLine } {
  const before = "{}\n";
  const data = Buffer.from(`${before}${line}\n{"next":1}`);
  const start = Buffer.byteLength(before);
  const end = start + Buffer.byteLength(line);
  const from = data.indexOf(FROM) + FROM.length;
  return { data, short: { start, from, to: data.lastIndexOf(TO, end), end } };
}

function isLike(before: string, after: string): boolean {
  const last = new LastLine(DIFFER);
  const [first, second] = [placed(before), placed(after)];
  expect(last.take(first.data, first.short)).toBe(withoutBulk(before));
  return last.isLike(second.data, second.short);
}

function withoutBulk(line: string): string {
  return line.slice(0, line.indexOf(FROM) + FROM.length) + line.slice(line.lastIndexOf(TO));
}

/** What makes lines alike, told plainly. */
function plainLikeness(line: string): string {
  let rest = withoutBulk(line);
  let kept = "";
  for (const field of DIFFER) {
    const at = rest.indexOf(field);
    const comma = at === -1 ? -1 : rest.indexOf(",", at + field.length);
    if (comma === -1) continue;
    kept += rest.slice(0, at + field.length);
    rest = rest.slice(comma);
  }
  return kept + rest;
}

interface Parts {
  readonly parent: string;
  readonly id: string;
  readonly content: string;
  readonly index: string;
  readonly uuid: string;
  readonly tokens: string;
}

const line = ({ parent, id, content, index, uuid, tokens }: Parts): string =>
  `{"parent":${parent},"message":{"id":"${id}","content":[${content}],"stop":null,"usage":{"out":${tokens}}},"blockIndex":${index},"uuid":"${uuid}","cwd":"/é"}`;

const ONE: Parts = { parent: "null", id: "m", content: '"a"', index: "0", uuid: "u1", tokens: "5" };

describe("lines that follow each other", () => {
  test("say the same again when only their bulk and those values differ, however long these are", () => {
    expect(
      isLike(line(ONE), line({ ...ONE, parent: '"u0"', content: '"other → bulk"', index: "10", uuid: "" })),
    ).toBe(true);
  });

  test.each([
    { what: "another message", change: { id: "n" } },
    { what: "more tokens", change: { tokens: "6" } },
    { what: "more figures", change: { tokens: "50" } },
    { what: "a value with a comma", change: { index: '0,"x":1' } },
  ])("differ by $what", ({ change }) => {
    expect(isLike(line(ONE), line({ ...ONE, ...change }))).toBe(false);
    expect(isLike(line({ ...ONE, ...change }), line(ONE))).toBe(false);
  });

  test("are like nothing where there was no line, or one that was forgotten", () => {
    const { data, short } = placed(line(ONE));
    const last = new LastLine(DIFFER);
    expect(last.isLike(data, short)).toBe(false);
    last.take(data, short);
    expect(last.isLike(data, short)).toBe(true);
    last.forget();
    expect(last.isLike(data, short)).toBe(false);
  });

  test("are told apart as their text without those values is, whatever they hold", () => {
    const partsOf = (...values: string[]) => {
      const value = fc.constantFrom(...values);
      return fc.record({
        parent: value,
        id: value,
        content: value,
        index: value,
        uuid: value,
        tokens: value,
      });
    };
    const plain = ["", "1", "22", "null", '"é→"', "{"];
    const parts = fc.oneof(partsOf(...plain), partsOf(...plain, "],", '"uuid":', 'Index":7'));
    const longer = fc.constantFrom("", "x".repeat(5_000));
    fc.assert(
      fc.property(parts, parts, fc.boolean(), longer, (one, two, same, more) => {
        const first = line({ ...one, content: one.content + more });
        const second = line(same ? { ...one, parent: two.parent, index: two.index, uuid: two.uuid } : two);
        const alike = isLike(first, second);
        // Never alike what is not; and what is alike is found where no value holds what the line is taken apart by.
        if (alike) expect(plainLikeness(second)).toBe(plainLikeness(first));
        const isPlain = [...Object.values(one), ...Object.values(two)].every((each) => !/[\],I:]/.test(each));
        if (isPlain) expect(alike).toBe(plainLikeness(second) === plainLikeness(first));
      }),
      { numRuns: 2_000 },
    );
  });
});
