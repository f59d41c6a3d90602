/**
 * Do two tasks ask for the same? The same: their words are, however they are written and whatever stands between them.
 * Nearly the same: one says no more than a few words beyond the other, or slips of the pen are all that differs; four
 * fifths of their pairs of neighbouring words are common, and every word that names a thing (a file, a number, an
 * identifier) stands in both. "Fix part 7" is not "fix part 8", and "translate it to German" is not "… to French",
 * however much they have in common: tasks of one pattern do not stand in each other's way.
 *
 * Tasks that may be alike share a key: one of all the words, and a few of the least of their hashed pairs (MinHash), so
 * that a list of any length is looked through by a few index entries. Tasks of other folders share none, and of those
 * that name other things only the first. Where a language puts no blanks between its words, only the same is found.
 */
import { editDistance } from "../base/suggest.ts";

/** Characters that are looked at. Longer texts are alike only when they are equal. */
const lookedAtChars = 8_192;
/** Of fewer words there are too few pairs to tell anything. */
const pairsFromWords = 4;
const nearShare = 0.8;
/** Two keys of two hashes each: of tasks that share 80 % of their pairs 87 % share a key, at 90 % over 96 %. */
const bands = 2;
/** Words that may be slips, and how long they are: of shorter ones a letter makes another word. */
const slipsMax = 3;
const slipChars = { min: 5, max: 64 };

/**
 * Words have what may stand inside or before a name, and not what ends a sentence; signs count as words. Names are files,
 * numbers, flags, identifiers, operators.
 */
const ANY = {
  word: /[\p{L}\p{M}\p{N}\p{So}\p{Sm}\p{Sc}_./\\:#@*'-]+/gu,
  saying: /[\p{L}\p{N}\p{S}]/u,
  name: /[\d_./\\:#@*\p{Sm}\p{Sc}]|^-|\p{Ll}\p{Lu}/u,
};
/** The same for what most tasks are written in: it takes a third of the time. */
const ASCII = {
  word: /[a-zA-Z0-9+<=>|~$_./\\:#@*'-]+/g,
  saying: /[a-zA-Z0-9+<=>|~$]/,
  name: /[\d_./\\:#@*+<=>|~$]|^-|[a-z][A-Z]/,
};
const PLAIN = /^[\0-\x7f]*$/;
const EDGE = /^'|[.:'*-]$/;
const EDGES = /^'+|[.:'*-]+$/g;

/** What is compared of a task. */
export interface Likeness {
  /** Its words with a blank between; the text itself where it is too long or has none. */
  readonly said: string;
  readonly names: string;
  /** Hashed pairs of neighbouring words; empty where there are too few. */
  readonly pairs: ReadonlySet<number>;
}

/** How alike two tasks are; null: not enough to be pointed out. */
export function alike(a: Likeness, b: Likeness): "same" | "near" | null {
  if (a.said === b.said) return "same";
  if (a.names !== b.names || a.pairs.size === 0 || b.pairs.size === 0) return null;
  const [fewer, more] = a.pairs.size < b.pairs.size ? [a.pairs, b.pairs] : [b.pairs, a.pairs];
  if (fewer.size < nearShare * more.size) return null;
  let common = 0;
  for (const pair of fewer) if (more.has(pair)) common += 1;
  if (common < nearShare * (fewer.size + more.size - common)) return null;
  return sayAsMuch(a.said.split(" "), b.said.split(" ")) ? "near" : null;
}

/** What is compared of a text. */
export function likenessOf(text: string): Likeness {
  if (text.length > lookedAtChars) return { said: text, names: "", pairs: new Set() };
  const forms = PLAIN.test(text) ? ASCII : ANY;
  const words: string[] = [];
  const names: string[] = [];
  for (const found of text.normalize("NFKC").match(forms.word) ?? []) {
    const word = EDGE.test(found) ? found.replace(EDGES, "") : found;
    if (!forms.saying.test(word)) continue;
    words.push(word.toLowerCase());
    if (forms.name.test(word)) names.push(word.toLowerCase());
  }
  const pairs = words.length < pairsFromWords ? new Set<number>() : pairsOf(words);
  return { said: words.length === 0 ? text.trim() : words.join(" "), names: names.join(" "), pairs };
}

/** Whole numbers: the one of all words, and where there are pairs two that tasks share which are nearly the same. */
export function keysOf({ said, names, pairs }: Likeness, folder: string): readonly number[] {
  const place = hash(folder, 0);
  const half = lookedAtChars / 2;
  const ends =
    said.length <= lookedAtChars ? said : `${said.length} ${said.slice(0, half)} ${said.slice(-half)}`;
  const whole = key(hash(ends, place), hash(ends, ~place));
  return pairs.size === 0 ? [whole] : [whole, ...bandKeys(pairs, hash(names, place))];
}

/** What stands in one only stands there beyond the other, or is the other's word with a slip in it. */
function sayAsMuch(a: readonly string[], b: readonly string[]): boolean {
  const [onlyA, onlyB] = [beyond(a, b), beyond(b, a)];
  if (onlyA.length === 0 || onlyB.length === 0) return true;
  return (
    onlyA.length === onlyB.length &&
    onlyA.length <= slipsMax &&
    onlyA.every((word, at) => isSlip(word, onlyB[at] ?? ""))
  );
}

/** Words of one that the other has not, or not as often. */
function beyond(words: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const word of others) left.set(word, (left.get(word) ?? 0) + 1);
  return words.filter((word) => {
    const many = left.get(word) ?? 0;
    left.set(word, many - 1);
    return many <= 0;
  });
}

function isSlip(a: string, b: string): boolean {
  const [short, long] = [Math.min(a.length, b.length), Math.max(a.length, b.length)];
  return short >= slipChars.min && long <= slipChars.max && long - short <= 1 && editDistance(a, b) <= 1;
}

function pairsOf(words: readonly string[]): Set<number> {
  const hashes = words.map((word) => hash(word, 0));
  return new Set(hashes.slice(1).map((second, at) => mixed(Math.imul(hashes[at] ?? 0, 31) ^ second)));
}

/** Each band is the least of the pairs under two orders of its own. */
function bandKeys(pairs: ReadonlySet<number>, place: number): number[] {
  return Array.from({ length: bands }, (_, band) => {
    const [first, second] = [leastOf(pairs, 2 * band), leastOf(pairs, 2 * band + 1)];
    return key(mixed(first ^ place ^ band), mixed(second ^ Math.imul(place, 31)));
  });
}

function leastOf(pairs: ReadonlySet<number>, order: number): number {
  const salt = Math.imul(order + 1, 0x9e3779b1);
  let least = 0xffffffff;
  for (const pair of pairs) {
    const value = mixed(pair ^ salt);
    if (value < least) least = value;
  }
  return least;
}

/** 53 bits of two hashes: a whole number that is exact. */
function key(high: number, low: number): number {
  return high * 2 ** 21 + (low >>> 11);
}

function hash(text: string, seed: number): number {
  let value = 0x811c9dc5 ^ seed;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return mixed(value);
}

function mixed(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return (bits ^ (bits >>> 15)) >>> 0;
}
