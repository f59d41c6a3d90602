import { describe, expect, it } from "vitest";
import { adaptersOf } from "../../src/agents/agents.ts";
import { interactiveOpencode } from "../../src/agents/opencode-terminal.ts";

const request = {
  launchId: "w1-a",
  model: "anthropic/claude",
  cwd: "/project",
  dir: "/state/wörkers/w1",
  hookScript: "/state/hook.sh",
  sessionId: "11111111-2222-3333-4444-555555555555",
  resumeSessionId: null,
  settings: { command: ["opencode"], permissionMode: null, env: {} },
};

describe("the launch of OpenCode in its terminal", () => {
  it("names the plugin of this launch in a configuration of this process alone", () => {
    const plan = interactiveOpencode.launch(request);
    expect(plan.argv).toEqual(["opencode", "--model", "anthropic/claude"]);
    expect(JSON.parse(plan.env["OPENCODE_CONFIG_CONTENT"] ?? "")).toEqual({
      plugin: ["file:///state/w%C3%B6rkers/w1/opencode-plugin.js"],
    });
    expect(plan.recordPath).toBe("/state/wörkers/w1/opencode.jsonl");
    expect(plan.files.map(({ name }) => name)).toEqual(["opencode-plugin.js"]);
  });

  it("keeps what the person gives it in the same way, and refuses what it cannot add to", () => {
    const withEnv = (content: string) => ({
      ...request,
      settings: { ...request.settings, permissionMode: "auto", env: { OPENCODE_CONFIG_CONTENT: content } },
    });
    const { argv, env } = interactiveOpencode.launch(withEnv('{"theme":"x","plugin":["theirs"]}'));
    expect(JSON.parse(env["OPENCODE_CONFIG_CONTENT"] ?? "")).toEqual({
      theme: "x",
      plugin: ["theirs", "file:///state/w%C3%B6rkers/w1/opencode-plugin.js"],
    });
    expect(argv).toContain("--auto");
    expect(() => interactiveOpencode.launch(withEnv("{theme"))).toThrow("is no JSON object");
  });

  it("goes on with a conversation, and is what `mode: interactive` chooses", () => {
    expect(interactiveOpencode.launch({ ...request, resumeSessionId: "ses_1" }).argv).toContain("ses_1");
    const of = (mode: "interactive" | "headless") =>
      adaptersOf({ opencode: { mode, declared: null } })("opencode").traits.goesOnBy;
    expect(of("interactive")).toBeUndefined();
    expect(of("headless")).toBe("nothing");
  });
});
