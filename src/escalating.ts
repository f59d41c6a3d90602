/** Handing a task up: to another agent, to a coordinator, or to a person. */
import { CtmError } from "./base/errors.ts";
import { chooseMember } from "./roster/choose-member.ts";
import { LEVEL_OF_TARGET, type EscalationLevel, type EscalationTarget } from "./roster/escalation.ts";
import { memberOf, superiorOf, type Member, type Roster } from "./roster/roster.ts";
import { isFinal, type Task } from "./tasks/task.ts";

export interface EscalationWish {
  readonly to: EscalationTarget;
  /** The agent it goes to, by name; null = who is next. */
  readonly as: string | null;
  readonly reason: string;
}

export interface EscalationParts {
  readonly roster: Roster | null;
  task(id: number): Task;
  note(task: Task, level: EscalationLevel, member: string | null, reason: string): void;
  retry(id: number, cause: string): void;
  hold(id: number, reason: string): void;
  /** Gives a waiting task to another member. */
  giveTo(id: number, member: string): void;
}

export interface Escalated {
  readonly task: Task;
  readonly level: EscalationLevel;
  readonly member: string | null;
  /** What became of it, as a sentence. */
  readonly done: string;
}

/**
 * A waiting task goes to the other; an ended one is queued again for it; one at work is only booked as handed up, for
 * nothing is taken out of an agent's hands. Throws CtmError `usage` where nobody is there to hand it to,
 * `illegal-move` for a completed one.
 */
export function escalate(id: number, wish: EscalationWish, parts: EscalationParts): Escalated {
  const task = parts.task(id);
  const { name } = task.state;
  if (name === "completed")
    throw new CtmError("illegal-move", `task ${id} is completed: nothing is left of it`);
  const level = LEVEL_OF_TARGET[wish.to];
  const member = wish.to === "human" ? null : receiver(task, wish, parts.roster).id;
  parts.note(task, level, member, wish.reason);
  const told = (done: string): Escalated => ({ task: parts.task(id), level, member, done });
  if (name !== "queued" && !isFinal(name)) return told("booked; its agent goes on with it");
  if (member === null) {
    if (name !== "queued") return told("booked; it waits for you");
    parts.hold(id, `escalated to a person: ${wish.reason}`.slice(0, 200));
    return told("held for you; `release` lets it go");
  }
  if (name !== "queued") parts.retry(id, `escalated: ${wish.reason}`);
  parts.giveTo(id, member);
  return told(`given to ${member}`);
}

function receiver(task: Task, { to, as }: EscalationWish, roster: Roster | null): Member {
  if (roster === null)
    throw new CtmError(
      "usage",
      "there is no roster, so there is nobody to hand it to (--to human needs none)",
    );
  if (as !== null) return named(as, roster);
  const own = task.assignment.member === null ? null : memberOf(roster, task.assignment.member.id);
  const next = to === "coordinator" ? coordinatorOf(own, roster) : peerOf(task, own, roster);
  if (next !== null) return next;
  const whose =
    own === null ? "it is given to nobody of the roster" : `${own.id} has no other beside or above it`;
  throw new CtmError("usage", `nobody is there to hand task ${task.id} to: ${whose}; name one with --as`);
}

function named(id: string, roster: Roster): Member {
  const member = memberOf(roster, id);
  if (member === null)
    throw new CtmError("usage", `${JSON.stringify(id)} is no agent of the roster (\`roster\` lists them)`);
  return member;
}

function coordinatorOf(own: Member | null, roster: Roster): Member | null {
  return own === null ? null : superiorOf(roster, own);
}

/** Somebody else of the same departments who takes such tasks. */
function peerOf(task: Task, own: Member | null, roster: Roster): Member | null {
  const { type } = task.assignment;
  const members = roster.members.filter(
    ({ id, departments }) =>
      id !== own?.id && (own === null || departments.some((name) => own.departments.includes(name))),
  );
  return chooseMember({ ...roster, members }, { text: task.draft.text, type, agent: null, worker: null });
}
