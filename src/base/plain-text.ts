/**
 * Terminal output made harmless: what a program printed, as plain lines that can be shown on another terminal, kept
 * in a file or compared. It strips; it does not emulate a screen.
 */

// Each string sequence (OSC, DCS, SOS, PM, APC) ends at its terminator or, when that is missing, with its line: an
// unterminated one must not swallow everything after it.
// oxlint-disable-next-line no-control-regex
const STRING_SEQUENCE =
  /(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c\n]*(?:\u0007|\u001b\\|\u009c)?/g;
// oxlint-disable-next-line no-control-regex
const CONTROL_SEQUENCE = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?/g;
// oxlint-disable-next-line no-control-regex
const SHORT_ESCAPE = /\u001b[ -/]*[0-~]?/g;
// oxlint-disable-next-line no-control-regex
const OTHER_CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * Only text, line feeds and tabs are left. A line that was rewritten in place (carriage return) shows its last
 * version.
 */
export function plainText(output: string): string {
  return output
    .replace(STRING_SEQUENCE, "")
    .replace(CONTROL_SEQUENCE, "")
    .replace(SHORT_ESCAPE, "")
    .split("\n")
    .map(lastVersion)
    .join("\n")
    .replace(OTHER_CONTROLS, "");
}

/** Words of an agent, for a file or a table: a carriage return breaks a line, it hides nothing. */
export function plainWords(words: string): string {
  return plainText(words.replace(/\r\n?/g, "\n"));
}

/** Longest sequence that is waited for over the end of a piece. */
const unfinishedMaxChars = 4_096;
const UNFINISHED =
  // oxlint-disable-next-line no-control-regex
  /(?:\u001b(?:[ -/]*|\[[0-?]*[ -/]*|[\]PX^_][^\u0007\u001b\u009c\n]*\u001b?)|\u009b[0-?]*[ -/]*|[\u009d\u0090\u0098\u009e\u009f][^\u0007\u001b\u009c\n]*)$/;

/** Output that comes in pieces, made plain: a sequence cut between two of them is not taken for text. */
export class PlainStream {
  #unfinished = "";

  take(piece: string): string {
    const output = this.#unfinished + piece;
    const at = UNFINISHED.exec(output.slice(-unfinishedMaxChars))?.[0].length ?? 0;
    this.#unfinished = output.slice(output.length - at);
    return plainText(output.slice(0, output.length - at));
  }
}

function lastVersion(line: string): string {
  if (!line.includes("\r")) return line;
  return line.split("\r").findLast((version) => version !== "") ?? "";
}
