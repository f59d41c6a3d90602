import { describe, expect, test } from "vitest";
import { agentAdapter, agentKinds, isAgentKind } from "../../src/agents/agents.ts";

describe("the agents", () => {
  test("every kind has the adapter of its name", () => {
    expect(agentKinds()).toEqual(["claude", "codex", "shell", "rehearsal"]);
    for (const kind of agentKinds()) expect(agentAdapter(kind).traits.kind).toBe(kind);
  });

  test("an unknown name is refused with the names there are", () => {
    expect(isAgentKind("constructor")).toBe(false);
    expect(() => agentAdapter("constructor")).toThrow(
      'There is no agent "constructor": choose one of claude, codex',
    );
  });
});
