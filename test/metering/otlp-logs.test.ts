import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logRecordsMax, readOtlpLogs } from "../../src/metering/otlp-logs.ts";
import { logsOf } from "../support/telemetry.ts";

function read(value: unknown) {
  return readOtlpLogs(typeof value === "string" ? value : JSON.stringify(value));
}

describe("log records as OTLP sends them", () => {
  it.each<[string, unknown]>([
    ["nothing", ""],
    ["half a document", '{"resourceLogs":['],
    ["no document", "null"],
    ["a list", []],
    ["traces", { resourceSpans: [] }],
    ["something else for the list", { resourceLogs: {} }],
  ])("%s is refused whole", (_name, text) => {
    expect(read(text)).toEqual({ kind: "faulty", why: "this is no JSON document with resourceLogs" });
  });

  it("reads names, times and plain attributes, 64-bit numbers also as text", () => {
    const record = {
      timeUnixNano: "1795661081748000000",
      attributes: [
        { key: "text", value: { stringValue: "a" } },
        { key: "yes", value: { boolValue: true } },
        { key: "whole", value: { intValue: 7 } },
        { key: "as text", value: { intValue: "1020" } },
        { key: "part", value: { doubleValue: 0.5 } },
        { key: "list", value: { arrayValue: { values: [] } } },
        { key: "__proto__", value: { stringValue: "b" } },
        "no attribute",
      ],
    };
    const reading = read({ resourceLogs: [{ scopeLogs: [{ scope: { name: "s" }, logRecords: [record] }] }] });
    if (reading.kind !== "read") throw new Error(reading.why);
    const [event] = reading.events;
    expect(reading.rejected).toBe(0);
    expect(event?.scope).toBe("s");
    expect(event?.timeNano).toBe("1795661081748000000");
    expect(Object.entries(event?.attributes ?? {})).toEqual([
      ["text", "a"],
      ["yes", true],
      ["whole", 7],
      ["as text", 1020],
      ["part", 0.5],
      ["__proto__", "b"],
    ]);
  });

  it("passes over what cannot be read, and counts it", () => {
    const good = { timeUnixNano: 5, attributes: [] };
    const reading = read({
      resourceLogs: [
        7,
        { scopeLogs: [null, { logRecords: [good, { attributes: "none" }, good, { timeUnixNano: -1 }] }] },
        { scopeLogs: "none" },
      ],
    });
    expect(reading).toMatchObject({ kind: "read", rejected: 5 });
    expect(reading.kind === "read" && reading.events.map(({ timeNano }) => timeNano)).toEqual(["5", "5"]);
  });

  it("looks at so many records and no more, over all parts", () => {
    const many = Array.from({ length: logRecordsMax }, () => ({ attributes: [] }));
    const reading = read({
      resourceLogs: [
        { scopeLogs: [{ logRecords: many }] },
        { scopeLogs: [{ logRecords: [{ attributes: [] }] }] },
      ],
    });
    expect(reading).toMatchObject({ kind: "read", rejected: 1 });
    expect(reading.kind === "read" && reading.events.length).toBe(logRecordsMax);
  });

  it("never throws, whatever JSON or text comes", () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.anything().map((value) => JSON.stringify(value) ?? ""),
    );
    fc.assert(fc.property(text, (sent) => ["faulty", "read"].includes(readOtlpLogs(sent).kind)));
  });

  it("never throws, whatever stands in the place of a part", () => {
    const document = JSON.parse(
      logsOf("claude", [{ "event.name": "api_request", input_tokens: 1 }]),
    ) as object;
    const paths = pathsIn(document);
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 2 }), (path, value) => {
        const changed = structuredClone(document);
        put(changed, path, value);
        return ["faulty", "read"].includes(readOtlpLogs(JSON.stringify(changed)).kind);
      }),
    );
  });
});

function pathsIn(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[...path, key], ...pathsIn(inner, [...path, key])]);
}

function put(root: object, path: readonly string[], value: unknown): void {
  const [last = "", ...above] = [...path].reverse();
  const place = above
    .reverse()
    .reduce<Record<string, unknown>>(
      (inner, key) => inner[key] as Record<string, unknown>,
      root as Record<string, unknown>,
    );
  place[last] = value;
}
