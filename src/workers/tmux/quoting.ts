/** Words for tmux command lines and formats, whatever they hold. */
import { CtmError } from "../../base/errors.ts";

/**
 * One argument of a command line as the control client reads it. Control characters, DEL and `~` (which tmux would
 * expand at the start of a word) go as octal; a line feed must never reach the line itself, it would end it.
 * Throws CtmError `refused` on NUL, which no tmux argument can hold.
 */
export function quoted(text: string): string {
  if (text.includes("\0")) throw new CtmError("refused", "A tmux command cannot hold a NUL character.");
  // oxlint-disable-next-line no-control-regex
  const escaped = text.replace(/[\u0001-\u001f\u007f~"\\$]/g, (character) =>
    character === '"' || character === "\\" || character === "$" ? `\\${character}` : octal(character),
  );
  return `"${escaped}"`;
}

/** The commands of one line: each runs only if those before it did not fail. */
export function sequence(commands: readonly string[]): string {
  return commands.join(" ; ");
}

/** Text inside a tmux format that stands for itself: it is neither expanded nor taken as a separator. */
export function formatLiteral(text: string): string {
  return text.replace(/[#,}]/g, "#$&");
}

/** A path where tmux expands formats and, in `pipe-pane`, also dates. */
export function pathLiteral(path: string, expandsDates: boolean): string {
  const plain = path.replaceAll("#", "##");
  return expandsDates ? plain.replaceAll("%", "%%") : plain;
}

function octal(character: string): string {
  return `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`;
}
