/**
 * What a command is: one definition that the prompt, argv and the manager's socket share. A face parses words
 * into a raw input, the command checks it, runs it against the App and gives a plain result; rendering comes last
 * and only where a person reads.
 */
import type * as z from "zod";
import type { App } from "../app.ts";
import type { Config } from "../config.ts";
import { CtmError } from "../base/errors.ts";
import type { ExportedPages } from "../reports/page-questions.ts";
import type { ReadingThreads } from "../transcripts/reading-threads.ts";
import type { LookedAt } from "../transcripts/stamps.ts";
import type { Paper } from "../reports/paper.ts";

export const COMMAND_GROUPS = [
  "Tasks",
  "Dispatch",
  "Views",
  "Workers",
  "Limits",
  "Hierarchy",
  "Events",
  "Program",
] as const;
export type CommandGroup = (typeof COMMAND_GROUPS)[number];

/** What a word stands for: completion offers ids for `task`, names for `worker`, and so on. */
export type WordKind = "task" | "worker" | "limit" | "text" | "file" | "command" | "word";

export interface ArgumentSpec {
  /** Key in the input, and the word shown in the usage line. */
  readonly name: string;
  readonly kind: WordKind;
  readonly required: boolean;
  /** Takes all words that are left. A `text` takes the rest of the line byte for byte. */
  readonly many: boolean;
  /** The only words allowed, for help and completion; the schema is what checks. */
  readonly choices?: readonly string[];
}

export interface OptionSpec {
  /** As in `-p, --priority <level>`; the long name in camel case is the key in the input. */
  readonly flags: string;
  readonly summary: string;
  readonly kind?: WordKind;
  readonly choices?: readonly string[];
}

/** What the words of a call came to, before it is checked; as JSON it is what goes over the socket. */
export type RawInput = Readonly<Record<string, unknown>>;

/** What only the side where the person sits knows. */
export interface Caller {
  /** Absolute path of the folder the call was made in. */
  readonly cwd: string;
  /** Where tasks of this caller come from: repl, argv, batch. */
  readonly origin: string;
  /** Text of a file, or of standard input for `-`. Throws CtmError. */
  readText(file: string): Promise<string>;
  config(): Promise<Config>;
  /** The word of the worker the call comes from; null: from none. Absent: what this process's environment says. */
  readonly workerWord?: string | null;
  /** Told all files and folders a result is made of, by a command whose result depends on nothing else. */
  readonly onPlaces?: (places: readonly (string | LookedAt)[]) => void;
  /** Threads that wait for records to read. */
  readonly readers?: ReadingThreads | undefined;
  /** Writes the pages as a file into this folder; none: not from here. Throws CtmError. */
  readonly exportPages?: (folder: string) => Promise<PagesExported>;
}

/** A copy of the pages that was written. */
export interface PagesExported {
  readonly file: string;
  readonly bytes: number;
  /** Tasks whose story is in it. */
  readonly stories: number;
  readonly from: ExportedPages["from"];
}

/** Where the results go of a command that is followed where the person sits. */
export interface FollowAlone {
  emit(item: unknown): void;
  /** Ends it. */
  fail(error: unknown): void;
}

/** What a face does by itself: it has the terminal, the process and its end. */
export type FaceAction = "attach" | "batch" | "exit" | "mcp" | "repair" | "serve";

export interface CommandSpec<Input, Result> {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly group: CommandGroup;
  /** One line, no full stop. */
  readonly summary: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  readonly examples: readonly string[];
  /** Further lines of `help COMMAND`. */
  readonly notes?: readonly string[];
  /** manager = a running manager; ledger = the ledger alone will do; nothing = neither. */
  readonly needs: "manager" | "ledger" | "nothing";
  readonly face?: FaceAction;
  /** Answers only when something has happened: nobody gives up on it. */
  readonly patient?: boolean;
  /** Must take its own output again: the same input is checked on both sides of the socket. */
  readonly schema: z.ZodType<Input>;
  /** A word at the head of the line that stands for flags, as `!high` does. */
  readonly shorthand?: (word: string) => readonly string[] | null;
  /** Adds what only the caller's side knows (folders, texts of files), before the input travels. */
  readonly prepare?: (raw: RawInput, caller: Caller) => RawInput | Promise<RawInput>;
  /** Throws CtmError. The result is plain data: it must survive JSON. */
  readonly run?: (app: App, input: Input) => Result | Promise<Result>;
  /** For `needs: "nothing"`: carried out where the person sits. */
  readonly runAlone?: (input: Input, caller: Caller) => Result | Promise<Result>;
  readonly render: (result: Result, paper: Paper) => readonly string[];
  /** Does this result mean exit code 1 where there are exit codes? */
  readonly isBad?: (result: Result) => boolean;
  /** Goes on giving results until stopped (`--follow`, `--watch`); null when this input asks for none. */
  readonly follow?: (app: App, input: Input, emit: (item: unknown) => void) => (() => void) | null;
  /** The same for `needs: "nothing"`. */
  readonly followAlone?: (input: Input, caller: Caller, to: FollowAlone) => () => void;
  readonly renderItem?: (item: unknown, paper: Paper) => readonly string[];
  /** Each result takes the place of the one before. */
  readonly redraws?: boolean;
  /** Does this input ask for `follow`? */
  readonly follows?: (input: Input) => boolean;
}

/** A command as the faces hold it: its types checked inside, `unknown` outside. */
export interface Command
  extends Pick<
    CommandSpec<unknown, unknown>,
    "name" | "group" | "summary" | "examples" | "needs" | "shorthand" | "face" | "renderItem"
  > {
  readonly aliases: readonly string[];
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  readonly notes: readonly string[];
  readonly alone: boolean;
  readonly patient: boolean;
  readonly redraws: boolean;
  /** Checks an input; throws CtmError `usage` with every fault. What it returns is for `run` and friends. */
  check(raw: RawInput): RawInput;
  prepare(raw: RawInput, caller: Caller): Promise<RawInput>;
  run(app: App, checked: RawInput): Promise<unknown>;
  runAlone(checked: RawInput, caller: Caller): Promise<unknown>;
  render(result: unknown, paper: Paper): readonly string[];
  isBad(result: unknown): boolean;
  follows(checked: RawInput): boolean;
  follow(app: App, checked: RawInput, emit: (item: unknown) => void): () => void;
  followAlone(checked: RawInput, caller: Caller, to: FollowAlone): () => void;
}

/**
 * Makes a definition into a command. The casts here are the one place where the types of a command are let go:
 * `check` has made the input, and `run` the result, of just these types.
 */
export function defineCommand<Input extends object, Result>(spec: CommandSpec<Input, Result>): Command {
  const inputOf = (checked: RawInput): Input => checked as Input;
  return {
    ...pick(spec),
    check: (raw) => checkInput(spec.name, spec.schema, raw) as RawInput,
    prepare: async (raw, caller) => (spec.prepare === undefined ? raw : await spec.prepare(raw, caller)),
    run: async (app, checked) => {
      if (spec.run === undefined)
        throw new CtmError("refused", `\`${spec.name}\` is not for the manager to do`);
      return spec.run(app, inputOf(checked));
    },
    runAlone: async (checked, caller) => spec.runAlone?.(inputOf(checked), caller),
    render: (result, paper) => spec.render(result as Result, paper),
    isBad: (result) => spec.isBad?.(result as Result) ?? false,
    follows: (checked) => spec.follows?.(inputOf(checked)) ?? false,
    follow: (app, checked, emit) => {
      const stop = spec.follow?.(app, inputOf(checked), emit) ?? null;
      if (stop === null) throw new CtmError("usage", `\`${spec.name}\` has nothing to follow`);
      return stop;
    },
    followAlone: (checked, caller, to) =>
      spec.followAlone?.(inputOf(checked), caller, to) ?? (() => undefined),
  };
}

function pick<Input, Result>(spec: CommandSpec<Input, Result>) {
  return {
    name: spec.name,
    aliases: spec.aliases ?? [],
    group: spec.group,
    summary: spec.summary,
    arguments: spec.arguments ?? [],
    options: spec.options ?? [],
    examples: spec.examples,
    notes: spec.notes ?? [],
    needs: spec.needs,
    patient: spec.patient ?? false,
    redraws: spec.redraws ?? false,
    alone: spec.runAlone !== undefined,
    ...(spec.face === undefined ? {} : { face: spec.face }),
    ...(spec.shorthand === undefined ? {} : { shorthand: spec.shorthand }),
    ...(spec.renderItem === undefined ? {} : { renderItem: spec.renderItem }),
  };
}

/** Most faults of one input that are listed. */
const faultsShownMax = 20;

function checkInput<T>(name: string, schema: z.ZodType<T>, raw: RawInput): T {
  const checked = schema.safeParse(raw);
  if (checked.success) return checked.data;
  const faults = checked.error.issues.slice(0, faultsShownMax).map((issue) => faultOf(issue));
  throw new CtmError("usage", `${name}: ${faults[0] ?? "the input is not valid"}`, faults.slice(1));
}

function faultOf(issue: z.core.$ZodIssue): string {
  const where = issue.path.map(String).join(".");
  if (issue.message === "is missing") return `${where} is missing`;
  return issue.code === "custom" || where === "" ? issue.message : `${where}: ${issue.message}`;
}
