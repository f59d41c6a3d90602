#!/bin/sh
# Installs the browser that the tests of the pages run in: Debian's Chromium, where that needs no person. It takes half a
# minute, so `npm test` begins it beside the types and the lint, and the tests wait for the mark it leaves. Where it
# cannot be had they skip, and say so.
exec sh "$(dirname "$0")/setup-package.sh" "${1:?the file that says it is done}" Chromium chromium \
  chromium chromium-browser google-chrome google-chrome-stable
