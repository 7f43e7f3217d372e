#!/bin/sh
# remote_proxy.sh - the way to a target: proxies of the environment on both
# planes, exceptions from them, and names that are resolved once.
# Usage: remote_proxy.sh SYNCPROOF CONNECT_PROXY FICKLE_RESOLVER. Loopback only;
# ends what it starts by pid. sync.test is a name that the proxy alone knows.
set -u
program=$1
connect_proxy=$2
fickle=$3
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"
unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
proxies=
trap 'for pid in $proxies; do kill -TERM "$pid" 2>/dev/null; done; end_server; rm -rf "$place"' EXIT
rows='acl/defaults/rest-created-closed sdk/requests/unknown-name sdk/frames/unmasked sdk/channels/reply-lost'
canary=Q7canaryQ7
dead=http://127.0.0.1:1

serve() {
    start_server "$program" serve --listen 127.0.0.1:0 --limits off "$@"
    port=$(member rest | sed 's/.*://')
}
target() { # HOST [USE_PROXY [S]]: `s` for TLS
    cat >"$place/target.json" <<END
{ "name": "far", "rest_url": "http${3:-}://$1:$port", "sdk_url": "ws${3:-}://$1:$port/v3/wsconnect",
  "account_sid": "$(member account_sid)", "api_key": "$(member api_key)",
  "api_secret": "$(member api_secret)", "use_proxy": ${2:-true}, ${3:+\"tls\": {\"ca_file\": \"$place/ca.pem\"\},}
  "budget": {"rest_per_s": 1000, "connects_per_s": 500},
  "eventually": {"ttl_s": 5, "revoke_s": 2, "event_s": 5, "skew_s": 1} }
END
}
proxy() { # [LOGIN [STATUS]]: sets $through and clears $place/proxy.log
    : >"$place/port"
    "$connect_proxy" "$@" >"$place/port" 2>"$place/proxy.log" &
    proxies="$proxies $!"
    tries=0
    while [ ! -s "$place/port" ] && [ "$tries" -lt 200 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    through=127.0.0.1:$(cat "$place/port")
}
run() { # CODE WHAT VARIABLE=VALUE…
    want=$1 what=$2
    shift 2
    rm -rf "$place/out"
    # shellcheck disable=SC2086
    env "$@" "$program" run $rows --target "$place/target.json" --out "$place/out" \
        >"$place/stdout" 2>"$place/stderr"
    code=$?
    case " $want " in
    *" $code "*) ;;
    *) complain "$what: exit $code, not $want" ;;
    esac
    grep -q '^fail ' "$place/stdout" && complain "$what: a proxy was judged"
}
passed() { grep -c "^$1" "$place/proxy.log"; }

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

# --- credentials: sent to the proxy, told to nobody
proxy "$(printf 'al:%s@1' "$canary" | base64)"
target sync.test
run 0 "a proxy that wants a login" http_proxy="http://al:$canary%401@$through"
grep -q 'without login' "$place/proxy.log" && complain "$what: asked without"
grep -rq "$canary" "$place/out" "$place/stdout" "$place/stderr" && complain "$what: it was written down"
run 69 "407" http_proxy="http://al:wrong@$through"
grep -q '407' "$place/stdout" || complain "$what: the reason is not told"
proxy - 502
run "3 75" "502 to everything" http_proxy="http://$through"

# --- what we cannot use is said before anything is sent
run 64 "a proxy of another kind" http_proxy="socks5://al:$canary@$through"
grep -q 'http_proxy' "$place/stderr" || complain "$what: the variable is not named"
grep -q "$canary" "$place/stderr" && complain "$what: it was written down"
proxy
env http_proxy="http://$through" "$program" stress steady --clients 1 --duration 1 \
    --target "$place/target.json" --out "$place/out" >"$place/stdout" 2>"$place/stderr"
[ $? -eq 64 ] || complain "a load through a proxy is not refused"
[ ! -s "$place/proxy.log" ] || complain "a load went through a proxy"

# --- embedded runs ignore it
rm -rf "$place/out"
env http_proxy=$dead https_proxy=$dead all_proxy=$dead "$program" run acl/defaults \
    --out "$place/out" >"$place/stdout" 2>"$place/stderr" || complain "an embedded run: exit $?"

# --- TLS inside the tunnel: the certificate is the target's, not the proxy's
# shellcheck source=harness/tests/authority.sh
. "$(dirname "$0")/authority.sh"
{
    make_authority
    sign host 'DNS:sync.test'
    sign stranger 'DNS:stranger.example'
} >"$place/openssl.log" 2>&1 || complain "openssl: $(tail -1 "$place/openssl.log")"
serve --tls-cert "$place/host.pem" --tls-key "$place/host.key"
target sync.test true s
run 0 "https and wss through a proxy" https_proxy="http://$through"
[ "$(passed 'CONNECT sync.test')" -gt 3 ] || complain "$what: they went elsewhere"
[ "$(passed 'PASS')" -eq 0 ] || complain "$what: a secret went in the clear"
proxy - 407
run 69 "407 to CONNECT" https_proxy="http://$through"
proxy - 502
run 69 "502 to CONNECT" HTTPS_PROXY="http://$through"
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
