/**
 * The program an agent's hook calls as `<script> <event>`, with the event's JSON on its input: it puts one file into
 * the spool and is gone. It never asks the manager, never prints, never fails: an agent must not wait for us.
 */
import { messageMaxBytes } from "../base/limits.ts";

/** Source of the script (POSIX sh). It takes the launch and the spool folder from its environment. */
export function hookScript(): string {
  return SCRIPT;
}

// - A file is written aside and renamed, so that a reader sees all of it or nothing. One byte more than the limit is
//   kept, so that the reader can tell that it was too long.
// - Progress is only a sign of life: one empty file a launch, however many there are. Its input is read all the same,
//   as an agent may take a closed pipe for a failed hook.
// - A tool's use is progress too, but for a command that says how many tests passed: then all of it is a signal.
// - A status line comes often and only its last word counts; without a provider's windows in it it says nothing new.
// - What the disk does not take is kept by a process of its own that tries again for an hour: an agent's word comes
//   once, and the agent does not wait for it.
// - Names sort by time: nanoseconds where `date` has them.
const SCRIPT = `#!/bin/sh
umask 077
[ -d "$CTM_SPOOL" ] || exit 0
case "$CTM_LAUNCH" in
  '' | *[!A-Za-z0-9_-]*) exit 0 ;;
esac
progress() {
  { : >"$CTM_SPOOL/$CTM_LAUNCH.0-0.progress.json"; } 2>/dev/null
  exit 0
}
said=
case "$1" in
  '' | *[!A-Za-z0-9-]*) exit 0 ;;
  ToolUse)
    said=$(head -c ${messageMaxBytes + 1} | grep -a '"tool_name": *"Bash"' | grep -aE '[0-9]+ (passed|failed)')
    cat >/dev/null 2>&1
    [ -n "$said" ] || progress
    ;;
  progress)
    cat >/dev/null 2>&1
    progress
    ;;
  StatusLine)
    aside="$CTM_SPOOL/.$CTM_LAUNCH.line-$$"
    {
      { head -c ${messageMaxBytes + 1}; echo; } >"$aside" && grep -q '"rate_limits"' "$aside" &&
        mv -f "$aside" "$CTM_SPOOL/$CTM_LAUNCH.0-1.StatusLine.json" || rm -f "$aside"
    } 2>/dev/null
    exit 0
    ;;
esac
at=$(date +%s%N 2>/dev/null)
case "$at" in
  '' | *[!0-9]*) at=$(date +%s)000000000 ;;
esac
aside="$CTM_SPOOL/.$CTM_LAUNCH.$at-$$"
[ -n "$said" ] || {
  said=$(head -c ${messageMaxBytes + 1})
  cat >/dev/null 2>&1
}
leave() {
  { printf '%s\\n' "$said" >"$aside" && mv -f "$aside" "$CTM_SPOOL/$CTM_LAUNCH.$at-$$.$1.json"; } 2>/dev/null
}
leave "$1" || (
  trap '' HUP
  tries=0
  until leave "$1" || [ ! -d "$CTM_SPOOL" ] || [ $((tries += 1)) -gt 360 ]; do
    sleep $((tries < 20 ? 1 : 10))
  done &
) </dev/null >/dev/null 2>&1
exit 0
`;
