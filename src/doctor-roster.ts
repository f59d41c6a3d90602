/** The doctor's look at the roster: what it says of itself against what it is. */
import type { Config } from "./config-shape.ts";
import type { DoctorCheck } from "./reports/doctor.ts";
import { membersIn, specialistsIn, typesOf, type Roster } from "./roster/roster.ts";

/** One line of what there is, one for each thing that does not fit. None without a roster. */
export function rosterChecks({ roster: setting }: Config): DoctorCheck[] {
  if (setting === null) return [];
  const { file, roster } = setting;
  const { members, departments } = roster;
  const found = `${members.length} agents in ${departments.length} departments (${file})`;
  return [
    { name: "roster", verdict: "ok", found, remedy: null },
    ...(setting.metricsDir === null
      ? [note("no metrics files are written: none are configured, or they would lie in your own ~/.claude")]
      : []),
    ...mismatches(roster).map(
      ({ found: what, remedy }): DoctorCheck => ({ name: "roster", verdict: "warn", found: what, remedy }),
    ),
  ];
}

function note(found: string): DoctorCheck {
  return { name: "roster", verdict: "ok", found, remedy: null };
}

interface Mismatch {
  readonly found: string;
  readonly remedy: string;
}

function mismatches(roster: Roster): Mismatch[] {
  const departments = roster.departments.flatMap(({ id, specialists: said, coordinator }): Mismatch[] => {
    const found = specialistsIn(roster, id).length;
    const inside = membersIn(roster, id).some((member) => member.id === coordinator);
    return [
      ...(said === null || said === found
        ? []
        : [
            {
              found: `${id} has ${found} specialists, and is said to have ${said}`,
              remedy: "Correct the number, or the departments of its agents.",
            },
          ]),
      ...(coordinator === null || inside
        ? []
        : [
            {
              found: `${coordinator} coordinates ${id} and does not stand in it`,
              remedy: `Add ${id} to its departments, or its figures will not count there.`,
            },
          ]),
    ];
  });
  const idle = roster.members
    .filter((member) => member.tier === "execution" && typesOf(roster, member).length === 0)
    .map(({ id }) => id);
  if (idle.length === 0) return departments;
  const shown =
    idle.length > 5 ? `${idle.slice(0, 5).join(", ")} and ${idle.length - 5} more` : idle.join(", ");
  return [
    ...departments,
    {
      found: `no type of task goes to ${shown} by itself`,
      remedy: "Give them types, or a department that has some.",
    },
  ];
}
