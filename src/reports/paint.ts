/** The only place colours come from. Painting never changes a width: it is the last thing done to a cell. */
import { Chalk, type ChalkInstance } from "chalk";
import type { Level } from "../throttle/levels.ts";
import type { Paper } from "./paper.ts";

export type Painter = (text: string) => string;

export interface Paint {
  readonly title: Painter;
  readonly faint: Painter;
  readonly good: Painter;
  readonly warn: Painter;
  readonly bad: Painter;
  /** For what a person must not overlook. */
  readonly loud: Painter;
  readonly level: (level: Level) => Painter;
}

const COLOURED = paintOf(new Chalk({ level: 1 }));
const PLAIN = paintOf(new Chalk({ level: 0 }));

/** The painters for this paper; without colour they return the text as it is. */
export function paintFor(paper: Paper): Paint {
  return paper.colour ? COLOURED : PLAIN;
}

function paintOf(chalk: ChalkInstance): Paint {
  const levels: Record<Level, Painter> = {
    NONE: chalk.green,
    WARNING: chalk.yellow,
    SOFT: chalk.yellow,
    HARD: chalk.red,
    CRITICAL: chalk.bold.red,
  };
  return {
    title: chalk.bold,
    faint: chalk.dim,
    good: chalk.green,
    warn: chalk.yellow,
    bad: chalk.red,
    loud: chalk.bold.magenta,
    level: (level) => levels[level],
  };
}
