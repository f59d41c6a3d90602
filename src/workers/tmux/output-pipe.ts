/** The program that writes what a pane prints to its log. It belongs to the tmux server, so it outlives the manager. */
import { pathLiteral, quoted } from "./quoting.ts";

export interface LogFile {
  readonly path: string;
  /** From this size on the file becomes the older one (`.1`) and a new one is begun. */
  readonly maxBytes: number;
}

/**
 * Command that pipes a pane's output to its log. The writer itself begins the next file: whoever else did it could
 * lose what is on its way in that moment. `dd` passes on each read at once and never reads beyond its count; it copies
 * nothing only at the end of the output. On a full disk what cannot be written is dropped, and it goes on after that.
 */
export function pipeCommand(target: string, log: LogFile): string {
  const script = [
    `umask 077; log='${log.path.replaceAll("'", "'\\''")}'`,
    `while :; do said=$(LC_ALL=C dd bs=65536 count=64 2>&1 >>"$log") || [ -w "$log" ] || exit`,
    `case $said in 0+0*) exit;; esac`,
    `[ "$(wc -c <"$log")" -lt ${log.maxBytes} ] || mv -f "$log" "$log.1"`,
    `done`,
  ].join("; ");
  return `pipe-pane -O -t ${target} ${quoted(pathLiteral(script, true))}`;
}
