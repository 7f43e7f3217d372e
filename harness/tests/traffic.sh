#!/bin/sh
# traffic.sh - renew scenarios/traffic.inc from a run against the reference
# service in another process. Usage: traffic.sh SYNCPROOF EXERCISE_ROWS OUTPUT.
# About five minutes: one row waits for a token of that life.
set -eu
program=$1
rows=$2
output=$3
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"
start_server "$program" serve --listen 127.0.0.1:0 --limits off
cat >"$place/target.json" <<END
{ "name": "counted", "rest_url": "$(member rest)", "sdk_url": "$(member sdk)",
  "account_sid": "$(member account_sid)", "api_key": "$(member api_key)",
  "api_secret": "$(member api_secret)", "auth_token": "$(member auth_token)",
  "webhook": {"listen": "127.0.0.1:0"},
  "budget": {"rest_per_s": 1000, "connects_per_s": 500, "requests": 200000, "writes": 100000},
  "eventually": {"ttl_s": 5, "revoke_s": 2, "event_s": 2, "skew_s": 1} }
END
"$program" run -q --target "$place/target.json" --out "$place/out"
"$rows" "$place/out/run.json" traffic >"$place/traffic.inc"
[ -s "$place/traffic.inc" ]
cp "$place/traffic.inc" "$output"
