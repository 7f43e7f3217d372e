#!/bin/sh
# apps.sh - the sample apps: every finding of `gate` on the plan, of `dryrun` on
# the trace and of both together, and no other. Then plans that are wrong in one
# thing: red with that finding, and no other.
# Usage: apps.sh SYNCPROOF SOURCE [--update]. With --update the expectations are
# written; read the difference before you commit it.
set -u
program=$1
apps=$2/fixtures/apps
plans=$2/fixtures/plans
update=${3:-}
place=$(mktemp -d)
failed=0
trap 'rm -rf "$place"' EXIT

# findings TITLE VERB ARGS...: all that is not a pass, and the exit code.
findings() {
    title=$1
    shift
    "$program" "$@" --out "$place/out" >"$place/stdout" 2>"$place/stderr"
    echo "$title: exit $?"
    grep -E '^(fail|warning|info|error|inconclusive|xfail|xpass|skipped) ' \
        "$place/stdout" | sed -E 's/^([a-z]+) +([^ ]*[^ :]).*/\1 \2/' | sort
}

for app in queue-dashboard recent-calls stored-responses gatekeeper presence \
    shared-write; do
    folder=$apps/$app
    {
        findings gate gate "$folder/plan.json"
        findings dryrun dryrun "$folder/trace.jsonl"
        findings "dryrun --plan" dryrun "$folder/trace.jsonl" \
            --plan "$folder/plan.json"
    } >"$place/actual.txt"
    if [ "$update" = --update ]; then
        cp "$place/actual.txt" "$folder/expected.txt"
    elif ! diff -u "$folder/expected.txt" "$place/actual.txt"; then
        echo "FAILED: $app: other findings than fixtures/apps/$app/expected.txt"
        failed=1
    fi
done

# Plan, its one finding.
while read -r plan finding; do
    printf 'gate: exit 1\nfail %s\n' "$finding" >"$place/expected.txt"
    findings gate gate "$plans/$plan.json" >"$place/actual.txt"
    if ! diff -u "$place/expected.txt" "$place/actual.txt"; then
        echo "FAILED: $plan: other findings than its own"
        failed=1
    fi
done <<'END'
bad-missing-grant gate/list/calls-5f0e8c1a-3b52-4d0e-9a44-0c1d2e3f4a50/lead/c0ffee12-5a6b-4c3d-9e8f-1029384756af/read
bad-shared-write gate/lint/shared-write/objects/0/0
bad-email-identity gate/lint/personal-data/roles/0
bad-email-encoded gate/lint/personal-data/roles/0
bad-container-ttl gate/lint/container-ttl-where-items/objects/1/0
bad-shared-stream gate/lint/shared-stream/objects/3/0
END
exit "$failed"
