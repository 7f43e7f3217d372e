#!/bin/sh
# load_rows.sh SYNCPROOF FOLDER - the rows that load a machine (LIM-16, LIM-17),
# judged: as informal rows they would pass with any figure. Some minutes.
set -u
program=$1
out=$2
failed=0
"$program" run --tag load --jobs 1 --out "$out" || exit 1
report=$out/run.json
# NAME VALUE: the measure is in the report, with this value.
measured() {
    if grep -q "\"name\":\"$1\",\"value\":$2[,}]" "$report"; then
        printf '%s is %s\n' "$1" "$2"
    else
        printf '%s is not %s: %s\n' "$1" "$2" \
            "$(grep -o "\"name\":\"$1\",\"value\":[-0-9]*" "$report")" >&2
        failed=1
    fi
}
measured connections.standing 7000
measured connections.throttled_before 0
measured connections.beyond_let_in 0
measured items.added 1000000
grep -q '"what":"one item more","text":"413, code 20413"' "$report" || {
    echo "one item more than a million was not refused as 413, 20413" >&2
    failed=1
}
exit "$failed"
