/**
 * The program a shell worker runs as the root of its pane: it reads one attempt id a line, runs the script of that
 * name as its foreground child and reports start and end into the signal spool. POSIX sh, no bash needed.
 *
 * What it leaves out on purpose: it never evaluates the line it read. A line is only ever compared with the alphabet
 * of attempt ids, and the script it names must stand in this launch's own folder.
 */

/** What the pane shows while a line is awaited; also what the screen reading looks for. */
export const SHELL_IDLE_LINE = "ctm shell worker — idle";
/** What the pane shows before a task's own output. */
export const SHELL_RUNNING_LINE = "ctm shell worker — running";

export interface RunnerKind {
  /** How the name of a task's file ends: `<attempt id>.<file>` in the launch folder. */
  readonly file: "sh" | "prompt";
  /** Where the order of its signals comes from: they are counted, or told by the clock, as those of hooks are. */
  readonly order: "counted" | "clock";
}

/** Source of the runner, called as `sh <file> <launch folder> <shell> [arguments…]`. */
export function shellRunner({ file, order }: RunnerKind = { file: "sh", order: "counted" }): string {
  return RUNNER.replaceAll("$id.sh", `$id.${file}`).replace("@NEXT@", order === "counted" ? COUNTED : CLOCK);
}

const COUNTED = "order=$((order + 1))";
// Beside hooks the end of the process must sort behind what they said: last in its second where nanoseconds are missing.
const CLOCK = `order=$(date +%s%N 2>/dev/null)
  case "$order" in
    '' | *[!0-9]*) order=$(date +%s)999999999 ;;
  esac`;

// - `trap :` and not `trap ''`: an ignored signal would stay ignored in the task, a trapped one is reset there. So
//   Ctrl+C ends the task and not the worker.
// - The alphabet is spelled out: a range such as a-z depends on the locale.
// - Signals are one printf of the shell itself into one new file: no process, one write, ended by a line feed. The
//   counter starts at the clock so that names sort as they were written.
// - What the disk does not take is tried again until it does: nothing else may begin before the end of a task is told.
// - The idle line begins a line of its own, whatever the task (or an echoed ^C) left in the one before.
// - The marker <id>.started is created exclusively before the script: the same id never runs twice.
// - After a task the terminal is put right. Keys typed ahead become lines of their own (an id comes behind two line
//   ends, of which a quoting key may have swallowed one), and no line but an id does anything.
const RUNNER = `umask 077
dir=$1
shift
[ $# -gt 0 ] || set -- sh
order=$(date +%s)000000000
signal() {
  @NEXT@
  to="$CTM_SPOOL/$CTM_LAUNCH.$order-$$.$1.json"
  { printf '{"attemptId":"%s","exitCode":%d}\\n' "$2" "$3" >"$to"; } 2>/dev/null && return
  rm -f "$to"
  until { printf '{"attemptId":"%s","exitCode":%d}\\n' "$2" "$3" >"$CTM_SPOOL/.$CTM_LAUNCH.$order-$$"; } 2>/dev/null &&
    mv -f "$CTM_SPOOL/.$CTM_LAUNCH.$order-$$" "$to" 2>/dev/null; do
    [ -d "$CTM_SPOOL" ] || return 0
    sleep 1
  done
}
trap : INT QUIT
signal ready '' 0
while :; do
  printf '\\n%s\\n' '${SHELL_IDLE_LINE}'
  if ! IFS= read -r id; then
    [ -t 0 ] || exit 0
    continue
  fi
  while [ "$id" = '' ] && IFS= read -r id; do :; done
  case $id in
    '' | *[!abcdefghijklmnopqrstuvwxyz0123456789-]*) continue ;;
  esac
  if [ \${#id} -gt 80 ] || [ ! -f "$dir/$id.sh" ]; then
    continue
  fi
  set -C
  true 2>/dev/null >"$dir/$id.started" || { set +C; continue; }
  set +C
  printf '%s %s\\n' '${SHELL_RUNNING_LINE}' "$id"
  signal command-started "$id" 0
  "$@" "$dir/$id.sh"
  code=$?
  stty sane 2>/dev/null
  signal command-ended "$id" "$code"
done
`;
