/**
 * Typing as a compare-and-set inside the tmux server: one command line that loads the text, checks that this is the
 * pane and the moment it was meant for, pastes the text as a whole, marks the pane with the attempt and leaves the
 * Enter to the server. Killing us at any instant leaves all of it or nothing; the marks tell which.
 *
 * The expected previous mark is what makes it happen once: whoever comes late, or again, finds another mark.
 */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { shellQuoted } from "../../agents/shell-quoting.ts";
import { CtmError } from "../../base/errors.ts";
import { faultPoint, type FaultPoint } from "../../faults/fault-point.ts";
import { createPrivateFile } from "../../ledger/state-folder.ts";
import type { TmuxConnection } from "./connection.ts";
import { allOf, ifPane, isPane, lastMark, lastTyped, requireMarker, shows, takesInput } from "./guard.ts";
import type { PaneIdentity } from "./pane-identity.ts";
import { pathLiteral, quoted, sequence } from "./quoting.ts";
import { isAtLeast } from "./version.ts";
import { readWitness, type Witness } from "./witness.ts";

const LOAD = faultPoint("type.buffer");
const TYPE = faultPoint("type.attempt");
const ANSWER = faultPoint("type.answer");
const TYPE_UNMARKED = faultPoint("type.unmarked");
const ENTER_AGAIN = faultPoint("enter-again.send");
const KEY = faultPoint("key.send");
const UNLOAD = faultPoint("type.clean-up");

export interface Typing {
  readonly pane: PaneIdentity;
  /** The attempt, or "<attempt>.<n>" for the n-th answer within it. */
  readonly attemptId: string;
  /** What must have been typed last: the attempt before, "" for none. For an answer the exact mark before it. */
  readonly previousAttempt: string;
  /** Text to paste: line feeds and tabs, carriage returns where they are meant as Enter, no other control characters. */
  readonly paste: string;
  readonly bracketed: boolean;
  /** Pause between the paste and the server's Enter; null = the paste ends its own line. */
  readonly enterAfterMs: number | null;
  /** Key pressed in place of that Enter. */
  readonly submitKey?: string;
  /** Name of the program that must be in front (for adopted panes, whose process is a shell), or null. */
  readonly foreground?: string | null;
}

export type TypeResult =
  | { readonly kind: "typed"; readonly witness: Witness }
  /** Nothing was typed. `witness` null: that program is not in that pane any more. */
  | { readonly kind: "refused"; readonly reason: string; readonly witness: Witness | null }
  /** The server fell silent: the text may be in the pane or not. Ask the witness before anything else. */
  | { readonly kind: "unknown"; readonly reason: string };

/** Where pastes wait for the server: a 0700 folder of ours. */
export interface PasteFolder {
  readonly path: string;
}

// What must never be pasted, whoever asks: keys in disguise, above all the escape that ends a bracketed paste.
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/** A line that can say nothing, such as the id a shell worker is given: it needs no file to hide in. */
const BARE_LINE = /^\r*[a-z0-9-]{1,80}\r$/;

/** Types the text into the pane, once, whole or not at all. Throws CtmError `refused` for text that is no text. */
export async function typeOnce(
  connection: TmuxConnection,
  folder: PasteFolder,
  typing: Typing,
): Promise<TypeResult> {
  requireMarker(typing.attemptId);
  if (typing.previousAttempt !== "") requireMarker(typing.previousAttempt);
  const condition = allOf([
    isPane(typing.pane),
    takesInput(),
    // An answer follows exactly one mark; a new attempt follows the one before and whatever was answered within it.
    typing.attemptId.includes(".") ? lastMark(typing.previousAttempt) : lastTyped(typing.previousAttempt),
    ...foregroundIs(typing.foreground ?? null),
  ]);
  const { paneId } = typing.pane;
  const entered = `set-option -p -t ${paneId} @ctm_s ${typing.attemptId}`;
  const pasted = {
    marks: [
      `set-option -p -t ${paneId} @ctm_a ${typing.attemptId}`,
      ...(typing.enterAfterMs === null ? [entered] : []),
    ],
    refused: [`set-option -p -t ${paneId} @ctm_refused ${typing.attemptId}`],
    enterIf: [lastMark(typing.attemptId), `#{!=:#{@ctm_s},${typing.attemptId}}`],
    entered: [entered],
  };
  try {
    const point = typing.attemptId.includes(".") ? ANSWER : TYPE;
    // Asked behind the paste without waiting for its answer: the server does one thing after the other.
    const [, witness] = await Promise.all([
      paste(connection, folder, typing, condition, pasted, point),
      readWitness(connection, typing.pane),
    ]);
    return verdict(typing, witness);
  } catch (error) {
    if (!(error instanceof CtmError) || error.code !== "tmux-failed") throw error;
    return { kind: "unknown", reason: error.message };
  }
}

/**
 * Types text that belongs to no attempt (a command such as `/clear`, a person's words). True: it was typed. A mark of
 * its own stands on the pane until its Enter was pressed: left in the composer, it would bar the way of every task.
 */
export async function typeUnmarked(
  connection: TmuxConnection,
  folder: PasteFolder,
  typing: Omit<Typing, "attemptId" | "previousAttempt">,
): Promise<boolean> {
  const condition = allOf([isPane(typing.pane), takesInput(), ...foregroundIs(typing.foreground ?? null)]);
  const { paneId } = typing.pane;
  const words = newBuffer();
  const steps = {
    marks: [
      "display-message -p typed",
      ...(typing.enterAfterMs === null ? [] : [`set-option -p -t ${paneId} @ctm_w ${words}`]),
    ],
    refused: [],
    enterIf: [shows("#{@ctm_w}", words)],
    entered: [`set-option -p -t ${paneId} @ctm_w ""`],
  };
  const replies = await paste(connection, folder, typing, condition, steps, TYPE_UNMARKED);
  return replies.includes("typed");
}

/** Presses Enter a second time, and never a third. True: this call or an earlier one pressed it. */
export async function enterOnceMore(
  connection: TmuxConnection,
  pane: PaneIdentity,
  attemptId: string,
): Promise<boolean> {
  requireMarker(attemptId);
  const condition = allOf([isPane(pane), takesInput(), lastTyped(attemptId), "#{!=:#{@ctm_a},#{@ctm_e}}"]);
  const press = sequence([
    ...keyCommands(connection, pane.paneId, ENTER),
    `set-option -p -F -t ${pane.paneId} @ctm_e "#{@ctm_a}"`,
  ]);
  await connection.batch([ifPane(pane.paneId, condition, press, "")], ENTER_AGAIN);
  const witness = await readWitness(connection, pane);
  return witness !== null && witness.mark !== "" && witness.enteredAgain === witness.mark;
}

/**
 * Presses Escape, Enter, Tab, Up, Down or a control key such as C-c. The key goes as the bytes it stands for, so that it reaches
 * the program even while a person scrolls. True: it was sent. Throws CtmError `refused` for other keys.
 */
export async function pressKey(
  connection: TmuxConnection,
  pane: PaneIdentity,
  key: string,
): Promise<boolean> {
  const condition = allOf([isPane(pane), shows("#{pane_input_off}", "0")]);
  const send = sequence([...keyCommands(connection, pane.paneId, keyBytes(key)), "display-message -p sent"]);
  const lines = await connection.command(ifPane(pane.paneId, condition, send, ""), KEY);
  return lines.includes("sent");
}

const ENTER = "\r";
const NAMED_KEYS: Readonly<Record<string, string>> = {
  Escape: "\u001b",
  Enter: ENTER,
  Tab: "\t",
  Up: "\u001b[A",
  Down: "\u001b[B",
};

function keyBytes(key: string): string {
  const control = /^C-([a-z])$/.exec(key)?.[1];
  const bytes = control === undefined ? NAMED_KEYS[key] : String.fromCharCode(control.charCodeAt(0) - 96);
  if (bytes === undefined)
    throw new CtmError("refused", "This key is not one that is ever pressed in a worker.");
  return bytes;
}

interface PasteSteps {
  /** Commands right after the paste. */
  readonly marks: readonly string[];
  readonly refused: readonly string[];
  /** Further conditions for the Enter; they must fail once it was pressed. */
  readonly enterIf: readonly string[];
  readonly entered: readonly string[];
}

/** One line to the server: load, check, paste, mark, plan the Enter. Returns what it printed. */
async function paste(
  connection: TmuxConnection,
  folder: PasteFolder,
  typing: Pick<Typing, "pane" | "paste" | "bracketed" | "enterAfterMs" | "submitKey">,
  condition: string,
  steps: PasteSteps,
  point: FaultPoint,
): Promise<string[]> {
  if (typing.paste === "") throw new CtmError("refused", "There is no text to type.");
  if (FORBIDDEN.test(typing.paste))
    throw new CtmError("refused", "The text holds control characters that must not be typed.");
  const { paneId } = typing.pane;
  const buffer = newBuffer();
  const file = join(folder.path, buffer);
  const type = sequence([
    pasteCommand(connection, buffer, paneId, typing.bracketed),
    ...steps.marks,
    ...(typing.enterAfterMs === null ? [] : [enterLater(connection, typing, typing.enterAfterMs, steps)]),
  ]);
  const byFile = !BARE_LINE.test(typing.paste);
  if (byFile) LOAD.pass(() => createPrivateFile(file, typing.paste, false));
  try {
    const load = byFile
      ? `load-buffer -b ${buffer} ${quoted(pathLiteral(file, false))}`
      : `set-buffer -b ${buffer} ${quoted(typing.paste)}`;
    const discard = sequence([`delete-buffer -b ${buffer}`, ...steps.refused]);
    const line = sequence([load, ifPane(paneId, condition, type, discard)]);
    const replies = await connection.batch([line], point);
    return replies.flatMap((reply) => reply.lines);
  } finally {
    if (byFile) await UNLOAD.passAsync(() => rm(file, { force: true }));
  }
}

/**
 * The Enter is a pasted carriage return, not a key: a key would go to a scrolled view instead of the program. It is
 * checked again when its time comes, and left out if the pane went to somebody else meanwhile.
 */
function enterLater(
  connection: TmuxConnection,
  { pane, submitKey }: Pick<Typing, "pane" | "submitKey">,
  afterMs: number,
  steps: PasteSteps,
): string {
  const key = submitKey === undefined ? ENTER : keyBytes(submitKey);
  const conditions = [isPane(pane), shows("#{pane_input_off}", "0"), ...steps.enterIf];
  const press = sequence([...keyCommands(connection, pane.paneId, key), ...steps.entered]);
  const act = [pane.paneId, allOf(conditions), press] as const;
  const inServer = `run-shell -b -d ${seconds(afterMs)} -C ${unexpanded(ifPane(...act, ""))}`;
  // A delayed command is forgotten when the client it came from has died. So that an Enter is not, a process outside
  // looks a moment later whether it was pressed: the mark it leaves makes sure that it is pressed once.
  const outside = `tmux if-shell -F -t ${act.map(shellQuoted).join(" ")} >/dev/null 2>&1; exit 0`;
  return sequence([inServer, `run-shell -b -d ${seconds(afterMs + ENTER_LOOK_MS)} ${unexpanded(outside)}`]);
}

/** How long after the Enter's time it is looked at whether it was pressed. */
const ENTER_LOOK_MS = 50;

function seconds(delayMs: number): string {
  return (Math.max(1, delayMs) / 1_000).toFixed(3);
}

/** run-shell expands formats at once; doubled, the conditions are only looked at when the time has come. */
function unexpanded(command: string): string {
  return quoted(command.replaceAll("#", "##"));
}

function keyCommands(connection: TmuxConnection, paneId: string, bytes: string): string[] {
  const buffer = newBuffer();
  return [`set-buffer -b ${buffer} ${quoted(bytes)}`, pasteCommand(connection, buffer, paneId, false)];
}

/** -r: line feeds stay line feeds. -S: from 3.7 on tmux would rewrite control characters (our Enter) without it. */
function pasteCommand(
  connection: TmuxConnection,
  buffer: string,
  paneId: string,
  bracketed: boolean,
): string {
  const raw = isAtLeast(connection.server.version, 3, 7) ? " -S" : "";
  return `paste-buffer -d -r${raw}${bracketed ? " -p" : ""} -b ${buffer} -t ${paneId}`;
}

/** A name nobody else uses: two typers must never paste each other's text. */
function newBuffer(): string {
  return `ctm-${randomBytes(12).toString("hex")}`;
}

function foregroundIs(program: string | null): string[] {
  return program === null ? [] : [shows("#{pane_current_command}", program)];
}

function verdict(typing: Typing, witness: Witness | null): TypeResult {
  if (witness?.mark === typing.attemptId) return { kind: "typed", witness };
  return { kind: "refused", reason: refusalOf(typing, witness), witness };
}

function refusalOf(typing: Typing, witness: Witness | null): string {
  if (witness === null) return "its program is not in its pane any more";
  if (witness.inMode) return "its pane is being scrolled by a person";
  if (witness.inputOff) return "its pane takes no input";
  if (witness.mark !== typing.previousAttempt && witness.attemptId !== typing.previousAttempt)
    return "something else was typed into its pane";
  if ((typing.foreground ?? null) !== null) return `another program than ${typing.foreground} is in front`;
  return "tmux could not take the text";
}
