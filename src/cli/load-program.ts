/**
 * A program as the build leaves it: one file, and beside it what V8 made of that file when it was built. To read this is
 * a third of a call's time cheaper than to compile everything anew. Another Node than the one it was built with does not
 * take it, and compiles.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { constants, Script } from "node:vm";
import type { runProgram } from "./program.ts";
import type { runUsage } from "./usage-program.ts";

/** By the file's name, what it exports. */
interface Programs {
  readonly program: { readonly runProgram: typeof runProgram };
  readonly "usage-program": { readonly runUsage: typeof runUsage };
}

type Wrapper = (exports: object, require: NodeJS.Require, module: { exports: object }, file: string) => void;

/** Runs the file's modules; throws what they throw. */
export function loadProgram<Name extends keyof Programs>(name: Name): Programs[Name] {
  const file = fileURLToPath(new URL(`./${name}.cjs`, import.meta.url));
  const script = new Script(readFileSync(file, "latin1"), {
    filename: file,
    ...cacheBeside(file),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const made = { exports: {} };
  (script.runInThisContext() as Wrapper)(made.exports, createRequire(file), made, file);
  return made.exports as Programs[Name];
}

/** Nothing where there is none: it only spares time. */
function cacheBeside(file: string): { cachedData?: Buffer } {
  try {
    return { cachedData: readFileSync(`${file}.cache`) };
  } catch {
    return {};
  }
}
