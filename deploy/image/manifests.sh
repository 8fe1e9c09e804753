#!/bin/sh
# Copies the manifests and the lock file of the workspace $1 to $2 and gives every target an empty source there: what
# the dependency layer of the image is built from, so that it depends on nothing else.
set -eu
from=$1
to=$2

empty() {
    mkdir -p "$(dirname "$1")"
    printf 'fn main() {}\n' >"$1"
}

cd "$from"
find . \( -name target -o -name .git \) -prune -o \( -name Cargo.toml -o -name Cargo.lock \) -print | while read -r file; do
    mkdir -p "$to/$(dirname "$file")"
    cp "$file" "$to/$file"
    folder=$(dirname "$file")
    grep -q '^\[package\]' "$file" || continue
    # Targets where Cargo looks by itself, and those that the manifest names. Without build.rs build dependencies would
    # not be compiled.
    for target in src/lib.rs src/main.rs build.rs; do
        if [ -f "$folder/$target" ]; then empty "$to/$folder/$target"; fi
    done
    sed -n 's/^path *= *"\(.*\.rs\)".*/\1/p' "$file" | while read -r target; do
        empty "$to/$folder/$target"
    done
done
