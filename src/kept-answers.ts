/**
 * Answers of `usage` as they were printed, kept beside its index: the same question, asked again while nothing it was
 * made of has changed, is answered with the same text. What it was made of is looked at each time; nothing is read.
 */
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Environment } from "./config.ts";
import { ensurePrivateFolders, handPrivateFile } from "./ledger/state-folder.ts";
import {
  joinedStamps,
  keptStamps,
  settledBefore,
  stampsKept,
  stampsOf,
  stillHold,
  type KeptStamps,
  type LookedAt,
  type Stamps,
} from "./transcripts/stamps.ts";

const FORMAT = 2;
const answersMax = 8;
const answerMaxChars = 4_000_000;
/** Files and folders of records; a person with more waits for the index. */
const placesMax = 100_000;
const fileMaxBytes = 64 * 1024 * 1024;
/** They differ from call to call, and say nothing. */
const PASSING_VARIABLES: readonly string[] = ["_", "OLDPWD", "PWD", "SHLVL"];

interface Answers {
  readonly format: typeof FORMAT;
  /** What all of them were made of. */
  readonly records: KeptStamps;
  /** The latest first. */
  readonly answers: readonly Answer[];
}

interface Answer {
  readonly question: string;
  /** What this one was made of besides: configuration, prices. */
  readonly stamps: KeptStamps;
  readonly text: string;
}

/** All that decides on an answer and lies in no file. */
export interface Question {
  readonly words: readonly string[];
  readonly cwd: string;
  readonly env: Environment;
  /** Columns of the terminal; null = it is none. */
  readonly columns: number | null;
}

/** A text of no meaning: the environment holds keys, and is not to lie on the disk. */
export function questionId({ words, cwd, env, columns }: Question): string {
  const variables = Object.entries(env)
    .filter(([name]) => !PASSING_VARIABLES.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const all = [words, cwd, variables, columns, process.version];
  return createHash("sha256").update(JSON.stringify(all)).digest("base64");
}

/** The answer that still holds; null = there is none. Never throws. */
export function recallAnswer(path: string, question: string): string | null {
  const kept = readAnswers(path);
  const answer = kept?.answers.find((each) => each.question === question);
  if (kept === null || answer === undefined) return null;
  const holds = [answer.stamps, kept.records].every((stamps) => stillHold(stampsKept(stamps)));
  return holds ? answer.text : null;
}

/** An answer that is being found. */
export class NewAnswer {
  readonly #path: string;
  readonly #question: string;
  readonly #sinceMs: number;
  /** Taken before it is read: a file that vanishes meanwhile leaves no trace. */
  readonly #settings: Stamps;
  #records: Stamps | null = null;
  /** As it is printed; null = too long to be kept. */
  #text: string | null = "";

  /** `settings`: files that have a say in it besides the records, whether or not they are there. */
  constructor(path: string, question: string, settings: readonly string[], sinceMs: number) {
    this.#path = path;
    this.#question = question;
    this.#sinceMs = sinceMs;
    this.#settings = stampsOf(settings);
  }

  /** All files and folders of records that were looked at, and those that were looked for. */
  madeOf(places: readonly (string | LookedAt)[]): void {
    this.#records = places.length > placesMax ? null : stampsOf(places);
  }

  add(text: string): void {
    if (this.#text !== null)
      this.#text = this.#text.length + text.length > answerMaxChars ? null : this.#text + text;
  }

  /** Keeps it, unless something changed while it was found or just before. Without it the next run takes longer. */
  keep(moreSettings: readonly string[]): void {
    const [records, text] = [this.#records, this.#text];
    if (records === null || text === null) return;
    const settings = joinedStamps(this.#settings, stampsOf(moreSettings));
    if (![records, settings].every((stamps) => settledBefore(stamps, this.#sinceMs))) return;
    const [kept, stamps] = [keptStamps(records), keptStamps(settings)];
    if (kept === null || stamps === null) return;
    const before = readAnswers(this.#path);
    const others = before !== null && isSame(before.records, kept) ? before.answers : [];
    const answers = [
      { question: this.#question, stamps, text },
      ...others.filter(({ question }) => question !== this.#question),
    ].slice(0, answersMax);
    try {
      ensurePrivateFolders([dirname(this.#path)]);
      handPrivateFile(
        this.#path,
        JSON.stringify({ format: FORMAT, records: kept, answers } satisfies Answers),
      );
    } catch {
      // The answer is right all the same, and who asks again is told by the index when the disk is full.
    }
  }
}

function isSame(a: KeptStamps, b: KeptStamps): boolean {
  return a.paths === b.paths && a.values === b.values;
}

/** Only what we wrote ourselves; anything else is no answer. */
function readAnswers(path: string): Answers | null {
  try {
    const file = openSync(path, "r");
    try {
      const facts = fstatSync(file);
      if (!facts.isFile() || facts.size > fileMaxBytes || facts.uid !== (process.getuid?.() ?? facts.uid))
        return null;
      const value: unknown = JSON.parse(readFileSync(file, "utf8"));
      return isAnswers(value) ? value : null;
    } finally {
      closeSync(file);
    }
  } catch {
    return null;
  }
}

function isAnswers(value: unknown): value is Answers {
  const { format, records, answers } = value as Partial<Answers>;
  return format === FORMAT && isStamps(records) && Array.isArray(answers) && answers.every(isAnswer);
}

function isAnswer(value: unknown): value is Answer {
  const { question, stamps, text } = value as Partial<Answer>;
  return typeof question === "string" && isStamps(stamps) && typeof text === "string";
}

/** What they hold shows when they are compared. */
function isStamps(value: Partial<KeptStamps> | undefined): value is KeptStamps {
  return typeof value?.paths === "string" && typeof value.values === "string";
}
