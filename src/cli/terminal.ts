/** What the person sees on: the standard streams, and the paper that views are drawn on. */
import { CtmError } from "../base/errors.ts";
import { redacted } from "../base/redact.ts";
import { quote } from "../commands/words.ts";
import { processEnvironment } from "../config.ts";
import { harmlessLines, oneLine } from "../reports/cells.ts";
import { jsonText } from "../reports/json-text.ts";
import type { Paper } from "../reports/paper.ts";
import { failureOf } from "../server/messages.ts";
import type { Settings } from "./arguments.ts";

export interface Terminal {
  readonly json: boolean;
  /** Are both sides a terminal, so that questions can be asked? */
  readonly interactive: boolean;
  /** Is the output a terminal that lines can be redrawn on? */
  readonly redraws: boolean;
  paper(): Paper;
  print(lines: readonly string[]): void;
  printJson(value: unknown): void;
  /** A remark beside the results: on stderr, so that piped results stay clean. */
  note(line: string): void;
  /** Tells what was thrown, as sentences or as JSON. */
  complain(error: unknown): void;
  useTimeZone(timeZone: string): void;
}

/** `onText` is told all that is printed. Throws CtmError `usage` for a width that is none. */
export function openTerminal(settings: Settings, onText: (text: string) => void = () => undefined): Terminal {
  const { stdin, stdout, stderr } = process;
  const write = (text: string): void => {
    onText(text);
    stdout.write(text);
  };
  const json = settings.json === true;
  const columns = columnsOf(settings.columns);
  const colour = stdout.isTTY && settings.color !== false && !json && stdout.hasColors();
  const unicode = colour && isUtf8(processEnvironment());
  let timeZone: string | null = null;
  return {
    json,
    interactive: stdin.isTTY && stdout.isTTY && !json,
    redraws: stdout.isTTY && !json,
    paper: () => {
      timeZone ??= Intl.DateTimeFormat().resolvedOptions().timeZone;
      return { columns: columns ?? stdout.columns ?? 80, colour, unicode, nowMs: Date.now(), timeZone };
    },
    print: (lines) => void (lines.length > 0 && write(`${lines.join("\n")}\n`)),
    printJson: (value) => write(`${jsonText(value)}\n`),
    note: (line) => void (json || stderr.write(`${oneLine(line)}\n`)),
    complain: (error) =>
      void stderr.write(json ? `${jsonText({ error: failureOf(error) })}\n` : wordsOf(error)),
    useTimeZone: (zone) => (timeZone = zone),
  };
}

/** `ctm: what is wrong`, and its details below. */
export function wordsOf(error: unknown): string {
  const { message, details } = failureOf(error);
  const lines = [
    ...harmlessLines(message, 20),
    ...details.flatMap((detail) => harmlessLines(detail, 20)).map((line) => `  ${line}`),
  ];
  const trace =
    error instanceof CtmError || !(error instanceof Error) ? "" : redacted(`${error.stack ?? ""}\n`);
  return `ctm: ${lines.join("\n")}\n${trace}`;
}

function columnsOf(given: string | undefined): number | null {
  if (given === undefined) return null;
  const columns = Number(given);
  if (Number.isInteger(columns) && columns >= 20 && columns <= 1000) return columns;
  throw new CtmError("usage", `--columns is a whole number from 20 to 1000, not ${quote(given)}`);
}

/** Says the locale, where one is set at all, that characters beyond ASCII can be shown? */
function isUtf8(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"];
  return locale === undefined || locale === "" || /utf-?8/i.test(locale);
}
