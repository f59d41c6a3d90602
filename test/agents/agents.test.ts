import { describe, expect, test } from "vitest";
import { AGENT_KINDS } from "../../src/agents/adapter.ts";
import { adaptersOf, agentAdapter } from "../../src/agents/agents.ts";

describe("the agents", () => {
  test("every kind has the adapter of its name", () => {
    expect(AGENT_KINDS).toEqual(["claude", "codex", "gemini", "opencode", "shell", "rehearsal"]);
    for (const kind of AGENT_KINDS) expect(agentAdapter(kind).traits.kind).toBe(kind);
  });

  test("an unknown name is refused with the names there are", () => {
    expect(() => agentAdapter("constructor")).toThrow(
      'There is no agent "constructor": choose one of claude, codex',
    );
  });

  test("a configuration decides between a session and one process a task", () => {
    const adapterOf = adaptersOf({
      claude: { mode: "headless", declared: null },
      codex: { mode: "interactive", declared: null },
    });
    expect(adapterOf("claude").traits).toMatchObject({
      kind: "claude",
      clearCommand: null,
      interruptKey: "C-c",
    });
    expect(adapterOf("codex")).toBe(agentAdapter("codex"));
    expect(adapterOf("claude")).toBe(adapterOf("claude"));
  });

  test("into an agent that nothing declares any more nothing can be typed", () => {
    const gone = adaptersOf({})("notebot");
    expect(gone.traits).toMatchObject({ kind: "notebot", spends: true, simulated: false });
    for (const screen of [[], [""], ["notebot>"]]) expect(gone.readScreen(screen).state).toBe("unknown");
    expect(adaptersOf({})("constructor").readScreen(["$"]).state).toBe("unknown");
  });
});
