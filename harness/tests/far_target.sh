#!/bin/sh
# far_target.sh - gate, calibrate and stress at a host that is not loopback: the
# rules, the budget and the clean-up of `run`. Source: design sections 4, 8, 9.
# Usage: far_target.sh SYNCPROOF FICKLE_RESOLVER PLAN. Ends what it starts by
# pid. sync.test is a name that the preloaded resolver takes to loopback: by its
# name nobody can tell.
set -u
program=$1
fickle=$2
plan=$3
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"
unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY

number() { sed "s/.*\"$1\":\([0-9]*\).*/\1/"; }

# As the account, past the guard, by the address of loopback.
ask() { curl -s -u "$(member api_key):$(member api_secret)" "$(member rest)$1"; }

serve() {
    start_server "$program" serve --listen 127.0.0.1:0 --limits off "$@"
    port=$(member rest | sed 's/.*://')
}

# target BUDGET [NAME [MODE [MEMBERS]]]
fast='"rest_per_s": 1000, "connects_per_s": 500'
target() {
    cat >"$place/target.json" <<END
{ "name": "${2:-far}", "rest_url": "http://sync.test:$port",
  "sdk_url": "ws://sync.test:$port/v3/wsconnect", "clock": "$clock",
  "account_sid": "$(member account_sid)", "api_key": "$(member api_key)",
  "api_secret": "$(member api_secret)", "mode": "${3:-namespaced}", "budget": {$1}${4:-} }
END
}

# judge CODES WHAT ARGUMENTS…: nothing of ours is there afterwards.
judge() {
    want=$1 what=$2
    shift 2
    rm -rf "$place/out" "$place/asked"
    env LD_PRELOAD="$fickle" FICKLE_LOG="$place/asked" \
        ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0" \
        "$program" "$@" --target "$place/target.json" --out "$place/out" \
        >"$place/stdout" 2>"$place/stderr"
    code=$?
    case " $want " in
    *" $code "*) ;;
    *) complain "$what: exit $code, not $want" ;;
    esac
    ask '/v1/Services?PageSize=100' >"$place/services"
    grep -q '"friendly_name"' "$place/services" || complain "$what: no listing"
    grep -q '"friendly_name":"syn-' "$place/services" && complain "$what: services are left"
}
says() { grep -q -- "$1" "$place/stdout" "$place/stderr" || complain "$what: no \"$1\""; }

# What was said to be sent is what came, the listing and this question apart.
counted() {
    theirs=$(ask /_syncproof/counts)
    came=$(($(echo "$theirs" | number rest_requests) + \
        $(echo "$theirs" | number sdk_requests) + $(echo "$theirs" | number sdk_frames) - 2))
    sent=$(sed -n 's/^sent: \([0-9]*\) requests.*/\1/p' "$place/stdout")
    [ "${sent:-none}" = "$came" ] || complain "$what: ${sent:-none} sent, $came came"
    sockets=$(sed -n 's/^sent: .* at most \([0-9]*\) of .* at once.*/\1/p' "$place/stdout")
    [ "${sockets:-0}" -gt 0 ] || complain "$what: no web socket was counted"
}

# --- whole: counted alike, written down first, nothing left
clock=real
serve
target "$fast"
judge 0 "gate" gate "$plan"
says '^READY: yes'
counted
grep -c '"do":"make","kind":"service"' "$place"/out/manifest-*.jsonl | grep -qx 2 ||
    complain "$what: not two services in the manifest"
clock=virtual
serve --virtual-clock
target "$fast"
judge 0 "calibrate" calibrate --save "$place/readings.json"
counted
[ -s "$place/readings.json" ] || complain "$what: no readings"

# --- a budget that is spent ends it; clean-up goes on
clock=real
serve
for limit in '"requests": 40' '"writes": 12' '"connections": 1' '"seconds": 1'; do
    for verb in "gate $plan" calibrate; do
        case "$verb $limit" in
        *seconds*) target "\"rest_per_s\": 10, $limit" ;;
        *) target "$fast, $limit" ;;
        esac
        rm -f "$place/readings.json"
        # shellcheck disable=SC2086
        judge 75 "${verb%% *} with $limit" $verb
        says '^exit 75: safety abort: .*budget'
        says '^sent: '
        grep -q '^READY: yes' "$place/stdout" && complain "$what: READY"
        [ -s "$place/out/junit.xml" ] || complain "$what: no report"
    done
done

# --- a pace is kept on both planes
target '"rest_per_s": 40, "connects_per_s": 5'
begun=$(date +%s)
judge 0 "gate at a pace" gate "$plan"
dials=$(sed -n 's/.* writes of [0-9]*, \([0-9]*\) connections.*/\1/p' "$place/stdout")
took=$(($(date +%s) - begun + 1))
[ "${dials:-999}" -le $((5 * took + 1)) ] || complain "$what: $dials connections in ${took}s"

# --- a load: whole, and over each total
load="stress steady --clients 6 --workers 2 --duration 3 --warmup 0 --ramp 1 --rate 20 --seed 5"
serve
may=", \"service_sid\": \"$(member service_sid)\",
  \"authorisation\": {\"reference\": \"a test\", \"until\": \"2099-12-31\"}"
target "$fast" far disruptive "$may"
# shellcheck disable=SC2086
judge "0 3" "stress" $load
counted
for limit in '"requests": 60' '"writes": 20' '"seconds": 2'; do
    target "$fast, $limit" far disruptive "$may"
    # shellcheck disable=SC2086
    judge 75 "stress with $limit" $load
    says '^exit 75: safety abort: .*budget'
    says '^leftovers: none'
done

# --- refused
target "$fast" live
judge 64 "a name of production" gate "$plan"
says 'looks like production'
judge 64 "a name of production" calibrate
target "$fast" far readonly
judge 64 "readonly" gate "$plan"
judge 64 "readonly" calibrate
exit "$failed"
