/**
 * The order of test files: those that take longest first, so that none of them is left over at the end with a core to
 * itself; the many short ones that share a process last, to fill what is left.
 */
import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** From half a minute on, longest first. Another file is as long as it is large; a wrong place costs seconds only. */
const LONGEST = [
  "e2e/real-agents",
  "e2e/faults",
  "e2e/hostile",
  "e2e/real-usage",
  "e2e/crash",
  "e2e/workers",
  "e2e/restart",
  "agents/claude.e2e",
  "e2e/opencode",
  "e2e/queue",
  "agents/codex.e2e",
  "cli/interactive",
  "e2e/morning",
  "attacks/agent-output",
  "repl/repl",
  "attacks/state-folder",
  "attacks/typed-words",
  "workers/tmux/typing",
  "reports/views-fit",
  "throttle/invariants",
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => this.#rank(a) - this.#rank(b));
  }

  #rank({ moduleId, project }: TestSpecification): number {
    const name = relative(`${this.ctx.config.root}/test`, moduleId).replace(/\.test\.ts$/, "");
    const place = LONGEST.indexOf(name);
    if (project.name === "shared") return LONGEST.length + (place < 0 ? 2 : 1);
    return place < 0 ? LONGEST.length : place;
  }
}
