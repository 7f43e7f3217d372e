#!/bin/sh
# dryrun.sh - the verbs dryrun and record from outside, as far as no peer is
# needed: the baseline of accepted denials, logs of webhooks, files that are
# wrong. Usage: dryrun.sh SYNCPROOF SOURCE.
set -u
program=$1
fixtures=$2/fixtures
trace=$fixtures/traces/dashboard.jsonl
# shellcheck source=harness/tests/expect.sh
. "$(dirname "$0")/expect.sh"
# shellcheck source=harness/tests/baseline.sh
. "$(dirname "$0")/baseline.sh"

count() {
    grep -cE "^$1 " "$place/stdout"
}
dryrun() {
    "$program" dryrun "$@" --out "$place/out"
}

# --- the baseline -----------------------------------------------------------

expect 1 "no baseline" dryrun "$trace" --html "$place/page.html"
has page.html "the page" "dryrun/denied/queue"
[ "$(count fail)" -eq 3 ] || fail "no baseline: three denials"
cp "$place/stdout" "$place/first"
has stdout "over-wide grants" "dryrun/wider/queue/l-44c0/write[map]"
has stdout "shared writers" "rank 1: 2 writers made 2 writes to map 'queue'"

read_id='dryrun/denied/queue/a-7f3a/read[map]'
write_id='dryrun/denied/queue/a-7f3a/write[map]'
status_id='dryrun/denied/status/a-b001/read[document]'
read_sign=$(signature_in first "$read_id")
write_sign=$(signature_in first "$write_id")
status_sign=$(signature_in first "$status_id")
[ -n "$read_sign" ] && [ -n "$write_sign" ] && [ -n "$status_sign" ] ||
    fail "signatures are shown"
[ "$read_sign" != "$write_sign" ] || fail "two denials, one signature"

# baseline FIRST_ENTRY: with both others accepted.
baseline() {
    printf '{"baseline": 1, "entries": [%s, %s, %s%s]}\n' "$1" \
        "$(entry "$write_id" "$write_sign" 2099-12-31)" \
        "$(entry "$status_id" "$status_sign" 2099-12-31)" "${2:-}" \
        >"$place/baseline.json"
}
accepted=$(entry "$read_id" "$read_sign" 2099-12-31)

baseline "$accepted"
expect 0 "all accepted" dryrun "$trace" --baseline "$place/baseline.json"
[ "$(count xfail)" -eq 3 ] && [ "$(count fail)" -eq 0 ] || fail "all accepted: three xfail"
has stdout "all accepted" "until 2099-12-31"

baseline "$(entry "$read_id" "$read_sign" 2020-01-31)"
expect 1 "one expired" dryrun "$trace" --baseline "$place/baseline.json"
[ "$(count fail)" -eq 1 ] && [ "$(count xfail)" -eq 2 ] || fail "one expired: red again"
has stdout "one expired" "expired on 2020-01-31"

baseline "$(entry "$read_id" "$write_sign" 2099-12-31)"
expect 1 "another failure" dryrun "$trace" --baseline "$place/baseline.json"
[ "$(count fail)" -eq 1 ] || fail "another failure: not excused"
has stdout "another failure" "the baseline knows failure $write_sign of this row, this is $read_sign"

# The same identity is denied the same right for another reason: it has a row.
sed 's/"identity":"l-44c0","read":true/"identity":"a-7f3a","read":false,"write":false,"manage":true},{"identity":"l-44c0","read":true/' \
    "$trace" >"$place/other.jsonl"
baseline "$accepted"
expect 1 "another reason" dryrun "$place/other.jsonl" --baseline "$place/baseline.json"
[ "$(count fail)" -eq 2 ] && [ "$(count xfail)" -eq 1 ] ||
    fail "another reason: not excused"

baseline "$accepted" ", $(entry 'dryrun/denied/queue/nobody/read[map]' "$read_sign" 2099-12-31)"
expect 4 "a stale entry" dryrun "$trace" --baseline "$place/baseline.json"
[ "$(count xpass)" -eq 1 ] || fail "a stale entry: xpass"
has stdout "a stale entry" "remove the entry"

baseline "$(entry "$read_id" "$read_sign" soon)"
expect 64 "no day" dryrun "$trace" --baseline "$place/baseline.json"
has stderr "no day" "baseline.json:1: /entries/0/expires: must be a day"
expect 64 "no baseline there" dryrun "$trace" --baseline "$place/none.json"

# --- against a plan ---------------------------------------------------------

cat >"$place/plan.json" <<'END'
{"plan": "p", "identities": ["a-7f3a", "a-b001", "l-44c0"],
 "objects": [{"type": "map", "name": "queue", "creator": "backend"},
             {"type": "document", "name": "status", "creator": "a-7f3a"}],
 "grants": [{"type": "map", "object": "queue", "identity": "a-7f3a", "rights": ["read"]},
            {"type": "document", "object": "status", "identity": "a-b001", "rights": ["read"]}]}
END
expect 1 "a plan that forgets" dryrun "$trace" --plan "$place/plan.json"
has stdout "a plan that forgets" "with the plan's grants in force: 2 of 3 kinds are mended"
[ "$(count fail)" -eq 2 ] || fail "a plan that forgets: the denial, and the plan's gap"
has stdout "a plan that forgets" "dryrun/plan/queue/a-7f3a/write[map]"
has stdout "a plan that forgets" "$write_id"
sed -n 's/^ *repeat: //p' "$place/stdout" | sort -u >"$place/command"
grep -qE "^syncproof dryrun --seed 0x[0-9a-f]+ $trace --plan $place/plan.json --out $place/out\$" \
    "$place/command" || fail "a plan that forgets: the command that repeats it"
[ "$(wc -l <"$place/command")" -eq 1 ] || fail "a plan that forgets: one command"
sed 's/"a-7f3a", "rights": \["read"\]/"a-7f3a", "rights": ["read", "write"]/' \
    "$place/plan.json" >"$place/whole.json"
expect 0 "a plan that covers" dryrun "$trace" --plan "$place/whole.json"
has stdout "a plan that covers" "3 of 3 kinds are mended"

# --- files that are wrong ---------------------------------------------------

sed '6s/"op":"[a-z_]*"/"op":"opne"/' "$trace" >"$place/wrong.jsonl"
expect 64 "a malformed trace" dryrun "$place/wrong.jsonl"
has stderr "a malformed trace" "wrong.jsonl:6: op: no such word"
sed 's/"rights": \["read"\]}]/"rights": ["raed"]}]/' "$place/plan.json" >"$place/wrong.json"
expect 64 "a malformed plan" dryrun "$trace" --plan "$place/wrong.json"
has stderr "a malformed plan" "wrong.json:5:87: /grants/1/rights/0: must be one of: read, write, manage"
expect 64 "no trace" dryrun
expect 64 "no such trace" dryrun "$place/none.jsonl"
expect 64 "a flip outside" dryrun "$trace" --flip-at 2030-01-01T00:00:00Z

# --- logs of webhooks -------------------------------------------------------

hooks=$fixtures/traces/webhooks.log.jsonl
cat >"$place/target.json" <<'END'
{"name": "t", "rest_url": "http://127.0.0.1:9", "sdk_url": "ws://127.0.0.1:9/v3/wsconnect",
 "account_sid": "AC11111111111111111111111111111111", "api_key": "SK11111111111111111111111111111111",
 "api_secret": "s", "auth_token": "env:HOOK_TOKEN", "mode": "readonly"}
END
HOOK_TOKEN=throw-away-auth-token
export HOOK_TOKEN
expect 0 "an import" "$program" record --webhooks "$hooks" --target "$place/target.json" \
    --trace "$place/hooks.jsonl" --keep-names
has stderr "an import" "3 events"
has stderr "an import" "left out: 1 with a wrong signature, 1 of no object"
grep -q eve "$place/hooks.jsonl" && fail "an import: took a forged line"
grep -q '"identity":"bo@example.com"' "$place/hooks.jsonl" || fail "an import: form decoding"
expect 1 "an imported trace" dryrun "$place/hooks.jsonl"
has stdout "an imported trace" "LOWER BOUND"
has stdout "an imported trace" "dryrun/denied/queue/ann/write[map]"
[ "$(count fail)" -eq 2 ] || fail "an imported trace: two denials"

expect 0 "an import with pseudonyms" "$program" record --webhooks "$hooks" \
    --target "$place/target.json" --trace "$place/hidden.jsonl"
grep -qE 'bo@example|queue|"ann"' "$place/hidden.jsonl" && fail "pseudonyms: a name stands there"
expect 1 "pseudonyms lead back" dryrun "$place/hidden.jsonl" --map "$place/hidden.jsonl.map"
has stdout "pseudonyms lead back" "dryrun/denied/queue/ann/write[map]"

# A header may leave out what it does not know; the headline then says less.
sed '1s/,"sees":{[^}]*}//' "$place/hidden.jsonl" >"$place/unseen.jsonl"
expect 1 "an unknown view" dryrun "$place/unseen.jsonl" --curl "$place/grants.sh" --seed 5
has stdout "an unknown view" "LOWER BOUND"
has stdout "an unknown view" "seed=0x5"
lacks stdout "an unknown view" "ON STREAMS"
has stdout "an unknown view" "on streams, where no grant helps: "
sh -n "$place/grants.sh" || fail "the script is no POSIX shell's"

HOOK_TOKEN=another-token
expect 0 "a wrong auth token" "$program" record --webhooks "$hooks" \
    --target "$place/target.json" --trace "$place/none.jsonl" --keep-names
has stderr "a wrong auth token" "0 events"
has stderr "a wrong auth token" "4 with a wrong signature"
expect 3 "nothing to judge" dryrun "$place/none.jsonl"
expect 0 "no auth token" "$program" record --webhooks "$hooks" \
    --trace "$place/unchecked.jsonl" --keep-names
has stderr "no auth token" "signatures were not checked"
echo '{"body": 1}' >"$place/broken.log"
expect 64 "a broken log" "$program" record --webhooks "$place/broken.log" \
    --trace "$place/broken.jsonl" --keep-names
has stderr "a broken log" "broken.log:1: "
exit "$failed"
