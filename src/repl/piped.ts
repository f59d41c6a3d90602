/** Commands from a pipe or a file: line by line, no prompt, no questions, results as they come. */
import { CtmError } from "../base/errors.ts";
import type { Caller } from "../commands/command.ts";
import { commandHelp } from "../commands/help-text.ts";
import { approved, isApproved, isPlanned } from "../commands/batch.ts";
import type { CommandHost } from "../commands/host.ts";
import { splitLine } from "../commands/line.ts";
import { parseWords } from "../commands/parse.ts";
import { jsonText } from "../reports/json-text.ts";
import type { Paper } from "../reports/paper.ts";
import { linesOf } from "./lines.ts";

export interface PipedParts {
  readonly host: CommandHost;
  readonly caller: Caller;
  readonly input: NodeJS.ReadableStream;
  readonly json: boolean;
  paper(): Paper;
  print(lines: readonly string[]): void;
  complain(error: unknown): void;
}

/** Runs until the input ends or a line says `exit`. Resolves with the last thing that went wrong, or null. */
export async function runPiped(parts: PipedParts): Promise<unknown> {
  let fault: unknown = null;
  for await (const line of linesOf(parts.input)) {
    try {
      if (typeof line !== "string") throw line;
      if (line.trim() === "") continue;
      if (!(await carryOut(line, parts))) break;
    } catch (error) {
      fault = error;
      parts.complain(error);
    }
  }
  return fault;
}

/** False: the line said to leave. */
async function carryOut(line: string, parts: PipedParts): Promise<boolean> {
  const { command, words } = splitLine(line);
  const { raw, json, help } = parseWords(command, words);
  if (help) parts.print(commandHelp(command));
  if (help) return true;
  const input = command.check(await command.prepare(raw, parts.caller));
  if (command.face === "exit") return false;
  if (
    command.face === "serve" ||
    command.face === "mcp" ||
    command.face === "attach" ||
    command.follows(input)
  ) {
    throw new CtmError("usage", `\`${command.name}\` needs a terminal`);
  }
  const result = command.alone
    ? await command.runAlone(input, parts.caller)
    : await parts.host.run(command.name, input);
  const asJson = json || parts.json;
  const say = (said: unknown): void =>
    parts.print(asJson ? [jsonText(said ?? null)] : command.render(said, parts.paper()));
  const goesOn = isApproved(command, input);
  // As JSON one line has one answer.
  if (!asJson || !goesOn) say(result);
  if (goesOn) {
    const queued = await parts.host.run(command.name, approved(input));
    say(asJson ? { plan: result, queued } : queued);
  } else if (isPlanned(command, input) && !asJson) {
    parts.print(["Nothing was queued: nobody can be asked here, and --yes was not given."]);
  }
  return true;
}
