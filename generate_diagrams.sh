#!/usr/bin/env bash
# Draws the pictures in docs/diagrams from the tables that the code runs by. Needs what `npm ci` installs, and nothing else.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

for package in node @hpcc-js/wasm-graphviz @resvg/resvg-js @expo-google-fonts/arimo; do
  if [[ ! -d node_modules/$package ]]; then
    echo "The package $package is not installed: run npm ci, then this again." >&2
    exit 1
  fi
done
exec node_modules/.bin/node diagrams/main.ts
