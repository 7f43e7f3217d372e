#!/bin/sh
# remote_faults.sh - a run at a service behind TLS (own CA), through a network
# that is unwell: the embedded run's verdicts or none, never a false failure;
# nothing left, nothing foreign touched; also when the run is interrupted or
# killed at a random moment. Source: design sections 4 and 7.
# Usage: remote_faults.sh SYNCPROOF FAULT_PROXY [full|runs FIRST LAST|ends].
# Loopback only; ends what it starts by pid. Short: 1 run, 1 interruption, 1
# kill; full: 20, 5 and 10, here whole or in pieces: some runs, or all the rest.
set -u
program=$1
proxy=$2
first=1 last=1 cuts=1 kills=1 storms=1
case ${3:-} in
full) last=20 cuts=5 kills=10 storms=10 ;;
runs) first=$4 last=$5 cuts=0 kills=0 storms=0 ;;
ends) last=0 cuts=5 kills=10 storms=10 ;;
esac
runs=$((last - first + 1))
place=$(mktemp -d)
TMPDIR=$place
export TMPDIR
failed=0
server=0
network=0
rows=--profile=pre-acl

end_network() {
    [ "$network" -eq 0 ] || { kill -TERM "$network"; wait "$network"; }
    network=0
}
trap 'end_network; [ "$server" -eq 0 ] || kill -TERM "$server"; rm -rf "$place"' EXIT

complain() {
    echo "FAILED: $what: $*"
    tail -4 "$place/stdout" 2>/dev/null
    failed=1
}
await() { # FILE
    tries=0
    while [ ! -s "$1" ] && [ "$tries" -lt 200 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
}

# --- a CA of our own, a certificate for this host
{
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=syn-test-ca \
        -keyout "$place/ca.key" -out "$place/ca.pem"
    openssl req -newkey rsa:2048 -nodes -subj /CN=localhost \
        -keyout "$place/host.key" -out "$place/host.csr"
    echo 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1' >"$place/ext"
    openssl x509 -req -days 2 -in "$place/host.csr" -CA "$place/ca.pem" \
        -CAkey "$place/ca.key" -CAcreateserial -extfile "$place/ext" -out "$place/host.pem"
} >"$place/openssl.log" 2>&1 || { cat "$place/openssl.log"; exit 1; }

"$program" serve --listen 127.0.0.1:0 --limits off --acl on --tls-cert "$place/host.pem" \
    --tls-key "$place/host.key" >"$place/ready" 2>"$place/log" &
server=$!
await "$place/ready"
member() { sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/" "$place/ready"; }
port=$(member rest | sed 's/.*://')

ask() { # METHOD PATH [FORM]: past proxy and guard
    curl -s --cacert "$place/ca.pem" -X "$1" -u "$(member account_sid):$(member auth_token)" \
        ${3:+--data "$3"} "https://localhost:$port$2"
}
write_target() { # PORT FILE [SERVICE]
    cat >"$place/$2" <<END
{ "name": "here", "rest_url": "https://localhost:$1", "sdk_url": "wss://localhost:$1/v3/wsconnect",
  "account_sid": "$(member account_sid)", "api_key": "$(member api_key)",
  "api_secret": "$(member api_secret)", ${3:+\"service_sid\": \"$3\",}
  "authorisation": {"reference": "T-1", "until": "2099-01-01"},
  "tls": {"ca_file": "$place/ca.pem"},
  "budget": {"requests": 100000, "writes": 50000, "rest_per_s": 1000, "connects_per_s": 500},
  "eventually": {"ttl_s": 5, "revoke_s": 2, "event_s": 8, "skew_s": 1} }
END
}
set_network() { # SEED EVERY: a proxy, and target files that lead through it
    end_network
    : >"$place/port"
    "$proxy" "$port" "$place/ca.pem" "$place/host.pem" "$place/host.key" \
        "$1" "$2" >"$place/port" 2>"$place/network.log" &
    network=$!
    await "$place/port"
    write_target "$(cat "$place/port")" target.json "${3:-}"
}

# --- fifty things of somebody else, in the named service and in another
home=$(member service_sid)
other=$(ask POST /v1/Services 'FriendlyName=theirs' | sed 's/.*"sid":"\([^"]*\)".*/\1/')
i=0
while [ "$i" -lt 25 ]; do
    for service in "$home" "$other"; do
        ask POST "/v1/Services/$service/Documents" "UniqueName=theirs-$i&Data=%7B%22n%22%3A$i%7D" >/dev/null
    done
    i=$((i + 1))
done
sum_up() { # what is there, the host of URLs apart; services with their flags
    for service in "$home" "$other"; do
        ask GET "/v1/Services/$service/Documents?PageSize=100"
        ask GET "/v1/Services/$service/Lists?PageSize=100"
        ask GET "/v1/Services/$service/Maps?PageSize=100"
        ask GET "/v1/Services/$service/Streams?PageSize=100"
    done | cksum
    ask GET '/v1/Services?PageSize=100' | cksum
}
untouched=$(sum_up)
untouched_still() { [ "$untouched" = "$(sum_up)" ] || complain "something is left, or foreign things have changed: $(ask GET '/v1/Services?PageSize=100' | grep -o '"friendly_name":"[^"]*"' | tr '\n' ' ')"; }

of_run() { # OUT: "NAME VERDICT" of each row
    tr '{' '\n' <"$1/run.json" |
        sed -n 's/.*"name":"\([^"]*\)".*"level":"[^"]*".*"verdict":"\([^"]*\)".*/\1 \2/p' | sort
}
what=embedded
"$program" run $rows --out "$place/embedded" >"$place/stdout" 2>&1 || complain "not green"
of_run "$place/embedded" >"$place/wanted"

# Each row as embedded, or not judged: skipped only where it is without faults.
compare_verdicts() {
    of_run "$place/out" >"$place/got"
    join "$place/wanted" "$place/got" | awk '$2 != $3 { print $1, $2, $3 }' >"$place/other"
    grep -v ' inconclusive$' "$place/other" >"$place/others"
    cmp -s "$place/others" "$place/skipped$service" || complain "other verdicts: $(head -3 "$place/others" | tr '\n' ';')"
    [ "$(wc -l <"$place/got")" -eq "$(wc -l <"$place/wanted")" ] || complain "rows are missing"
}

# --- the network well: what is skipped for want of virtual time, or of a
# service of the run
for service in "" "$home"; do
    what="through TLS${service:+, a named service}"
    set_network 1 0 $service
    "$program" run $rows --target "$place/target.json" --out "$place/out" \
        >"$place/stdout" 2>&1 || complain "exit $?"
    of_run "$place/out" | join "$place/wanted" - |
        awk '$2 != $3 { print $1, $2, $3 }' >"$place/skipped$service"
    grep -v ' skipped$' "$place/skipped$service" >"$place/others" &&
        complain "other verdicts: $(head -3 "$place/others")"
    untouched_still
done

# --- rows that play the network themselves, in one that is unwell: they know
# what they did, so what ended beside that is no failure of the service
taps='sdk/channels/reply-lost sdk/channels/torn-write'
i=3 doubts=0 passes=0 # the fourth storm broke two rows before they knew
while [ "$i" -lt $((storms + 3)) ]; do
    i=$((i + 1))
    what="rows with a tap, storm $i"
    set_network "$i" 25
    # shellcheck disable=SC2086
    "$program" run $taps --seed "$i" --jobs 6 --target "$place/target.json" \
        --out "$place/out" >"$place/stdout" 2>&1
    of_run "$place/out" >"$place/got"
    grep -E ' (fail|error|warning)$' "$place/got" >"$place/others" &&
        complain "$(head -3 "$place/others" | tr '\n' ';')"
    doubts=$((doubts + $(grep -c ' inconclusive$' "$place/got")))
    passes=$((passes + $(grep -c ' pass$' "$place/got")))
    end_network
    rm -rf "$place/out"
    # What the network kept from being removed goes past it: not judged here.
    for sid in $(ask GET '/v1/Services?PageSize=100' | tr '{' '\n' |
        sed -n '/"friendly_name":"syn-/s/.*"sid":"\(IS[0-9a-f]*\)".*/\1/p'); do
        ask DELETE "/v1/Services/$sid" >/dev/null
    done
    untouched_still
done
echo "$storms storms over rows with a tap: $passes passes, $doubts inconclusive"
[ "$passes" -gt 0 ] || [ "$storms" -eq 0 ] || { echo "FAILED: no row with a tap was judged"; failed=1; }

# --- unwell
i=$((first - 1)) sum=0 judged=0
while [ "$i" -lt "$last" ]; do
    i=$((i + 1))
    what="run $i through faults"
    service=
    [ $((i % 2)) -eq 0 ] && service=$home
    set_network "$i" 150 $service
    rm -rf "$place/out" # with the manifests of undisturbed runs
    "$program" run $rows --seed "$i" --target "$place/target.json" \
        --out "$place/out" >"$place/stdout" 2>&1
    code=$?
    case $code in
    0 | 3 | 69) ;;
    *) complain "exit $code" ;;
    esac
    inconclusive=$(grep -c '^inconclusive' "$place/stdout")
    sum=$((sum + inconclusive))
    echo "$what: exit $code, $inconclusive inconclusive"
    if [ "$code" -ne 69 ]; then
        judged=$((judged + 1))
        compare_verdicts
    fi
    if ! grep -q '^leftovers: none' "$place/stdout"; then
        # What the network kept from being removed, the manifest still knows;
        # and the network is no better now.
        echo "$what: $(grep '^leftovers' "$place/stdout")"
        tries=0
        until "$program" clean --target "$place/target.json" \
            --manifest "$place"/out/manifest-*.jsonl >>"$place/stdout" 2>&1; do
            tries=$((tries + 1))
            [ "$tries" -lt 6 ] && continue
            # What has no name, and whose sid the network kept, ends by its TTL,
            # if it was made at all: the comparison below says whether it was.
            grep '^left ' "$place/stdout" | tail -1 | grep -q 'its TTL ends it' ||
                complain "clean, six times"
            break
        done
    fi
    end_network
    cat "$place/network.log"
    rm -rf "$place/out"
    untouched_still
done
echo "$runs runs through faults, $judged judged, $sum rows inconclusive"
[ $((judged * 2)) -ge "$runs" ] || { echo "FAILED: most runs judged nothing"; failed=1; }

# --- interrupted, and killed, at a random moment
random() { # MAX: from the seed of the kernel
    od -An -N2 -tu2 /dev/urandom | awk -v max="$1" '{ print $1 % max }'
}
begin() { # a run under way; $runner
    set_network "$1" 0 "$([ $(($1 % 2)) -eq 0 ] && echo "$home")"
    "$program" run $rows --target "$place/target.json" --out "$place/out" \
        >"$place/stdout" 2>&1 &
    runner=$!
    moment=$(random 40)
    sleep "$((moment / 10)).$((moment % 10))"
}
i=0
while [ "$i" -lt "$cuts" ]; do
    i=$((i + 1))
    begin "$i"
    what="SIGINT after $moment tenths of a second"
    kill -INT "$runner" 2>/dev/null
    wait "$runner"
    code=$?
    [ "$code" -eq 130 ] || [ "$code" -eq 0 ] || complain "exit $code"
    grep -q '^leftovers: none' "$place/stdout" || complain "leftovers"
    [ -s "$place/out/run.json" ] || complain "no report"
    rm -rf "$place/out"
    untouched_still
done
i=0
while [ "$i" -lt "$kills" ]; do
    i=$((i + 1))
    begin "$i"
    what="kill -9 after $moment tenths of a second"
    kill -KILL "$runner" 2>/dev/null
    wait "$runner" 2>/dev/null
    # A row under way ends in its own time: workers look for their parent
    # between rows. Cleaning beside it would race with what it still makes.
    tries=0
    while grep -qs -- "$place/out" /proc/[0-9]*/cmdline && [ "$tries" -lt 300 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
    for manifest in "$place"/out/manifest-*.jsonl; do
        [ ! -e "$manifest" ] || "$program" clean --target "$place/target.json" \
            --manifest "$manifest" >"$place/stdout" 2>&1 || complain "clean: exit $?"
    done
    rm -rf "$place/out"
    untouched_still
done
exit "$failed"
