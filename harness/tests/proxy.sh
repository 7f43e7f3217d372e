# proxy.sh - sourced by tests of proxies: a server, proxies before it and target
# files. Wants program and connect_proxy; sets place, failed, server, through.
# Loopback only; ends what it starts by pid. sync.test is a name that the proxy
# alone knows; canary is a secret that nobody may write down.
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"
# shellcheck source=harness/tests/authority.sh
. "$(dirname "$0")/authority.sh"
unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
proxies=
trap 'for pid in $proxies; do kill -TERM "$pid" 2>/dev/null; done; end_server; rm -rf "$place"' EXIT
canary=Q7canaryQ7
login=$(printf 'al:%s@1' "$canary" | base64) # what the proxy expects
user="al:$canary%401@"                       # the same in its URL
dead=http://127.0.0.1:1
more=        # further members of target files, each with its comma
findings=    # not empty: of the verb's own, so that `fail` is no proxy's
sdk_host=    # of their SDK plane, when it is another host
proxy_ca=ca  # whom they trust of proxies over TLS
{
    make_authority
    mv "$place/ca.pem" "$place/other.pem"
    make_authority
    sign host 'DNS:sync.test'
    sign stranger 'DNS:stranger.example'
    sign proxy 'IP:127.0.0.1'
} >"$place/openssl.log" 2>&1 || fail "openssl: $(tail -1 "$place/openssl.log")"

serve() {
    start_server "$program" serve --listen 127.0.0.1:0 --limits off "$@"
    port=$(member rest | sed 's/.*://')
}
target() { # HOST [USE_PROXY [S]]: `s` for TLS
    cat >"$place/target.json" <<END
{ "name": "far", "rest_url": "http${3:-}://$1:$port", "sdk_url": "ws${3:-}://${sdk_host:-$1}:$port/v3/wsconnect",
  "account_sid": "$(member account_sid)", "api_key": "$(member api_key)",
  "api_secret": "$(member api_secret)", "use_proxy": ${2:-true}, $more
  "tls": {"ca_file": "$place/ca.pem", "proxy_ca_file": "$place/$proxy_ca.pem"},
  "budget": {"rest_per_s": 1000, "connects_per_s": 500},
  "eventually": {"ttl_s": 5, "revoke_s": 2, "event_s": 5, "skew_s": 1} }
END
}
proxy() { # [LOGIN|- [ANSWER|- [CERTIFICATE]]]: sets $through, clears $place/proxy.log
    : >"$place/port"
    # shellcheck disable=SC2086
    "$connect_proxy" "${1:--}" "${2:--}" ${3:+$place/$3.pem $place/$3.key} \
        >"$place/port" 2>"$place/proxy.log" &
    proxies="$proxies $!"
    await "$place/port"
    through=127.0.0.1:$(cat "$place/port")
}
passed() { grep -c "^$1" "$place/proxy.log"; }

# try CODES WHAT VARIABLE=VALUE… COMMAND…: it ends with one of the codes, judges
# no proxy, and tells nobody the proxy's secret.
try() {
    want=$1 what=$2
    shift 2
    rm -rf "$place/out"
    env "$@" --out "$place/out" >"$place/stdout" 2>"$place/stderr"
    code=$?
    case " $want " in
    *" $code "*) ;;
    *) complain "$what: exit $code, not $want" ;;
    esac
    [ -z "$findings" ] && grep -q '^fail ' "$place/stdout" && complain "$what: a proxy was judged"
    grep -rqF -e "$canary" -e "$login" "$place/out" "$place/stdout" "$place/stderr" \
        "$place/proxy.log" "$place/log" 2>/dev/null && complain "$what: the login was written down"
}
