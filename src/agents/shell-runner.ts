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
  /** What is run: scripts, each in place of the one before, or prompts, each in a file of its own. */
  readonly runs: "scripts" | "prompts";
}

/** The file every script is written into, in place of the one before. */
export const SCRIPT_FILE = "task.sh";

/** How the first line of a script begins: with whose it is. */
export function scriptHead(attemptId: string): string {
  return `: ${attemptId};`;
}

/** Source of the runner, called as `sh <file> <launch folder> <shell> [arguments…]`. */
export function shellRunner({ runs }: RunnerKind = { runs: "scripts" }): string {
  const [signal, find] = runs === "scripts" ? [SIGNAL_LINES, FIND_SCRIPT] : [SIGNAL_FILES, FIND_PROMPT];
  return RUNNER.replace("@SIGNAL@\n", () => signal).replace("@FIND@\n", () => find);
}

// Thousands of files made and removed make every further one slow (ext4 passes over numbers it gave back a moment
// ago), so what scripts begin and end with is a line in one file, and the file of a script is written over.
// - A line is one write of the shell itself. What the disk does not take is tried again until it does, behind a line
//   end, should a part have been written: nothing else may begin before the end of a task is told.
// - It begins anew when it grows long: only what a task in hand has said matters, and there is none at that moment.
const SIGNAL_LINES = `log=$CTM_SPOOL/$CTM_LAUNCH.log
said=0
signal() {
  [ $((said += 1)) -lt 200 ] || [ "$1" != command-started ] || { said=0; true >"$log"; } 2>/dev/null
  line="{\\"event\\":\\"$1\\",\\"attemptId\\":\\"$2\\",\\"exitCode\\":$3}"
  { printf '%s\\n' "$line" >>"$log"; } 2>/dev/null && return
  until { printf '\\n%s\\n' "$line" >>"$log"; } 2>/dev/null; do
    [ -d "$CTM_SPOOL" ] || return 0
    sleep 1
  done
}
`;

// Beside hooks a signal is a file as theirs are: the end of the process must sort behind what they said, last in its
// second where nanoseconds are missing. One printf of the shell itself into one new file: one write, ended by a line
// feed.
const SIGNAL_FILES = `signal() {
  order=$(date +%s%N 2>/dev/null)
  case "$order" in
    '' | *[!0-9]*) order=$(date +%s)999999999 ;;
  esac
  to="$CTM_SPOOL/$CTM_LAUNCH.$order-$$.$1.json"
  { printf '{"attemptId":"%s","exitCode":%d}\\n' "$2" "$3" >"$to"; } 2>/dev/null && return
  rm -f "$to"
  until { printf '{"attemptId":"%s","exitCode":%d}\\n' "$2" "$3" >"$CTM_SPOOL/.$CTM_LAUNCH.$order-$$"; } 2>/dev/null &&
    mv -f "$CTM_SPOOL/.$CTM_LAUNCH.$order-$$" "$to" 2>/dev/null; do
    [ -d "$CTM_SPOOL" ] || return 0
    sleep 1
  done
}
`;

// The same id never runs twice: the script is that of the id, and not the one that ran last.
const FIND_SCRIPT = `  task=$dir/${SCRIPT_FILE} head=
  { IFS= read -r head <"$task"; } 2>/dev/null
  case $head in
    "${scriptHead("$id")}"*) ;;
    *) continue ;;
  esac
  [ "$id" != "$last" ] || continue
  last=$id
`;

// The same id never runs twice: its marker is created exclusively before the prompt is run.
const FIND_PROMPT = `  task=$dir/$id.prompt
  [ -f "$task" ] || continue
  set -C
  true 2>/dev/null >"$dir/$id.started" || { set +C; continue; }
  set +C
`;

// - `trap :` and not `trap ''`: an ignored signal would stay ignored in the task, a trapped one is reset there. So
//   Ctrl+C ends the task and not the worker.
// - The alphabet is spelled out: a range such as a-z depends on the locale.
// - The idle line begins a line of its own, whatever the task (or an echoed ^C) left in the one before.
// - After a task the terminal is put right. Keys typed ahead become lines of their own (an id comes behind two line
//   ends, of which a quoting key may have swallowed one), and no line but an id does anything.
const RUNNER = `umask 077
dir=$1 last=
shift
[ $# -gt 0 ] || set -- sh
@SIGNAL@
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
  [ \${#id} -le 80 ] || continue
@FIND@
  printf '%s %s\\n' '${SHELL_RUNNING_LINE}' "$id"
  signal command-started "$id" 0
  "$@" "$task"
  code=$?
  stty sane 2>/dev/null
  signal command-ended "$id" "$code"
done
`;
