import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  envelopeJson,
  eventMaxBytes,
  parseEnvelope,
  parseEnvelopes,
  parseEnvelopeText,
  type Json,
} from "../../src/activation/envelope.ts";
import { CtmError } from "../../src/base/errors.ts";

const LEAST = { specversion: "1.0", id: "1", source: "test", type: "git.push" };

describe("an event as CloudEvents has it", () => {
  it("is read with its extensions, and is the same again when it is written", () => {
    const event = parseEnvelope({
      ...LEAST,
      subject: "main",
      time: "2026-02-13T10:00:00Z",
      priority: "high",
      correlationid: "wake-3",
      expirytime: "2026-02-13T11:00:00+01:00",
      target: "w2",
      traceparent: "00-abc",
      data: { a: [1, null, { b: "c" }] },
    });
    expect(event).toMatchObject({
      priority: "high",
      expiresMs: Date.parse("2026-02-13T10:00:00Z"),
      extensions: { traceparent: "00-abc" },
    });
    expect(parseEnvelope(envelopeJson(event))).toEqual(event);
  });

  it.each<[string, object]>([
    ["no id", { ...LEAST, id: undefined }],
    ["an empty source", { ...LEAST, source: "" }],
    ["another version", { ...LEAST, specversion: "0.3" }],
    ["a control character", { ...LEAST, subject: "a\u001b[2J" }],
    ["a type that is none", { ...LEAST, type: "a b" }],
    ["no priority of ours", { ...LEAST, priority: "urgent" }],
    ["no time", { ...LEAST, time: "yesterday" }],
    ["data twice", { ...LEAST, data: 1, data_base64: "AA==" }],
    ["an attribute that is an object", { ...LEAST, more: { a: 1 } }],
    ["a long attribute", { ...LEAST, subject: "x".repeat(2_000) }],
    [
      "many attributes",
      { ...LEAST, ...Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`a${n}`, 1])) },
    ],
    ["deep data", { ...LEAST, data: JSON.parse("[".repeat(50) + "]".repeat(50)) as Json }],
    ["a prototype", { ...LEAST, data: JSON.parse('{"a":{"__proto__":{"x":1}}}') as Json }],
  ])("is refused with %s", (_what, value) => {
    expect(() => parseEnvelope(value)).toThrow(CtmError);
  });

  it("is refused when it is longer than it may be, and taken at the bound", () => {
    const frame = JSON.stringify({ ...LEAST, data: "" });
    const fits = JSON.stringify({ ...LEAST, data: "x".repeat(eventMaxBytes - frame.length) });
    expect(Buffer.byteLength(fits)).toBe(eventMaxBytes);
    expect(parseEnvelopeText(fits).type).toBe("git.push");
    expect(() => parseEnvelopeText(`${fits} `)).toThrow(/at most 65536 bytes/);
    expect(() => parseEnvelopeText("{")).toThrow(/not JSON/);
  });

  it("comes in lists, of which all are events or the first that is none is named", () => {
    const list = (...events: object[]): string => JSON.stringify(events);
    expect(parseEnvelopes(list(LEAST, { ...LEAST, id: "2" })).map(({ id }) => id)).toEqual(["1", "2"]);
    expect(parseEnvelopes("[]")).toEqual([]);
    expect(() => parseEnvelopes(list(LEAST, { ...LEAST, type: "" }))).toThrow(/^event 2 of 2: /);
    expect(() => parseEnvelopes(JSON.stringify(LEAST))).toThrow(/no list/);
    expect(() => parseEnvelopes(list(...Array.from({ length: 1_001 }, () => LEAST)))).toThrow(/at most 1000/);
    expect(() => parseEnvelopes(list({ ...LEAST, data: "x".repeat(eventMaxBytes) }))).toThrow(/65536 bytes/);
    const deep = `[{"specversion":"1.0","id":"1","source":"s","type":"t","data":${"[".repeat(60_000)}${"]".repeat(60_000)}}]`;
    expect(() => parseEnvelopes(deep)).toThrow(/nested too deep/);
  });

  it("keeps no key that is known to be one", () => {
    const data = { log: ["token ghp_abcdefghijklmnopqrstuvwxyz0123456789"] };
    expect(JSON.stringify(parseEnvelope({ ...LEAST, data }))).not.toContain("ghp_");
  });

  it("takes or refuses whatever comes, and what it takes survives being written", () => {
    const attributes = fc.record(
      {
        specversion: fc.constantFrom("1.0", 1),
        id: fc.oneof(fc.string(), fc.integer()),
        source: fc.string(),
        type: fc.constantFrom("git.push", "a", "", "x y"),
        subject: fc.option(fc.string()),
        priority: fc.constantFrom("low", "urgent", null),
        data: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(attributes, fc.jsonValue()), (value) => {
        try {
          const event = parseEnvelope(value);
          expect(parseEnvelope(JSON.parse(JSON.stringify(envelopeJson(event))))).toEqual(event);
        } catch (error) {
          expect(error).toBeInstanceOf(CtmError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
