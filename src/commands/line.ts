/**
 * A line typed at the prompt, cut into a command and its words. A text at the end of a command is taken byte for
 * byte, quotes and all; elsewhere quotes group words as a shell would, and nothing is ever expanded.
 */
import { CtmError } from "../base/errors.ts";
import type { Command, OptionSpec } from "./command.ts";
import { unknownCommand } from "./find.ts";
import { allCommands, findCommand } from "./index.ts";
import { takesText } from "./parse.ts";

export interface SplitLine {
  readonly command: Command;
  readonly words: readonly string[];
}

/** What stands between words. Wider blanks (U+3000, U+00A0, …) and marks are part of a text. */
const BLANK = /[ \t\r\n]/;

/** Cuts a line that is not blank. Throws CtmError `usage`: an unknown command, a quote left open. */
export function splitLine(line: string): SplitLine {
  const trimmed = withoutBlanks(line);
  // `!high text` is short for `add !high text`.
  if (/^!(low|normal|high|critical)[ \t\r\n]/.test(trimmed)) return splitLine(`add ${trimmed}`);
  const [head, first = "", gap = "", second = ""] = /^([^ \t\r\n]+)(?:([ \t\r\n]+)([^ \t\r\n]+))?/.exec(
    trimmed,
  ) ?? [""];
  const double = findCommand(`${first} ${second}`);
  if (double !== null) return cut(double, trimmed.slice(head.length));
  const command = findCommand(first);
  if (command === null) throw new CtmError("usage", unknownCommand(allCommands(), first));
  return cut(command, trimmed.slice(head.length - gap.length - second.length));
}

function cut(command: Command, rest: string): SplitLine {
  return { command, words: takesText(command) ? wordsBeforeText(command, rest) : shellWords(rest) };
}

function withoutBlanks(line: string): string {
  return line.replace(/^[ \t\r\n]+/, "");
}

/** Flags, then the arguments before the text, then the text as it stands. */
function wordsBeforeText(command: Command, line: string): string[] {
  const flags: string[] = [];
  let rest = withoutBlanks(line);
  for (;;) {
    // Looked at raw: a quote in the first word of a text is an apostrophe, not an opening.
    const head = /^[^ \t\r\n]+/.exec(rest)?.[0] ?? "";
    const short = flags.length === 0 ? (command.shorthand?.(head) ?? null) : null;
    if (short === null && !isFlag(head)) break;
    const next = nextWord(rest);
    rest = next?.rest ?? "";
    if (head === "--") break;
    flags.push(...(short ?? [next?.word ?? head]));
    if (short !== null || !takesValue(command.options, head)) continue;
    const value = nextWord(rest);
    if (value === null) return flags;
    flags.push(value.word);
    rest = value.rest;
  }
  const named: string[] = [];
  while (named.length < command.arguments.length - 1) {
    const next = nextWord(rest);
    if (next === null) break;
    named.push(next.word);
    rest = next.rest;
  }
  const text = rest === "" ? [] : [rest];
  return named.length + text.length === 0 ? flags : [...flags, "--", ...named, ...text];
}

function isFlag(word: string): boolean {
  return word.length > 1 && word.startsWith("-");
}

function takesValue(options: readonly OptionSpec[], word: string): boolean {
  return options.some(({ flags }) => flags.includes("<") && flags.split(/[ ,]+/).includes(word));
}

/** All words of a line. Quotes group; a backslash keeps the next character, but not inside single quotes. */
export function shellWords(line: string): string[] {
  const words: string[] = [];
  for (let next = nextWord(line); next !== null; next = nextWord(next.rest)) words.push(next.word);
  return words;
}

/** The first word, and what stands behind the blanks after it. */
function nextWord(line: string): { readonly word: string; readonly rest: string } | null {
  const start = line.length - withoutBlanks(line).length;
  if (start === line.length) return null;
  let word = "";
  let quoteMark = "";
  let at = start;
  for (; at < line.length; at++) {
    const character = line.charAt(at);
    if (character === "\\" && quoteMark !== "'" && at + 1 < line.length) word += line.charAt(++at);
    else if (character === quoteMark) quoteMark = "";
    else if (quoteMark !== "") word += character;
    else if (character === '"' || character === "'") quoteMark = character;
    else if (BLANK.test(character)) break;
    else word += character;
  }
  if (quoteMark !== "") throw new CtmError("usage", `a quote (${quoteMark}) is opened and never closed`);
  return { word, rest: withoutBlanks(line.slice(at)) };
}
