#!/bin/sh
# remote_front.sh - a service behind a front that is not ours: nghttpx ends TLS
# and speaks HTTP/2 to REST callers; then over IPv6; then with a certificate for
# another host, and with a CA that nobody gave.
# Usage: remote_front.sh SYNCPROOF. Loopback only; ends what it starts by pid.
# Without nghttpx (Debian: nghttp2-proxy) that part is skipped, exit 77.
set -u
program=$1
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"
pids=
rows='acl/defaults acl/grants/every-combination tok/notice'

trap 'for pid in $pids; do kill -TERM "$pid" 2>/dev/null; done; rm -rf "$place"' EXIT
# shellcheck source=harness/tests/authority.sh
. "$(dirname "$0")/authority.sh"
{
    make_authority
    sign host 'DNS:localhost,IP:127.0.0.1,IP:::1'
    sign stranger 'DNS:stranger.example'
} >"$place/openssl.log" 2>&1 || { cat "$place/openssl.log"; exit 1; }

serve() { # ADDRESS [FLAGS…]
    : >"$place/ready"
    "$program" serve --listen "$@" --limits off >"$place/ready" 2>"$place/log" &
    pids="$pids $!"
    await "$place/ready"
}
target() { # REST SDK [CA]
    cat >"$place/target.json" <<END
{ "name": "front", "rest_url": "$1", "sdk_url": "$2",
  "account_sid": "$(member account_sid)", "api_key": "$(member api_key)",
  "api_secret": "$(member api_secret)", ${3:+\"tls\": {\"ca_file\": \"$3\"\},}
  "budget": {"rest_per_s": 1000, "connects_per_s": 500},
  "eventually": {"ttl_s": 5, "revoke_s": 2, "event_s": 5, "skew_s": 1} }
END
}
run() { # CODE WHAT
    # shellcheck disable=SC2086
    "$program" run $rows --target "$place/target.json" --out "$place/out" \
        >"$place/stdout" 2>&1
    code=$?
    [ "$code" -eq "$1" ] || complain "$2: exit $code, not $1"
}
tls="--tls-cert $place/host.pem --tls-key $place/host.key"

# --- IPv6, plain and with TLS
serve '[::1]:0'
target "$(member rest)" "$(member sdk)"
run 0 "IPv6"
# shellcheck disable=SC2086
serve '[::1]:0' $tls
target "$(member rest)" "$(member sdk)" "$place/ca.pem"
run 0 "IPv6 with TLS"
# --- host names and authorities are checked, on both planes
target "$(member rest)" "$(member sdk)"
run 69 "a CA that nobody gave"
grep -qi 'certificate' "$place/stdout" || complain "the certificate is not named"
serve 127.0.0.1:0 --tls-cert "$place/stranger.pem" --tls-key "$place/stranger.key"
target "$(member rest)" "$(member sdk)" "$place/ca.pem"
run 69 "a certificate of another host"

# --- HTTP/2 by nghttpx
if ! command -v nghttpx >/dev/null; then
    echo "skipped: no nghttpx (Debian package nghttp2-proxy)"
    [ "$failed" -eq 0 ] && exit 77
    exit 1
fi
serve 127.0.0.1:0
behind=$(member rest | sed 's/.*://')
front=
for try in 1 2 3 4 5; do # nghttpx takes no port 0
    port=$(($(od -An -N2 -tu2 /dev/urandom) % 20000 + 30000))
    nghttpx --frontend="127.0.0.1,$port" --backend="127.0.0.1,$behind" --workers=1 \
        --accesslog-file="$place/access.log" --accesslog-format='$request' \
        --errorlog-file="$place/nghttpx.log" --no-ocsp --host-rewrite \
        "$place/host.key" "$place/host.pem" >"$place/nghttpx.out" 2>&1 &
    pid=$!
    tries=0
    while [ "$tries" -lt 40 ] && kill -0 "$pid" 2>/dev/null; do
        curl -s --cacert "$place/ca.pem" -o /dev/null "https://localhost:$port/" && { front=$port; break; }
        tries=$((tries + 1))
        sleep 0.05
    done
    [ -n "$front" ] && { pids="$pids $pid"; break; }
    kill -TERM "$pid" 2>/dev/null
done
[ -n "$front" ] || { complain "nghttpx did not start: $(tail -2 "$place/nghttpx.log" "$place/nghttpx.out")"; exit 1; }
target "https://localhost:$front" "wss://localhost:$front/v3/wsconnect" "$place/ca.pem"
run 0 "HTTP/2 by nghttpx"
[ "$(grep -c ' HTTP/2' "$place/access.log")" -gt 50 ] ||
    complain "REST did not speak HTTP/2: $(head -3 "$place/access.log")"
exit "$failed"
