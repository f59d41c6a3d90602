#!/bin/sh
# Installs a Debian package that tests want, where that needs no person, and leaves a mark that says how it went:
#   setup-package.sh MARK WHAT PACKAGE PROGRAM...     with any of the programs there nothing is installed
set -u

mark=${1:?the file that says it is done} what=${2:?what it is} package=${3:?the package}
shift 3

done_with() {
  mkdir -p "$(dirname "$mark")"
  printf '%s\n' "$1" >"$mark"
  exit 0
}

for name in "$@"; do
  if command -v "$name" >/dev/null 2>&1; then done_with "$name is there"; fi
done
command -v apt-get >/dev/null 2>&1 || done_with "no $what, and no apt-get to install it with"
if [ "$(id -u)" = 0 ]; then
  prefix=
elif command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; then
  prefix='sudo -n'
else
  done_with "no $what, and it cannot be installed without a password"
fi
export DEBIAN_FRONTEND=noninteractive
wait='-o DPkg::Lock::Timeout=120'
# Word splitting is meant. Another installation may be under way, so the lock is waited for.
$prefix apt-get $wait update >/dev/null 2>&1 </dev/null
if $prefix apt-get $wait install -y --no-install-recommends "$package" >/dev/null 2>&1 </dev/null; then
  done_with "$package was installed"
fi
done_with "$package could not be installed"
