#!/bin/sh
# stress.sh SYNCPROOF XSD: the verbs stress and merge from outside.
#
# A machine that is busy with other tests may make a run invalid (exit 3, and it
# says so). That is a right answer too, so where a sound run is expected both
# are taken; what a run finds or refuses does not depend on it.
set -u
PROGRAM=$(realpath "$1")
XSD=$(realpath "$2")
WORK=$(mktemp -d "${TMPDIR:-/tmp}/syn-stress-XXXXXX")
trap 'rm -rf "$WORK"' EXIT
cd "$WORK" || exit 1
FAILED=0
SHORT="--clients 30 --workers 2 --duration 3 --warmup 1 --ramp 1 --rate 60 --seed 0x5eed"

fail() {
    echo "stress: $*" >&2
    FAILED=1
}

# Runs and keeps its status in $STATUS, its output in the file out.
run() {
    STATUS=0
    "$PROGRAM" "$@" >out 2>err || STATUS=$?
}

is_invalid() {
    [ "$STATUS" -eq 3 ] && grep -q '^inconclusive stress/run/generator' out
}

expect() { # status what
    if [ "$STATUS" -ne "$1" ]; then
        fail "$2: exit $STATUS, not $1"
        cat out err >&2
    fi
}

expect_run() { # status what: or an invalid run
    is_invalid || expect "$1" "$2"
}

has() { # file text
    grep -qF -- "$2" "$1" || fail "$1 lacks: $2"
}

# --- refused before anything is sent ------------------------------------------
refused() { # words that stderr holds, then the arguments
    said=$1
    shift
    run "$@" --out refused
    expect 64 "$*"
    has err "$said"
    [ ! -e refused ] || fail "$*: refused, and wrote a report"
    [ ! -s out ] || fail "$*: refused, and printed a result"
}
refused 'no profile "gale"' stress gale
refused 'needs one profile' stress
refused 'no option --jobs' stress steady --jobs 2
refused 'from 1 to 1000000' stress steady --clients 0
refused 'too few' stress steady --clients 1
refused 'none of document' stress steady --types maps
refused 'read=N' stress steady --mix write
refused 'nothing to revoke' stress revoke --types stream
refused 'no metric "latency"' stress steady --threshold 'latency<1s'
refused 'us, ms, s or min' stress steady --threshold 'delivery.p99<1'
refused 'no seeded defect "none-such"' stress steady --defect none-such
refused 'same --seed' stress steady --shard 1/2
refused 'i/n' stress steady --shard 3/2
refused 'in the past' stress steady --start 1000000000
JOB_COMPLETION_INDEX=1
export JOB_COMPLETION_INDEX
refused 'SYNCPROOF_SHARDS' stress steady --seed 1
unset JOB_COMPLETION_INDEX
cat >far.json <<'TARGET'
{"name": "far", "rest_url": "https://sync.example", "sdk_url": "wss://tsock.example/v3/wsconnect",
 "account_sid": "AC00000000000000000000000000000000", "api_key": "SK00000000000000000000000000000000",
 "api_secret": "x", "mode": "namespaced"}
TARGET
refused '"disruptive"' stress steady --target far.json
refused 'results of all shards' merge
refused 'cannot read' merge nowhere
echo '{"stress":1}' >bad.json
refused 'no result of stress' merge bad.json

# --- help ----------------------------------------------------------------------
run stress --help
expect 0 "stress --help"
has out "--threshold METRIC<X"
has out "Example:"
run stress --list
expect 0 "stress --list"
has out "revoke.latency.p50|p90|p99|p99.9|min|max|count"

# --- a sound run, and all that it writes --------------------------------------
# shellcheck disable=SC2086
run stress steady $SHORT --out sound --html a.html --markdown a.md --json a.json \
    --junit a.xml --threshold 'delivery.p99<30s' --threshold 'oracle.violations==0'
expect_run 0 "a sound run"
head -n 1 out | grep -q '^syncproof .* seed=0x5eed target=embedded clock=real limits=off suite=steady$' ||
    fail "the first line is another"
tail -n 1 out | grep -q "^exit $STATUS: " || fail "the last line is another"
has out "30 ready"
for file in sound/junit.xml a.xml; do
    xmllint --noout --schema "$XSD" "$file" 2>err || fail "$file is not valid"
done
for name in stress/oracle/gap stress/oracle/unauthorised-delivery \
    stress/threshold/delivery-p99-below-30s stress/threshold/oracle-violations-is-0; do
    has sound/junit.xml "name=\"$name\""
done
has sound/latency.hlog "Tag=delivery,"
has sound/run.json '"delivery.p99_us"'
has a.md "| delivery |"
has a.html "<svg"
if grep -qE 'https?:|<script|src=' a.html; then
    fail "the page loads something"
fi
grep -qE '"send.due":[1-9]' sound/stress.json || fail "nothing was sent"
run merge sound --out again
expect_run 0 "merge of one run alone"
refused 'no metric "latency"' merge sound --threshold 'latency<1s'

# --- a threshold that cannot be kept ---------------------------------------------
# shellcheck disable=SC2086
run stress steady $SHORT --out slow --threshold 'delivery.p50<1us'
expect_run 2 "a missed threshold"
if [ "$STATUS" -eq 2 ]; then
    xmllint --xpath '//testcase[@name="stress/threshold/delivery-p50-below-1us"]/failure/@message' \
        slow/junit.xml >/dev/null 2>&1 || fail "the missed threshold is no failure"
    tail -n 1 out | grep -q '^exit 2: 1 performance threshold missed$' ||
        fail "exit 2 without its reason"
fi

# --- a defect that only the oracle sees -----------------------------------------
# Exit 1 comes before a missed threshold, and before an invalid run.
# shellcheck disable=SC2086
run stress steady $SHORT --out broken --defect events-told-twice --threshold 'delivery.p50<1us'
expect 1 "a seeded defect"
has out "fail         stress/oracle/duplicate"
has out "repeat: syncproof stress steady --clients 30"
xmllint --noout --schema "$XSD" broken/junit.xml 2>err || fail "broken/junit.xml is not valid"

# --- interrupted: reports all the same, and nothing is left running -------------
"$PROGRAM" stress steady --clients 30 --workers 2 --duration 60 --rate 60 \
    --seed 1 --out cut >out 2>err &
pid=$!
left=100
while ! grep -q '^plan:' out && [ "$left" -gt 0 ]; do
    sleep 0.1
    left=$((left - 1))
done
sleep 2 # some of the run, so that there is something to report
children=$(ps -o pid= --ppid "$pid")
kill -INT "$pid"
STATUS=0
wait "$pid" || STATUS=$?
expect 130 "interrupted"
tail -n 1 out | grep -q '^exit 130: interrupted by SIGINT, reports written$' ||
    fail "exit 130 without its reason"
xmllint --noout --schema "$XSD" cut/junit.xml 2>err || fail "cut/junit.xml is not valid"
[ -s cut/stress.json ] || fail "the interrupted run left no result"
for child in $children; do
    if kill -0 "$child" 2>/dev/null; then
        fail "process $child outlives its run"
    fi
done

[ "$FAILED" -eq 0 ] && echo "stress: all as expected"
exit "$FAILED"
