/** How big a task sounds: its length, how many things it asks for, and the words that make work small or large. */
import type { Complexity } from "../tasks/task.ts";
import { cueTable, phraseKey } from "./cues.ts";
import { promptParts, type Clause } from "./prompt-clauses.ts";

// The weight is all that counts here; the type in the rows says nothing.
const LARGE = cueTable([
  [
    "coding",
    2,
    `architect* microservice* distribut* multi-tenant monolith* rewrit* redesign* migrat* overhaul* concurren* deadlock*
     race scal* shard* end-to-end cryptograph* encrypt* complex* protocol* compiler* consensus offline port* real-time realtime
     infrastructure* authenticat* authoriz* kubernetes refactor* integrat* everywhere codebase entire whole strategy
     pipeline* framework* system* engine* plugin*`,
  ],
]);
const SMALL = cueTable([
  [
    "coding",
    2,
    `typo* rename* bump* small* tiny minor quick* simple simply just trivial* wording spelling label* colour* color* logo*
     padding* margin* icon* favicon* tooltip* one-line* oneliner unused whitespace indent* grammar center* centre*`,
  ],
]);
const LARGE_PHRASES = new Set(
  ["from scratch", "race condition", "all modules", "every module", "step by step", "high availability"].map(
    (phrase) => phraseKey(phrase.split(" ")),
  ),
);

/** A handful of ordinary words is simple. */
const basePoints = 0.8;
/** Points from which a task is medium, and complex. */
const mediumPoints = 1;
const complexPoints = 3;
const wordsAPoint = 30;
const requestsAPoint = 3;
const pointsMaxEach = 3;
const largeWeight = 1.25;
const smallWeight = 1.5;

/** simple, medium or complex, for any text; it reads as much of it as the classifier does. */
export function complexityOf(text: string): Complexity {
  const { sentences, files } = promptParts(text);
  const clauses = sentences.flatMap((sentence) => sentence.clauses);
  const words = clauses.flatMap((clause) => clause.words.map(({ word }) => word));
  const distinct = [...new Set(words)];
  const points =
    basePoints +
    atMost(words.length / wordsAPoint) +
    atMost((clauses.length - 1) / requestsAPoint) +
    atMost(Math.max(0, files.length - 1)) +
    atMost(largeWeight * (distinct.filter(LARGE.isListed).length + largePhrases(clauses))) -
    atMost(smallWeight * distinct.filter(SMALL.isListed).length);
  if (points >= complexPoints) return "complex";
  return points >= mediumPoints ? "medium" : "simple";
}

function largePhrases(clauses: readonly Clause[]): number {
  const pairs = clauses.flatMap(({ words }) =>
    words.slice(1).map(({ word }, i) => phraseKey([words[i]?.word ?? "", word])),
  );
  return pairs.filter((pair) => LARGE_PHRASES.has(pair)).length;
}

function atMost(points: number): number {
  return Math.min(points, pointsMaxEach);
}
