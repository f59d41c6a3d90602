/**
 * What a finding says to do, done at a person's word where that is safe: another model for one agent of the roster, as a
 * route that can be dropped again, or a summary of a conversation that grows long. Budgets are for a person.
 */
import { CtmError } from "./base/errors.ts";
import type { ContextKeeper } from "./context-keeper.ts";
import { adoptedFor, adoptedWords } from "./delegation/adopted-route.ts";
import type { DelegationDesk } from "./delegation-desk.ts";
import { nextModel } from "./delegation/routes.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { KeptFinding } from "./optimization/rules.ts";
import type { FindingApplied } from "./reports/findings.ts";
import type { RouteDesk } from "./route-desk.ts";

export interface FindingActionParts {
  readonly ledger: Ledger;
  readonly delegation: DelegationDesk;
  readonly routes: Pick<RouteDesk, "take">;
  /** null: no manager runs here. `contexts` null: there is no roster. */
  readonly workplace: { readonly contexts: Pick<ContextKeeper, "compactAfter"> | null } | null;
}

/** Newest attempts of an agent that tell which model it runs. */
const attemptsMax = 200;

/** With `yes` it is done. CtmError `refused` with why there is nothing to do, `no-manager` where only one could do it. */
export function applyFinding(finding: KeptFinding, yes: boolean, parts: FindingActionParts): FindingApplied {
  switch (finding.rule) {
    case "T1":
      return otherModel(finding, "down", yes, parts);
    case "T2":
    case "T3":
      return otherModel(finding, "up", yes, parts);
    case "T4":
    case "T5":
      throw refused(
        finding,
        `a budget is yours to raise, and which agents to change yours to choose (${finding.suggestion})`,
      );
    case "T6":
      return compaction(finding, yes, parts);
    default:
      return finding.rule satisfies never;
  }
}

function otherModel(
  finding: KeptFinding,
  direction: "down" | "up",
  yes: boolean,
  { ledger, delegation, routes }: FindingActionParts,
): FindingApplied {
  const { id, subject, evidence } = finding;
  const adopted = adoptedFor("member", subject, delegation.adopted.all);
  if (adopted !== null) throw refused(finding, `${adoptedWords(adopted)}: first its new tasks must tell`);
  const usual = ledger.outcomes.usualModel(subject, attemptsMax);
  if (usual === null) throw refused(finding, `no ended task of ${subject} tells which model it runs`);
  const model = nextModel(usual.model, delegation.ladderOf(usual.agent), direction);
  if (model === null) {
    const which = direction === "up" ? "better" : "cheaper";
    const present = usual.model === "" ? "its agent's own default" : usual.model;
    throw refused(finding, `no ${which} model than ${present} is known for agent ${usual.agent}`);
  }
  const route = { kind: "member" as const, subject, agent: usual.agent, model, because: evidence };
  const insteadOf = usual.model === "" ? null : usual.model;
  const change = routes.take({ ...route, insteadOf }, yes, `findings apply ${id} --yes`);
  return { finding, action: { kind: "route", change } };
}

function compaction(finding: KeptFinding, yes: boolean, { workplace }: FindingActionParts): FindingApplied {
  if (workplace === null)
    throw new CtmError(
      "no-manager",
      "no manager runs, so no agent can be told: `ctm` or `ctm serve` starts one",
    );
  if (workplace.contexts === null) throw refused(finding, "there is no roster any more");
  const { worker } = workplace.contexts.compactAfter(Number(finding.subject.slice(1)), yes);
  return { finding, action: { kind: "compaction", worker, done: yes } };
}

function refused({ id, rule }: KeptFinding, why: string): CtmError {
  return new CtmError("refused", `nothing is applied of finding ${id} (${rule}): ${why}`);
}
