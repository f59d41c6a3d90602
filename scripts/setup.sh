#!/bin/sh
# Makes sure that tmux 3.2 or later is there. Missing, it is installed where that needs no person: as root, or with
# sudo that asks for no password, by apt-get, dnf or brew. Otherwise the one command to run is printed, and 1 is the
# exit code. Silent, and without starting anything but tmux itself, when nothing is missing.
set -u

say() { printf 'ctm setup: %s\n' "$*" >&2; }

# Is the version that `tmux -V` prints 3.2 or later? ("tmux 3.3a", "tmux next-3.6", "tmux master")
recent_enough() {
  version=${1#tmux }
  version=${version#next-}
  major=${version%%.*}
  minor=${version#*.}
  minor=${minor%%[!0-9]*}
  case $major in
    master) return 0 ;;
    '' | *[!0-9]*) return 1 ;;
  esac
  [ "$major" -gt 3 ] || { [ "$major" -eq 3 ] && [ "${minor:-0}" -ge 2 ]; }
}

found() { command -v tmux >/dev/null 2>&1; }

# The package manager and its commands; empty where none is known.
manager= update= install=
choose_manager() {
  if command -v apt-get >/dev/null 2>&1; then
    manager=apt-get update='apt-get update' install='apt-get install -y --no-install-recommends tmux'
  elif command -v dnf >/dev/null 2>&1; then
    manager=dnf install='dnf install -y tmux'
  elif command -v brew >/dev/null 2>&1; then
    manager=brew install='brew install tmux'
  fi
}

# What stands before the command: nothing for root and brew, sudo where it asks nothing; fails where a person is needed.
privilege() {
  if [ "$manager" = brew ] || [ "$(id -u)" = 0 ]; then
    prefix=
  elif command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; then
    prefix='sudo -n'
  else
    return 1
  fi
}

stop_with_advice() {
  case $manager in
    '') say "$1 Install tmux 3.2 or later with your system's package manager, then run this again." ;;
    brew) say "$1 Run: $install" ;;
    *) say "$1 Run: sudo ${update:+$update && sudo }$install" ;;
  esac
  exit 1
}

if ! found; then
  choose_manager
  [ -n "$manager" ] && privilege || stop_with_advice 'tmux is missing and cannot be installed without you.'
  say "tmux is missing: installing it with $manager"
  # The lists may be stale without being fatal, so a failed update is no reason to stop.
  # Word splitting is meant: each of these is a command line.
  [ -z "$update" ] || DEBIAN_FRONTEND=noninteractive $prefix $update >&2 </dev/null || true
  DEBIAN_FRONTEND=noninteractive $prefix $install >&2 </dev/null || stop_with_advice 'tmux could not be installed.'
  found || stop_with_advice 'tmux was installed, but is not on the PATH.'
fi

version=$(tmux -V 2>/dev/null) || version='tmux of an unknown version'
if ! recent_enough "$version"; then
  say "$version is too old: ctm needs tmux 3.2 or later. Update it with your system's package manager."
  exit 1
fi
