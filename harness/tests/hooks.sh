#!/bin/sh
# hooks.sh - webhooks at a target: rows bring their own sink where the target
# file says one may listen, and a service that posts to somebody else is left
# alone. Usage: hooks.sh SYNCPROOF
set -u
program=$1
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"

sid=11111111111111111111111111111111
cat >"$place/serve.json" <<JSON
{"accounts": [{
  "account_sid": "AC$sid", "auth_token": "token of the account",
  "keys": [{"api_key": "SK$sid", "api_secret": "secret of the key", "kind": "main"}],
  "services": [
    {"service_sid": "IS$sid", "unique_name": "default", "webhook_url": "https://hooks.example/others"},
    {"service_sid": "IS22222222222222222222222222222222"}]
}]}
JSON
start_server "$program" serve --listen 127.0.0.1:0 --limits off --virtual-clock \
    --config "$place/serve.json"
rest=$(member rest)

# target NAME MEMBERS…: a target file with more members.
target() {
    cat >"$place/$1.json" <<JSON
{"name": "$1", "rest_url": "$rest", "sdk_url": "ws${rest#http}/v3/wsconnect",
 "account_sid": "AC$sid", "api_key": "SK$sid", "api_secret": "secret of the key",
 "auth_token": "token of the account", "clock": "virtual", "budget": {"rest_per_s": 1000, "connects_per_s": 500}, "mode": "namespaced"$2}
JSON
}

# expect CODE TEXT NAME SELECT: exit code, and a line that is printed.
expect() {
    "$program" run "$4" --target "$place/$3.json" --jobs 2 --out "$place/out" \
        >"$place/said" 2>&1
    code=$?
    if [ "$code" -ne "$1" ] || ! grep -q "$2" "$place/said"; then
        echo "FAILED: $3: exit $code, not $1, or no \"$2\""
        sed 's/^/    /' "$place/said"
        failed=1
    fi
}

open='"webhook": {"listen": "127.0.0.1:0"}'
target bare ""
target own ", $open"
# A port below those that systems hand out, so that only another test could hold
# it; of the pid, so that none does.
target one-port ", \"webhook\": {\"listen\": \"127.0.0.1:$((20000 + $$ % 10000))\"}"
target named ", \"service_sid\": \"IS$sid\""
target second ", \"second_service_sid\": \"IS$sid\""
target allowed ", \"service_sid\": \"IS$sid\", \"allow_webhooks\": true"
target ours ", \"service_sid\": \"IS$sid\", \"webhook\": {\"listen\": \"127.0.0.1:0\", \"public_url\": \"https://hooks.example/others\"}"
target silent ', "service_sid": "IS22222222222222222222222222222222"'

expect 0 'pass         whk/signature/covers-query' own whk/signature
expect 0 'leftovers: none' own acl/hooks/detect
expect 0 'pass         whk/signature/verifies\[map\]' one-port whk/signature
expect 3 'the target file has no webhook sink' bare whk/signature
expect 69 'posts webhooks to somebody else' named acl/off/rows
expect 69 'posts webhooks to somebody else' second acl/off/rows
expect 0 'verdicts: 3 pass' allowed acl/off/rows
expect 0 'verdicts: 3 pass' ours acl/off/rows
expect 0 'verdicts: 3 pass' silent acl/off/rows
exit "$failed"
