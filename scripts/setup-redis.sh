#!/bin/sh
# Installs the Redis that tests start for themselves, where that needs no person. Debian's redis-tools holds the whole
# server (it is `redis-server` by the name it is called by) and, unlike redis-server, starts no service. Where it cannot
# be had, the tests skip and say so.
set -u

mark=${1:?the file that says it is done}

done_with() {
  mkdir -p "$(dirname "$mark")"
  printf '%s\n' "$1" >"$mark"
  exit 0
}

for name in redis-server redis-check-rdb; do
  if command -v "$name" >/dev/null 2>&1; then done_with "$name is there"; fi
done
command -v apt-get >/dev/null 2>&1 || done_with "no redis-server, and no apt-get to install it with"
if [ "$(id -u)" = 0 ]; then
  prefix=
elif command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; then
  prefix='sudo -n'
else
  done_with "no redis-server, and it cannot be installed without a password"
fi
export DEBIAN_FRONTEND=noninteractive
wait='-o DPkg::Lock::Timeout=120'
# Word splitting is meant. Another installation may be under way, so the lock is waited for.
$prefix apt-get $wait update >/dev/null 2>&1 </dev/null
if $prefix apt-get $wait install -y --no-install-recommends redis-tools >/dev/null 2>&1 </dev/null; then
  done_with "redis-tools was installed"
fi
done_with "redis-tools could not be installed"
