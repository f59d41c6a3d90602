/** How well a classifier does on labelled prompts. */
import { classify } from "../../src/delegation/classify.ts";
import { TASK_TYPES, type TaskType } from "../../src/tasks/task.ts";

export type Prompts = Readonly<Record<TaskType, readonly string[]>>;

export interface Measures {
  /** Mean over the types of the harmonic mean of precision and recall. */
  readonly macroF1: number;
  /** Share of coding and analysis prompts that would go to the cheap model. */
  readonly wronglyCheap: number;
}

export function measure(
  prompts: Prompts,
  decide = (text: string): TaskType => classify(text).type,
): Measures {
  const pairs = TASK_TYPES.flatMap((label) => prompts[label].map((text) => ({ label, type: decide(text) })));
  const f1 = TASK_TYPES.map((type) => {
    const right = pairs.filter((pair) => pair.label === type && pair.type === type).length;
    const wrong = pairs.filter((pair) => (pair.label === type) !== (pair.type === type)).length;
    return (2 * right) / (2 * right + wrong);
  });
  const dear = pairs.filter(({ label }) => !isCheap(label));
  return {
    macroF1: f1.reduce((sum, value) => sum + value, 0) / f1.length,
    wronglyCheap: dear.filter(({ type }) => isCheap(type)).length / dear.length,
  };
}

function isCheap(type: TaskType): boolean {
  return type === "ui" || type === "documentation";
}
