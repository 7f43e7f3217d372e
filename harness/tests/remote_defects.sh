#!/bin/sh
# remote_defects.sh - `serve --defect X` is found by `run --target`, in real
# time, for every defect that can be seen from outside.
# Usage: remote_defects.sh SYNCPROOF LIST STEP. Every STEP-th line of LIST
# ("defect row"); 1: all. Loopback only; ends what it starts by pid.
set -u
program=$1
list=$2
step=$3
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"
tried=0

serve() { # OPTIONS…
    start_server "$program" serve --listen 127.0.0.1:0 --limits off "$@"
    cat >"$place/target.json" <<END
{ "name": "defect", "rest_url": "$(member rest)", "sdk_url": "$(member sdk)",
  "account_sid": "$(member account_sid)", "api_key": "$(member api_key)",
  "api_secret": "$(member api_secret)", "auth_token": "$(member auth_token)",
  "budget": {"rest_per_s": 1000, "connects_per_s": 500},
  "eventually": {"ttl_s": 5, "revoke_s": 1, "event_s": 2, "skew_s": 1} }
END
}
run() { # CODE ROWS TITLE
    # shellcheck disable=SC2086
    "$program" run $2 --strict -q --target "$place/target.json" --out "$place/out" \
        >"$place/stdout" 2>&1
    code=$?
    [ "$code" -eq "$1" ] && return
    echo "FAILED: $3: expected exit $1, got $code: $2"
    tail -1 "$place/stdout"
    failed=1
}

grep -v '^#' "$list" | awk -v step="$step" 'NF == 2 && NR % step == 0' >"$place/list"
# Sound, the same rows are green: what turns them red is the defect.
serve
run 0 "$(cut -d' ' -f2 "$place/list" | sort -u | tr '\n' ' ')" "a sound service"
while read -r name row; do
    serve --defect "$name"
    run 1 "$row" "$name"
    tried=$((tried + 1))
done <"$place/list"
[ "$tried" -ge 5 ] || { echo "FAILED: only $tried defects tried"; failed=1; }
echo "$tried defects tried at a target"
exit "$failed"
