/** Words into a raw input, by the flags and arguments the command's definition names. One parser for every face. */
import { Command as Parser, CommanderError, Option } from "commander";
import { CtmError } from "../base/errors.ts";
import type { ArgumentSpec, Command, OptionSpec, RawInput } from "./command.ts";

/** Options every command has. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  { flags: "--json", summary: "Print the plain result as JSON" },
  { flags: "-h, --help", summary: "Show how the command is used" },
];

export interface ParsedWords {
  readonly raw: RawInput;
  readonly json: boolean;
  readonly help: boolean;
  /** Values of the further options that were allowed beside the command's own. */
  readonly beside: RawInput;
}

/**
 * Reads the words after a command's name. `beside`: options allowed on top (the program's own, on argv).
 * Throws CtmError `usage`.
 */
export function parseWords(
  command: Command,
  words: readonly string[],
  beside: readonly OptionSpec[] = [],
): ParsedWords {
  const parser = newParser(command.name);
  const common = [...COMMON_OPTIONS, ...beside];
  for (const option of [...command.options, ...common]) parser.addOption(new Option(option.flags));
  for (const argument of command.arguments) parser.argument(placeholder(argument));
  // The first word of a text ends the flags: what looks like one further on belongs to the text.
  if (takesText(command)) parser.passThroughOptions();
  const expanded = expandShorthand(command, words);
  parse(parser, expanded, `ctm help ${command.name}`);
  const values = givenOptions(parser);
  const own = Object.fromEntries(command.options.map((option) => [keyOf(option), values[keyOf(option)]]));
  const named = command.arguments.map((argument, at) => [argument.name, parser.processedArgs[at]] as const);
  return {
    raw: withoutMissing({ ...own, ...Object.fromEntries(named) }),
    json: values["json"] === true,
    help: values["help"] === true,
    beside: withoutMissing(
      Object.fromEntries(beside.map((option) => [keyOf(option), values[keyOf(option)]])),
    ),
  };
}

/** Reads the program's own options, up to the first word that is none: from there on everything is left alone. */
export function parseLeadingOptions(
  words: readonly string[],
  options: readonly OptionSpec[],
): { readonly values: RawInput; readonly rest: readonly string[] } {
  const parser = newParser("ctm").argument("[words...]").passThroughOptions();
  for (const option of options) parser.addOption(new Option(option.flags));
  parse(parser, words, "ctm --help");
  return { values: givenOptions(parser), rest: parser.args };
}

/** Key of an option in the input: its long name in camel case. */
export function keyOf(option: OptionSpec): string {
  return new Option(option.flags).attributeName();
}

/** Does the command end in a text that takes the rest of the line? */
export function takesText(command: Command): boolean {
  return command.arguments.at(-1)?.kind === "text";
}

/** `<id...>`: an argument as a usage line shows it. */
export function placeholder(argument: ArgumentSpec): string {
  const name = argument.many ? `${argument.name}...` : argument.name;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function newParser(name: string): Parser {
  return new Parser(name)
    .exitOverride()
    .helpOption(false)
    .helpCommand(false)
    .enablePositionalOptions()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
}

function parse(parser: Parser, words: readonly string[], help: string): void {
  parser.action(() => undefined);
  try {
    parser.parse([...words], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw new CtmError("usage", sentenceOf(error.message), [`See \`${help}\`.`], { cause: error });
  }
}

function sentenceOf(message: string): string {
  const line = message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ");
  return line.replace(/[\p{Cc}\p{Cf}]/gu, "·").slice(0, 300);
}

/** Only what was written: `--no-color` is not there as a default of the other way round. */
function givenOptions(parser: Parser): RawInput {
  const given = Object.entries(parser.opts()).filter(([key]) => parser.getOptionValueSource(key) === "cli");
  return Object.fromEntries(given);
}

function expandShorthand(command: Command, words: readonly string[]): readonly string[] {
  const [first, ...rest] = words;
  const flags = first === undefined ? null : (command.shorthand?.(first) ?? null);
  return flags === null ? words : [...flags, ...rest];
}

/** An argument that takes many words and got none is an empty list. */
function withoutMissing(values: RawInput): RawInput {
  const isThere = (value: unknown): boolean =>
    value !== undefined && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(values).filter(([, value]) => isThere(value)));
}
