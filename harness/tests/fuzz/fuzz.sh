#!/bin/sh
# fuzz.sh: run one fuzzer for a while from its stored inputs.
#
#   fuzz.sh PROGRAM CORPUS SECONDS [planted]
#
# Passes when nothing was found. With `planted` it passes when the planted bug
# was: the stored inputs alone must not trip it, and within SECONDS the fuzzer
# must. An input that breaks a sound fuzzer is kept beside the program and shown
# in base64; mended, it goes to CORPUS as crash-WORD.
set -eu

program=$1
corpus=$2
seconds=$3
planted=${4:-}
runs_min=200 # fewer say that nothing was tried

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/found"
log=$work/log

fuzz() { # option…: fails as the fuzzer does
    "$program" -timeout=20 -rss_limit_mb=2048 -max_len=4096 -len_control=0 -keep_seed=1 \
        -print_final_stats=1 -artifact_prefix="$work/artifact-" "$@" >"$log" 2>&1
}

show() {
    tail -n 40 "$log" >&2
    for artifact in "$work"/artifact-*; do
        [ -f "$artifact" ] || continue
        cp "$artifact" "$program.${artifact##*/artifact-}"
        echo "kept as $program.${artifact##*/artifact-}" >&2
        base64 <"$artifact" >&2
    done
}

if [ -n "$planted" ]; then
    if ! fuzz -runs=0 "$corpus"; then
        show
        echo "a stored input breaks the planted program: nothing to look for" >&2
        exit 1
    fi
    if fuzz -max_total_time="$seconds" "$work/found" "$corpus" ||
        ! grep -q 'heap-buffer-overflow' "$log" ||
        ! grep -q ' in syn_fuzz_plant ' "$log"; then
        tail -n 40 "$log" >&2
        echo "the planted bug was not found in $seconds s" >&2
        exit 1
    fi
    exit 0
fi

if ! fuzz -max_total_time="$seconds" "$work/found" "$corpus"; then
    show
    exit 1
fi
runs=$(awk '/^stat::number_of_executed_units:/ { print $2 }' "$log")
[ "${runs:-0}" -ge "$runs_min" ] || {
    tail -n 40 "$log" >&2
    echo "only ${runs:-0} inputs tried" >&2
    exit 1
}
echo "$runs inputs tried"
