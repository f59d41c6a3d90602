import { describe, expect, test } from "vitest";
import { renderAccuracy } from "../../src/reports/accuracy.ts";
import { renderEstimate, type EstimateModel } from "../../src/reports/estimate.ts";
import { nano, plainPaper } from "./models.ts";

const prompt = { used: false, power: 0.1, certainty: 1.2, mean: 5, least: 4, most: 6 };
const model: EstimateModel = {
  type: "coding",
  confidence: 0.991,
  complexity: "complex",
  agent: "claude",
  model: "sonnet",
  folder: "/srv/shop",
  promptChars: 35,
  promptTokens: 1_008,
  reserveTokens: 210_000,
  reserveNanoUsd: nano(1.5),
  reserveBasis: "p90 forecast from 34 tasks",
  priceTable: "list@2026-11-23",
  forecast: {
    tokens: { p50: 61_234, p90: 213_456 },
    totalTokens: { p50: 1_061_234, p90: 3_213_456 },
    nanoUsd: { p50: nano(0.31), p90: nano(1.21) },
    classes: [
      { name: "agent", tasks: 120, sharePercent: 96, median: 40_000 },
      { name: "model", tasks: 80, sharePercent: 94, median: 50_000 },
      { name: "type", tasks: 34, sharePercent: 87, median: 60_000 },
      { name: "folder", tasks: 3, sharePercent: 38, median: 61_234 },
    ],
    prompt,
    promptNeeds: 4,
    priorTokens: 45_000,
  },
};

describe("estimate", () => {
  test("both figures of the whole task, and the classes they come from", () => {
    expect(renderEstimate(model, plainPaper(80)).slice(2)).toEqual([
      "  Type:         coding (confidence 99%), complex",
      "  By:           claude, model sonnet, in /srv/shop",
      "  Prompt:       ~1,008 tokens, the prompt alone",
      "  Reserves:     210,000 tokens, $1.5000 (p90 forecast from 34 tasks)",
      "",
      "  the whole task           half use up to  9 in 10 up to",
      "  tokens, as limits count         ~61,234       ~213,456",
      "  with cache reads             ~1,061,234     ~3,213,456",
      "  cost                           ~$0.3100       ~$1.2100",
      "",
      "  learnt from tasks of    tasks  their share  comes to",
      "  such agents in general      -            -   ~45,000",
      "  claude                    120          96%   ~40,000",
      "  ... with model sonnet      80          94%   ~50,000",
      "  ... of type coding         34          87%   ~60,000",
      "  ... in this folder          3          38%   ~61,234",
      "  The prompt's length is left out: it tells too little of the rest (1.2 standard",
      "  errors, 4 are needed).",
    ]);
  });

  test("the prompt's length is told as what it is: used, too little, or not known yet", () => {
    const lines = (changes: Partial<typeof prompt>): string => {
      const forecast =
        model.forecast === null ? null : { ...model.forecast, prompt: { ...prompt, ...changes } };
      return renderEstimate({ ...model, forecast }, plainPaper(120)).at(-1) ?? "";
    };
    expect(lines({ used: true, power: 0.62, certainty: 7.3 })).toContain(
      "length counts: tokens grow with its power 0.62 (7.3 standard errors",
    );
    expect(lines({ certainty: 0 })).toContain("too few tasks of this type");
  });

  test("a cost nobody knows is n/a, an agent that spends nothing has no forecast", () => {
    const forecast = model.forecast === null ? null : { ...model.forecast, nanoUsd: null };
    expect(renderEstimate({ ...model, forecast }, plainPaper(80)).join("\n")).toMatch(/cost +n\/a +n\/a/);
    const shell = renderEstimate({ ...model, agent: "shell", forecast: null }, plainPaper(80)).join("\n");
    expect(shell).toContain("  shell spends no tokens.");
  });
});

describe("estimate accuracy", () => {
  const score = { tasks: 120, formulaError: 1.8, forecastError: 0.3, coveredPercent: 90.83 };

  test("formula beside forecast, type by type", () => {
    const rows = [{ name: "coding", ...score }];
    const lines = renderAccuracy({ tasks: 120, warmUp: 50, tokens: rows, cost: rows }, plainPaper(80));
    expect(lines.slice(4, 9)).toEqual([
      "  tokens                  tasks  formula off by  forecast off by  within p90",
      "  coding                    120    x63.1 (1.80)      x2.0 (0.30)       90.8%",
      "",
      "  cost                    tasks  forecast off by  within p90",
      "  coding                    120      x2.0 (0.30)       90.8%",
    ]);
  });

  test("nothing to score is said, and no score is made up", () => {
    const none = { name: "all", tasks: 0, formulaError: null, forecastError: null, coveredPercent: null };
    expect(
      renderAccuracy({ tasks: 0, warmUp: 50, tokens: [none], cost: [none] }, plainPaper(80)).at(-1),
    ).toContain("there is nothing to score");
    const lines = renderAccuracy({ tasks: 1, warmUp: 50, tokens: [none], cost: [none] }, plainPaper(80));
    expect(lines.join("\n")).toMatch(/all +0 +n\/a +n\/a +n\/a/);
  });
});
