/** Assembles what `roster` shows. Everything is counted from the members. */
import type { RosterModel } from "../reports/roster.ts";
import type { RosterSetting } from "../config-shape.ts";
import { membersIn, specialistsIn, superiorOf, TIERS } from "../roster/roster.ts";

export function rosterModel(setting: RosterSetting | null): RosterModel {
  if (setting === null) return { file: null, tiers: [], departments: [], members: [] };
  const { file, roster } = setting;
  return {
    file,
    tiers: TIERS.map((tier) => ({
      tier,
      agents: roster.members.filter((member) => member.tier === tier).length,
      maxTokens: roster.tiers[tier].maxTokens,
      retainedTokens: roster.tiers[tier].retainedTokens,
    })),
    departments: roster.departments.map(({ id, coordinator, specialists, types }) => ({
      id,
      coordinator,
      agents: membersIn(roster, id).length,
      specialists: specialistsIn(roster, id).length,
      said: specialists,
      types,
    })),
    members: roster.members.map((member) => ({
      id: member.id,
      name: member.name,
      tier: member.tier,
      departments: member.departments,
      model: member.model,
      agent: member.agent,
      worker: member.worker,
      superior: superiorOf(roster, member)?.id ?? null,
    })),
  };
}
