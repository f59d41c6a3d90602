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

function lastVersion(line: string): string {
  if (!line.includes("\r")) return line;
  return line.split("\r").findLast((version) => version !== "") ?? "";
}
