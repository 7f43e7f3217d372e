#!/bin/sh
# remote_proxy.sh - the way to a target: proxies of the environment on both
# planes, exceptions from them, and names that are resolved once.
# Usage: remote_proxy.sh SYNCPROOF CONNECT_PROXY FICKLE_RESOLVER. Loopback only;
# ends what it starts by pid. sync.test is a name that the proxy alone knows.
set -u
program=$1
connect_proxy=$2
fickle=$3
# shellcheck source=harness/tests/proxy.sh
. "$(dirname "$0")/proxy.sh"
rows='acl/defaults/rest-created-closed sdk/requests/unknown-name sdk/frames/unmasked sdk/channels/reply-lost'

run() { # CODES WHAT VARIABLE=VALUE…
    codes=$1 title=$2
    shift 2
    # shellcheck disable=SC2086
    try "$codes" "$title" "$@" "$program" run $rows --target "$place/target.json"
}

# --- through it, with no other way
serve
target sync.test
proxy
run 0 "http and ws through a proxy" http_proxy="http://$through"
[ "$(passed 'PASS sync.test')" -gt 5 ] || complain "$what: REST went elsewhere"
[ "$(passed 'CONNECT sync.test')" -gt 2 ] || complain "$what: web sockets went elsewhere"
run 0 "all_proxy, no scheme" ALL_PROXY="$through"
run 69 "HTTP_PROXY alone, which libcurl ignores too" HTTP_PROXY="http://$through"
run 69 "no proxy in the environment"
target 127.0.0.1 false
run 0 "a file that does not say use_proxy" http_proxy=$dead all_proxy=$dead
[ "$(passed CONNECT)" -gt 0 ] || complain "$what: the log is not this one"

# --- exceptions
target 127.0.0.1
for list in '127.0.0.1' 'example.com,127.0.0.0/8' '*'; do
    run 0 "NO_PROXY $list" http_proxy=$dead NO_PROXY="$list"
done
run 69 "NO_PROXY of another" http_proxy=$dead NO_PROXY='127.0.0.2,.0.0.1'

# A list may name one port, and IPv6 is spelled with brackets.
for list in "127.0.0.1:$port" "[::1]:1,127.0.0.1:$port"; do
    run 0 "NO_PROXY $list" http_proxy=$dead no_proxy="$list"
done
run 69 "NO_PROXY of another port" http_proxy=$dead NO_PROXY=127.0.0.1:1
target sync.test
run 0 "NO_PROXY of others" http_proxy="http://$through" NO_PROXY="127.0.0.1,.other.test,[::1]:$port,sync.test:1"
run 69 "NO_PROXY of a suffix" http_proxy="http://$through" NO_PROXY=.test

# --- credentials: sent to the proxy, told to nobody
proxy "$login"
run 0 "a proxy that wants a login" http_proxy="http://$user$through"
grep -q 'without login' "$place/proxy.log" && complain "$what: asked without"
run 69 "407" http_proxy="http://al:wrong@$through"
grep -q '407' "$place/stdout" || complain "$what: the reason is not told"
proxy - 502
run "3 75" "502 to everything" http_proxy="http://$through"

# --- proxies that break down, for both planes and for the SDK plane alone
rows=acl/defaults/creator-alone
for way in close garbage long cut; do
    sdk_host=
    target sync.test
    proxy - "$way"
    run 69 "$way" http_proxy="http://$through"
    sdk_host=sync.test
    target 127.0.0.1
    run "3 69" "$way, web sockets alone" http_proxy="http://$through" NO_PROXY=127.0.0.1
    grep -q 'the proxy' "$place/stdout" || complain "$what: the reason is not told"
done
proxy - hang
run "3 69" "hang, web sockets alone" http_proxy="http://$through" NO_PROXY=127.0.0.1
grep -q 'timed out' "$place/stdout" || complain "$what: the reason is not told"
sdk_host=
target sync.test
run 69 "hang" http_proxy="http://$through"
rows='acl/defaults/rest-created-closed sdk/requests/unknown-name sdk/frames/unmasked sdk/channels/reply-lost'

# --- what we cannot use is said before anything is sent
run 64 "a proxy of another kind" http_proxy="socks5://al:$canary@$through"
grep -q 'http_proxy' "$place/stderr" || complain "$what: the variable is not named"

# --- embedded runs ignore it, whatever the verb, and so do target files without use_proxy
plan=$(dirname "$0")/../../fixtures/plans/small.json
trace=$(dirname "$0")/../../fixtures/traces/dashboard.jsonl
nowhere() { # CODES VERB…
    codes=$1
    shift
    try "$codes" "$1 ignores it" http_proxy=$dead https_proxy=$dead HTTPS_PROXY=$dead \
        all_proxy=$dead ALL_PROXY=$dead "$program" "$@"
}
nowhere 0 run acl/defaults whk/delivery
nowhere "0 1" gate "$plan"
grep -q '^READY' "$place/stdout" || complain "$what: nothing was judged"
findings=real # what would break at the flip is no word about a proxy
nowhere 1 dryrun "$trace"
findings=
nowhere "0 3" stress steady --clients 4 --workers 1 --duration 1 --warmup 0 --ramp 0 --rate 4
grep -q '4 ready' "$place/stdout" || complain "$what: nobody connected"
more="\"service_sid\": \"$(member service_sid)\","
target 127.0.0.1 false
nowhere "0 1" audit --target "$place/target.json"
nowhere "0 1" gate "$plan" --target "$place/target.json"
grep -q '^READY' "$place/stdout" || complain "$what: nothing was judged"

# --- the other verbs take it where the file says so
proxy "$login"
target sync.test
through_it() { # CODES VERB…
    codes=$1
    shift
    : >"$place/proxy.log"
    try "$codes" "$1 through a proxy" http_proxy="http://$user$through" "$program" "$@" \
        --target "$place/target.json"
    [ "$(passed PASS)" -gt 0 ] || complain "$what: it went elsewhere"
}
through_it "0 1" audit
through_it "0 1" gate "$plan"
grep -q '^READY' "$place/stdout" || complain "$what: nothing was judged"
[ "$(passed CONNECT)" -gt 0 ] || complain "$what: web sockets went elsewhere"
more=

# --- TLS inside the tunnel: the certificate is the target's, not the proxy's
serve --tls-cert "$place/host.pem" --tls-key "$place/host.key"
target sync.test true s
proxy
run 0 "https and wss through a proxy" https_proxy="http://$through"
[ "$(passed 'CONNECT sync.test')" -gt 3 ] || complain "$what: they went elsewhere"
[ "$(passed 'PASS')" -eq 0 ] || complain "$what: a secret went in the clear"
proxy - 407
run 69 "407 to CONNECT" https_proxy="http://$through"
proxy - 502
run 69 "502 to CONNECT" HTTPS_PROXY="http://$through"
for way in close garbage long cut; do
    proxy - "$way"
    run 69 "$way in answer to CONNECT" https_proxy="http://$through"
done

# --- a proxy that is itself reached over TLS
proxy "$login" - proxy
run 0 "TLS in TLS" https_proxy="https://$user$through"
[ "$(passed 'CONNECT sync.test')" -gt 3 ] || complain "$what: they went elsewhere"
run 69 "407 in TLS" https_proxy="https://$through"
run 69 "plain words to a proxy over TLS" https_proxy="http://$user$through"
proxy
run 69 "TLS to a plain proxy" https_proxy="https://$through"
proxy - - stranger
run 69 "a certificate of another proxy" https_proxy="https://$through"
[ -s "$place/proxy.log" ] && complain "$what: it was asked"
proxy - - proxy
proxy_ca=other
target sync.test true s
run 69 "a proxy of another authority" https_proxy="https://$through"
[ -s "$place/proxy.log" ] && complain "$what: it was asked"
proxy_ca=ca
serve
target sync.test
proxy "$login" - proxy
run 0 "http and ws in the TLS of a proxy" http_proxy="https://$user$through"
[ "$(passed 'PASS sync.test')" -gt 5 ] || complain "$what: REST went elsewhere"
[ "$(passed 'CONNECT sync.test')" -gt 2 ] || complain "$what: web sockets went elsewhere"
sdk_host=sync.test
rows=acl/defaults/creator-alone
target 127.0.0.1
for way in close garbage long cut; do
    proxy - "$way" proxy
    run "3 69" "$way in TLS, web sockets alone" http_proxy="https://$through" NO_PROXY=127.0.0.1
    grep -q 'the proxy' "$place/stdout" || complain "$what: the reason is not told"
done
sdk_host=
rows='acl/defaults/rest-created-closed sdk/requests/unknown-name sdk/frames/unmasked sdk/channels/reply-lost'

# --- another host behind the tunnel, another host's certificate
proxy
serve --tls-cert "$place/stranger.pem" --tls-key "$place/stranger.key"
target sync.test true s
run 69 "another host behind the tunnel" https_proxy="http://$through"

# --- a name is resolved once, for both planes and all workers
serve
target sync.test false
run 0 "a name whose address changes" LD_PRELOAD="$fickle" FICKLE_LOG="$place/asked" \
    ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0"
[ "$(wc -c <"$place/asked")" -eq 1 ] || complain "$what: asked $(wc -c <"$place/asked") times"
rm -f "$place/asked"
run 69 "a name that does not resolve"
grep -q 'cannot resolve sync.test' "$place/stdout" || complain "$what: the name is not told"

exit "$failed"
