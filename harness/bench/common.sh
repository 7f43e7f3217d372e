# common.sh - what harness/bench/service and harness/bench/stress share: both
# servers on core 0, the client on core 1, figures of their lines. Sourced; the
# caller has set $build, $place (a folder), pids=() and missed=0.
# shellcheck shell=bash disable=SC2034

client() { taskset -c 1 "$build/harness/bench/limit_client" "$@"; }
field() { grep -o "\b$1=[0-9.]*" | cut -d= -f2; }
median() { sort -n | awk '{ n[NR] = $1 } END { print n[int((NR + 1) / 2)] }'; }
column() { field "$2" <"$place/$1" | median; }

# what ours theirs at_least: the ratio of two figures, judged when told to.
judge() {
    awk -v what="$1" -v value="$2" -v least="$3" 'BEGIN {
        printf "  %-44s %8.2f (target %s) %s\n", what, value, least,
            (value >= least ? "met" : "MISSED")
        exit (value < least) }' || missed=1
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", (b > 0 ? a / b : 0) }'; }
say() { printf '%s\n' "$*"; }

# --- servers ------------------------------------------------------------------

wait_for() { # file, pid
    for _ in $(seq 200); do
        [ -s "$1" ] && return
        kill -0 "$2" 2>/dev/null || break
        sleep 0.05
    done
    say "no server behind $1" >&2
    exit 1
}

# Look ten times a second until it is so.
await() { # seconds, command
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || { say "waited in vain: $*" >&2; exit 1; }
        sleep 0.1
    done
}

limit_port='' limit_pid=''
start_limit() {
    rm -f "$place/limit"
    taskset -c 0 "$build/harness/bench/limit_server" "$@" >"$place/limit" &
    limit_pid=$!
    pids+=("$limit_pid")
    wait_for "$place/limit" "$limit_pid"
    limit_port=$(cat "$place/limit")
}

account=AC00000000000000000000000000000001
key=SK00000000000000000000000000000001
export BENCH_TOKEN=throw-away-token BENCH_SECRET=throw-away-secret-of-a-bench
service=IS00000000000000000000000000000001
port='' pid='' token=''
start_service() {
    rm -f "$place/ready"
    # Pings would fall into long runs; the defaults are the vendor's.
    taskset -c 0 "$build/syncproof" serve --listen "${LISTEN:-127.0.0.1:0}" --acl on \
        --limits off --account-sid "$account" --auth-token env:BENCH_TOKEN \
        --api-key "$key" --api-secret env:BENCH_SECRET \
        --service-sid "$service" "$@" >"$place/ready" 2>"$place/serve.log" &
    pid=$!
    pids+=("$pid")
    wait_for "$place/ready" "$pid"
    port=$(grep -o '"rest":"http://127.0.0.1:[0-9]*' "$place/ready" | grep -o '[0-9]*$')
    cat >"$place/target.json" <<END
{"name": "bench", "rest_url": "http://127.0.0.1:$port",
 "sdk_url": "ws://127.0.0.1:$port/v3/wsconnect", "account_sid": "$account",
 "api_key": "$key", "api_secret": "env:BENCH_SECRET",
 "service_sid": "$service", "mode": "namespaced"}
END
    token=$("$build/syncproof" token mint --target "$place/target.json" \
        --identity ann --ttl 3600)
    introduce
}

stop() { # pid
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

rest() { # path, curl's arguments
    local path=$1
    shift
    curl -sf -u "$key:$BENCH_SECRET" "$@" \
        "http://127.0.0.1:$port/v1/Services/$service/$path"
}
sid_of() { grep -o '"sid":"[A-Z]*[0-9a-f]*"' | head -n 1 | cut -d'"' -f4; }

# --- frames -------------------------------------------------------------------

frame() { # header, payload
    printf 'TWILSOCK V3.0 %d\r\n%s\r\n' "${#1}" "$1"
    [ -z "${2:-}" ] || printf '%s\r\n' "$2"
}
request() { # method, path, payload
    local id=TM0123456789abcdef0123456789abcdef
    frame "{\"id\":\"$id\",\"method\":\"message\",\"active_grant\":\"data_sync\",\"payload_type\":\"application/json\",\"http_request\":{\"host\":\"cds.us1.twilio.com\",\"path\":\"$2\",\"method\":\"$1\",\"params\":{},\"headers\":{\"Content-Type\":\"application/json\",\"Twilio-Request-Id\":\"RQcc81fd2768b9496c9a6555becb18e502\"}},\"payload_size\":${#3}}" "$3"
}
introduce() {
    frame "{\"id\":\"TM7a72ddf2a9d54c38b8a406d3bfb569d5\",\"method\":\"init\",\"token\":\"$token\",\"continuation_token\":null,\"metadata\":{\"ver\":\"1.0.2\",\"env\":\"bench\",\"type\":\"sync\",\"sdk\":\"JS\",\"sdkv\":\"4.0.1\"},\"registrations\":[{\"product\":\"data_sync\",\"type\":\"ers\",\"notification_protocol_version\":0,\"message_types\":[\"twilio.sync.event\"]}],\"tweaks\":null,\"capabilities\":[\"client_update\"],\"payload_size\":0}" >"$place/init"
}
subscribe() { # sid type …: one request for all
    local asked=''
    while [ $# -gt 1 ]; do
        asked+="${asked:+,}{\"object_sid\":\"$1\",\"object_type\":\"$2\",\"last_event_id\":null}"
        shift 2
    done
    request POST /v4/Subscriptions "{\"event_protocol_version\":4,\"action\":\"establish\",\"correlation_id\":1,\"retried_requests\":0,\"ttl_in_s\":-1,\"requests\":[$asked]}"
}

sync=/v3/wsconnect
run_sync() { client -p "$port" -M "$pid" -P $sync -Q $sync -h "$place/init:1" \
    -o "$place/init:1" "$@"; }
run_limit() { client -p "$limit_port" -M "$limit_pid" "$@"; }
