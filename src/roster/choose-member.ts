/**
 * Who of a roster does a task that nobody was named for: those of the execution tier whose types fit, the one whose
 * words (or whose department's words) stand in the text most. Those equally fit share the tasks by a hash of the text,
 * so that the same text always goes to the same member and nothing has to be remembered.
 */
import type { TaskType } from "../tasks/task.ts";
import { departmentOf, typesOf, type Member, type Roster } from "./roster.ts";

export interface MemberWish {
  readonly text: string;
  readonly type: TaskType;
  /** Kind of agent CLI the person wants; null = any. */
  readonly agent: string | null;
  readonly worker: string | null;
}

/** So much of a text is looked at. */
const lookedAtChars = 4_000;
/** A member's own word counts so much more than one of its department. */
const ownWord = 3;

/** Null: nobody takes tasks of this type. */
export function chooseMember(roster: Roster, wish: MemberWish): Member | null {
  const fitting = roster.members.filter(
    (member) =>
      member.tier === "execution" &&
      typesOf(roster, member).includes(wish.type) &&
      agrees(member.agent, wish.agent) &&
      agrees(member.worker, wish.worker),
  );
  const words = wordsOf(wish.text.slice(0, lookedAtChars));
  const scored = fitting.map((member) => ({ member, score: scoreOf(roster, member, words) }));
  const best = Math.max(...scored.map(({ score }) => score));
  const equal = scored.filter(({ score }) => score === best);
  return equal[hashOf(wish.text) % Math.max(1, equal.length)]?.member ?? null;
}

function agrees(own: string | null, wanted: string | null): boolean {
  return own === null || wanted === null || own === wanted;
}

function scoreOf(roster: Roster, member: Member, words: ReadonlySet<string>): number {
  const own = member.words.filter((word) => words.has(word.toLowerCase())).length;
  const departments = member.departments.flatMap((id) => departmentOf(roster, id)?.words ?? []);
  return own * ownWord + departments.filter((word) => words.has(word.toLowerCase())).length;
}

function wordsOf(text: string): ReadonlySet<string> {
  return new Set(text.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}+#.-]*(?<![.-])/gu) ?? []);
}

/** FNV-1a over UTF-16 units, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
