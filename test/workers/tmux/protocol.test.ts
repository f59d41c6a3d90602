import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ControlEvent, ControlParser } from "../../../src/workers/tmux/protocol.ts";

function parse(pieces: readonly Buffer[]): ControlEvent[] {
  const parser = new ControlParser();
  return pieces.flatMap((piece) => parser.feed(piece));
}

const line = fc.oneof(
  fc.string({ unit: "grapheme" }).map((s) => s.replace(/[\n\r]/g, "")),
  fc.constantFrom("%end 1 2 1", "%error 9 9 1", "%begin 1 2 1", "%window-add @3", "", "é漢👩‍💻"),
);

describe("the control protocol", () => {
  test("replies, failures, what is not ours, and notifications", () => {
    const stream = [
      "%begin 10 1 0",
      "%end 10 1 0",
      "%session-changed $0 ctm_hub",
      "%begin 10 2 1",
      "a",
      "",
      "b",
      "%end 10 2 1",
      "%begin 11 3 1",
      "no buffer x",
      "%error 11 3 1",
      "%sessions-changed",
      "%exit server exited",
    ];
    expect(parse([Buffer.from(`${stream.join("\n")}\n`)])).toEqual([
      { kind: "reply", ok: true, ours: false, lines: [] },
      { kind: "notification", name: "session-changed", rest: "$0 ctm_hub" },
      { kind: "reply", ok: true, ours: true, lines: ["a", "", "b"] },
      { kind: "reply", ok: false, ours: true, lines: ["no buffer x"] },
      { kind: "notification", name: "sessions-changed", rest: "" },
      { kind: "notification", name: "exit", rest: "server exited" },
    ]);
  });

  test("only the exact three numbers end a reply: screen text may look like anything", () => {
    const body = [
      "%end 10 2 0",
      "%end 10 3 1",
      "%end 10 2",
      "%end 10 2 1 ",
      "%begin 10 3 1",
      "%exit",
      "%window-close @1",
    ];
    const stream = ["%begin 10 2 1", ...body, "%end 10 2 1", ""].join("\n");
    expect(parse([Buffer.from(stream)])).toEqual([{ kind: "reply", ok: true, ours: true, lines: body }]);
  });

  test("however the bytes are cut, the same events come out", () => {
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(), { maxLength: 20 }), (lines, cuts) => {
        const body = lines.filter((text) => text !== "%end 7 7 1" && text !== "%error 7 7 1");
        const bytes = Buffer.from(
          ["%window-add @1", "%begin 7 7 1", ...body, "%end 7 7 1", "%sessions-changed", ""].join("\n"),
        );
        const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        const pieces = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        expect(parse(pieces)).toEqual([
          { kind: "notification", name: "window-add", rest: "@1" },
          { kind: "reply", ok: true, ours: true, lines: body },
          { kind: "notification", name: "sessions-changed", rest: "" },
        ]);
      }),
      { numRuns: 1_000 },
    );
  });

  test("a line without an end is refused, not stored for ever", () => {
    const parser = new ControlParser();
    const piece = Buffer.alloc(1024 * 1024, "x");
    expect(() => {
      for (let i = 0; i < 17; i += 1) parser.feed(piece);
    }).toThrow("without an end");
  });
});
