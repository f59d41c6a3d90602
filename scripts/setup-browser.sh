#!/bin/sh
# Installs the browser that the tests of the pages run in: Debian's Chromium, where that needs no person. It takes half a
# minute, so `npm test` begins it beside the types and the lint, and the tests wait for the mark it leaves. Where it
# cannot be had they skip, and say so.
set -u

mark=${1:?the file that says it is done}

done_with() {
  mkdir -p "$(dirname "$mark")"
  printf '%s\n' "$1" >"$mark"
  exit 0
}

for name in chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$name" >/dev/null 2>&1; then done_with "$name is there"; fi
done
command -v apt-get >/dev/null 2>&1 || done_with "no Chromium, and no apt-get to install it with"
if [ "$(id -u)" = 0 ]; then
  prefix=
elif command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; then
  prefix='sudo -n'
else
  done_with "no Chromium, and it cannot be installed without a password"
fi
export DEBIAN_FRONTEND=noninteractive
wait='-o DPkg::Lock::Timeout=120'
# Word splitting is meant. Another installation may be under way, so the lock is waited for.
$prefix apt-get $wait update >/dev/null 2>&1 </dev/null
if $prefix apt-get $wait install -y --no-install-recommends chromium >/dev/null 2>&1 </dev/null; then
  done_with "Chromium was installed"
fi
done_with "Chromium could not be installed"
