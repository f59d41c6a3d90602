/**
 * How many tests passed, as the runner itself says it in the output of a command. Only a line that is a runner's own
 * summary counts, and only where the output holds the summary of one run: nothing is guessed.
 */
/** Tests that were skipped are neither passed nor failed. */
export interface TestTotals {
  readonly passed: number;
  readonly of: number;
}

interface Runner {
  /** A line that sums up a run. */
  readonly summary: RegExp;
  /** What stands in it, each with its count. */
  readonly passed: RegExp;
  readonly failed: RegExp;
  /** One summary a part of the run (cargo: a crate or kind of test); elsewhere two are two runs. */
  readonly inParts?: true;
}

const RUNNERS: readonly Runner[] = [
  // Vitest: `Tests  2 failed | 118 passed | 1 skipped (121)`; Jest: `Tests:       2 failed, 118 passed, 120 total`
  {
    summary:
      /^ *Tests:? +(?:\d+ (?:failed|passed|skipped|todo|pending)(?: \| |, |(?= \()))*(?: ?\(\d+\)|\d+ total)$/,
    passed: /(\d+) passed/,
    failed: /(\d+) failed/,
  },
  // pytest: `===== 3 failed, 118 passed, 1 skipped in 12.30s (0:00:12) =====`, with -q without the lines beside it
  {
    summary:
      /^=* ?(?:\d+ (?:failed|passed|skipped|deselected|xfailed|xpassed|warnings?|errors?)(?:, )?)+ in \d+\.\d+s(?: \([\d:]+\))? ?=*$/,
    passed: /(\d+) passed/,
    failed: /(\d+) failed/,
  },
  // cargo: `test result: ok. 118 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`
  {
    summary: /^test result: (?:ok|FAILED)\. \d+ passed; \d+ failed; /,
    passed: /(\d+) passed/,
    failed: /(\d+) failed/,
    inParts: true,
  },
];

/** Longest summary line. */
const lineMaxChars = 300;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is taken away
const COLOURS = /\u001b\[[\d;]*m/g;

/** null: no runner summed up a run here, or more than one did. */
export function testTotals(output: string): TestTotals | null {
  const lines = output
    .split("\n")
    .filter((line) => line.length <= lineMaxChars && /\d+ passed|\d+ failed/.test(line))
    .map((line) => line.replaceAll(COLOURS, "").trimEnd());
  const found = RUNNERS.flatMap((runner) => {
    const own = lines.filter((line) => runner.summary.test(line));
    return own.length === 0 ? [] : [{ runner, own }];
  });
  const [only] = found;
  if (only === undefined || found.length > 1) return null;
  const { runner, own } = only;
  if (own.length > 1 && runner.inParts === undefined) return null;
  const sum = (what: RegExp): number =>
    own.reduce((total, line) => total + Number(what.exec(line)?.[1] ?? 0), 0);
  const passed = sum(runner.passed);
  const of = passed + sum(runner.failed);
  return of === 0 ? null : { passed, of };
}
