import { expect, test } from "vitest";
import { delegate } from "../../src/delegation/delegate.ts";
import { defaultRules } from "../../src/delegation/delegator.ts";
import { promptOf } from "../../src/tasks/task.ts";
import { departmentLike, memberLike, rosterLike } from "../support/rosters.ts";

const roster = rosterLike({
  departments: [departmentLike("backend", { types: ["coding"] })],
  members: [
    memberLike("lead", { tier: "strategic", departments: [], model: "opus", preamble: "Plan first." }),
    memberLike("coder", {
      departments: ["backend"],
      model: "cheap",
      preamble: "You write code.",
      worker: "concurrent_worker2",
    }),
    memberLike("pilot", { departments: ["backend"], types: [], agent: "codex", model: "gpt-5" }),
  ],
});
const rules = { ...defaultRules(), roster };
const text = "Fix the parser of the backend";
const asked = { text, type: null, model: null, agent: null, worker: null };

test("without a roster nothing changes, and naming somebody is refused", () => {
  const plain = delegate(asked, defaultRules());
  expect(plain.member).toBeNull();
  expect(delegate({ ...asked, type: "ui" }, rules)).toEqual(
    delegate({ ...asked, type: "ui" }, defaultRules()),
  );
  expect(() => delegate({ ...asked, as: "coder" }, defaultRules())).toThrow("there is no roster here");
});

test("the member whose work it is brings its model, its worker and its preamble, which is estimated too", () => {
  const plain = delegate({ ...asked, model: "cheap" }, defaultRules());
  const given = delegate(asked, rules);
  expect(given.member).toEqual({ id: "coder", preamble: "You write code.", worker: "concurrent_worker2" });
  expect(given.model).toBe("haiku");
  const typed = promptOf(text, given.member);
  expect(typed).toBe(`You write code.\n\n${text}`);
  expect(given.estimateTokens - plain.estimateTokens).toBe(
    Math.floor(typed.length / 4) - Math.floor(text.length / 4),
  );
});

test("the one who is named does it, and what a person forces goes over what it says", () => {
  expect(delegate({ ...asked, as: "lead" }, rules)).toMatchObject({ member: { id: "lead" }, model: "opus" });
  expect(delegate({ ...asked, as: "lead", model: "haiku" }, rules).model).toBe("haiku");
  expect(delegate({ ...asked, as: "pilot" }, rules)).toMatchObject({ agent: "codex", model: "gpt-5" });
  // Its model is none of the CLI that was forced.
  expect(delegate({ ...asked, as: "pilot", agent: "claude" }, rules)).toMatchObject({
    agent: "claude",
    model: "sonnet",
  });
  expect(() => delegate({ ...asked, as: "codr" }, rules)).toThrow("did you mean coder?");
});

test("a command line is nobody's work, and nothing is typed before it", () => {
  const command = { ...asked, agent: "shell" };
  expect(delegate(command, rules).member).toBeNull();
  expect(delegate({ ...command, as: "lead" }, rules).member).toEqual({
    id: "lead",
    preamble: null,
    worker: null,
  });
});
