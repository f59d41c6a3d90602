/** The question a call of `ctm usage` asks: the same for the one who keeps an answer and the one who looks for it. */
import { currentFolder, processEnvironment } from "../config.ts";
import { questionId } from "../kept-answers.ts";

/** Throws CtmError `usage` when the current folder is gone. */
export function questionHere(words: readonly string[]): string {
  const columns = process.stdout.isTTY ? process.stdout.columns : null;
  return questionId({ words, cwd: currentFolder(), env: processEnvironment(), columns });
}
