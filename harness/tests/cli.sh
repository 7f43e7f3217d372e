#!/bin/sh
# cli.sh - the program from outside: exit codes, reports, serve.
# Usage: cli.sh SYNCPROOF SCHEMA. Loopback only; ends what it starts by pid.
set -u
program=$1
schema=$2
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"

one_sentence() { [ "$(wc -l <"$place/stderr")" -eq 1 ]; }
is_valid() { xmllint --noout --schema "$schema" "$1"; }

# --- usage: 64, one clear sentence, nothing was run
expect 64 "no verb" "$program"
holds "no verb is told in one sentence" one_sentence
expect 64 "unknown verb" "$program" dance
expect 64 "unknown flag" "$program" run --no-such-flag
holds "unknown flag is told in one sentence" one_sentence
expect 64 "flag of another verb" "$program" run --listen 127.0.0.1:0
expect 64 "value missing" "$program" run --seed
expect 64 "unknown id" "$program" run no/such/row
expect 64 "an id with its type" "$program" run "acl/defaults/creator-alone[list]"
has stderr "an id with its type" "leave out the [type]"
expect 64 "a word for clean" "$program" clean syn-0a1b --target none.json
has stderr "a word for clean" "no arguments but options"
holds "unknown id is told in one sentence" one_sentence
expect 64 "unknown tag" "$program" run --tag no-such-tag
expect 64 "unknown level" "$program" run --level may
expect 64 "unknown profile" "$program" run --profile weekly
expect 64 "jobs of 0" "$program" run --jobs 0
expect 64 "seed that is no number" "$program" run --seed five
expect 64 "unknown defect" "$program" selftest --defect no-such-defect
for verb in selftest serve "stress steady" calibrate "gate $place/none.json"; do
    # shellcheck disable=SC2086
    expect 64 "a defect misspelt, $verb" "$program" $verb --defect grant-ignord
    has stderr "a defect misspelt, $verb" "near: grant-ignored, "
    has stderr "a defect misspelt, $verb" "list --defects"
done
expect 64 "a defect of nobody" "$program" serve --defect zzzzzzzz
holds "nothing is near that" sh -c "! grep -q near '$place/stderr'"
expect 64 "defects of a chapter" "$program" list --defects acl/
expect 0 "list of defects" "$program" list --defects
has stdout "list of defects" "Objects made by the backend are open to all"
# As many as the kill matrix has, of all three kinds, each with a clause and a sentence.
holds "each has its line" sh -c "! grep -Evq '^[a-z0-9/-]+ +(service|client|instance) +[A-Z]+-[0-9]+ +[A-Za-z]' '$place/stdout'"
for kind in service client instance; do
    has stdout "defects of the $kind" " $kind "
done
lines=$(wc -l <"$place/stdout")
expect 0 "list of defects as JSON" "$program" list --defects --json
holds "it has as many" test "$(grep -o '"name":' "$place/stdout" | wc -l)" -eq "$lines"
# Columns stand in line, also behind letters of several bytes.
expect 0 "help of serve" "$program" serve --help
holds "its columns are straight" grep -q '^  --account-sid AC…      value' "$place/stdout"
expect 64 "explain without a known id" "$program" explain NO-99
expect 64 "target file absent" "$program" run --target "$place/absent.json"
printf '{\n "rest_url": "http://127.0.0.1:9",\n "sdk_urL": "x"\n}\n' >"$place/bad.json"
expect 64 "unknown key in the target file" "$program" run --target "$place/bad.json"
holds "the fault names line and key" grep -q 'bad.json:3: /sdk_urL' "$place/stderr"
expect 64 "serve beyond loopback without TLS" "$program" serve --listen 0.0.0.0:0
expect 0 "help" "$program" --help
# Every verb that the overview lists, and those that must be among them.
verbs=$(sed -n 's/^  \([a-z]*\)  *[A-Z].*/\1/p' "$place/stdout")
for verb in run selftest replay list explain serve token; do
    holds "the overview lists $verb" sh -c "echo '$verbs' | grep -qx $verb"
done
for verb in $verbs; do
    expect 0 "help of $verb" "$program" "$verb" --help
    holds "help of $verb names it" grep -q "^syncproof $verb" "$place/stdout"
    case $verb in
    run | list | gate | calibrate | stress) embedded=1 ;;
    *) embedded=0 ;;
    esac
    holds "help of $verb: embedded without a target, or not" \
        [ "$(grep -c 'absent: the embedded service' "$place/stdout")" -eq "$embedded" ]
    holds "help of $verb has an example" grep -q "^  syncproof $verb" "$place/stdout"
    expect 0 "-h of $verb" "$program" "$verb" -h
done
expect 0 "list" "$program" list acl/defaults
expect 0 "explain a clause" "$program" explain ACL-21

# --- a run and its reports
row=acl/defaults/rest-created-closed
expect 0 "a row passes" "$program" run $row --seed 5 --out "$place/out"
holds "first line has version, seed and target" \
    sh -c "head -1 '$place/stdout' | grep -q '^syncproof .* seed=0x5 target=embedded clock=virtual'"
holds "last line is the reason" sh -c "tail -1 '$place/stdout' | grep -q '^exit 0: passed'"
holds "junit.xml is valid" is_valid "$place/out/junit.xml"
holds "run.json is there" test -s "$place/out/run.json"
holds "no evidence is left" sh -c "! ls '$place/out' | grep -q rows-"
holds "its speed is told" \
    grep -Eq '^speed: [0-9]+ rows? in [0-9]+\.[0-9] s, [0-9]+\.[0-9] rows/s$' "$place/stdout"
grep -v '^speed: ' "$place/stdout" >"$place/first"
expect 0 "the same seed again" "$program" run $row --seed 5 --out "$place/out"
grep -v '^speed: ' "$place/stdout" >"$place/second"
holds "same seed, same output" cmp "$place/first" "$place/second"
expect 70 "a full report" "$program" run $row --out "$place/out" --junit /dev/full
holds "a full report is told" grep -q '/dev/full' "$place/stderr"
expect 70 "out directory cannot be made" "$program" run $row --out /dev/null/x
expect 0 "junit to stdout" "$program" run $row -q --out "$place/out" --junit /dev/stdout

# --- interrupted: 130, and whole reports
"$program" run acl/off --repeat 40 --jobs 1 --out "$place/cut" >"$place/cut.out" 2>&1 &
runner=$!
tries=0
while ! grep -qs "^pass" "$place/cut.out" && [ "$tries" -lt 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
kill -INT "$runner"
wait "$runner"
code=$?
[ "$code" -eq 130 ] || {
    echo "FAILED: interrupted run: exit $code"
    failed=1
}
holds "interrupted run has valid JUnit" is_valid "$place/cut/junit.xml"
holds "interrupted run lists what did not run" grep -q 'not run: interrupted' "$place/cut/junit.xml"

# --- serve
key=SK00000000000000000000000000000001
account=AC00000000000000000000000000000001
SYN_TEST_SECRET=only-for-this-test
export SYN_TEST_SECRET
serve() {
    start_server "$program" serve --account-sid $account --api-key $key \
        --api-secret env:SYN_TEST_SECRET "$@"
    rest=$(member rest)
    sdk=$(member sdk)
}
call() { curl -s -u "$key:$SYN_TEST_SECRET" "$@"; }

serve --db "$place/sync.db" --acl on
holds "pinned secrets are not shown" sh -c "! grep -q only-for-this '$place/ready'"
call -d UniqueName=kept "$rest/v1/Services/default/Documents" >"$place/made"
holds "a document is created" grep -q '"unique_name":"kept"' "$place/made"
end_server
code=$?
[ "$code" -eq 0 ] || { echo "FAILED: SIGTERM ends serve with $code"; failed=1; }
serve --db "$place/sync.db"
call "$rest/v1/Services/default/Documents/kept" >"$place/found"
holds "it is there after a restart" grep -q '"unique_name":"kept"' "$place/found"
kill -KILL "$server"
wait "$server" 2>/dev/null
server=0

# --- serve --config and --limits FILE
config=$(dirname "$0")/../../fixtures/serve/two-accounts.json
start_configured() {
    start_server "$program" serve "$@"
    rest=$(member rest)
}
start_configured --config "$config"
holds "secrets of the file are not shown" sh -c "! grep -qi 'secret of\|token of' '$place/ready'"
curl -s -u 'AC11111111111111111111111111111111:token of the first account' \
    "$rest/v1/Services/default/Maps/queue/Items/first" >"$place/found"
holds "an item of the file is there" grep -q '"data":{"n":1}' "$place/found"
end_server
code=$?
[ "$code" -eq 0 ] || { echo "FAILED: SIGTERM ends serve --config with $code"; failed=1; }
printf '{"accounts": [],\n "speed": 1}\n' >"$place/bad.json"
expect 64 "a bad configuration" "$program" serve --config "$place/bad.json"
holds "its fault has a place" grep -q 'bad.json:[12]:[0-9]*: /' "$place/stderr"
holds "its fault is one sentence" one_sentence
expect 64 "a configuration that is not there" "$program" serve --config "$place/none.json"
expect 64 "--config with an account flag" "$program" serve --config "$config" --acl on
expect 64 "rates that are none" "$program" serve --limits "$place/bad.json"
printf '{"speed": {}}\n' >"$place/rates.json"
expect 64 "an unknown bucket" "$program" serve --limits "$place/rates.json"
holds "its fault names the member" grep -q 'rates.json:1:11: /speed: no such member' "$place/stderr"

# --- a target: the served service, on a clock that we move
serve --virtual-clock --limits off
cat >"$place/target.json" <<END
{ // made by cli.sh
  "name": "served", "rest_url": "$rest", "sdk_url": "$sdk",
  "account_sid": "$account", "api_key": "$key",
  "api_secret": "env:SYN_TEST_SECRET", "clock": "virtual",
  "budget": {"rest_per_s": 1000, "connects_per_s": 500}
}
END
expect 0 "rows pass on a target" "$program" run $row ttl/expiry \
    --target "$place/target.json" --out "$place/remote"
holds "nothing is left over" grep -q '^leftovers: none' "$place/stdout"
call "$rest/v1/Services" >"$place/services"
holds "services of the run are gone" sh -c "! grep -q 'syn-' '$place/services'"
holds "no secret in the reports" sh -c "! grep -rq only-for-this '$place/remote'"
token=$("$program" token mint --target "$place/target.json" --identity ann --ttl 600)
expect 0 "a minted token is valid" "$program" token inspect --target "$place/target.json" "$token"
expect 1 "a spoilt token is not" "$program" token inspect --target "$place/target.json" "${token}x"
end_server
expect 69 "target unreachable" "$program" run $row --target "$place/target.json" --out "$place/remote"
holds "unreachable run has valid JUnit" is_valid "$place/remote/junit.xml"

exit "$failed"
