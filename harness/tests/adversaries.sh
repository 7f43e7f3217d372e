#!/bin/sh
# adversaries.sh - every attacker of the core has a row that names it, in the
# comment above it or as the forgery that it presents. Source: design section 7.
# Usage: adversaries.sh SCENARIOS. The classes: T forged tokens, L lives of
# tokens, X stolen tokens, A rogues under ACLs, E expiry.
set -u
scenarios=$1
failed=0
named=$(cat "$scenarios"/*/*.c | awk '
{
    line = $0
    # "T05 to T09": all between, both ends among them
    while (match(line, /[TLXAE][0-9][0-9] to [TLXAE][0-9][0-9]/)) {
        span = substr(line, RSTART, RLENGTH)
        for (i = substr(span, 2, 2) + 0; i <= substr(span, 9, 2) + 0; i++)
            printf "%s%02d\n", substr(span, 1, 1), i
        line = substr(line, RSTART + RLENGTH)
    }
    line = $0
    while (match(line, /[A-Z]*[TLXAE][0-9][0-9]+/)) {
        print substr(line, RSTART, RLENGTH)
        line = substr(line, RSTART + RLENGTH)
    }
}' | sort -u)

# expect CLASS COUNT: CLASS01 up to CLASSCOUNT are named.
expect() {
    i=1
    while [ "$i" -le "$2" ]; do
        id=$(printf '%s%02d' "$1" "$i")
        echo "$named" | grep -qx "$id" || {
            echo "FAILED: no row names adversary $id"
            failed=1
        }
        i=$((i + 1))
    done
}

expect T 26
expect L 19
expect X 11
expect A 30
expect E 11
exit "$failed"
