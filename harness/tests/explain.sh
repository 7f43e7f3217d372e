#!/bin/sh
# explain.sh SYNCPROOF - every row is explained: its clauses, why it matters, and
# an exchange from the wire, of raw bytes too where the row sends such.
set -u
program=$1
# shellcheck source=harness/tests/expect.sh
. "$(dirname "$0")/expect.sh"
TMPDIR=$place
export TMPDIR
count=0

"$program" list | awk '$1 ~ /^[a-z]+\/[a-z-]+\/[a-z]/ { sub(/\[.*/, "", $1); print $1 }' |
    sort -u >"$place/rows" || exit 70
"$program" list --tag raw | awk '$1 ~ /\// { sub(/\[.*/, "", $1); print $1 }' |
    sort -u >"$place/raw"
# These send well-formed requests, too many of them; a million leave no record.
well_formed='lim/storms/ignores-429 lim/storms/mutates-for-ever lim/load/items'
# A second for each of some 330 rows would be long: two at a time.
explain() {
    while read -r id; do
        "$program" explain "$id" >"$place/$(printf %s "$id" | tr / .)" 2>&1 ||
            echo "$id" >>"$place/refused"
    done
}
awk 'NR % 2' "$place/rows" | explain &
awk 'NR % 2 == 0' "$place/rows" | explain
wait
[ -s "$place/refused" ] && fail "$(head -1 "$place/refused"): no explanation"
while read -r id; do
    text=$place/$(printf %s "$id" | tr / .)
    count=$((count + 1))
    grep -q '^why: .*; .' "$text" || fail "$id: says not why it matters"
    grep -qE '^(ACL|TOK|TTL|REST|SDK|LIM|WHK)-[0-9]+ \(' "$text" ||
        fail "$id: names no clause"
    grep -q '^    > ' "$text" || fail "$id: has no example from the wire"
    if grep -qx "$id" "$place/raw" && ! echo "$well_formed" | grep -qw "$id"; then
        grep -q '^  raw:' "$text" || fail "$id: shows none of its raw bytes"
    fi
done <"$place/rows"
printf '%d rows explained\n' "$count"
[ "$count" -ge 300 ] || fail "all rows: only $count were listed"
exit "$failed"
