/** argv read: which of the program's ways is meant, and the options that hold for all of them. */
import { CtmError } from "../base/errors.ts";
import type { Command, OptionSpec, RawInput } from "../commands/command.ts";
import { findIn, unknownCommand } from "../commands/find.ts";
import { keyOf, parseLeadingOptions, parseWords } from "../commands/parse.ts";
import { nearest } from "../base/suggest.ts";

export const PROGRAM_OPTIONS: readonly OptionSpec[] = [
  {
    flags: "--config <file>",
    summary: "Configuration file (default: ctm.yaml here or above, then your own)",
  },
  { flags: "--state-dir <folder>", summary: "Where the queue and everything else is kept" },
  { flags: "--workers <n>", summary: "How many workers to start" },
  {
    flags: "--agent <agent>",
    summary: "Agent of the workers: auto, claude, codex, gemini, opencode, shell, rehearsal or your own",
  },
  { flags: "--context <policy>", summary: "Between tasks: keep, clear or fresh" },
  { flags: "--profile <name>", summary: "Price profile" },
  { flags: "--pause-at <level>", summary: "Send nothing out from this throttle level on" },
  { flags: "--prefer-cheap", summary: "Send everything to the cheap model" },
  { flags: "--adopt", summary: "Take over sessions named concurrent_worker* that run already" },
  { flags: "--own", summary: "Batch: refuse (75) when another manager runs, hand nothing over" },
  { flags: "--keep-workers", summary: "Batch: leave the workers running at the end" },
  { flags: "--no-dashboard", summary: "Prompt and serve: without the pages on 127.0.0.1" },
  { flags: "--redis <url>", summary: "Take events from a Redis, and tell there what happens" },
  { flags: "--json", summary: "Results and errors as JSON" },
  { flags: "--no-color", summary: "Words instead of colours and icons" },
  { flags: "--columns <n>", summary: "Width of the tables (default: the terminal's, else 80)" },
  { flags: "-V, --version", summary: "Print the version" },
  { flags: "-h, --help", summary: "Print this help" },
];

/** The program's options as given; a key is missing where its option was not. */
export interface Settings {
  readonly config?: string;
  readonly stateDir?: string;
  readonly workers?: string;
  readonly agent?: string;
  readonly context?: string;
  readonly profile?: string;
  readonly pauseAt?: string;
  readonly preferCheap?: true;
  readonly adopt?: true;
  readonly own?: true;
  readonly keepWorkers?: true;
  /** Only ever there with --no-dashboard. */
  readonly dashboard?: false;
  readonly redis?: string;
  readonly json?: true;
  /** Only ever there with --no-color. */
  readonly color?: false;
  readonly columns?: string;
}

export type Invocation =
  | { readonly kind: "prompt"; readonly settings: Settings }
  | { readonly kind: "version" }
  | { readonly kind: "help"; readonly command: Command | null }
  | { readonly kind: "texts"; readonly settings: Settings; readonly texts: readonly string[] }
  | {
      readonly kind: "command";
      readonly settings: Settings;
      readonly command: Command;
      readonly raw: RawInput;
    };

/** The words that no option of the program takes: a command and its own words, or tasks. Throws CtmError `usage`. */
export function wordsBehindOptions(words: readonly string[]): readonly string[] {
  return parseLeadingOptions(words, PROGRAM_OPTIONS).rest;
}

/** `commands`: those that may be meant. Throws CtmError `usage`. */
export function readArguments(words: readonly string[], commands: readonly Command[]): Invocation {
  const { values, rest } = parseLeadingOptions(words, PROGRAM_OPTIONS);
  if (values["version"] === true) return { kind: "version" };
  const settings: Settings = values;
  const [first, second] = rest;
  if (values["help"] === true)
    return { kind: "help", command: first === undefined ? null : findIn(commands, first) };
  if (first === undefined) return { kind: "prompt", settings };
  // Everything after a bare `--` is tasks, whatever it looks like.
  if (words[words.length - rest.length - 1] === "--") return { kind: "texts", settings, texts: rest };
  const double = second === undefined ? null : findIn(commands, `${first} ${second}`);
  const command = double ?? findIn(commands, first);
  if (command === null) return { kind: "texts", settings, texts: textsOf(rest, commands) };
  return ofCommand(command, rest.slice(double === null ? 1 : 2), settings);
}

function ofCommand(command: Command, words: readonly string[], settings: Settings): Invocation {
  const beside = PROGRAM_OPTIONS.filter((option) => !hasOption(command, option));
  const { raw, json, help, beside: further } = parseWords(command, words, beside);
  if (help) return { kind: "help", command };
  const asJson = json ? { json: true as const } : {};
  return { kind: "command", command, raw, settings: { ...settings, ...further, ...asJson } };
}

/** `--json` and `--help` are every command's own; flags a command gives a meaning of its own stay with it. */
function hasOption(command: Command, option: OptionSpec): boolean {
  const own = new Set([...command.options.map(keyOf), "json", "help", "version"]);
  // `-n` of `output` and the like: short flags clash too, but the program has only -V and -h.
  return own.has(keyOf(option));
}

/**
 * Words that begin with no command are tasks, one each, when at least one of them is more than a word. A single
 * word is a mistyped command; several are a sentence that lost its quotes, and would cost money word by word.
 */
function textsOf(words: readonly string[], commands: readonly Command[]): readonly string[] {
  const [first = ""] = words;
  const late = words.find((word) => /^--?[a-z][a-z-]*(=|$)/i.test(word));
  if (late !== undefined) {
    throw new CtmError("usage", `${late} stands behind a task: options go before the tasks`, [
      "To run it as a task: ctm -- ...",
    ]);
  }
  // An empty word is a task too: one that is refused as empty, not taken for a command.
  const isText = (word: string): boolean => word.trim() === "" || /\s/.test(word.trim());
  if (isText(first)) return words;
  const names = commands.map(({ name }) => name);
  if (words.length > 1 && words.some(isText) && nearest(first, names) === null) return words;
  const details =
    words.length === 1
      ? [`To run a task of one word: ctm -- ${first}`]
      : ['To run tasks: ctm "Task 1" "Task 2", or `ctm -- word word` for one task a word'];
  throw new CtmError("usage", unknownCommand(commands, first), details);
}
