#!/bin/sh
# remote.sh - the safety rules of remote runs, each seen from outside: what a
# target that counts and remembers says of a run. Source: design sections 3, 4.
# Usage: remote.sh SYNCPROOF. Loopback only; ends what it starts by pid.
set -u
program=$1
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"
mode=namespaced
more=
budget='"rest_per_s": 1000, "connects_per_s": 500'
canary=Q7canaryQ7secretQ7


start() { # [FLAGS…]: the target, with credentials that are easy to find
    start_server "$program" serve --listen 127.0.0.1:0 --api-secret "$canary-key" \
        --auth-token "$canary-token" "$@"
}

write_target() { # NAME [SERVICE]: $mode, $budget, $more
    service=
    [ -z "${2:-}" ] || service="\"service_sid\": \"$2\","
    cat >"$place/target.json" <<END
{ "name": "$1", "rest_url": "$(member rest)", "sdk_url": "$(member sdk)",
  "account_sid": "$(member account_sid)", "api_key": "$(member api_key)",
  "api_secret": "env:CANARY_KEY", $service $more
  "mode": "$mode", "budget": {$budget},
  "eventually": {"ttl_s": 5, "revoke_s": 1, "event_s": 2, "skew_s": 1} }
END
}
CANARY_KEY="$canary-key"
export CANARY_KEY

ask() { # METHOD PATH [FORM]: as the account, past the guard
    curl -s -X "$1" -u "$(member account_sid):$canary-token" \
        ${3:+--data "$3"} "$(member rest)$2"
}
named() { sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/"; }
number() { sed "s/.*\"$1\":\([0-9]*\).*/\1/"; }
services() { ask GET '/v1/Services?PageSize=100' | grep -o '"friendly_name":"[^"]*"'; }
ours() { services | grep -c '"syn-'; }

run() { # CODE WHAT SELECT…
    want=$1 what=$2
    shift 2
    rm -rf "$place/out"
    "$program" run "$@" --target "$place/target.json" --out "$place/out" \
        >"$place/stdout" 2>"$place/stderr"
    code=$?
    [ "$code" -eq "$want" ] || complain "$what: exit $code, not $want"
}
says() { grep -q -- "$1" "$place/stdout" "$place/stderr" || complain "$what: no \"$1\""; }
clean_away() { [ "$(ours)" -eq 0 ] || complain "$what: left $(services | tr '\n' ' ')"; }
manifest() { ls "$place"/out/manifest-*.jsonl; }

few='acl/defaults acl/grants'

# --- a run: nothing left, counted alike, written down first, nothing secret
start
write_target here
run 0 "a plain run" $few
says '^leftovers: none'
says '^dead man.s TTL: .* heard; removal works'
says '^cannot: the target file has no second account'
says '^types: document list map stream'
clean_away
theirs=$(ask GET /_syncproof/counts)
sent=$(sed -n 's/^sent: \([0-9]*\) requests.*/\1/p' "$place/stdout")
dialled=$(sed -n 's/.* writes of [0-9]*, \([0-9]*\) connections.*/\1/p' "$place/stdout")
asked=$(($(echo "$theirs" | number rest_requests) + \
    $(echo "$theirs" | number sdk_requests) + $(echo "$theirs" | number sdk_frames)))
# Ours beside the run: the list of services, and the question itself.
[ "$sent" -eq $((asked - 2)) ] || complain "requests: $sent sent, $asked came, 2 of them ours"
[ "$dialled" -eq $(($(echo "$theirs" | number connections) - 2)) ] ||
    complain "connections: $dialled, $theirs"
# `list` foretold both within a fifth.
"$program" list $few --target "$place/target.json" >"$place/plan" ||
    complain "list --target"
near() { # WHAT PREDICTED ACTUAL
    [ $((5 * $2)) -ge $((4 * $3)) ] && [ $((5 * $2)) -le $((6 * $3)) ] ||
        complain "$1: $2 predicted, $3 came"
}
near requests "$(sed -n 's/^predicted: \([0-9]*\) requests.*/\1/p' "$place/plan")" "$sent"
near connections "$(sed -n 's/^predicted: .* \([0-9]*\) connections.*/\1/p' "$place/plan")" "$dialled"
made=$(grep -c '"do":"make"' "$(manifest)")
[ "$made" -gt 50 ] || complain "only $made lines of what was made"
for kind in service document list map stream grant; do
    grep -q "\"do\":\"make\",\"kind\":\"$kind\"" "$(manifest)" ||
        complain "no $kind in the manifest"
done
lasting=$(grep '"do":"make"' "$(manifest)" | grep -E '"kind":"(document|list|map|stream)"' |
    grep -vc '"ttl_s":')
[ "$lasting" -eq 0 ] || complain "$lasting objects without a dead man's TTL"
grep -E '"kind":"(document|list|map|stream|service)"' "$(manifest)" | grep '"do":"make"' |
    grep '"name":' | grep -v '"name":"syn-' && complain "a name without prefix"
grep -rq "$canary" "$place/out" "$place/stdout" "$place/stderr" "$place/log" &&
    complain "a secret was written: $(grep -rl "$canary" "$place/out" "$place/stdout" "$place/stderr" "$place/log")"
[ "$(stat -c %a "$(manifest)")" = 600 ] || complain "the manifest is not private"

# --- rows wait for their TTLs beside each other, not one after the other
begun=$(date +%s)
run 0 "waits that overlap" ttl/deadline/replaced-and-cleared
took=$(($(date +%s) - begun))
alone=$(sed -n 's/.*<testcase [^>]*time="\([0-9]*\)\..*/\1/p' "$place/out/junit.xml" |
    awk '{ s += $1 } END { print s + 0 }')
[ "$alone" -ge 6 ] || complain "$what: the rows waited $alone s in all"
[ $((2 * took)) -le "$alone" ] || complain "$what: ${took}s for rows of $alone s"

# --- budgets: what is over does not leave; clean-up does
# None of the rows drops a connection or waits for a TTL: those take their time.
for limit in '"requests": 60' '"writes": 30' '"connections": 1' '"seconds": 1'; do
    budget="\"rest_per_s\": 1000, \"connects_per_s\": 500, $limit"
    write_target here
    run 75 "budget $limit" $few
    says '^exit 75: safety abort: .*budget'
    says '^leftovers: none'
    [ -s "$place/out/junit.xml" ] || complain "$what: no report"
    clean_away
done
budget='"rest_per_s": 20, "connects_per_s": 10'
write_target here
before=$(ask GET /_syncproof/counts | number rest_requests)
begun=$(date +%s)
run 0 "a pace" acl/defaults/rest-created-closed
took=$(($(date +%s) - begun + 1))
after=$(ask GET /_syncproof/counts | number rest_requests)
[ $((after - before - 1)) -le $((20 * took)) ] ||
    complain "$((after - before)) REST requests in ${took}s, over 20/s"
budget='"rest_per_s": 1000, "connects_per_s": 500'

# --- back-off: a target that throttles is waited for on both planes, so that no
# row fails and none stays open
cat >"$place/limits.json" <<END
{"create": {"rate_per_s": 8, "burst": 12}, "read": {"rate_per_s": 4, "burst": 6},
 "write": {"rate_per_s": 4, "burst": 6}, "connect": {"rate_per_s": 5, "burst": 10},
 "permission": {"rate_per_s": 4, "burst": 6}, "rest": {"rate_per_s": 40, "burst": 60}}
END
start --limits "$place/limits.json" --acl on
write_target here "$(member service_sid)"
run 0 "limits of the target" acl/defaults acl/revocation/by-flags
asked=$(sed -n 's/^sent: .* \([0-9]*\) times 429$/\1/p' "$place/stdout")
[ "${asked:-0}" -gt 5 ] || complain "$what: asked for patience $asked times only"
says '^leftovers: none'

# --- renamed while the run goes on: read again just before, neither its switch
# is turned nor is it deleted
start --limits off
budget='"rest_per_s": 6, "connects_per_s": 500'
write_target here
rm -rf "$place/out"
"$program" run acl/switch --jobs 2 --target "$place/target.json" \
    --out "$place/out" >"$place/stdout" 2>"$place/stderr" &
victim=$!
what="services renamed under the run" taken=0
while kill -0 "$victim" 2>/dev/null; do
    for sid in $(ask GET '/v1/Services?PageSize=100' | tr '{' '\n' |
        sed -n '/"friendly_name":"syn-[0-9a-f]*-row/s/.*"sid":"\(IS[0-9a-f]*\)".*/\1/p'); do
        ask POST "/v1/Services/$sid" "FriendlyName=taken&AclEnabled=false" >/dev/null
        taken=$((taken + 1))
    done
    sleep 0.1
done
wait "$victim"
[ "$taken" -gt 0 ] || complain "$what: none was met"
says 'does not bear the name'
kept=$(ask GET '/v1/Services?PageSize=100' | tr '{' '\n' | grep '"friendly_name":"taken"')
[ "$(echo "$kept" | grep -c taken)" -eq "$taken" ] || complain "$what: some are gone"
echo "$kept" | grep -q '"acl_enabled":true' && complain "$what: a switch was turned"
budget='"rest_per_s": 1000, "connects_per_s": 500'

# --- foreign things: 50 of them, told apart by content, in a named service
start --acl on --limits real
home=$(member service_sid)
i=0
while [ "$i" -lt 50 ]; do # within the burst of creations
    ask POST "/v1/Services/$home/Documents" "UniqueName=theirs-$i&Data=%7B%22n%22%3A$i%7D" >/dev/null
    i=$((i + 1))
done
sum_up() {
    ask GET "/v1/Services/$home/Documents?PageSize=100" | sed 's/"key":"[^"]*"//g' | cksum
    ask GET "/v1/Services/$home" | grep -o '"acl_enabled":[a-z]*'
}
untouched=$(sum_up)
write_target here "$home"
run 0 "a named service" acl ttl/deadline tok/forged --jobs 6
[ "$untouched" = "$(sum_up)" ] || complain "$what: foreign things have changed"
grep '"do":"make","kind":"grant"' "$(manifest)" | grep "\"service\":\"$home\"" >"$place/grants"
[ -s "$place/grants" ] || complain "$what: no grant in it"
grep -v '"identity":"syn-' "$place/grants" | head -1 | grep . &&
    complain "$what: a grant to a bare identity"
says 'skipped *acl/switch\|skipped.*needs one of its own'
left=$(for kind in Documents Lists Maps Streams; do
    ask GET "/v1/Services/$home/$kind?PageSize=100"
done | grep -o '"unique_name":"syn-[^"]*"')
[ -z "$left" ] || complain "$what: left $left"

# --- interrupted at some moment: no sending after it, reports, nothing left
for wait in 0.3 0.8 1.7; do
    rm -rf "$place/out"
    "$program" run acl sdk --target "$place/target.json" --out "$place/out" \
        >"$place/stdout" 2>"$place/stderr" &
    victim=$!
    sleep "$wait"
    kill -INT "$victim"
    wait "$victim"
    code=$?
    what="SIGINT after ${wait}s"
    [ "$code" -eq 130 ] || complain "$what: exit $code"
    [ -s "$place/out/junit.xml" ] || complain "$what: no report"
    says '^leftovers: none'
    [ "$untouched" = "$(sum_up)" ] || complain "$what: foreign things have changed"
done

# --- killed: the manifest knows, and `clean` removes just that. A row under way
# ends in its own time, so none of these waits; the pace makes the run last.
budget='"rest_per_s": 40, "connects_per_s": 500'
write_target here
for wait in 0.4 1.1; do
    rm -rf "$place/out"
    setsid "$program" run $few --target "$place/target.json" \
        --out "$place/out" >"$place/stdout" 2>"$place/stderr" &
    victim=$!
    sleep "$wait"
    rows=$(ps -o pid= --ppid "$victim")
    kill -KILL "$victim"
    wait "$victim" 2>/dev/null
    # Rows end themselves when the parent is gone; what they send stops then.
    for pid in $rows; do
        while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    done
    sleep 1
    what="kill -9 after ${wait}s"
    [ "$(ours)" -gt 0 ] || complain "$what: nothing was left to clean"
    file=$(manifest)
    "$program" clean --target "$place/target.json" --manifest "$file" --dry-run \
        >"$place/stdout" 2>&1 || complain "$what: dry run"
    says '^would remove *service'
    says "^leftovers: $(grep -c '^would remove' "$place/stdout"), nothing was removed: a dry run"
    [ "$(ours)" -gt 0 ] || complain "$what: a dry run removed something"
    "$program" clean --target "$place/target.json" --manifest "$file" \
        >"$place/stdout" 2>&1 || complain "$what: clean says $?"
    says '^leftovers: 0'
    clean_away
    [ "$untouched" = "$(sum_up)" ] || complain "$what: foreign things have changed"
    "$program" clean --target "$place/target.json" --manifest "$file" \
        >"$place/stdout" 2>&1
    says '^0 removed'
done

budget='"rest_per_s": 1000, "connects_per_s": 500'

# --- clean by prefix and age; a service that was renamed stays
ask POST /v1/Services 'FriendlyName=syn-0badcafe-old' >/dev/null
sid=$(ask POST /v1/Services 'FriendlyName=synthetic' | named sid)
ask POST "/v1/Services/$home/Maps" 'UniqueName=syn-0badcafe-m' >/dev/null
write_target here "$home"
clean() { # CODE WHAT FLAGS…
    want=$1 what=$2
    shift 2
    "$program" clean --target "$place/target.json" "$@" >"$place/stdout" 2>"$place/stderr"
    code=$?
    [ "$code" -eq "$want" ] || complain "$what: exit $code, not $want"
}
clean 0 "too young" --prefix syn- --older-than 3600
says '^0 removed'
sleep 1
clean 0 "by prefix" --prefix syn- --older-than 0
says '^2 removed'
ask GET "/v1/Services/$sid" | grep -q synthetic || complain "synthetic is gone"
[ "$untouched" = "$(sum_up)" ] || complain "$what: foreign things have changed"
clean 64 "a short prefix" --prefix s --older-than 0
clean 64 "no age" --prefix syn-
clean 64 "neither" --dry-run
sed 's/"account_sid":"AC/"account_sid":"AX/' "$file" >"$place/other.jsonl"
clean 64 "another account" --manifest "$place/other.jsonl"
made=$(ask POST /v1/Services 'FriendlyName=renamed' | named sid)
foreign=$(ask GET "/v1/Services/$home/Documents/theirs-7" | named sid)
{
    head -1 "$file"
    echo "{\"n\":1,\"do\":\"make\",\"kind\":\"service\",\"name\":\"syn-x\"}"
    echo "{\"n\":1,\"do\":\"made\",\"sid\":\"$made\"}"
    echo "{\"n\":2,\"do\":\"make\",\"kind\":\"document\",\"service\":\"$home\",\"name\":\"syn-x\"}"
    echo "{\"n\":2,\"do\":\"made\",\"sid\":\"$foreign\"}"
} >"$place/forged.jsonl"
clean 5 "a manifest that names what is not ours" --manifest "$place/forged.jsonl"
[ "$(grep -c '^left .*another name' "$place/stdout")" -eq 2 ] ||
    complain "$what: not both were left"
[ "$untouched" = "$(sum_up)" ] || complain "$what: foreign things have changed"
ask GET "/v1/Services/$made" | grep -q renamed || complain "renamed is gone"

# --- webhooks of others, attacks, production, readonly
ask POST "/v1/Services/$home" 'WebhookUrl=https%3A%2F%2Fa.example%2Fhook' >/dev/null
run 69 "a webhook of somebody else" acl/defaults
says 'allow_webhooks'
ask POST "/v1/Services/$home" 'WebhookUrl=' >/dev/null
ask POST "/v1/Services/$home" 'FriendlyName=crm-live' >/dev/null
run 69 "a service named like production" acl/defaults
says 'looks like production'
ask POST "/v1/Services/$home" 'FriendlyName=crm' >/dev/null
for name in prod eu-production-2 "live"; do
    write_target "$name"
    before=$(ask GET /_syncproof/counts | number rest_requests)
    run 64 "a target named $name" acl/defaults
    after=$(ask GET /_syncproof/counts | number rest_requests)
    [ $((after - before)) -eq 1 ] || complain "$what: something was sent"
done
plan=$(dirname "$0")/../../fixtures/plans/contact-centre.json
refuses() { # VERB…: it says what is wrong, and sends nothing
    what="$* at a target named ${name:-?}"
    before=$(ask GET /_syncproof/counts | number rest_requests)
    "$program" "$@" --target "$place/target.json" --out "$place/out" \
        >"$place/stdout" 2>"$place/stderr"
    code=$?
    [ "$code" -eq 64 ] || complain "$what: exit $code, not 64"
    after=$(ask GET /_syncproof/counts | number rest_requests)
    [ $((after - before)) -eq 1 ] || complain "$what: something was sent"
    says "$said"
}
name=prod said=allow_production
write_target prod
refuses gate "$plan"
refuses calibrate --save "$place/readings.json"
refuses stress steady --clients 1 --duration 1
# What is not on loopback is not ours: nothing of these may ever be dialled.
name=elsewhere said=authorisation
write_target here "$home"
sed -i 's|"rest_url": "[^"]*", "sdk_url": "[^"]*"|"rest_url": "https://sync.example", "sdk_url": "wss://sync.example/v3/wsconnect"|' \
    "$place/target.json"
refuses stress steady --clients 1 --duration 1
refuses blast --identity somebody --read
more='"allow_production": true,'
write_target prod
run 0 "production, meant" acl/defaults/rest-created-closed
more='"authorisation": {"reference": "T-1", "until": "2020-01-01"},'
write_target here
run 64 "an authorisation that has ended" tok/forged
more=
mode=disruptive
write_target here
run 64 "disruptive without authorisation" tok/forged
mode=readonly
write_target prod "$home"
before=$(ask GET /_syncproof/counts)
run 0 "readonly" tok/notice sdk acl --level info
[ "$untouched" = "$(sum_up)" ] || complain "$what: foreign things have changed"
says 'mode readonly'
ls "$place"/out/manifest-* >/dev/null 2>&1 && complain "readonly keeps a manifest"

exit "$failed"
