/**
 * CTM_TEST_MUTANTS: takes the mechanism behind each promise out of a copy of the source, and demands that the named
 * tests fail there. A word (G3) as its value runs those of one promise. Prints promise, mechanism and failing test.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { productFolder } from "../support/built-product.ts";
import { MUTANTS, type Edit, type Mutant } from "./mutants.ts";

const root = new URL("../..", import.meta.url).pathname;
const asked = process.env["CTM_TEST_MUTANTS"];
const chosen = MUTANTS.filter(({ promise }) => asked === "1" || asked === promise);
const told: string[] = [];
let copy = "";

interface Outcome {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
}

beforeAll(() => {
  if (asked === undefined) return;
  copy = mkdtempSync(join(tmpdir(), "ctm-mutants-"));
  for (const name of ["src", "test", "scripts", "package.json", "tsconfig.json"])
    cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
});

afterAll(() => {
  if (copy === "") return;
  rmSync(copy, { recursive: true, force: true });
  console.info(told.join("\n"));
});

// The source may change shape without breaking a promise, so the table is held against it when it is asked for.
describe("what is taken out", () => {
  it.skipIf(asked === undefined)("stands in the source as the table names it, exactly once", () => {
    for (const { edits } of MUTANTS)
      for (const { file, from } of edits)
        expect(readFileSync(join(root, "src", file), "utf8").split(from), `${file}: ${from}`).toHaveLength(2);
  });

  it("is something of every promise that does not wait for a face that is not there yet", () => {
    const promises = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 15, 16].map((n) => `G${n}`);
    expect([...new Set(MUTANTS.map(({ promise }) => promise))]).toEqual(promises);
  });
});

describe.skipIf(asked === undefined)("taken out one by one (CTM_TEST_MUTANTS)", () => {
  it.each(chosen)(
    "$promise $mechanism",
    async (one) => {
      const whole = await run(one);
      expect(whole.failed).toEqual([]);
      expect(whole.passed).not.toEqual([]);
      for (const edit of one.edits) change(edit);
      const broken = await run(one);
      for (const { file } of one.edits) cpSync(join(root, "src", file), join(copy, "src", file));
      expect(broken.failed).not.toEqual([]);
      told.push(
        `${one.promise.padEnd(4)} ${one.mechanism.padEnd(46)} ${one.file}: ${broken.failed[0] ?? ""}`,
      );
    },
    600_000,
  );
});

/** Runs the mutant's tests in the copy, whatever state that is in. */
async function run({ file, title }: Mutant): Promise<Outcome> {
  const out = join(copy, "outcome.json");
  rmSync(out, { force: true });
  const argv = ["run", "--config", "test/vitest.config.ts", `test/${file}`, "-t", title];
  await execa(
    join(copy, "node_modules/.bin/vitest"),
    [...argv, "--reporter=json", `--outputFile=${out}`],
    // The copy tests a source, not a build: it takes the one that is there.
    { cwd: copy, reject: false, env: { CTM_TEST_DIST: productFolder(), CTM_TEST_MUTANTS: undefined } },
  );
  const report: unknown = JSON.parse(readFileSync(out, "utf8"));
  const tests = (
    report as { testResults: { assertionResults: { fullName: string; status: string }[] }[] }
  ).testResults.flatMap(({ assertionResults }) => assertionResults);
  const named = (status: string): string[] =>
    tests.flatMap((one) => (one.status === status ? [one.fullName] : []));
  return { passed: named("passed"), failed: named("failed") };
}

function change({ file, from, to }: Edit): void {
  const path = join(copy, "src", file);
  writeFileSync(
    path,
    readFileSync(path, "utf8").replace(from, () => to),
  );
}
