/** The question a call of `ctm usage` asks: the same for the one who keeps an answer and the one who looks for it. */
import { currentFolder, pathsIn, processEnvironment, stateFolder, type Config } from "../config.ts";
import { questionId } from "../kept-answers.ts";

/** Throws CtmError `usage` when the current folder is gone. */
export function questionHere(words: readonly string[]): string {
  const columns = process.stdout.isTTY ? process.stdout.columns : null;
  return questionId({ words, cwd: currentFolder(), env: processEnvironment(), columns });
}

/** Where its answers and the index seem to be kept, before the words are checked. Throws CtmError `config`. */
export function pathsHere(words: readonly string[]): Config["paths"] {
  return pathsIn(stateFolder(stateDirIn(words)));
}

/** In the wrong place no answer is found, for its question holds these words, and no index. */
function stateDirIn(words: readonly string[]): { stateDir?: string } {
  const FLAG = "--state-dir";
  const at = words.findLastIndex((word) => word === FLAG || word.startsWith(`${FLAG}=`));
  const word = words[at];
  if (word === undefined) return {};
  const stateDir = word === FLAG ? words[at + 1] : word.slice(FLAG.length + 1);
  return stateDir === undefined ? {} : { stateDir };
}
