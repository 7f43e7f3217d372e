#!/bin/bash
# soak.sh SYNCPROOF: one `serve` under the vendor's clients in a loop.
#
# SYNCPROOF is best a build with ASan: the service has to end on SIGTERM with
# exit code 0 and no report of a leak. Meanwhile its resident memory and its
# open descriptors are sampled; both have to stay flat. The time is SOAK_S
# seconds (default 600); SOAK_OUT keeps samples and logs. Exit 77 (skipped)
# when the vendor's packages are absent.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SYNCPROOF=$(realpath "${1:?usage: soak.sh SYNCPROOF}")
SECONDS_ALL=${SOAK_S:-600}
SAMPLE_S=3
SLACK_KB=8192     # beside 10 %: what an allocator may keep
PEAK_SLACK=16     # descriptors: rounds overlap differently
ROUND_S=240       # a round that takes longer hangs
BAD_MAX=3         # failed rounds; then going on proves nothing
FILES="access.test.mjs documents.test.mjs objects.test.mjs operations.test.mjs
    rest.test.mjs sdk.test.mjs sdk-1.test.mjs"

[ -d "$here/vendor/node_modules/twilio-sync" ] || {
    echo "soak: packages are absent, ./bootstrap.sh test installs them" >&2
    exit 77
}
if [ -n "${SOAK_OUT:-}" ]; then
    out=$SOAK_OUT
    mkdir -p "$out"
else
    out=$(mktemp -d)
fi
serve_pid=
sampler_pid=
tidy() {
    [ -z "$sampler_pid" ] || kill "$sampler_pid" 2>/dev/null || true
    [ -z "$serve_pid" ] || kill -9 "$serve_pid" 2>/dev/null || true
    [ -n "${SOAK_OUT:-}" ] || rm -rf "$out"
}
trap tidy EXIT

# The quarantine of freed memory is bounded, or it would look like a leak.
ASAN_OPTIONS="detect_leaks=1:quarantine_size_mb=8:malloc_context_size=10" \
    UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1" \
    "$SYNCPROOF" serve --listen 127.0.0.1:0 --limits real \
    >"$out/ready.json" 2>"$out/serve.log" &
serve_pid=$!
for _ in $(seq 200); do
    [ -s "$out/ready.json" ] && break
    sleep 0.1
done
[ -s "$out/ready.json" ] || { cat "$out/serve.log" >&2; exit 1; }

descriptors() { find "/proc/$serve_pid/fd" -mindepth 1 2>/dev/null | wc -l; }
resident_kb() { awk '/^VmRSS:/ { print $2 }' "/proc/$serve_pid/status" 2>/dev/null; }

fd_idle=$(descriptors)
begun=$SECONDS
while kill -0 "$serve_pid" 2>/dev/null; do
    printf '%d %s %s\n' $((SECONDS - begun)) "$(resident_kb)" "$(descriptors)"
    sleep "$SAMPLE_S"
done >"$out/samples" &
sampler_pid=$!

rounds=0 bad_rounds=0
while [ $((SECONDS - begun)) -lt "$SECONDS_ALL" ] &&
    [ "$bad_rounds" -lt "$BAD_MAX" ] && kill -0 "$serve_pid" 2>/dev/null; do
    rounds=$((rounds + 1))
    # shellcheck disable=SC2086
    if ! SOAK_READY="$out/ready.json" VENDOR_FILES="$(echo $FILES)" \
        timeout "$ROUND_S" "$here/vendor/run.sh" "$SYNCPROOF" \
        --test-reporter=tap >"$out/round.tap" 2>&1; then
        bad_rounds=$((bad_rounds + 1))
        cp "$out/round.tap" "$out/bad-round-$rounds.tap"
        grep -E '^ *not ok' "$out/round.tap" >&2 || tail -n 5 "$out/round.tap" >&2
    fi
done

# Sockets of the last round need a moment to be noticed.
for _ in $(seq 30); do
    [ "$(descriptors)" -gt "$fd_idle" ] || break
    sleep 1
done
fd_end=$(descriptors)
kill "$sampler_pid" 2>/dev/null || true
wait "$sampler_pid" 2>/dev/null || true
sampler_pid=
kill -TERM "$serve_pid" 2>/dev/null || true
code=0
wait "$serve_pid" || code=$?
serve_pid=

# Warm-up is the first tenth; then the median of the first third is held
# against that of the last one.
judged=$(awk -v all="$SECONDS_ALL" -v slack="$SLACK_KB" -v fds="$PEAK_SLACK" '
    function median(a, n,   i, j, t) {
        for (i = 2; i <= n; i++)
            for (j = i; j > 1 && a[j - 1] > a[j]; j--) {
                t = a[j]; a[j] = a[j - 1]; a[j - 1] = t
            }
        return a[int((n + 1) / 2)]
    }
    NF == 3 && $1 >= all / 10 { n++; rss[n] = $2; fd[n] = $3 }
    END {
        third = int(n / 3)
        if (third < 3) { print "too few samples: " n; exit }
        for (i = 1; i <= third; i++) {
            first[i] = rss[i]; last[i] = rss[n - third + i]
            if (fd[i] > fd_first) fd_first = fd[i]
            if (fd[n - third + i] > fd_last) fd_last = fd[n - third + i]
        }
        a = median(first, third); b = median(last, third)
        verdict = "flat"
        if (b > a * 1.1 + slack) verdict = "memory grows"
        if (fd_last > fd_first + fds) verdict = "descriptors grow"
        printf "%s: resident %d -> %d kB, descriptors at most %d -> %d, %d samples\n",
            verdict, a, b, fd_first, fd_last, n
    }' "$out/samples")

echo "soak: $((SECONDS - begun)) s, $rounds rounds, $bad_rounds bad; $judged;" \
    "idle descriptors $fd_idle -> $fd_end; exit $code"
fail=0
[ "$rounds" -gt 0 ] && [ "$bad_rounds" -eq 0 ] || { echo "soak: rounds failed" >&2; fail=1; }
case $judged in flat:*) ;; *) fail=1 ;; esac
[ "$fd_end" -le "$fd_idle" ] || { echo "soak: descriptors are left open" >&2; fail=1; }
[ "$code" -eq 0 ] || { cat "$out/serve.log" >&2; fail=1; }
if grep -qE 'AddressSanitizer|LeakSanitizer|runtime error' "$out/serve.log"; then
    cat "$out/serve.log" >&2
    fail=1
fi
exit "$fail"
