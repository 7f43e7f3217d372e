#!/bin/sh
# remote_access.sh - targets of which we have only a part: tokens that somebody
# minted beforehand, REST credentials without a key, tokens alone, and reading
# only. Each judges some rows and says of the others why not.
# Source: design section 4. Usage: remote_access.sh SYNCPROOF. Loopback only.
set -u
program=$1
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"

ask() { # METHOD PATH [FORM]: as the account, past the guard
    curl -s -X "$1" -u "$(member account_sid):$(member auth_token)" \
        ${3:+--data "$3"} "$(member rest)$2"
}

start_server "$program" serve --listen 127.0.0.1:0 --acl on --limits off
home=$(member service_sid)
planes="\"name\": \"part\", \"rest_url\": \"$(member rest)\", \"sdk_url\": \"$(member sdk)\",
  \"account_sid\": \"$(member account_sid)\""
rest="\"auth_token\": \"$(member auth_token)\""
pace='"budget": {"rest_per_s": 1000, "connects_per_s": 500},
  "eventually": {"ttl_s": 5, "revoke_s": 1, "event_s": 2, "skew_s": 1}'

# Somebody who has the key mints.
echo "{ $planes, \"api_key\": \"$(member api_key)\", \"api_secret\": \"$(member api_secret)\",
  \"service_sid\": \"$home\" }" >"$place/owner.json"
mint() { "$program" token mint --target "$place/owner.json" --identity "$1" --ttl "${2:-3600}"; }
A_TOKEN=$(mint alice)
B_TOKEN=$(mint bob)
C_TOKEN=$(mint carol)
D_TOKEN=$(mint dora 1)
export A_TOKEN B_TOKEN C_TOKEN D_TOKEN
tokens='"tokens": {"alice": "env:A_TOKEN", "bob": "env:B_TOKEN", "carol": "env:C_TOKEN"}'

target() { # MEMBERS…: of the target file
    echo "{ $planes, $pace" >"$place/target.json"
    for one in "$@"; do echo ", $one" >>"$place/target.json"; done
    echo "}" >>"$place/target.json"
}
run() { # CODE WHAT SELECT…
    want=$1 what=$2
    shift 2
    rm -rf "$place/out"
    "$program" run "$@" --target "$place/target.json" --out "$place/out" \
        >"$place/stdout" 2>"$place/stderr"
    code=$?
    [ "$code" -eq "$want" ] || complain "$what: exit $code, not $want"
    for token in "$A_TOKEN" "$B_TOKEN" "$C_TOKEN"; do
        grep -rq -- "$token" "$place/out" "$place/stdout" "$place/stderr" 2>/dev/null &&
            complain "$what: a token was written"
    done
}
says() { grep -q -- "$1" "$place/stdout" "$place/stderr" || complain "$what: no \"$1\""; }
passes() { grep -q "^pass  *$1" "$place/stdout" || complain "$what: $1 did not pass"; }
skips() { # ROW REASON
    grep -q "^skipped  *$1.*: .*$2" "$place/stdout" || complain "$what: $1 not skipped for \"$2\""
}
nothing_left() {
    left=$(for kind in Documents Lists Maps Streams; do
        ask GET "/v1/Services/$home/$kind?PageSize=100"
    done | grep -o '"sid":"[^"]*"' | sort -u)
    [ "$left" = "$theirs" ] || complain "$what: left $left"
    says '^leftovers: none'
}

switch() { ask POST "/v1/Services/$home" "AclEnabled=$1" >/dev/null; }

# Theirs: alice may read it, and it stays as it is.
ask POST "/v1/Services/$home/Documents" 'UniqueName=theirs&Data=%7B%22n%22%3A1%7D' >/dev/null
ask POST "/v1/Services/$home/Documents/theirs/Permissions/alice" 'Read=true&Write=true&Manage=true' >/dev/null
theirs=$(ask GET "/v1/Services/$home/Documents" | grep -o '"sid":"[^"]*"')
before=$(ask GET "/v1/Services/$home/Documents/theirs")

# --- tokens and REST credentials: rows with as many identities as are given
target "$rest" "$tokens"
run 0 "tokens" acl/defaults acl/grants acl/races acl/revocation/by-flags \
    sdk/reconnect tok/forged tok/lifetime
says '^can: rest given-tokens'
says 'the service that the target file names'
passes acl/defaults/creator-alone
passes acl/grants/one-pair-only
passes acl/grants/identity-never-seen
passes acl/revocation/by-flags
skips tok/forged 'a token that the row makes itself'
skips tok/lifetime/expired-is-refused 'a token that the row makes itself'
skips acl/defaults/system-is-nobody 'without the prefix\|a token that the row makes'
grep -q '"identity":"alice"' "$place"/out/manifest-*.jsonl ||
    complain "$what: no grant to a given identity"
nothing_left

target "$rest" '"tokens": {"alice": "env:A_TOKEN"}'
run 3 "one token" acl/defaults/creator-alone
skips acl/defaults/creator-alone 'more identities than the 1 that the target file has tokens for'
nothing_left

# --- REST credentials alone: what needs a session is skipped
switch false
target "$rest" "\"service_sid\": \"$home\""
run 0 "REST alone" rest/bodies rest/revisions acl/defaults tok/lifetime
says '^cannot: the target file has neither a key that signs tokens nor tokens'
grep -q '^pass  *rest/bodies/' "$place/stdout" || complain "$what: no row of REST passed"
skips tok/lifetime/expired-is-refused 'neither a key that signs tokens nor tokens'
nothing_left
target "$rest"
run 0 "REST alone, services of the run" rest/revisions acl/defaults
says 'services made for this run'
nothing_left

# --- tokens alone: no REST at all
target "$tokens"
run 0 "tokens alone" sdk/shapes sdk/queries sdk/continuation/spoilt acl/defaults tok/notice
says '^cannot: the target file has no REST credentials'
grep -q '^pass  *sdk/' "$place/stdout" || complain "$what: no row of the SDK plane passed"
skips acl/defaults/creator-alone 'no REST credentials\|nobody says whether ACLs are on'
nothing_left

# --- readonly: nothing changes, whoever asks
target "$rest" "$tokens" '"mode": "readonly"'
run 0 "readonly, ACLs off" rest tok/notice
passes rest/lives/body
skips tok/notice/at-once 'a token that the row makes itself'
skips rest/revisions/count-up 'readonly'
switch true
run 0 "readonly, ACLs on" acl/audit sdk/continuation/spoilt acl/grants
grep -q '^\(pass\|warning\|info\)  *acl/audit/' "$place/stdout" || complain "$what: no row of the audit"
passes sdk/continuation/spoilt
skips acl/grants/one-pair-only 'readonly'
ls "$place"/out/manifest-* >/dev/null 2>&1 && complain "$what: a manifest"

[ "$before" = "$(ask GET "/v1/Services/$home/Documents/theirs")" ] ||
    complain "what is theirs has changed"

# --- mistakes of the file: nothing is sent
sleep 1
for wrong in '"tokens": {"dora": "env:D_TOKEN"}' '"tokens": {"bob": "env:A_TOKEN"}' \
    '"service_sid": "IS00000000000000000000000000000000", "tokens": {"alice": "env:A_TOKEN"}'; do
    target "$rest" "$wrong"
    count=$(ask GET /_syncproof/counts | sed 's/.*"rest_requests":\([0-9]*\).*/\1/')
    run 64 "wrong: $wrong" acl/defaults
    after=$(ask GET /_syncproof/counts | sed 's/.*"rest_requests":\([0-9]*\).*/\1/')
    [ $((after - count)) -eq 1 ] || complain "$what: something was sent"
done

exit "$failed"
