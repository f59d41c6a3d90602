import { expect, test } from "vitest";
import { promptParts } from "../../src/delegation/prompt-clauses.ts";
import * as vocabulary from "../../src/delegation/vocabulary.ts";

const { CHANGE_VERBS, LEADING_VERBS, PHRASES, QUESTION_WORDS, WORDS } = vocabulary;
const wordsOf = (rows: readonly vocabulary.CueRow[]) =>
  rows.flatMap(([, , words]) => words.trim().split(/\s+/));

/** The words that taking the text apart leaves to be weighed. */
function wordsLeft(text: string): string[] {
  return promptParts(text).sentences.flatMap(({ clauses }) =>
    clauses.flatMap((clause) => clause.words.map(({ word }) => word)),
  );
}

test("every word can be met: it survives taking a text apart", () => {
  const unmet = wordsOf(WORDS)
    .map((word) => word.replace(/\*$/, ""))
    .filter((word) => !wordsLeft(`Zap ${word}`).includes(word));
  expect(unmet).toEqual([]);
});

test("every phrase can be met: at least two words, none of them left out", () => {
  const unmet = wordsOf(PHRASES).filter((phrase) => {
    const words = phrase.split("_");
    return (
      words.length < 2 ||
      words.length > 4 ||
      !wordsLeft(`Zap ${words.join(" ")}`)
        .join(" ")
        .includes(words.join(" "))
    );
  });
  expect(unmet).toEqual([]);
});

test("families have stems of at least three letters, and nothing but the end of one is marked", () => {
  const all = [...wordsOf([...LEADING_VERBS, ...QUESTION_WORDS, ...WORDS]), ...CHANGE_VERBS.split(/\s+/)];
  expect(all.filter((word) => /\*./.test(word) || (word.endsWith("*") && word.length < 4))).toEqual([]);
  expect(
    all.filter((word) => word !== word.toLowerCase() || /[[\]()?.]/.test(word.replace(/\.(md|js)$/, ""))),
  ).toEqual([]);
});
