#!/bin/sh
# stress_target.sh SYNCPROOF STAND_IN: the verb stress at a target that
# is not its own service: TLS with a private CA, a manifest, Ctrl-C in the
# middle and during the set-up, renewal through the token endpoint, and the
# small revocation probe. Loopback only; ends what it starts by pid.
#
# A machine that is busy may make a run invalid (exit 3); see stress.sh.
set -u
PROGRAM=$(realpath "$1")
STAND_IN=$(realpath "$2")
WORK=$(mktemp -d "${TMPDIR:-/tmp}/syn-stress-target-XXXXXX")
SERVER=0
TLS=0
APP=0
FAILED=0
SHORT="--clients 24 --workers 2 --duration 2 --warmup 0 --ramp 1 --rate 60 --seed 5"

end_all() {
    for pid in $SERVER $TLS $APP; do
        if [ "$pid" -ne 0 ]; then
            kill -TERM "$pid" 2>/dev/null
            wait "$pid" 2>/dev/null
        fi
    done
    rm -rf "$WORK"
}
trap end_all EXIT
cd "$WORK" || exit 1

fail() {
    echo "stress_target: $*" >&2
    FAILED=1
}

run() {
    STATUS=0
    "$PROGRAM" "$@" >out 2>err || STATUS=$?
}

expect() { # status what
    if [ "$STATUS" -ne "$1" ]; then
        fail "$2: exit $STATUS, not $1"
        cat out err >&2
    fi
}

expect_run() { # status what: or an invalid run
    { [ "$STATUS" -eq 3 ] && grep -q '^inconclusive stress/run/generator' out; } ||
        expect "$1" "$2"
}

has() { # file text
    grep -qF -- "$2" "$1" || fail "$1 lacks: $2"
}

await() { # file text
    left=100
    while ! grep -q -- "$2" "$1" 2>/dev/null && [ "$left" -gt 0 ]; do
        sleep 0.1
        left=$((left - 1))
    done
}

member() { sed "s/.*\"$2\":\"\([^\"]*\)\".*/\1/" "$1"; }

start_server() { # flags
    if [ "$SERVER" -ne 0 ]; then
        kill -TERM "$SERVER"
        wait "$SERVER" 2>/dev/null
    fi
    : >ready
    "$PROGRAM" serve --listen 127.0.0.1:0 "$@" >ready 2>log &
    SERVER=$!
    await ready rest
}

write_target() { # file, more members
    cat >"$1" <<END
{"name": "near", "rest_url": "$(member ready rest)", "sdk_url": "$(member ready sdk)",
 "account_sid": "$(member ready account_sid)", "api_key": "$(member ready api_key)",
 "api_secret": "$(member ready api_secret)", "service_sid": "$(member ready service_sid)",
 "mode": "namespaced"$2}
END
}

no_objects() { # what
    for kind in Documents Lists Maps Streams; do
        curl -s ${CA:+--cacert "$CA"} -u "$(member ready api_key):$(member ready api_secret)" \
            "$(member ready rest)/v1/Services/$(member ready service_sid)/$kind" >page
        has page '"meta"'
        if grep -q '"sid"' page; then
            fail "$1 left $kind: $(head -c 300 page)"
        fi
    done
}

# --- TLS with a CA of one's own -------------------------------------------------------
{
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
        -subj "/CN=syncproof test" -addext "subjectAltName=IP:127.0.0.1,DNS:localhost" \
        -keyout key.pem -out cert.pem
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
        -subj "/CN=another" -keyout other.key -out other.pem
} 2>openssl.log || fail "openssl: $(cat openssl.log)"
start_server --acl on --limits off --tls-cert cert.pem --tls-key key.pem
CA=$WORK/cert.pem
write_target near.json ", \"tls\": {\"ca_file\": \"$CA\"}"
has near.json '"https://127'
has near.json '"wss://127'
write_target far.json ", \"tls\": {\"ca_file\": \"$WORK/other.pem\"}"
# shellcheck disable=SC2086
"$PROGRAM" stress steady $SHORT --target far.json --out far >far.out 2>far.err &
FAR=$!
# shellcheck disable=SC2086
run stress storm $SHORT --target near.json --out tls
expect_run 0 "a run over TLS"
has out "48 ready"
grep -q '"storm.dropped":24,' tls/stress.json || fail "no storm over TLS"
no_objects "a run over TLS"
TLS=$SERVER # goes on: ten seconds pass until the other run gives up
SERVER=0

# --- plain: a manifest line for all that is made, and nothing left ----------------
CA=
start_server --acl on --limits off
write_target near.json ""
# shellcheck disable=SC2086
run stress steady $SHORT --types document,stream --target near.json --out plain
expect_run 0 "a run at a target"
manifest=$(ls plain/manifest-*.jsonl)
has "$manifest" '"do":"make","kind":"document"'
has "$manifest" '"do":"make","kind":"stream"'
has "$manifest" '"do":"make","kind":"grant"'
made=$(grep -c '"do":"make","kind":"[ds]' "$manifest")
gone=$(grep -c '"do":"gone","kind":"[ds]' "$manifest")
[ "$made" -gt 0 ] && [ "$made" -eq "$gone" ] || fail "$made made, $gone gone"
grep '"do":"make","kind":"[ds]' "$manifest" | grep -v '"ttl_s":[1-9]' &&
    fail "something was made without a lifetime"
no_objects "a run that ended"

# --- Ctrl-C in the middle ------------------------------------------------------------
"$PROGRAM" stress steady $SHORT --duration 60 --target near.json --out cut >out 2>err &
pid=$!
left=100 # some of the run, so that there is something to report
while [ "$left" -gt 0 ] && ! grep -qs '"grant"' cut/manifest-*.jsonl; do
    sleep 0.1
    left=$((left - 1))
done
sleep 2
kill -INT "$pid"
STATUS=0
wait "$pid" || STATUS=$?
expect 130 "interrupted at a target"
tail -n 1 out | grep -q '^exit 130: ' || fail "exit 130 without its reason"
for file in junit.xml stress.json run.json latency.hlog; do
    [ -s "cut/$file" ] || fail "an interrupted run left no $file"
done
grep -qE '"send.due":[1-9]' cut/stress.json || fail "it was interrupted before it began"
no_objects "an interrupted run"

# --- Ctrl-C during the set-up: 12,000 objects take longer than that --------------------
"$PROGRAM" stress steady --clients 6000 --workers 1 --subscriptions 8 --duration 5 --ramp 2 \
    --target near.json --out early >out 2>err &
pid=$!
left=100
while [ "$left" -gt 0 ] && ! grep -qs '"made"' early/manifest-*.jsonl; do
    sleep 0.02
    left=$((left - 1))
done
kill -INT "$pid"
STATUS=0
wait "$pid" || STATUS=$?
expect 130 "interrupted during the set-up"
grep -q '"send.due":0' early/stress.json || fail "it was not interrupted during the set-up"
no_objects "a run interrupted during its set-up"

# --- tokens of the app's endpoint, and the small probe ---------------------------------
# Half of the sessions renew when they are told that their token ends soon; what
# the app gives them lasts for hours.
cat >serve.json <<END
{"notice_s": 2, "limits": "off",
 "accounts": [{"account_sid": "$(member ready account_sid)", "auth_token": "of the account",
   "keys": [{"api_key": "$(member ready api_key)", "api_secret": "of the key"}],
   "services": [{"service_sid": "$(member ready service_sid)", "acl_enabled": true}]}]}
END
cp ready before
start_server --config serve.json
# It tells no secrets of its own file.
echo "{\"rest\":\"$(member ready rest)\",\"sdk\":\"$(member ready sdk)\"," \
    "\"account_sid\":\"$(member before account_sid)\",\"auth_token\":\"of the account\"," \
    "\"api_key\":\"$(member before api_key)\",\"api_secret\":\"of the key\"," \
    "\"service_sid\":\"$(member before service_sid)\"}" >now
mv now ready
"$STAND_IN" issuer/caller-names-identity receiver/good "$(member ready api_key)" \
    "$(member ready api_secret)" "$(member ready account_sid)" \
    "$(member ready service_sid)" "$(member ready auth_token)" >door 2>door.err &
APP=$!
await door issuer
endpoint() { # method, URL
    cat <<END
, "token_endpoint": {"audience": "known", "method": "$1", "url": "$2",
  "token_at": "/token", "identity_param": "identity",
  "users": [{"headers": {"Cookie": "session=s-2c9f14d0"}, "identity": "any"}]}
END
}
expire() { # folder, URL: judged by its counters
    write_target near.json "$(endpoint POST "$2")"
    # shellcheck disable=SC2086
    run stress expire $SHORT --duration 4 --target near.json --out "$1"
}
expire app "$(member door issuer)"
expect_run 0 "renewal through the app"
grep -qE '"renew.done":(9|1[0-9]),"renew.failed":0' app/stress.json ||
    fail "the app did not renew: $(grep -o '"renew[a-z.]*":[0-9]*' app/stress.json | tr '\n' ' ')"
expire lost "$(member door issuer | sed 's/token$/elsewhere/')"
grep -qE '"renew.done":0,"renew.failed":[1-9]' lost/stress.json ||
    fail "an endpoint that gives nothing renewed tokens"
kill -TERM "$APP"
wait "$APP" 2>/dev/null
APP=0
write_target near.json ""
run stress revoke --clients 4 --workers 1 --rate 4 --duration 3 --ramp 1 --warmup 0 \
    --target near.json --out probe --threshold 'revoke.latency.p99<2s'
expect_run 0 "the small probe"
grep -qE '"revoke.done":[1-9]' probe/stress.json || fail "the probe revoked nothing"
no_objects "the small probe"

STATUS=0
wait "$FAR" || STATUS=$?
expect 69 "a certificate of another CA"

[ "$FAILED" -eq 0 ] && echo "stress_target: all as expected"
exit "$FAILED"
