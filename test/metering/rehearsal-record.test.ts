import fc from "fast-check";
import { expect, test } from "vitest";
import { counterMax } from "../../src/metering/json-lines.ts";
import { formatRehearsalRecord, parseRehearsalRecord } from "../../src/metering/rehearsal-record.ts";

test("what is written is read again", () => {
  const counter = fc.integer({ min: 0, max: counterMax });
  const name = fc.string({ minLength: 1, maxLength: 50 });
  const usage = fc.record({
    id: name,
    session: name,
    model: name,
    input: counter,
    output: counter,
    cacheRead: counter,
    cacheWrite: counter,
    at: fc.nat(),
  });
  fc.assert(
    fc.property(fc.uniqueArray(usage, { selector: ({ id }) => id }), (all) => {
      const text = all.map(formatRehearsalRecord).join("\n");
      expect(parseRehearsalRecord(text)).toEqual(
        all.map(({ id, session, model, input, output, cacheRead, cacheWrite, at }) => ({
          key: id,
          model,
          usage: {
            inputTokens: input,
            outputTokens: output,
            cacheReadTokens: cacheRead,
            cacheWrite5mTokens: cacheWrite,
            cacheWrite1hTokens: 0,
            reasoningTokens: 0,
          },
          atMs: at,
          sessionId: session,
          cliVersion: null,
          flags: [],
        })),
      );
    }),
  );
});

test("a repeated line counts once; other lines and broken ones are passed over", () => {
  const line = formatRehearsalRecord({
    id: "a",
    session: "s",
    model: "haiku",
    input: 10,
    output: 5,
    cacheRead: 3,
    cacheWrite: 1,
    at: 7,
  });
  const others = [
    '{"type":"rehearsal-turn","answer":"rehearsal-usage"}',
    line.slice(0, -5),
    line.replace("10", "-10"),
    line.replace('"a"', '""'),
  ];
  expect(parseRehearsalRecord([line, ...others, line].join("\n"))).toHaveLength(1);
});
