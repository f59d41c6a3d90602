/**
 * `ctm usage …` from its last answer, before the program is loaded: with nothing changed since, looking at every file
 * and folder is all there is to do.
 */
import { setFlagsFromString } from "node:v8";
import { recallAnswer } from "../kept-answers.ts";
import { pathsHere, questionHere } from "./usage-question.ts";

/** What to print; null = no answer holds, and the question is to be looked into. Never throws. */
export function recalledUsage(words: readonly string[]): string | null {
  // It is over before code made fast would pay: to make it takes as long as to look at two thousand files.
  setFlagsFromString("--no-opt");
  try {
    const { usageAnswers } = pathsHere(words);
    return recallAnswer(usageAnswers, questionHere(words));
  } catch {
    return null; // What is wrong is told by the one who checks it.
  } finally {
    setFlagsFromString("--opt");
  }
}
