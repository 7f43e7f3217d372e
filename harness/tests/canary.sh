#!/bin/sh
# canary.sh - no secret in any report, log, capsule, manifest or process list:
# runs with credentials that are easy to find, and a search for them, for what a
# Basic header makes of them, and for tokens. Source: design section 4.
# Usage: canary.sh SYNCPROOF. Loopback only; ends what it starts by pid.
set -u
program=$1
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"
CANARY_KEY=Q7canaryQ7keyQ7secretQ7
CANARY_TOKEN=Q7canaryQ7authQ7tokenQ7
export CANARY_KEY CANARY_TOKEN

mkdir "$place/all"
cd "$place/all" || exit 1
start_server "$program" serve --listen 127.0.0.1:0 --defect grant-ignored -v --api-secret env:CANARY_KEY \
    --auth-token env:CANARY_TOKEN
ln "$place/ready" "$place/log" . # searched like all else
cat >target.json <<END
{ "name": "canary", "rest_url": "$(member rest)", "sdk_url": "$(member sdk)",
  "account_sid": "$(member account_sid)", "api_key": "$(member api_key)",
  "api_secret": "env:CANARY_KEY", "auth_token": "env:CANARY_TOKEN",
  "budget": {"rest_per_s": 1000, "connects_per_s": 500},
  "eventually": {"ttl_s": 5, "revoke_s": 1, "event_s": 2, "skew_s": 1} }
END
watch() { # what any process can read of the others, while PID lives
    while kill -0 "$1" 2>/dev/null; do
        cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n' >>processes
        sleep 0.1
    done
}
# Rows that fail leave evidence, transcripts and capsules.
"$program" run acl/grants acl/defaults tok/stolen tok/renewal rest/refusals -v --target target.json --compare target.json \
    --out out --html page.html --markdown page.md --json copy.json --junit copy.xml >stdout 2>stderr &
runner=$!
watch "$runner"
wait "$runner"
code=$?
[ "$code" -eq 1 ] || complain "exit $code: the rows that leave evidence did not fail"
"$program" blast --identity ann --target target.json --read --out out-blast >blast.out 2>&1
"$program" audit --target target.json --out out-audit >audit.out 2>&1
"$program" replay "$(find out -path '*capsules*' -name '*.json' | head -1)" --target target.json \
    --out out-replay >replay.out 2>&1
"$program" clean --target target.json --manifest "$(find out -maxdepth 1 -name 'manifest-*' | head -1)" >clean.out 2>&1
ls out/capsules/* >/dev/null 2>&1 || complain "no capsule"
[ -s processes ] && grep -q 'target.json' processes || complain "the process list was not seen"

for secret in "$CANARY_KEY" "$CANARY_TOKEN" \
    "$(printf '%s:%s' "$(member api_key)" "$CANARY_KEY" | base64 -w0)" \
    "$(printf '%s:%s' "$(member account_sid)" "$CANARY_TOKEN" | base64 -w0)"; do
    found=$(grep -rlF -- "$secret" . | tr '\n' ' ')
    [ -z "$found" ] || complain "a secret is in $found"
done
# Whole tokens, with a signature that would open something.
found=$(grep -rlE 'eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}' . | tr '\n' ' ')
[ -z "$found" ] || complain "a token is in $found"
# The search itself: it finds what is there.
printf '%s' "$CANARY_KEY" >planted
grep -rqF -- "$CANARY_KEY" . || complain "the search finds nothing"
exit "$failed"
