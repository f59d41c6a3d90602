/** Which agent of the roster a task is given to, and what that adds to what was asked for. */
import type { AgentKind } from "../agents/adapter.ts";
import { CtmError } from "../base/errors.ts";
import { nearest } from "../base/suggest.ts";
import { chooseMember } from "../roster/choose-member.ts";
import { memberOf, type Member, type Roster } from "../roster/roster.ts";
import type { TaskType } from "../tasks/task.ts";
import { takesModel } from "./routes.ts";

interface Asked {
  readonly text: string;
  readonly as?: string | null;
  readonly agent: string | null;
  readonly model: string | null;
  readonly worker: string | null;
}

/** A command line is nobody's work: it is given to a member only by name, and nothing is typed before it. */
const COMMANDS = "shell";

/** The one named, else the one whose work it is; null: there is no roster, or nobody takes such tasks. CtmError `usage`. */
export function assignedMember(asked: Asked, type: TaskType, roster: Roster | null): Member | null {
  const { as = null, agent, worker, text } = asked;
  if (as !== null) return namedMember(as, roster);
  if (roster === null || agent === COMMANDS) return null;
  return chooseMember(roster, { text, type, agent, worker });
}

function namedMember(id: string, roster: Roster | null): Member {
  if (roster === null)
    throw new CtmError(
      "usage",
      "there is no roster here, so there is nobody to name with --as (`ctm roster init` writes one)",
    );
  const member = memberOf(roster, id);
  if (member !== null) return member;
  const ids = roster.members.map((known) => known.id);
  const near = nearest(id, ids);
  const hint = near === null ? "`roster` lists them" : `did you mean ${near}?`;
  throw new CtmError("usage", `${JSON.stringify(id)} is no agent of the roster (${hint})`);
}

/** What was asked, with the member's own agent CLI, worker and model where nobody forced another. */
export function asMember<T extends Asked>(asked: T, member: Member, routed: AgentKind): T {
  const agent = asked.agent ?? (asked.worker === null ? member.agent : null);
  const worker = asked.worker ?? (agent === member.agent ? member.worker : null);
  // The model of a member is one of the CLI it runs; with another one the route decides.
  const suits =
    member.model !== null && (isTierWord(member.model) || takesModel(agent ?? routed, member.model));
  return { ...asked, agent, worker, model: asked.model ?? (suits ? member.model : null) };
}

export function preambleFor(member: Member, agent: AgentKind): string | null {
  return agent === COMMANDS ? null : member.preamble;
}

function isTierWord(model: string): boolean {
  return model === "cheap" || model === "premium";
}
