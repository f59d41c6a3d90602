/** Help from the command table: the overview, one command's page, and the reference that stands in the README. */
import { Option } from "commander";
import { COMMAND_GROUPS, type Command, type OptionSpec } from "./command.ts";
import { COMMON_OPTIONS, placeholder } from "./parse.ts";

/** `add [options] [text...]` */
export function usageOf(command: Command): string {
  const options = command.options.length === 0 ? [] : ["[options]"];
  return [command.name, ...options, ...command.arguments.map(placeholder)].join(" ");
}

/** All commands by group, one line each. */
export function overview(commands: readonly Command[]): string[] {
  const groups = COMMAND_GROUPS.flatMap((group) => [`${group}:`, ...inColumns(inGroup(commands, group)), ""]);
  return [
    ...groups,
    "`help COMMAND` explains one; every command takes --json.",
    "Workers: w1, worker1 and concurrent_worker1 are the same. Tasks: 7 or #7.",
  ];
}

/** Of one group: the summaries below each other, behind the longest of its names. */
function inColumns(commands: readonly Command[]): string[] {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return commands.map(({ name, summary }) => `  ${name.padEnd(width)} ${summary}`);
}

/** One command: usage, arguments, options, notes and examples. */
export function commandHelp(command: Command): string[] {
  const aliases = command.aliases.length === 0 ? [] : [`Also: ${command.aliases.join(", ")}`];
  return [
    `${command.summary}.`,
    "",
    `Usage: ${usageOf(command)}`,
    ...aliases,
    ...choicesOf(command),
    ...section("Options:", [...command.options, ...COMMON_OPTIONS].map(optionLine)),
    ...section(
      "Notes:",
      command.notes.map((note) => `  ${note}`),
    ),
    ...section(
      "Examples:",
      command.examples.map((example) => `  ${example}`),
    ),
  ];
}

/** The command reference as Markdown. */
export function commandReference(commands: readonly Command[]): string {
  const groups = COMMAND_GROUPS.map((group) => {
    const rows = inGroup(commands, group).map(
      (command) => `| \`${cellOf(usageOf(command))}\` | ${cellOf(command.summary)} |`,
    );
    return [`### ${group}`, "", "| command | what it does |", "|---|---|", ...rows].join("\n");
  });
  return `${groups.join("\n\n")}\n`;
}

/** `  -p, --priority <level>  low, normal …`, with the summaries in one column. */
export function optionLine(option: OptionSpec): string {
  const { flags } = new Option(option.flags);
  return `  ${flags.padEnd(25)} ${option.summary}`;
}

function choicesOf(command: Command): string[] {
  const named = command.arguments.filter(({ choices }) => choices !== undefined);
  return named.map(({ name, choices = [] }) => `${name}: ${choices.join(", ")}`);
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", title, ...lines];
}

function inGroup(commands: readonly Command[], group: string): Command[] {
  return commands.filter((command) => command.group === group);
}

function cellOf(text: string): string {
  return text.replaceAll("|", "\\|");
}
