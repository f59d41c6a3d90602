/**
 * How the text of a task is taken apart before it is judged: sentences, clauses with their leading verb, the thing
 * acted on, and what is said around it. No grammar, only the few marks that tell a request from its surroundings.
 */
import { verbTable } from "./cues.ts";
import { CHANGE_VERBS, LEADING_VERBS } from "./vocabulary.ts";

/** How much of a long text is looked at, in UTF-16 units: people say what they want first or last. */
export const headChars = 1_500;
export const tailChars = 700;
const fileNameMaxChars = 300;
const headingMaxWords = 4;

/** Where a word stands: the thing acted on (its last word is the head of it), or what is said around it. */
export type Place = "modifier" | "head" | "around" | "destination";

export interface PlacedWord {
  readonly word: string;
  readonly place: Place;
}

export interface Clause {
  /** First word of the request, lower case, without please and the like; null where somebody only tells something. */
  readonly lead: string | null;
  /** Set when the clause asks something rather than for something. */
  readonly question: boolean;
  readonly words: readonly PlacedWord[];
}

export interface Sentence {
  readonly clauses: readonly Clause[];
  /** One of several points of a list: it says what belongs to the request, not what is asked. */
  readonly isListItem: boolean;
  /** It stands on one line behind a short heading such as `Code review:` or `Docs:`. */
  readonly isSubject: boolean;
}

export interface PromptParts {
  readonly sentences: readonly Sentence[];
  /** Names of files and paths, as written. */
  readonly files: readonly string[];
  /** A code block, a stack trace, an identifier: somebody shows code. */
  readonly showsCode: boolean;
}

const set = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/));

const POLITE = set(
  `please pls kindly bitte hey hi hello ok okay so now also then just lets let's let us i i'd i'm id we we'd you your to
   like want wanted need needs should must have help me try maybe next first finally could can would will and but
   todo task fyi por favor s'il vous plaît merci thanks quickly`,
);
const OPEN_QUESTIONS = set(
  "why how what what's which who whose whom warum wieso weshalb wie welche welcher welches pourquoi cómo how's who's why's where's qué",
);
const CLOSED_QUESTIONS = set(
  `is are was were does do did has have had will would can could should may might isn't aren't doesn't don't when where
   gibt ist sind kann sollte sollten was wer wo est es am shall`,
);
/** In `styling issues` it is the styling that counts. */
const LIGHT_NOUNS = set("issue issues problem problems thing things stuff bits part parts");
const PRONOUNS = set("i we they he she it ich wir");
const AROUND = set(
  `of for about from on without at by when while so that which if under over between because after before than
   during until via per against through within next across like where für von bei über pour de sur sobre para con`,
);
const DESTINATION = set("in into to onto inside as with im dans en à zu zum mit als avec");
const JOINTS = set("and then , ; but und dann et y puis luego &");
const ARTICLES = set(
  "the a an this that these those our my your its their all every each some any der die das den dem le la les el los las un une una ein eine einen",
);

const REQUESTERS = set("can could would will kannst könntest");

const changeVerbs = verbTable([["coding", 1, CHANGE_VERBS]]);
const verbs = verbTable([...LEADING_VERBS, ["coding", 1, CHANGE_VERBS]]);

const FENCED_CODE = /```[\s\S]*?(?:```|$)/g;
const LIST_ITEM = /^\s*(?:[-*+•]|\d{1,2}[.)])\s/;
const TRACE = /^[ \t]+at .{1,200}[:(]\d|Traceback \(most recent|^[A-Z]\w{0,60}(?:Error|Exception):/m;
const IDENTIFIER =
  /^(?=.*\p{L})(?:--?[a-z][\w-]+|\p{Ll}[\p{L}\p{N}]*\p{Lu}[\p{L}\p{N}]*|\w+_\w+|[\w.]+\.\w+)$/u;
const FILE = /^(?:[\w@.~-]*\/){1,30}[\w@.-]*$|^[\w@-][\w@.-]*\.[a-z][a-z0-9]{0,7}$/i;
const HAS_WORD = /[\p{L}\p{N}]/u;
const TOKEN = /[\p{L}\p{N}_@~./+#-]+(?:['’][\p{L}]+)?|[,;?]/gu;
const SENTENCE_ENDS = /(?<=[.!:](?=\s|$)|\?|\n)/;

/** Is this word the name of a file or a path? */
export function isFileName(word: string): boolean {
  return word.length > 3 && word.length <= fileNameMaxChars && FILE.test(word);
}

/** Takes the beginning and the end of the text apart; the middle of a long one is not looked at. */
export function promptParts(text: string): PromptParts {
  const excerpt =
    text.length <= headChars + tailChars
      ? text
      : `${text.slice(0, headChars)}\n${text.slice(text.length - tailChars)}`;
  const prose = excerpt.replace(FENCED_CODE, "\n");
  const files: string[] = [];
  let showsCode = prose.length < excerpt.length || TRACE.test(prose);
  const sentences: Sentence[] = [];
  let afterHeading = false;
  for (const sentence of prose.split(SENTENCE_ENDS)) {
    if (!HAS_WORD.test(sentence)) continue;
    const words: string[] = [];
    for (const [token] of sentence.matchAll(TOKEN)) {
      const bare = token.replace(/^[.#/@~]+(?=[\p{L}\p{N}])|[./+-]+$/gu, "");
      if (bare === "" || bare === "?") continue;
      if (isFileName(bare)) files.push(bare);
      else if (IDENTIFIER.test(bare)) showsCode = true;
      words.push(bare.toLowerCase().replace("’", "'"));
    }
    const clauses = clausesOf(words, sentence.trimEnd().endsWith("?"));
    if (clauses.length === 0) continue;
    sentences.push({ clauses, isListItem: LIST_ITEM.test(sentence), isSubject: afterHeading });
    afterHeading = words.length <= headingMaxWords && sentence.trimEnd().endsWith(":");
  }
  return { sentences, files, showsCode };
}

/** Cuts a sentence into clauses: at a verb after `and`, at `can you …` and at `please …`. */
function clausesOf(words: readonly string[], asks: boolean): Clause[] {
  if (words.length === 0) return [];
  const starts = [0];
  for (let i = 1; i < words.length; i++) if (beginsRequest(words, i)) starts.push(i);
  return starts
    .map((start, n) => clauseOf(words.slice(start, starts[n + 1] ?? words.length), asks))
    .filter((clause) => clause.words.length > 0 || clause.lead !== null);
}

function beginsRequest(words: readonly string[], i: number): boolean {
  const [before = "", word = "", after = ""] = [words[i - 1], words[i], words[i + 1]];
  if (word === "please" || word === "bitte") return true;
  if (REQUESTERS.has(word) && after === "you") return true;
  return JOINTS.has(before) && verbs.isListed(word);
}

function clauseOf(words: readonly string[], asks: boolean): Clause {
  const first = words.findIndex((word) => !JOINTS.has(word));
  const asksClosed = asks && CLOSED_QUESTIONS.has(words[first] ?? "") && !isPoliteRequest(words);
  if (asksClosed || asksOpenly(words, first, asks)) {
    return { lead: words[first] ?? null, question: true, words: placed(words.slice(first + 1)) };
  }
  let start = 0;
  while (start < words.length - 1 && POLITE.has(words[start] ?? "")) start += 1;
  // "I think …", "we noticed …": somebody tells, nothing is asked.
  const isTold = PRONOUNS.has(words[start - 1] ?? "");
  const lead = words[start] ?? null;
  if (asksOpenly(words, start, asks)) {
    return { lead, question: true, words: placed(words.slice(start + 1)) };
  }
  return { lead: isTold ? null : lead, question: false, words: placed(words.slice(start)) };
}

/** `how to …` names something, unless it ends in a question mark. */
function asksOpenly(words: readonly string[], at: number, asks: boolean): boolean {
  return OPEN_QUESTIONS.has(words[at] ?? "") && (asks || words[at + 1] !== "to");
}

/** `can you …`, and `can we have …`, which wants something as well. */
function isPoliteRequest([first = "", second, third = ""]: readonly string[]): boolean {
  if (!REQUESTERS.has(first)) return false;
  return second === "you" || (second === "we" && (third === "have" || changeVerbs.isListed(third)));
}

/** The thing acted on runs up to the first word that begins something else; its last word is the head. */
function placed(words: readonly string[]): PlacedWord[] {
  let place: Place = "modifier";
  let lastOfObject = -1;
  const result: PlacedWord[] = [];
  for (const word of words) {
    if (DESTINATION.has(word)) place = "destination";
    else if (AROUND.has(word) || JOINTS.has(word)) place = "around";
    if (ARTICLES.has(word) || JOINTS.has(word)) continue;
    result.push({ word, place });
    if (place === "modifier" && !LIGHT_NOUNS.has(word)) lastOfObject = result.length - 1;
  }
  const head = result[lastOfObject];
  if (head !== undefined) result[lastOfObject] = { ...head, place: "head" };
  return result;
}
