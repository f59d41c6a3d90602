/**
 * The order of test files: those that take longest first, so that none of them is left over at the end with a core to
 * itself; the many short ones that share a process last, to fill what is left.
 */
import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** From half a minute on, longest first. Another file is as long as it is large; a wrong place costs seconds only. */
const LONGEST = [
  "e2e/faults",
  "e2e/real-agents",
  "e2e/hostile",
  "e2e/queue",
  "e2e/workers",
  "e2e/crash",
  "e2e/real-usage",
  "throttle/invariants",
  "e2e/morning",
  "e2e/restart",
  "attacks/hostile-words",
  "e2e/batch",
  "cli/interactive",
  "e2e/dashboard",
  "e2e/opencode",
  "attacks/typed-words",
  "e2e/mending",
  "agents/claude.e2e",
  "attacks/state-folder",
  "attacks/agent-output",
  "repl/repl",
  "engine",
  "e2e/throttle",
  "agents/codex.e2e",
  "attacks/secrets",
  "attacks/figures",
  "reports/views-fit",
  "workers/tmux/typing",
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
