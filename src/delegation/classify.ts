/**
 * What type of task a text is: a transparent linear model. Every word, phrase, leading verb and file name found in
 * the vocabulary adds its weight, more where it is the thing acted on and less where it only stands around it. The
 * dearer mistake is sending coding or analysis to a cheap model, so ui and documentation must win by a margin.
 */
import { TASK_TYPES, type TaskType } from "../tasks/task.ts";
import { cueTable, eachType, heaviest, NOTHING, phraseTable, verbTable, type Weights } from "./cues.ts";
import {
  isFileName,
  promptParts,
  type Clause,
  type Place,
  type PlacedWord,
  type PromptParts,
} from "./prompt-clauses.ts";
import {
  CHANGE_VERBS,
  FILE_ENDINGS,
  FOLDERS,
  LEADING_VERBS,
  PHRASES,
  QUESTION_WORDS,
  WORDS,
} from "./vocabulary.ts";

export interface Classification {
  readonly type: TaskType;
  /** 0 to 1: the share of this type when the scores are read as odds. */
  readonly confidence: number;
  /** What decided, the weightiest first; at least one. */
  readonly reasons: readonly string[];
}

const placeFactor: Readonly<Record<Place, number>> = {
  modifier: 0.85,
  head: 1.3,
  around: 0.5,
  destination: 0.7,
};
/** Most tasks are coding, and it is the safe guess. */
const codingBias = 1;
/** By how much a cheap type must beat coding and analysis. */
const cheapMargin = 0.75;
/** A best score below this is too little to go by. */
const weakScore = 1.5;
/** An analysis that leads up to an asked change, a question's other words, sentences after the first three. */
const prelude = 0.35;
const lateSentence = 0.5;
const listItem = 0.35;
/** What stands behind `Review:` or `Docs:` is what it is about. */
const subject = 0.5;
const laterLead = 0.6;
/** From this weight on a leading verb (or the thing acted on) decides, and the rest counts less beside it. */
const decisive = 3;
const decisiveHead = 2;
const besideDecisive = 0.4;
/** A document as the place where the result goes. */
const writtenInto = 1.8;
const reasonsMax = 5;
const phraseMaxWords = 4;
/** Folders of one path that are looked at. */
const foldersMax = 10;

const verbs = verbTable(LEADING_VERBS);
const changeVerbs = verbTable([["coding", 1, CHANGE_VERBS]]);
const questions = cueTable(QUESTION_WORDS);
const words = cueTable(WORDS);
const phrases = phraseTable(PHRASES);
const endings = cueTable(FILE_ENDINGS);
const folders = cueTable(FOLDERS);

/** Type, confidence and reasons for any text; looks at its first 1,500 and last 700 characters. */
export function classify(text: string): Classification {
  const parts = promptParts(text);
  const evidence = new Evidence();
  weighRequests(parts, evidence);
  if (parts.showsCode) evidence.add("code in the text", { ...NOTHING, coding: 1 }, 1);
  return decide(evidence);
}

/** What was found, each thing once with the most it weighed anywhere. */
class Evidence {
  readonly #found = new Map<string, Weights>();

  add(what: string, weights: Weights, factor: number): void {
    const known = this.#found.get(what);
    const scaled = (type: TaskType) => Math.max(known?.[type] ?? 0, weights[type] * factor);
    this.#found.set(what, eachType(scaled));
  }

  scores(): Weights {
    const all = [...this.#found.values()];
    return eachType((type) => all.reduce((sum, weights) => sum + weights[type], 0));
  }

  reasonsFor(type: TaskType): string[] {
    return [...this.#found]
      .filter(([, weights]) => weights[type] > 0)
      .sort(([, a], [, b]) => b[type] - a[type])
      .slice(0, reasonsMax)
      .map(([what, weights]) => `${what} (+${weights[type].toFixed(1)} ${type})`);
  }
}

function decide(evidence: Evidence): Classification {
  const found = evidence.scores();
  const scores = { ...found, coding: found.coding + codingBias };
  const dear = scores.analysis > scores.coding ? "analysis" : "coding";
  const best = heaviest(scores);
  const isCheap = best === "ui" || best === "documentation";
  const chosen = isCheap && scores[best] < scores[dear] + cheapMargin ? dear : best;
  const type = found[best] < weakScore ? "coding" : chosen;
  const reasons = evidence.reasonsFor(type);
  if (type !== best) reasons.push(`${best} scored too little above ${type}`);
  else if (reasons.length === 0) reasons.push("nothing in the text tells: coding is the safe guess");
  return { type, confidence: share(scores, type), reasons };
}

/** Softmax: a lead of one point is odds of e to one. */
function share(scores: Weights, type: TaskType): number {
  const odds = TASK_TYPES.map((other) => Math.exp(scores[other] - scores[type]));
  return 1 / odds.reduce((sum, value) => sum + value, 0);
}

function weighRequests({ sentences }: PromptParts, evidence: Evidence): void {
  const asked = sentences.filter(({ isListItem, isSubject }) => !isListItem && !isSubject);
  const endsInChange = asked.flatMap(({ clauses }) => clauses).some((clause, n) => n > 0 && isChange(clause));
  const read = sentences.flatMap(({ clauses, isListItem, isSubject }, n) =>
    clauses.map((clause) => {
      const cues = cuesOf(clause);
      const verb = isListItem ? null : leadWeights(clause, cues, endsInChange);
      const factor = (isListItem ? listItem : n < 3 ? 1 : lateSentence) * (isSubject ? subject : 1);
      return { clause, cues, verb, factor };
    }),
  );
  const main = read.find(({ verb }) => verb !== null);
  for (const { clause, cues, verb, factor } of read) {
    if (verb !== null) {
      const kind = clause.question ? "question" : "leading verb";
      evidence.add(
        `${kind} "${shown(clause.lead ?? "")}"`,
        verb,
        factor * (verb === main?.verb ? 1 : laterLead),
      );
    }
    const ruling = isDecisive(verb) || isChange(clause) ? verb : (main?.verb ?? null);
    const isPrelude = endsInChange && !isChange(clause);
    for (const cue of cues) {
      const weights = besideLead(cue, cues, ruling);
      const weighed = isPrelude ? { ...weights, analysis: weights.analysis * prelude } : weights;
      evidence.add(`"${shown(cue.named)}"`, weighed, factor * placeFactor[cue.place]);
    }
  }
}

function isDecisive(verb: Weights | null): boolean {
  return verb !== null && verb[heaviest(verb)] >= decisive;
}

function isChange(clause: Clause): boolean {
  return !clause.question && clause.lead !== null && changeVerbs.isListed(clause.lead);
}

/**
 * What the leading verb weighs. Explaining or listing something in a document is writing it; an analysis that leads
 * up to a change is only the way there.
 */
function leadWeights(clause: Clause, cues: readonly Cue[], endsInChange: boolean): Weights | null {
  const { lead, question } = clause;
  if (lead === null) return null;
  const weights = question ? questions.weightsOf(lead) : verbs.weightsOf(lead);
  if (weights === null) return null;
  const isWriting = weights.documentation > 0 && cues.some(isDocumentAsDestination);
  const isPrelude = isWriting || (endsInChange && !isChange(clause));
  return { ...weights, analysis: weights.analysis * (isPrelude ? prelude : 1) };
}

/**
 * What a word weighs beside what decides more. When somebody asks to review or to document something, it matters
 * less what it is; and when the thing acted on is clear (tests, a section), what it is for matters less.
 */
function besideLead(cue: Cue, cues: readonly Cue[], lead: Weights | null): Weights {
  const verbType = lead === null ? null : heaviest(lead);
  const verbDecides = isDecisive(lead);
  const head = cues.find(({ place }) => place === "head");
  const headType = head === undefined ? null : heaviest(head.weights);
  const headDecides =
    (cue.place === "around" || cue.place === "destination") &&
    head !== undefined &&
    headType !== null &&
    head.weights[headType] >= decisiveHead;
  return eachType((type) => {
    const againstVerb = verbDecides && type !== verbType ? besideDecisive : 1;
    if (type === "documentation" && cue.place === "destination") return cue.weights[type] * writtenInto;
    const againstHead = headDecides && type !== headType ? besideDecisive : 1;
    return cue.weights[type] * againstVerb * againstHead;
  });
}

/** A word or phrase of the vocabulary, found in a clause. */
interface Cue {
  readonly named: string;
  readonly place: Place;
  readonly weights: Weights;
}

function isDocumentAsDestination({ place, weights }: Cue): boolean {
  return place === "destination" && weights.documentation >= 2;
}

/** Phrases first, the longest that fits; a word is weighed only when no phrase took it. */
function cuesOf(clause: Clause): Cue[] {
  const cues: Cue[] = [];
  // The leading verb is weighed by itself, unless it is part of a phrase (`go through`).
  const isLeadFirst =
    clause.lead !== null && clause.words[0]?.word === clause.lead && verbs.isListed(clause.lead);
  for (let i = isLeadFirst && phraseAt(clause.words, 0) === null ? 1 : 0; i < clause.words.length; ) {
    const phrase = phraseAt(clause.words, i);
    const taken = clause.words.slice(i, i + (phrase?.length ?? 1));
    const last = taken[taken.length - 1];
    const weights = phrase?.weights ?? wordWeights(last?.word ?? "");
    if (last !== undefined && weights !== null) {
      cues.push({ named: taken.map(({ word }) => word).join(" "), place: last.place, weights });
    }
    i += taken.length;
  }
  return cues;
}

function phraseAt(
  placed: readonly PlacedWord[],
  start: number,
): { readonly length: number; readonly weights: Weights } | null {
  if (!phrases.begins(placed[start]?.word ?? "")) return null;
  for (let length = Math.min(phraseMaxWords, placed.length - start); length > 1; length--) {
    const weights = phrases.weightsOf(placed.slice(start, start + length).map(({ word }) => word));
    if (weights !== null) return { length, weights };
  }
  return null;
}

function wordWeights(word: string): Weights | null {
  return isFileName(word) ? fileWeights(word) : words.weightsOf(word);
}

/** A file speaks by its ending and by the folders it lies in. */
function fileWeights(file: string): Weights {
  const segments = file.split("/");
  const name = segments.pop() ?? "";
  const ending = name.includes(".") ? endings.weightsOf(name.slice(name.lastIndexOf(".") + 1)) : null;
  const known = words.weightsOf(name.replace(/\.[^.]*$/, ""));
  const title = known === null ? null : { ...NOTHING, documentation: known.documentation };
  const found = [ending, title, ...segments.slice(0, foldersMax).map(folders.weightsOf)];
  return eachType((type) => Math.max(...found.map((weights) => weights?.[type] ?? 0)));
}

function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
