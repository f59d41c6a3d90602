/** Records that real agent CLIs wrote against a stand-in for their API, and what ccusage 20.0.24 counts in them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { addUsage, NO_USAGE, type Usage, type UsageRecord } from "../../src/metering/usage.ts";

const root = new URL("../fixtures/transcripts/", import.meta.url).pathname;

/** Texts of all record files below a fixture's folder, such as "claude/subagent". */
export function fixtureTexts(name: string): string[] {
  return readdirSync(join(root, name), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".jsonl"))
    .sort()
    .map((path) => readFileSync(join(root, name, path), "utf8"));
}

export interface ExpectedTotals {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheCreationTokens: number;
  readonly cacheReadTokens: number;
  readonly reasoningOutputTokens?: number;
}

/** ccusage's totals of a session report, such as "claude_subagent". */
export function expectedTotals(name: string): ExpectedTotals {
  const text = readFileSync(join(root, "expected", `${name}.session.json`), "utf8");
  return (JSON.parse(text) as { readonly totals: ExpectedTotals }).totals;
}

export function sumOf(records: readonly UsageRecord[]): Usage {
  return records.map((record) => record.usage).reduce(addUsage, NO_USAGE);
}

/** A usage in the shape of the expected figures. */
export function asTotals(usage: Usage): Omit<ExpectedTotals, "reasoningOutputTokens"> {
  return {
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    cacheCreationTokens: usage.cacheWrite5mTokens + usage.cacheWrite1hTokens,
    cacheReadTokens: usage.cacheReadTokens,
  };
}
