#!/bin/sh
# Rebuilds the page's files from the lock file and compares them with the committed ones.
# Exits with 1 and names the differing files when they are not the same.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
committed="$here/../static/maps/dist"

command -v node >/dev/null 2>&1 || {
    echo "check-build: Node 20 or newer is needed to rebuild the page's files" >&2
    exit 2
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

# The style sheets lie where they are served from, beside this folder.
mkdir -p "$work/frontend" "$work/static/maps"
cp -R "$here/../static/maps/css" "$work/static/maps/"
cp -R "$here/src" "$here/package.json" "$here/package-lock.json" "$here/.npmrc" \
    "$here/tsconfig.json" "$here/build.mjs" "$here/licences.mjs" "$work/frontend/"
cd "$work/frontend"
npm ci --no-progress --loglevel=error >&2
npm run --silent typecheck
node build.mjs "$work/rebuilt"

if ! (cd "$committed" && sha256sum --check --strict --quiet SHA256SUMS); then
    echo "check-build: a committed file does not match its own SHA256SUMS" >&2
    exit 1
fi
if ! diff -u "$committed/SHA256SUMS" "$work/rebuilt/SHA256SUMS"; then
    echo "check-build: the rebuild differs; run 'npm ci && npm run build' in maps/frontend and commit" >&2
    exit 1
fi
echo "check-build: the committed files are what the sources build ($(wc -l <"$work/rebuilt/SHA256SUMS") files)"
