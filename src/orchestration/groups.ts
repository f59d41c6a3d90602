/** Whom the name of a group stands for. */
import { CtmError } from "../base/errors.ts";
import { departmentOf, membersIn, TIERS } from "../roster/roster.ts";
import type { AddressParts } from "./addresses.ts";

/** Is it the name of a group? It begins with `@`. */
export function isGroup(target: string): boolean {
  return target.startsWith("@");
}

/**
 * `@all`: every worker; `@` and a department or tier of the roster: its agents. Each name is one that `addressOf` takes.
 * CtmError `not-found` for a group that is not there, or has nobody in it.
 */
export function groupOf(target: string, { config, workers }: AddressParts): readonly string[] {
  const named = namesIn(target.slice(1), { config, workers });
  if (named === null)
    throw new CtmError(
      "not-found",
      `there is no group ${target}: @all, or @ and a department or tier of the roster`,
    );
  if (named.length === 0) throw new CtmError("not-found", `nobody is in ${target}`);
  return named;
}

function namesIn(group: string, { config, workers }: AddressParts): readonly string[] | null {
  if (group === "all") return workers().map(({ name }) => name);
  const roster = config.roster?.roster ?? null;
  if (roster === null) return null;
  if (departmentOf(roster, group) !== null) return membersIn(roster, group).map(({ id }) => id);
  const tier = TIERS.find((known) => known === group);
  return tier === undefined ? null : roster.members.filter((one) => one.tier === tier).map(({ id }) => id);
}
