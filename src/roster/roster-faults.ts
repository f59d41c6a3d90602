/** What a roster may not say although each part of it is well formed: names that nobody has, and rings. */
import type { Roster } from "./roster.ts";

export interface RosterFault {
  /** Keys down to the place, as in the file. */
  readonly path: readonly (string | number)[];
  /** A phrase that goes on after the name of the place. */
  readonly message: string;
}

/** All of them, in the order of the file. */
export function rosterFaults(roster: Roster): RosterFault[] {
  const ids = new Set(roster.members.map(({ id }) => id));
  const departments = new Set(roster.departments.map(({ id }) => id));
  const seen = new Set<string>();
  const faults: RosterFault[] = [];
  for (const { id, coordinator } of roster.departments) {
    if (coordinator !== null && !ids.has(coordinator))
      faults.push({
        path: ["departments", id, "coordinator"],
        message: `names ${coordinator}, who is no agent here`,
      });
  }
  for (const [at, member] of roster.members.entries()) {
    const fault = (key: string, message: string): void =>
      void faults.push({ path: ["agents", at, key], message });
    if (seen.has(member.id)) fault("id", `${member.id} is there twice`);
    seen.add(member.id);
    for (const name of member.departments)
      if (!departments.has(name)) fault("departments", `names ${name}, which is no department here`);
    if (new Set(member.departments).size < member.departments.length)
      fault("departments", "names a department twice");
    if (member.reportsTo !== null && !ids.has(member.reportsTo))
      fault("reportsTo", `names ${member.reportsTo}, who is no agent here`);
  }
  return [...faults, ...ringFaults(roster)];
}

/** Each ring once, told at the first of its members. */
function ringFaults({ members }: Roster): RosterFault[] {
  const above = new Map(members.map(({ id, reportsTo }) => [id, reportsTo]));
  const told = new Set<string>();
  return members.flatMap(({ id }, at): RosterFault[] => {
    const ring = ringFrom(id, above);
    if (ring === null || told.has(id)) return [];
    for (const name of ring) told.add(name);
    const shown = ring.length > ringShownMax ? [...ring.slice(0, ringShownMax), "…"] : ring;
    return [
      { path: ["agents", at, "reportsTo"], message: `goes round in a ring: ${[...shown, id].join(" → ")}` },
    ];
  });
}

const ringShownMax = 8;

/** The ring this member stands in, beginning with it; null: it stands in none. */
function ringFrom(id: string, above: ReadonlyMap<string, string | null>): string[] | null {
  const way = [id];
  for (let next = above.get(id) ?? null; next !== null; next = above.get(next) ?? null) {
    if (next === id) return way;
    // A ring further up is told by those who stand in it.
    if (way.length > above.size) return null;
    way.push(next);
  }
  return null;
}
