/** Finished tasks of a made-up house: classes of their own size, spread and shape, with tails heavier than normal. */
import type { ScoredTask } from "../../src/delegation/forecast-accuracy.ts";
import { promptTokens } from "../../src/delegation/estimate.ts";
import { generator } from "../support/random.ts";

interface Class {
  readonly agent: string;
  readonly model: string;
  readonly type: string;
  readonly folder: string;
  readonly middle: number;
  readonly spread: number;
  /** How tasks of the class lie about its middle, in spreads. */
  readonly shape: () => number;
  /** How much the prompt's length tells: nothing but in one type. */
  readonly power: number;
}

/** So many tasks a class (on average) of 32 classes, in random order. The same seed gives the same tasks. */
export function heavyTailed(seed: number, tasksPerClass: number): ScoredTask[] {
  const random = generator(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const classes = classesOf(random, normal);
  return Array.from({ length: tasksPerClass * classes.length }, () => {
    const one = classes[Math.floor(random() * classes.length)];
    if (one === undefined) throw new Error("there are no classes");
    const length = 0.8 * normal();
    const tokens = Math.round(Math.exp(one.middle + one.spread * one.shape() + one.power * length));
    const promptChars = Math.round(300 * Math.exp(length));
    const { agent, model, type, folder } = one;
    return {
      ...{ agent, model, type, folder, promptChars, tokens },
      totalTokens: 15 * tokens,
      nanoUsd: 3_000 * tokens,
      priced: true,
      formulaTokens: promptTokens("x".repeat(promptChars)),
    };
  });
}

function classesOf(random: () => number, normal: () => number): Class[] {
  // Log-normal; Student with 3 degrees of freedom; skewed to the dear side; and one in ten twenty times as dear.
  const shapes = [
    normal,
    () => 0.7 * (normal() / Math.sqrt((normal() ** 2 + normal() ** 2 + normal() ** 2) / 3)),
    () => -Math.log(1 - random()) - 0.7,
    () => (random() < 0.1 ? normal() + 3 : 0.6 * normal()),
  ];
  const pick = (): (() => number) => shapes[Math.floor(random() * shapes.length)] ?? normal;
  return ["claude", "codex"].flatMap((agent) =>
    ["cheap", "premium"].flatMap((model) =>
      ["ui", "coding", "documentation", "analysis"].flatMap((type) => {
        const middle = Math.log(40_000) + 0.9 * normal();
        return ["/shop", "/engine"].map((folder) => ({
          ...{ agent, model, type, folder },
          middle: middle + 0.4 * normal(),
          spread: 0.5 + 0.9 * random(),
          shape: pick(),
          power: type === "analysis" ? 0.6 : 0,
        }));
      }),
    ),
  );
}
