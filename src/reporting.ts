/** Taking a report: whose attempt it is about, and what it comes to beside what was reported before. */
import { CtmError } from "./base/errors.ts";
import {
  COUNTED,
  qualityUnit,
  reportedMax,
  type Report,
  type ReportedValue,
  type ReportKind,
} from "./hierarchy/reports.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { reportsMax } from "./ledger/report-rows.ts";
import { launchOfKey } from "./report-key.ts";

export interface ReportWish {
  readonly kind: ReportKind;
  /** How many tests, which score, how often; null = once. */
  readonly amount: number | null;
  /** Tests that passed. */
  readonly passed: number | null;
  /** The word of a worker's environment; null = a person reports. */
  readonly key: string | null;
  /** The task a person reports on. */
  readonly task: number | null;
}

export interface Reported extends Report {
  readonly task: number;
}

interface About {
  readonly task: number;
  readonly attemptId: string;
  readonly source: Report["source"];
}

/**
 * A count of an agent's is added to what it counted before; all else, and every word of a person, takes the place of
 * what was said before. Throws CtmError `usage`, `refused` for a word nobody here made, `not-found`.
 */
export function report(wish: ReportWish, ledger: Ledger, atMs: number): Reported {
  const { task, attemptId, source } = aboutWhom(wish, ledger);
  const before = ledger.reports.ofAttempt(attemptId);
  if (before.length >= reportsMax)
    throw new CtmError("refused", `task ${task} has ${before.length} reports; more are not kept`);
  const told = valueOf(wish);
  const counted = before.findLast(({ kind }) => kind === wish.kind)?.value ?? 0;
  const adds = source === "agent" && COUNTED.has(wish.kind);
  const value = { ...told, value: adds ? Math.min(reportedMax, counted + told.value) : told.value };
  ledger.report(attemptId, { ...value, atMs, source });
  return { ...value, atMs, source, task };
}

/**
 * What an agent's hook gave of a run of tests: the newest run is what counts. Where the agent or a person has said
 * something of its tests, their word stays.
 */
export function reportTested(
  { attemptId, passed, of }: { readonly attemptId: string; readonly passed: number; readonly of: number },
  ledger: Ledger,
  atMs: number,
): void {
  const before = ledger.reports.ofAttempt(attemptId);
  const tests = before.filter(({ kind }) => kind === "tests");
  const last = tests.at(-1);
  const isKnown = last?.value === passed && last.of === of;
  if (
    of > reportedMax ||
    isKnown ||
    before.length >= reportsMax ||
    tests.some(({ source }) => source !== "hook")
  )
    return;
  ledger.report(attemptId, { kind: "tests", value: passed, of, atMs, source: "hook" });
}

/** Whose attempt the holder of this word, or a person who names a task, speaks of. */
export function aboutWhom({ key, task }: Pick<ReportWish, "key" | "task">, ledger: Ledger): About {
  if (key === null) {
    if (task === null) throw new CtmError("usage", "outside of a worker a report names its task: --task N");
    const attempt = ledger.attempts.ofTask(ledger.task(task).id).at(-1);
    if (attempt === undefined) throw new CtmError("illegal-move", `task ${task} was given to no agent yet`);
    return { task, attemptId: attempt.id, source: "person" };
  }
  if (task !== null)
    throw new CtmError("usage", "inside a worker a report is about the task in hand: leave --task out");
  const launchId = launchOfKey(ledger, key);
  if (launchId === null)
    throw new CtmError("refused", "the word in CTM_REPORT was not made here: nothing was reported");
  const worker = ledger.workers.all().find((known) => known.launchId === launchId);
  const attempt = worker === undefined ? null : ledger.attempts.byId(worker.lastAttempt);
  if (attempt === null)
    throw new CtmError(
      "not-found",
      "this worker was given no task, or is gone: there is nothing to report on",
    );
  return { task: attempt.task_id, attemptId: attempt.id, source: "agent" };
}

function valueOf({ kind, amount, passed }: ReportWish): ReportedValue {
  if (passed !== null && kind !== "tests") throw new CtmError("usage", "--passed goes with tests alone");
  switch (kind) {
    case "tests":
      return tests(amount, passed);
    case "quality":
      if (amount === null || amount < 0 || amount > 1)
        throw new CtmError("usage", "a quality score is a number from 0 to 1, such as 0.93");
      return { kind, value: Math.round(amount * qualityUnit), of: qualityUnit };
    case "rejected":
    case "hallucinated":
    case "consulted":
    case "recovered":
      return { kind, value: wholeNumber(amount ?? 1, "how often"), of: 0 };
    default:
      return kind satisfies never;
  }
}

function tests(amount: number | null, passed: number | null): ReportedValue {
  if (amount === null || passed === null)
    throw new CtmError("usage", "tests are reported as: report tests 121 --passed 118");
  const of = wholeNumber(amount, "the number of tests");
  const value = wholeNumber(passed, "--passed");
  if (value > of) throw new CtmError("usage", `${value} tests cannot have passed of ${of}`);
  return { kind: "tests", value, of };
}

function wholeNumber(value: number, what: string): number {
  if (Number.isInteger(value) && value >= 0 && value <= reportedMax) return value;
  throw new CtmError("usage", `${what} is a whole number from 0 to ${reportedMax}`);
}
