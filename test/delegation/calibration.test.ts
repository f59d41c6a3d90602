import fc from "fast-check";
import { expect, test } from "vitest";
import { calibrate, samplesMax, type Sample } from "../../src/delegation/calibration.ts";

const prior: Sample = { tokens: 10_000, nanoUsd: 1_000 };
const same = (n: number, tokens: number): Sample[] =>
  Array.from({ length: n }, () => ({ tokens, nanoUsd: tokens * 10 }));

test("with no history the assumption stands", () => {
  expect(calibrate([], prior)).toEqual({
    tokens: { p50: 10_000, p90: 10_000 },
    nanoUsd: { p50: 1_000, p90: 1_000 },
    samples: 0,
    basis: "prior",
  });
});

test.each([
  [1, 18_333],
  [5, 35_000],
  [19, 49_583],
])("%i samples of 60,000 are drawn to the assumption: %i", (n, tokens) => {
  const { tokens: found, basis } = calibrate(same(n, 60_000), prior);
  expect(found).toEqual({ p50: tokens, p90: tokens });
  expect(basis).toBe("shrunk");
});

test("from 20 samples on the history stands alone, by nearest rank", () => {
  const samples = Array.from({ length: 20 }, (_, i) => ({ tokens: (i + 1) * 100, nanoUsd: i + 1 }));
  expect(calibrate(samples, prior)).toEqual({
    tokens: { p50: 1_000, p90: 1_800 },
    nanoUsd: { p50: 10, p90: 18 },
    samples: 20,
    basis: "history",
  });
});

test("how many samples are enough can be set", () => {
  expect(calibrate(same(3, 5), prior, 3).basis).toBe("history");
  expect(calibrate(same(2, 5), prior, 3).basis).toBe("shrunk");
  expect(calibrate([], prior, 0).basis).toBe("prior");
});

test("only the 200 most recent count", () => {
  const { tokens, samples } = calibrate([...same(samplesMax, 7), ...same(500, 1_000_000)], prior);
  expect([tokens.p90, samples]).toEqual([7, samplesMax]);
});

const sample = fc.record({ tokens: fc.nat(1e9), nanoUsd: fc.nat(1e12) });

test("quantiles are integers in order, between the least and the most of samples and assumption", () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 250 }), sample, (samples, assumed) => {
      const { tokens } = calibrate(samples, assumed);
      const all = [...samples.map((one) => one.tokens), assumed.tokens];
      expect(Number.isInteger(tokens.p50) && Number.isInteger(tokens.p90)).toBe(true);
      expect(tokens.p50).toBeLessThanOrEqual(tokens.p90);
      expect(tokens.p50).toBeGreaterThanOrEqual(Math.min(...all));
      expect(tokens.p90).toBeLessThanOrEqual(Math.max(...all));
    }),
  );
});

test("the order of the samples does not matter", () => {
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 200 }), (samples) => {
      expect(calibrate([...samples].reverse(), prior)).toEqual(calibrate(samples, prior));
    }),
  );
});
