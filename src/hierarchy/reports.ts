/** What an agent, or a person, tells of the work on one attempt: it stands in no record. */

export const REPORT_KINDS = [
  "tests",
  "quality",
  "rejected",
  "hallucinated",
  "consulted",
  "recovered",
] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

/** Kinds that are counted up; of the others the newest word counts. */
export const COUNTED: ReadonlySet<ReportKind> = new Set([
  "rejected",
  "hallucinated",
  "consulted",
  "recovered",
]);

/** Most tests, or times, that one report may tell of. */
export const reportedMax = 1_000_000;
/** A quality score is kept in thousandths. */
export const qualityUnit = 1_000;

export interface ReportedValue {
  readonly kind: ReportKind;
  /** Tests that passed, thousandths of a score, or how often. */
  readonly value: number;
  /** Of how many: tests; 1,000 of a score; 0 where it is a count. */
  readonly of: number;
}

/** One report, as it was taken. The newest of a kind is what counts for an attempt. */
export interface Report extends ReportedValue {
  readonly atMs: number;
  /** `hook`: nobody said it, but the agent's hook gave the output that says it. */
  readonly source: "agent" | "person" | "hook";
}

/** `by its agent` */
export function reporterWords(source: Report["source"]): string {
  return { agent: "by its agent", person: "by a person", hook: "seen by its agent's hook" }[source];
}

/** What all attempts of a subject reported of one kind. */
export interface ReportedSum {
  /** Attempts that reported. */
  readonly n: number;
  readonly value: number;
  readonly of: number;
}

export type ReportedSums = Readonly<Partial<Record<ReportKind, ReportedSum>>>;

/** With what an attempt says now instead of before (null = it had said nothing). */
export function withReported(
  sums: ReportedSums,
  before: ReportedValue | null,
  after: ReportedValue,
): ReportedSums {
  const sum = sums[after.kind] ?? { n: 0, value: 0, of: 0 };
  return {
    ...sums,
    [after.kind]: {
      n: sum.n + (before === null ? 1 : 0),
      value: sum.value - (before?.value ?? 0) + after.value,
      of: sum.of - (before?.of ?? 0) + after.of,
    },
  };
}

/** `121 of 121 passed`, `0.93`, `2 times` */
export function reportedWords({ kind, value, of }: ReportedValue): string {
  switch (kind) {
    case "tests":
      return `tests: ${value} of ${of} passed`;
    case "quality":
      return `quality: ${value / qualityUnit}`;
    case "rejected":
      return `rejected in review: ${times(value)}`;
    case "hallucinated":
      return `hallucinated: ${times(value)}`;
    case "consulted":
      return `asked another agent: ${times(value)}`;
    case "recovered":
      return `recovered by itself: ${times(value)}`;
    default:
      return kind satisfies never;
  }
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
