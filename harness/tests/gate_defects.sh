#!/bin/sh
# gate_defects.sh - `gate --target` against `serve --defect NAME`, from outside:
# a sound service is READY, a defect that a cell shows makes it red.
# Usage: gate_defects.sh SYNCPROOF SOURCE STEP. Every STEP-th defect of the list;
# 1: all of them. Loopback only; ends what it starts by pid.
set -u
program=$1
source=$2
step=$3
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"
tried=0
SYN_GATE_SECRET=s3cret
export SYN_GATE_SECRET

serve() { # OPTIONS...
    start_server "$program" serve --listen 127.0.0.1:0 --limits off \
        --account-sid AC11111111111111111111111111111111 \
        --api-key SK11111111111111111111111111111111 \
        --api-secret env:SYN_GATE_SECRET "$@"
    port=$(sed 's/.*"rest":"http:\/\/127.0.0.1:\([0-9]*\)".*/\1/' "$place/ready")
    cat >"$place/target.json" <<END
{"name": "test", "rest_url": "http://127.0.0.1:$port", "sdk_url": "ws://127.0.0.1:$port/v3/wsconnect",
 "account_sid": "AC11111111111111111111111111111111", "api_key": "SK11111111111111111111111111111111",
 "api_secret": "env:SYN_GATE_SECRET", "mode": "namespaced",
 "budget": {"rest_per_s": 1000, "connects_per_s": 500}}
END
}

gate() { # CODE PLAN TITLE
    expect "$1" "$3" "$program" gate "$source/fixtures/plans/$2.json" --all -q \
        --target "$place/target.json" --out "$place/out"
}

serve
gate 0 rights "a sound service"
gate 0 odd-names "a sound service, odd names"
grep -v '^[-#]' "$source/fixtures/gate/cell-defects.txt" | grep . >"$place/list"
at=0
while read -r name plan where; do
    at=$((at + 1))
    if [ $((at % step)) -eq 0 ] && [ -z "$where" ]; then
        serve --defect "$name"
        gate 1 "$plan" "$name"
        tried=$((tried + 1))
    fi
done <"$place/list"
[ "$tried" -ge 8 ] || fail "only $tried defects tried"
echo "$tried defects tried at a target"
exit "$failed"
