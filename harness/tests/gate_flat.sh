#!/bin/sh
# gate_flat.sh - all cells of a large plan: how many a second, and does memory
# stay flat? The peak of the second half may not pass that of the first by a
# third. Usage: gate_flat.sh SYNCPROOF AGENTS (113 agents: 119,000 cells).
set -u
program=$1
agents=$2
place=$(mktemp -d)
gate=0
trap '[ "$gate" -eq 0 ] || kill "$gate" 2>/dev/null; rm -rf "$place"' EXIT
awk -v n="$agents" 'BEGIN {
    printf "{\"plan\": \"flat\", \"roles\": {\"agent\": [";
    for (i = 0; i < n; i++) printf("%s\"%032x\"", (i ? ", " : ""), i);
    printf "], \"lead\": [\"ffffffffffffffffffffffffffffffff\"]}, \"objects\": [";
    printf "{\"type\": \"map\", \"name\": \"m-{id}\", \"for\": \"agent\", \"creator\": \"backend\"}, ";
    printf "{\"type\": \"document\", \"name\": \"d-{id}\", \"for\": \"agent\", \"creator\": \"{id}\"}, ";
    printf "{\"type\": \"list\", \"name\": \"l-{id}\", \"for\": \"agent\", \"creator\": \"backend\"}], \"grants\": [";
    printf "{\"type\": \"map\", \"object\": \"m-{id}\", \"role\": \"self\", \"rights\": [\"read\"]}, ";
    print "{\"type\": \"list\", \"object\": \"l-{id}\", \"role\": \"lead\", \"rights\": [\"read\"]}]}" }' \
    >"$place/plan.json"
"$program" gate "$place/plan.json" --all --out "$place/out" >"$place/stdout" 2>&1 &
gate=$!
while kill -0 "$gate" 2>/dev/null; do
    awk '/VmRSS/ { print $2 }' "/proc/$gate/status" 2>/dev/null >>"$place/rss"
    sleep 0.5
done
wait "$gate"
code=$?
gate=0
grep -E '^(gate:|READY|exit)' "$place/stdout"
awk '{ kb[NR] = $1 } END {
    for (i = 1; i <= NR; i++) {
        if (i <= NR / 2 && kb[i] > first) first = kb[i];
        if (i > NR / 2 && kb[i] > second) second = kb[i];
    }
    printf "peak KB: %d in the first half, %d in the second\n", first, second;
    exit !(NR >= 10 && second * 3 <= first * 4) }' "$place/rss" || code=1
exit "$code"
