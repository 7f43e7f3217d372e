#!/bin/sh
# late.sh - what outlives its TTL and the bound at a target is late, not wrong;
# the manifest keeps it, and `clean` settles it. Source: design sections 4, 7.
# Usage: late.sh SYNCPROOF. Loopback only; ends what it starts by pid. About
# twenty seconds of real time, as real deadlines are waited for.
set -u
program=$1
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"
what=

complain() {
    echo "FAILED: $what: $*"
    sed 's/^/    /' "$place/said" | tail -12
    failed=1
}

# start PURGE_DELAY_MS: a service that shows expired things so long.
start() {
    sid=11111111111111111111111111111111
    cat >"$place/serve.json" <<END
{"purge_delay_ms": $1, "accounts": [{
  "account_sid": "AC$sid", "auth_token": "token of the account",
  "keys": [{"api_key": "SK$sid", "api_secret": "secret of the key", "kind": "main"}],
  "services": [{"service_sid": "IS$sid", "unique_name": "default"}]}]}
END
    start_server "$program" serve --listen 127.0.0.1:0 --limits off \
        --config "$place/serve.json"
    rest=$(member rest)
}

# write_target [MEMBERS]: a target file with more members.
write_target() {
    cat >"$place/target.json" <<END
{"name": "late", "rest_url": "$rest", "sdk_url": "ws${rest#http}/v3/wsconnect",
 "account_sid": "AC$sid", "api_key": "SK$sid", "api_secret": "secret of the key",
 "mode": "namespaced", "budget": {"rest_per_s": 1000, "connects_per_s": 500},
 "eventually": {"ttl_s": 1, "revoke_s": 1, "event_s": 1, "skew_s": 1}${1:-}}
END
}

# run CODE OUT SELECT…, clean CODE FLAGS…: the exit code is CODE.
run() {
    want=$1 out=$place/$2
    shift 2
    "$program" run "$@" --target "$place/target.json" --out "$out" \
        >"$place/said" 2>"$place/stderr"
    code=$?
    [ "$code" -eq "$want" ] || complain "exit $code, not $want"
}
clean() {
    want=$1
    shift
    "$program" clean --target "$place/target.json" --manifest "$manifest" "$@" \
        >"$place/said" 2>&1
    code=$?
    [ "$code" -eq "$want" ] || complain "exit $code, not $want"
}
says() { grep -q -- "$1" "$place/said" || complain "no \"$1\""; }
late() { grep -c '"do":"late"' "$manifest"; }

# --- long past: inconclusive, kept, and at last a failure with evidence
start 3600000
write_target
rows='ttl/expiry/gone-after-ttl ttl/items/item-goes-alone ttl/exposure/item-hidden'
what="a purge that comes an hour late"
run 3 first $rows
says '^inconclusive ttl/expiry/gone-after-ttl'
says '^    late: document ET.* is still there .* past the bound of 1 s'
says '^    late: map MP.* item goes was due 20'
says '^leftovers: none but 5 late'
grep -q '^fail' "$place/said" && complain "something failed"
grep -q 'message="inconclusive: late: ' "$place/first/junit.xml" || complain "JUnit lacks it"
manifest=$(ls "$place"/first/manifest-*.jsonl)
[ "$(late)" -eq 5 ] || complain "$(late) late lines, not 5"
grep '"do":"late"' "$manifest" | grep -vq '"deadline_ms":[0-9]' &&
    complain "a late line without its deadline"
what="a dry run"
clean 1 --dry-run
says '^overdue *document ET.*TTL-01: due 20.*still there.*date_expires 20'
what="settled: still there"
clean 1
says '^overdue *list *ES.*/Items/1 answers 200'
says '^exit 1: .*TTL-01'
says 'of what was late 0 gone, 5 still there'
says '^leftovers: 0'
what="settled once"
clean 0
says 'of what was late 0 gone, 0 still there'

# --- a little late: gone when it is settled. In a service that is named, so
# that the object alone is kept.
start 4000
write_target ", \"service_sid\": \"IS$sid\""
what="a purge that comes four seconds late"
run 3 second ttl/expiry
says '^    late: document ET'
says '^leftovers: none but 1 late'
manifest=$(ls "$place"/second/manifest-*.jsonl)
tries=0
while ! "$program" clean --target "$place/target.json" --manifest "$manifest" \
    --dry-run >"$place/said" 2>&1 && [ "$tries" -lt 100 ]; do
    tries=$((tries + 1))
    sleep 0.2
done
what="settled: gone"
clean 0
says '^gone *document ET.*ended since'
says 'of what was late 1 gone, 0 still there'
[ "$(grep -c '"do":"gone"' "$manifest")" -gt 0 ] || complain "not written down"

# --- in time: nothing is late
start 0
write_target
what="a purge in time"
run 0 third ttl/expiry
says '^leftovers: none$'
exit "$failed"
