#!/bin/sh
# outsiders.sh - rows about issuer, receiver and set-up at a target: what its
# file names is judged, a sound one passes, a bad one is found. Source: design
# sections 4 and 7.
# Usage: outsiders.sh SYNCPROOF STAND_IN FIXTURES. Loopback only; ends what it
# starts by pid.
set -u
program=$1
stand_in=$2
fixtures=$3
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"
app=0
secret=
token=

end_app() {
    if [ "$app" -ne 0 ]; then
        kill -TERM "$app" 2>/dev/null
        wait "$app" 2>/dev/null || complain "the stand-in did not end well"
        app=0
    fi
}

trap 'end_app; end_server; rm -rf "$place"' EXIT

door() { sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/" "$place/door"; }

serve() { # [FLAGS…]
    start_server "$program" serve --listen 127.0.0.1:0 "$@"
}

start_app() { # ISSUER RECEIVER
    end_app
    : >"$place/door"
    "$stand_in" "$1" "$2" "$(member api_key)" "$(member api_secret)" \
        "$(member account_sid)" "$(member service_sid)" \
        "$(member auth_token)" >"$place/door" &
    app=$!
    await "$place/door"
}

write_target() { # MODE MORE
    cat >"$place/target.json" <<END
{ // made by outsiders.sh
  "name": "outsiders", "rest_url": "$(member rest)", "sdk_url": "$(member sdk)",
  "account_sid": "$(member account_sid)", "api_key": "$(member api_key)",
  "api_secret": "${secret:-$(member api_secret)}",
  "auth_token": "${token:-$(member auth_token)}",
  "service_sid": "$(member service_sid)", "mode": "$1",
  "allow_webhooks": true, // those of the set-ups; readonly rows cause none
  "budget": {"rest_per_s": 1000, "connects_per_s": 500},
  "eventually": {"ttl_s": 5, "revoke_s": 2, "event_s": 2, "skew_s": 1}$2
}
END
}

doors() {
    cat <<END
,
  "token_endpoint": {"audience": "known", "method": "POST", "url": "$(door issuer)",
    "token_at": "/token", "identity_param": "identity",
    "users": [{"headers": {"Cookie": "session=s-2c9f14d0"}, "identity": "9b2f61c4-7a0d-4f7e-9c55-1d3e8a6b7f01"},
              {"headers": {"Cookie": "session=s-83b7ea55"}, "identity": "4e0c7d9a-52b8-4b1f-8f63-a7c2d5e90b12"}]},
  "webhook": {"receiver": "$(door receiver)"}
END
}

run() { # CODE WHAT LINE SELECT…: the exit code, and a line of the output
    want=$1 what=$2 line=$3
    shift 3
    "$program" run "$@" --target "$place/target.json" --out "$place/out" \
        >"$place/stdout" 2>"$place/stderr"
    code=$?
    [ "$code" -eq "$want" ] || complain "$what: exit $code, not $want"
    grep -q "$line" "$place/stdout" || complain "$what: no line \"$line\""
}

serve
start_app issuer/good receiver/good
write_target namespaced "$(doors)"
run 0 "a sound app" "^verdicts: 15 pass 0 fail 1 info 1 skipped" \
    tok/issuer tok/issued tok/bearer/issuer-keeps-it-out-of-urls \
    tok/bearer/not-cacheable tok/bearer/rate-limited whk/receiver
write_target readonly "$(doors)"
run 3 "a sound app, readonly" "^skipped *tok/issuer/knows-callers" tok/issuer
write_target namespaced ""
run 3 "no app named" "^skipped *whk/receiver/refuses-forged" whk/receiver

start_app issuer/open-to-anyone receiver/no-check
write_target namespaced "$(doors)"
run 1 "an open issuer" "^fail *tok/issuer/knows-callers" tok/issuer
run 1 "a receiver that checks nothing" "^fail *whk/receiver/refuses-forged" \
    whk/receiver
end_app

# A service of a file does not print the file's secrets.
secret=throw-away-secret
token=throw-away-auth-token
serve --config "$fixtures/audits/good.json"
write_target readonly ""
run 0 "a sound set-up, readonly" "^pass *acl/audit/one-writer" acl/audit
serve --config "$fixtures/audits/bad-shared-write.json"
write_target readonly ""
run 1 "shared writing" "acl/audit/one-writer" acl/audit --strict
serve --config "$fixtures/audits/bad-acl-off.json"
write_target readonly ""
run 1 "ACLs off" "acl/audit/acl-is-on" acl/audit --strict
exit "$failed"
