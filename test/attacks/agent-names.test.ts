/** Names of agents that want to be more than names: a path, a device, a terminal's command, something to stand before. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { CtmError } from "../../src/base/errors.ts";
import { assignedMember } from "../../src/delegation/member-choice.ts";
import { Ledger } from "../../src/ledger/ledger.ts";
import { hierarchyMetrics } from "../../src/overview/hierarchy.ts";
import { isRosterId } from "../../src/roster-schema.ts";
import { memberLike, rosterLike } from "../support/rosters.ts";

const NAMES = [
  ...[
    "../../x",
    "/etc/passwd",
    "a/b",
    "..",
    "con",
    "nul",
    "com1",
    "x".repeat(300),
    "🦊",
    "a\u202Eb",
    "\u001b[31m",
  ],
  ...["__proto__", "constructor", "toString", "", " ", "a\nb", "a\0b", "React", "-rf", "$(id)", "*"],
];
const roster = rosterLike({ members: [memberLike("react-expert")] });

let ledger: Ledger;
beforeAll(() => {
  ledger = Ledger.open(":memory:");
});
afterAll(() => ledger.close());

function thrown(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

it.each(NAMES)("%j is nobody: not to give work to, not to ask of, and not to write for", (id) => {
  const asked = { text: "work", as: id, agent: null, model: null, worker: null };
  const faults = [
    thrown(() => assignedMember(asked, "coding", roster)),
    thrown(() => hierarchyMetrics({ kind: "agent", id }, null, ledger, roster)),
    thrown(() => hierarchyMetrics({ kind: "department", id }, null, ledger, roster)),
  ];
  for (const fault of faults) {
    if (!(fault instanceof CtmError)) throw new Error(`it was taken: ${String(fault)}`);
    expect(["usage", "not-found"]).toContain(fault.code);
    expect(fault.message).toContain(JSON.stringify(id));
  }
  // What has it for a name stands in no file of a roster; that files are written for ids alone is tested beside them.
  expect(isRosterId(id)).toBe(id === "constructor");
});
