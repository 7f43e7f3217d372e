#!/bin/sh
# remote_defects.sh - `serve --defect X` is found by `run --target`, in real
# time, for every defect that can be seen from outside.
# Usage: remote_defects.sh SYNCPROOF LIST STEP. Every STEP-th line of LIST
# ("defect row"); 1: all. Loopback only; ends what it starts by pid.
set -u
program=$1
list=$2
step=$3
place=$(mktemp -d)
TMPDIR=$place
export TMPDIR
failed=0
tried=0
server=0

end_server() {
    [ "$server" -eq 0 ] || { kill -TERM "$server"; wait "$server"; } 2>/dev/null
    server=0
}
trap 'end_server; rm -rf "$place"' EXIT

serve() { # OPTIONS…
    end_server
    : >"$place/ready"
    "$program" serve --listen 127.0.0.1:0 --limits off "$@" >"$place/ready" 2>"$place/log" &
    server=$!
    tries=0
    while [ ! -s "$place/ready" ] && [ "$tries" -lt 400 ]; do
        sleep 0.02
        tries=$((tries + 1))
    done
    member() { sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/" "$place/ready"; }
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
