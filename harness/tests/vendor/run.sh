#!/bin/bash
# run.sh SYNCPROOF [ARGS…]: the vendor's clients against `SYNCPROOF serve`.
# ARGS go to `node --test`. Exit 77 (skipped) when the packages are absent.
# VENDOR_FILES: only these test files, instead of all.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SYNCPROOF=$(realpath "${1:?usage: run.sh SYNCPROOF [ARGS]}")
export SYNCPROOF
shift

node_is_new() { # the minimum that npm's `twilio` states
    local major
    major=$("$1" -p 'process.versions.node.split(".")[0]' 2>/dev/null) &&
        [ "${major:-0}" -ge 20 ]
}

# The npm package `node` ships its program in one package per machine.
machine=$(uname -m)
case $machine in
x86_64) machine=x64 ;;
aarch64) machine=arm64 ;;
esac
node=
for candidate in node "$here/node_modules/node-linux-$machine/bin/node"; do
    if node_is_new "$candidate"; then
        node=$candidate
        break
    fi
done
if [ -z "$node" ] || [ ! -d "$here/node_modules/twilio-sync" ]; then
    echo "vendor: packages are absent, ./bootstrap.sh test installs them" >&2
    exit 77
fi
cd "$here"
files=(./*.test.mjs)
if [ -n "${VENDOR_FILES:-}" ]; then
    read -r -a files <<<"$VENDOR_FILES"
fi
exec "$node" --test --test-force-exit --test-concurrency=2 --test-timeout=240000 "$@" "${files[@]}"
