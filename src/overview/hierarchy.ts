/** Assembles the figures of agents, departments, tiers and the system, from the kept sums or for a span of time. */
import { NO_AGGREGATE, withInvocation, type Aggregate } from "../hierarchy/aggregate.ts";
import { tenthsOf } from "../hierarchy/duration-buckets.ts";
import { qualityUnit, type ReportedSums } from "../hierarchy/reports.ts";
import { subjectsOf, type Invocation, type Subject } from "../hierarchy/invocation.ts";
import { CtmError } from "../base/errors.ts";
import { nearest } from "../base/suggest.ts";
import type { HierarchyMetrics } from "../reports/hierarchy-metrics.ts";
import type { Ledger } from "../ledger/ledger.ts";
import {
  metricsFile,
  type ReportedQuality,
  type SubjectFacts,
  type SubjectFigures,
} from "../reports/metrics-file.ts";
import { contextBudget } from "../roster/context-budget.ts";
import { departmentOf, memberOf, membersIn, TIERS, type Roster } from "../roster/roster.ts";

/** What `metrics agent` and its like show. CtmError `not-found` for a subject that neither roster nor ledger knows. */
export function hierarchyMetrics(
  subject: Subject,
  sinceMs: number | null,
  ledger: Ledger,
  roster: Roster | null,
): HierarchyMetrics {
  requireKnown(subject, ledger, roster);
  const figures =
    sinceMs === null ? figuresOf(subject, ledger, roster) : figuresSince(subject, sinceMs, ledger, roster);
  return { kind: subject.kind, name: figures.facts.name, sinceMs, file: metricsFile(figures) };
}

function requireKnown({ kind, id }: Subject, ledger: Ledger, roster: Roster | null): void {
  if (kind === "system" || kind === "tier") return;
  const told = (kind === "agent" ? roster?.members : roster?.departments)?.map((one) => one.id) ?? [];
  const counted = ledger.hierarchy.subjects().flatMap((one) => (one.kind === kind ? [one.id] : []));
  const known = [...new Set([...told, ...counted])];
  if (known.includes(id)) return;
  const near = nearest(id, known);
  const none = `there is no ${kind} named ${JSON.stringify(id)}`;
  if (near !== null) throw new CtmError("not-found", `${none}, did you mean ${near}?`);
  throw new CtmError(
    "not-found",
    known.length === 0 ? `${none}: there is no roster` : `${none} (see \`roster\`)`,
  );
}

/** Of everything counted so far. */
export function figuresOf(subject: Subject, ledger: Ledger, roster: Roster | null): SubjectFigures {
  const { hierarchy } = ledger;
  const sums = hierarchy.sums(subject);
  return {
    facts: factsOf(subject, roster),
    sums,
    p95Tenths: hierarchy.p95Tenths(subject, sums.durations),
    reported: qualityOf(sums.reported),
    recent: hierarchy.bySeq(sums.recent),
    context: contextCounts(subject, 0, ledger, roster),
  };
}

/** Of a department or tier: those who stand in it now. */
function contextCounts(
  { kind, id }: Subject,
  sinceMs: number,
  { contexts }: Ledger,
  roster: Roster | null,
): SubjectFigures["context"] {
  const members = {
    agent: () => [id],
    department: () => (roster === null ? [] : membersIn(roster, id)).map((member) => member.id),
    tier: () => (roster?.members ?? []).flatMap((member) => (member.tier === id ? [member.id] : [])),
    system: () => null,
  }[kind]();
  return {
    warnings: contexts.count("near", members, sinceMs),
    overruns: contexts.count("full", members, sinceMs),
  };
}

/** Of what began at or after a moment: counted anew. */
export function figuresSince(
  subject: Subject,
  fromMs: number,
  ledger: Ledger,
  roster: Roster | null,
): SubjectFigures {
  const reports = ledger.reports.counted();
  let sums: Aggregate = NO_AGGREGATE;
  const tenths: number[] = [];
  for (const { seq, invocation } of ledger.hierarchy.since(fromMs)) {
    if (!countsFor(invocation, subject)) continue;
    sums = withInvocation(sums, invocation, seq, reports.get(invocation.attemptId));
    if (invocation.durationMs !== null) tenths.push(tenthsOf(invocation.durationMs));
  }
  tenths.sort((a, b) => a - b);
  return {
    facts: factsOf(subject, roster),
    sums,
    p95Tenths: tenths[Math.ceil(tenths.length * 0.95) - 1] ?? null,
    reported: qualityOf(sums.reported),
    recent: ledger.hierarchy.bySeq(sums.recent),
    context: contextCounts(subject, fromMs, ledger, roster),
  };
}

/** null: nobody reported anything of the kind. */
function qualityOf(sums: ReportedSums): ReportedQuality {
  const { tests, quality, rejected, hallucinated, consulted, recovered } = sums;
  return {
    selfRecoveries: recovered?.value ?? null,
    peerConsultations: consulted?.value ?? null,
    tests: tests?.of ?? null,
    testsPassed: tests?.value ?? null,
    reviewRejections: rejected?.value ?? null,
    hallucinations: hallucinated?.value ?? null,
    quality: quality === undefined ? null : quality.value / qualityUnit / quality.n,
  };
}

function countsFor(invocation: Invocation, subject: Subject): boolean {
  return subjectsOf(invocation).some(({ kind, id }) => kind === subject.kind && id === subject.id);
}

function factsOf(subject: Subject, roster: Roster | null): SubjectFacts {
  const nothing = { subject, name: subject.id, model: null, tier: null, department: null, maxTokens: null };
  switch (subject.kind) {
    case "agent": {
      const member = roster === null ? null : memberOf(roster, subject.id);
      if (roster === null || member === null) return nothing;
      const { name, model, tier, departments } = member;
      return {
        ...nothing,
        ...{ name, model, tier },
        department: departments[0] ?? null,
        maxTokens: contextBudget(roster, member).maxTokens,
      };
    }
    case "department":
      return {
        ...nothing,
        name: (roster === null ? null : departmentOf(roster, subject.id)?.name) ?? subject.id,
      };
    case "tier": {
      const tier = TIERS.find((name) => name === subject.id);
      return {
        ...nothing,
        maxTokens: roster === null || tier === undefined ? null : roster.tiers[tier].maxTokens,
      };
    }
    case "system":
      return { ...nothing, name: "system" };
    default:
      return subject.kind satisfies never;
  }
}
