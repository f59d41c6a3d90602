import { describe, expect, test } from "vitest";
import { renderRoute } from "../../src/reports/route.ts";
import { plainPaper, routeModel } from "./models.ts";

describe("route", () => {
  test("an explanation, with what else it could cost", () => {
    expect(renderRoute(routeModel(), plainPaper(80)).slice(2)).toEqual([
      "  Type:         documentation, confidence 91%",
      "  Reasons:      leading verb: write",
      "                word: documentation",
      "  Complexity:   simple",
      "  Route:        haiku (agent claude)",
      "  Model:        haiku",
      "  Estimate:     ~1,007 tokens",
      "  Reserves:     18,000 tokens, $0.0200 (first-request floor of claude)",
      "  Cost:         ~$0.0040",
      "",
      "  instead      cost  difference",
      "  sonnet   ~$0.0120    +$0.0080",
      "  mystery       n/a         n/a",
    ]);
  });

  test("no model and no price are said, never shown as 0", () => {
    const lines = renderRoute(
      routeModel({ model: null, costNanoUsd: null, alternatives: [] }),
      plainPaper(80),
    ).join("\n");
    expect(lines).toContain("Model:        the agent's own default");
    expect(lines).toContain("Cost:         n/a");
  });
});
