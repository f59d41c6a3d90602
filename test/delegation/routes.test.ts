import { expect, test } from "vitest";
import {
  DEFAULT_ROUTES,
  DEFAULT_TIERS,
  modelsOf,
  routeModel,
  takesModel,
} from "../../src/delegation/routes.ts";

test.each([
  ["ui", "comet", "haiku"],
  ["coding", "codex", "sonnet"],
  ["documentation", "haiku", "haiku"],
  ["analysis", "codex", "sonnet"],
] as const)("C-27: %s goes to the profile %s on %s, run by the default agent", (type, name, model) => {
  const route = DEFAULT_ROUTES[type];
  expect(route).toMatchObject({ name, agent: null });
  expect(routeModel(route, "claude", DEFAULT_TIERS, false)).toBe(model);
});

const opus = { name: "deep", agent: null, model: "opus" };

test("a model the agent kind can run is taken as it is", () => {
  expect(routeModel(opus, "claude", DEFAULT_TIERS, false)).toBe("opus");
});

test("a model of another provider gives way to the kind's own", () => {
  const tiers = { ...DEFAULT_TIERS, codex: { cheap: "gpt-5-mini", premium: "gpt-5.5" } };
  expect(routeModel(opus, "codex", tiers, false)).toBe("gpt-5.5");
  expect(routeModel(opus, "shell", tiers, false)).toBeNull();
});

test.each(["claude", "codex", "shell", "rehearsal"] as const)(
  "prefer cheap takes the cheap model of %s for every route",
  (agent) => {
    for (const route of [...Object.values(DEFAULT_ROUTES), opus]) {
      expect(routeModel(route, agent, DEFAULT_TIERS, true)).toBe(DEFAULT_TIERS[agent].cheap);
    }
  },
);

test.each([
  ["claude", "opus", true],
  ["claude", "claude-sonnet-4-5-20250929", true],
  ["claude", "gpt-5.5", false],
  ["claude", "my-gateway-model", true],
  ["codex", "gpt-5.1-codex", true],
  ["codex", "anthropic/claude-opus-5", false],
  ["codex", "fable", false],
  ["rehearsal", "gpt-5", true],
  ["shell", "haiku", false],
  ["shell", "anything", false],
] as const)("%s and %s: %s", (agent, model, takes) => {
  expect(takesModel(agent, model)).toBe(takes);
});

test("the models of a kind are its tiers, those of the routes and its short names, each once", () => {
  const routes = { ...DEFAULT_ROUTES, analysis: { name: "deep", agent: null, model: "fable" } };
  expect(modelsOf("claude", DEFAULT_TIERS, routes)).toEqual(["haiku", "sonnet", "fable", "opus"]);
  expect(modelsOf("codex", DEFAULT_TIERS, routes)).toEqual([null]);
});
