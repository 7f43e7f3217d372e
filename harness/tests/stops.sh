#!/bin/sh
# stops.sh - gate and calibrate at a target stop by themselves: when it answers
# nothing any more, when a rule of safety would be broken, and when asked to.
# Source: design section 4. Usage: stops.sh SYNCPROOF ODD_TARGET PLAN.
# Loopback only; ends what it starts by pid.
set -u
program=$1
odd=$2
plan=$3
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"
fast='"rest_per_s": 1000, "connects_per_s": 500'

ask() { # METHOD PATH [FORM]: as the account, past the guard
    curl -s -X "$1" -u "$key:$secret" \
        ${3:+--data "$3"} "$(member rest)$2"
}
services() { ask GET '/v1/Services?PageSize=100'; }
are_there() { services | grep -q '"friendly_name":"syn-'; }
says() { grep -q -- "$1" "$place/stdout" "$place/stderr" || complain "$what: no \"$1\""; }

target() { # BUDGET
    cat >"$place/target.json" <<END
{ "name": "stops", "rest_url": "$(member rest)", "sdk_url": "$(member sdk)",
  "account_sid": "$account", "api_key": "$key", "api_secret": "$secret",
  "budget": {$1} }
END
}
learn() { # the credentials of a server that made its own
    account=$(member account_sid) key=$(member api_key) secret=$(member api_secret)
}
until_so() { # COMMAND…: ten seconds at most
    tries=0
    while ! "$@" && [ "$tries" -lt 200 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    [ "$tries" -lt 200 ] || complain "$what: never came: $*"
}
begin() { # VERB…: under way
    what="${1} $how"
    rm -rf "$place/out"
    "$program" "$@" --target "$place/target.json" --out "$place/out" \
        >"$place/stdout" 2>"$place/stderr" &
    verb=$!
}
ends() { # CODES SECONDS: from now
    begun=$(date +%s)
    wait "$verb"
    code=$?
    took=$(($(date +%s) - begun))
    case " $1 " in
    *" $code "*) ;;
    *) complain "$what: exit $code, not $1" ;;
    esac
    [ "$took" -le "$2" ] || complain "$what: took ${took}s, more than $2"
    grep -q '^READY: yes' "$place/stdout" && complain "$what: READY"
    [ -s "$place/out/junit.xml" ] || complain "$what: no report"
}

# --- the target falls silent: ten calls without an answer, and it is left alone;
# what is left the manifest knows when it is back
how="at a target that is gone"
awk 'BEGIN { printf "{\"plan\":\"many\",\"roles\":{\"r\":[";
    for (i = 0; i < 200; i++) printf "%s\"%032d\"", i ? "," : "", i;
    print "]},\"objects\":[{\"type\":\"map\",\"name\":\"m-{id}\",\"for\":\"r\"," \
        "\"creator\":\"backend\"}],\"grants\":[{\"type\":\"map\",\"object\":\"m-{id}\"," \
        "\"role\":\"self\",\"rights\":[\"read\"]}]}" }' >"$place/many.json"
serve() { # LISTEN
    start_server "$program" serve --listen "$1" --limits off --db "$place/kept.db" \
        --account-sid "$account" --api-key "$key" --api-secret "$secret"
}
account=AC11111111111111111111111111111111 secret=s3cret
key=SK11111111111111111111111111111111
serve 127.0.0.1:0
here=$(member rest | sed 's|.*//||')
for words in "gate $place/many.json --all" "gate $plan" calibrate; do
    target '"rest_per_s": 60, "connects_per_s": 500'
    # shellcheck disable=SC2086
    begin $words
    until_so are_there
    sleep 0.5
    kill -KILL "$server"
    wait "$server" 2>/dev/null
    server=0
    if [ "$words" = "gate $plan" ]; then # over before the tenth call, or not
        ends "3 75" 20
        says '^inconclusive.*gate/.*its creator/manage'
    else
        ends 75 20
        says '^exit 75: safety abort: the target is in distress: 10 calls in a row'
    fi
    grep '^fail ' "$place/stdout" && complain "$what: red by silence"
    says '^leftovers: services of this'
    serve "$here"
    are_there || complain "$what: nothing was left"
    what="clean after ${words%% *}"
    expect 0 "$what" "$program" clean --target "$place/target.json" \
        --manifest "$place"/out/manifest-*.jsonl
    says '^leftovers: 0'
    are_there && complain "$what: services are left"
done

# --- a service that does not bear our name is not ours, whatever the answer says:
# nothing is written to it
how="at a target that gives another service than was asked for"
for mode in allow-all-hollow garbage-bodies; do
    for words in "gate $plan" calibrate; do
        start_server "$odd" --mode "$mode"
        learn
        target "$fast"
        # shellcheck disable=SC2086
        begin $words
        wait "$verb"
        code=$?
        what="$what: $mode"
        case $words in
        calibrate) [ "$code" -eq 69 ] || complain "$what: exit $code, not 69" ;;
        *)
            [ "$code" -eq 75 ] || complain "$what: exit $code, not 75"
            says '^exit 75: safety abort: refused by a safety rule: '
            ;;
        esac
        end_server
        came=$(sed -n 's/^requests: //p' "$place/log")
        [ "${came:-99}" -le 8 ] || complain "$what: $came requests came"
    done
done

# --- asked to stop: within a second nothing more is sent, and nothing is left
how="interrupted"
start_server "$program" serve --listen 127.0.0.1:0 --limits off
learn
target '"rest_per_s": 60, "connects_per_s": 500'
for words in "gate $plan" calibrate; do
    for moment in 0 0.7 1.6; do
        # shellcheck disable=SC2086
        begin $words
        until_so are_there
        sleep "$moment"
        kill -INT "$verb"
        ends 130 3
        what="$what after ${moment}s"
        says '^exit 130: interrupted by SIGINT, reports written'
        says '^leftovers: none'
        are_there && complain "$what: services are left"
        count=$(ask GET /_syncproof/counts | tr -d '{}')
        sleep 1
        [ "$(ask GET /_syncproof/counts | grep -o '"sdk_frames":[0-9]*')" = \
            "$(echo "$count" | grep -o '"sdk_frames":[0-9]*')" ] ||
            complain "$what: frames went on"
    done
done

# --- the webhook that calibrate set is gone before its service is
what="calibrate, its webhook"
target '"rest_per_s": 30, "connects_per_s": 500'
hook() { services | tr '{' '\n' | grep '"friendly_name":"syn-' | grep -o '"webhook_url":"http[^"]*"'; }
begin calibrate
until_so hook >/dev/null
kill -INT "$verb"
last=hooked
while are_there; do
    if [ -n "$(hook)" ]; then last=hooked; else last=unhooked; fi
done
ends 130 5
[ "$last" = unhooked ] || complain "$what: it was set to the end"
exit "$failed"
