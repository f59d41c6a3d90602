#!/bin/sh
# Installs the Redis that tests start for themselves, where that needs no person. Debian's redis-tools holds the whole
# server (it is `redis-server` by the name it is called by) and, unlike redis-server, starts no service. Where it cannot
# be had, the tests skip and say so.
exec sh "$(dirname "$0")/setup-package.sh" "${1:?the file that says it is done}" redis-server redis-tools \
  redis-server redis-check-rdb
