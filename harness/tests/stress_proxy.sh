#!/bin/sh
# stress_proxy.sh - a load at a target behind a proxy: plain and over TLS, its
# login, and proxies that break down. Usage: stress_proxy.sh SYNCPROOF
# CONNECT_PROXY. A busy machine may make a run invalid (exit 3); see stress.sh.
set -u
program=$1
connect_proxy=$2
# shellcheck source=harness/tests/proxy.sh
. "$(dirname "$0")/proxy.sh"

stress() { # CODES WHAT PROFILE VARIABLE=VALUE…
    codes=$1 title=$2 profile=$3
    shift 3
    try "$codes" "$title" "$@" "$program" stress "$profile" --clients 24 --workers 2 \
        --duration 2 --warmup 0 --ramp 1 --rate 60 --seed 5 --target "$place/target.json"
}
judged() { # a good run: all sessions were there, twice when they were dropped
    grep -q "$1 ready" "$place/stdout" || complain "$what: not all sessions connected"
    [ "$(passed 'CONNECT sync.test')" -ge "$1" ] || complain "$what: they went elsewhere"
    [ "$(passed PASS)" -eq 0 ] || complain "$what: REST did not go by CONNECT"
    if [ "$code" -eq 3 ] && ! grep -q '^inconclusive stress/run/generator' "$place/stdout"; then
        complain "$what: nothing was judged"
    fi
}

may_load() { # the name is no loopback's
    more="\"service_sid\": \"$(member service_sid)\", \"mode\": \"disruptive\",
  \"authorisation\": {\"reference\": \"ours\", \"until\": \"2099-12-31\"},"
}

# --- through it, with no other way
serve --acl on
may_load
target sync.test
proxy "$login"
stress "0 3" "http and ws through a proxy" storm http_proxy="http://$user$through"
judged 48
grep -q 'without login' "$place/proxy.log" && complain "$what: asked without"
proxy "$login" - proxy
stress "0 3" "http and ws in the TLS of a proxy" steady http_proxy="https://$user$through"
judged 24

# --- proxies that let nothing pass
proxy "$login"
stress 69 "407" steady http_proxy="http://al:wrong@$through"
grep -q 'answered CONNECT with 407' "$place/stdout" || complain "$what: the reason is not told"
for way in 502 close garbage long cut hang; do
    proxy - "$way"
    stress 69 "$way" steady http_proxy="http://$through"
done
stress 69 "no proxy there" steady http_proxy=$dead
stress 64 "a proxy of another kind" steady http_proxy="socks5://$user$through"
grep -q http_proxy "$place/stderr" || complain "$what: the variable is not named"

# --- the SDK plane alone has no way: nobody was judged
sdk_host=sync.test
target 127.0.0.1
proxy - close
stress "3 69" "web sockets alone find no way" steady http_proxy="http://$through" NO_PROXY=127.0.0.1
grep -q 'sync.test:[0-9]*: the proxy' "$place/stdout" || complain "$what: the reason is not told"
proxy
last=${proxies##* } # ended as soon as all are there; the storm then cuts them off
(
    tries=0
    while [ "$(passed 'CONNECT sync.test')" -lt 24 ] && [ "$tries" -lt 400 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    kill -TERM "$last"
) &
stress "3 69" "a proxy that is gone in the middle" storm http_proxy="http://$through" NO_PROXY=127.0.0.1
[ "$(passed 'CONNECT sync.test')" -ge 24 ] || complain "$what: it never was there"
sdk_host=

# --- TLS in the tunnel, and in the TLS of the proxy
serve --acl on --tls-cert "$place/host.pem" --tls-key "$place/host.key"
may_load
target sync.test true s
proxy "$login"
stress "0 3" "https and wss through a proxy" steady https_proxy="http://$user$through"
judged 24
proxy "$login" - proxy
stress "0 3" "TLS in TLS" storm https_proxy="https://$user$through"
judged 48
proxy - - stranger
stress 69 "a certificate of another proxy" steady https_proxy="https://$through"
grep -q "the proxy's TLS" "$place/stdout" || complain "$what: the reason is not told"
[ -s "$place/proxy.log" ] && complain "$what: it was asked"

exit "$failed"
