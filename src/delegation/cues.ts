/** Looks words and phrases up in the tables of the vocabulary. */
import { TASK_TYPES, type TaskType } from "../tasks/task.ts";
import type { CueRow } from "./vocabulary.ts";

/** How much something speaks for each type; 0 = not at all. */
export type Weights = Readonly<Record<TaskType, number>>;

export interface CueTable {
  isListed(word: string): boolean;
  /** The most it weighs as it is, without a plural s, or as part of its longest family. A listed 0 is the last word. */
  weightsOf(word: string): Weights | null;
}

export const NOTHING: Weights = { ui: 0, coding: 0, documentation: 0, analysis: 0 };
/** Shortest stem of a family. */
const stemMinChars = 3;
/** Words longer than this are no words: keys, paths, code. */
const wordMaxChars = 40;

/** What may follow the stem of a verb: chang-e, plann-ing, korrigier-en, but not change-log. */
const INFLECTION =
  /^(?:[bdglmnprstz]?(?:e|ed|en|er|es|ing|t|y|a|ar|ez|st|d|s)|ies|ied|ify|ifies|ier|iere|ieren|is|ise|ize|ising|izing|ate|ating)?$/;

/** Compiles rows of verbs: a family takes their inflections only. */
export function verbTable(rows: readonly CueRow[]): CueTable {
  return cueTable(rows, INFLECTION);
}

/** Compiles rows of words. A word that stands in rows of several types speaks for each of them. */
export function cueTable(rows: readonly CueRow[], suffix: RegExp = /^/): CueTable {
  const exact = new Map<string, Weights>();
  const families = new Map<string, Weights>();
  for (const [type, weight, words] of rows) {
    for (const word of words.trim().split(/\s+/)) {
      const isFamily = word.endsWith("*");
      put(isFamily ? families : exact, isFamily ? word.slice(0, -1) : word, type, weight);
    }
  }
  const stems: Stems = {
    families,
    maxChars: Math.max(0, ...Array.from(families.keys(), (stem) => stem.length)),
    suffix,
  };
  const weightsOf = (word: string): Weights | null => {
    if (word.length > wordMaxChars) return null;
    const itself = exact.get(word) ?? exact.get(singular(word)) ?? null;
    if (itself === NOTHING) return null;
    const family = familyOf(word, stems);
    return itself !== null && family !== null ? most(itself, family) : (itself ?? family);
  };
  return { weightsOf, isListed: (word) => weightsOf(word) !== null };
}

export interface PhraseTable {
  /** Does a phrase begin with this word? Asked of every word, so that few are tried. */
  begins(word: string): boolean;
  weightsOf(words: readonly string[]): Weights | null;
}

/** Compiles rows of phrases. */
export function phraseTable(rows: readonly CueRow[]): PhraseTable {
  const phrases = new Map<string, Weights>();
  const beginnings = new Set<string>();
  for (const [type, weight, words] of rows) {
    for (const phrase of words.trim().split(/\s+/)) {
      const parts = phrase.split("_");
      put(phrases, phraseKey(parts), type, weight);
      beginnings.add(singular(parts[0] ?? ""));
    }
  }
  return {
    begins: (word) => beginnings.has(singular(word)),
    weightsOf: (words) => phrases.get(phraseKey(words)) ?? null,
  };
}

/** One spelling for singular and plural. */
export function phraseKey(words: readonly string[]): string {
  return words.map(singular).join(" ");
}

/** Without the s of a plural; words on -ss, -us and -is keep it. */
function singular(word: string): string {
  return word.length > 3 && /[^sui]s$/.test(word) ? word.slice(0, -1) : word;
}

interface Stems {
  readonly families: ReadonlyMap<string, Weights>;
  readonly maxChars: number;
  /** What may follow a stem. */
  readonly suffix: RegExp;
}

function familyOf(word: string, { families, maxChars, suffix }: Stems): Weights | null {
  for (let length = Math.min(word.length, maxChars); length >= stemMinChars; length--) {
    const weights = families.get(word.slice(0, length));
    if (weights !== undefined && suffix.test(word.slice(length))) return weights;
  }
  return null;
}

function put(table: Map<string, Weights>, key: string, type: TaskType, weight: number): void {
  const known = table.get(key) ?? NOTHING;
  table.set(key, weight === 0 ? NOTHING : { ...known, [type]: Math.max(known[type], weight) });
}

function most(a: Weights, b: Weights): Weights {
  return eachType((type) => Math.max(a[type], b[type]));
}

/** Weights computed type by type. */
export function eachType(weigh: (type: TaskType) => number): Weights {
  return {
    ui: weigh("ui"),
    coding: weigh("coding"),
    documentation: weigh("documentation"),
    analysis: weigh("analysis"),
  };
}

/** The type with the most weight; the first of them in the order of types where they are equal. */
export function heaviest(weights: Weights): TaskType {
  return TASK_TYPES.reduce((best, type) => (weights[type] > weights[best] ? type : best));
}
