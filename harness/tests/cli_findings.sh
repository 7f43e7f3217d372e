#!/bin/sh
# cli_findings.sh - what becomes of a failure, from outside: baseline, capsule,
# replay, floor, pages; and that a seed decides everything.
# Usage: cli_findings.sh SYNCPROOF SCHEMA [full]. Loopback only; ends what it
# starts by pid.
set -u
program=$1
schema=$2
full=${3:-}
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"

one_sentence() { [ "$(wc -l <"$place/stderr")" -eq 1 ]; }
is_valid() { xmllint --noout --schema "$schema" "$1"; }
value() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$2" | head -1; }

key=SK00000000000000000000000000000001
account=AC00000000000000000000000000000001
SYN_TEST_SECRET=only-for-this-test-canary-credential
export SYN_TEST_SECRET
serve() {
    start_server "$program" serve --account-sid $account --api-key $key --limits off \
        --api-secret env:SYN_TEST_SECRET --virtual-clock "$@"
    cat >"$place/target.json" <<END
{
  "name": "wrong", "rest_url": "$(value rest "$place/ready")",
  "sdk_url": "$(value sdk "$place/ready")", "account_sid": "$account",
  "api_key": "$key", "api_secret": "env:SYN_TEST_SECRET", "clock": "virtual",
  "budget": {"rest_per_s": 1000, "connects_per_s": 500}
}
END
}

row=acl/defaults/rest-created-closed
wrong() { "$program" run $row --target "$place/target.json" --out "$place/out" "$@"; }

# --- a failure and its capsule
serve --defect grant-ignored
expect 1 "a wrong target fails" wrong --html "$place/page.html" --markdown "$place/page.md"
capsule=$place/out/capsules/acl.defaults.rest-created-closed.list.json
holds "the failure leaves a capsule" test -s "$capsule"
holds "the report names the capsule" grep -q "capsule: $capsule" "$place/stdout"
refutes "no secret in capsules and reports" grep -rq only-for-this "$place/out" "$place/page.html" "$place/page.md"
holds "the capsule tells the actions" grep -q '"op":"open","type":"list"' "$capsule"
expect 1 "the capsule fails again" "$program" replay "$capsule" --out "$place/again"
holds "one row is replayed" grep -q '^verdicts: 0 pass 1 fail' "$place/stdout"
holds "replay keeps the seed" grep -q "seed=$(value seed "$capsule")" "$place/stdout"
sed 's/"suite":"[0-9a-f]*"/"suite":"000000000000"/' "$capsule" >"$place/other.json"
expect 1 "a capsule of another suite runs" "$program" replay "$place/other.json" --out "$place/again"
holds "another suite is told" grep -q 'of suite 000000000000' "$place/stderr"
sed 's/"row":"[^"]*"/"row":"acl\/no\/such"/' "$capsule" >"$place/other.json"
expect 64 "a capsule of an unknown row" "$program" replay "$place/other.json" --out "$place/none"
holds "the unknown row is named" grep -q 'no row acl/no/such' "$place/stderr"
sed 's/"seed":"[^"]*"/"seed":5/' "$capsule" >"$place/other.json"
expect 64 "a capsule without a seed" "$program" replay "$place/other.json" --out "$place/none"
printf '{"capsule":1,' >"$place/other.json"
expect 64 "a capsule that is cut" "$program" replay "$place/other.json" --out "$place/none"
holds "the cut is told in one sentence" one_sentence
expect 64 "a capsule that is absent" "$program" replay "$place/absent.json" --out "$place/none"
expect 64 "no capsule" "$program" replay --out "$place/none"
refutes "refused replays write no report" test -e "$place/none"

# --- pages
holds "the page is whole" grep -q '</html>' "$place/page.html"
refutes "the page loads nothing" grep -Eqi '(src|href)="?(https?:)?//|@import|url\(' "$place/page.html"
holds "the page can be filtered by clause" grep -q 'data-clause="ACL-21' "$place/page.html"
holds "the page shows the transcript" grep -q 'expected' "$place/page.html"
holds "markdown names the finding" grep -q '^## fail acl/defaults' "$place/page.md"

# --- the baseline
entry() { # signature expires
    printf '{"id":"%s[%s]","reason":"known","ticket":"T-1","owner":"ann","expires":"%s","signature":"%s"}' \
        $row "$3" "$2" "$1"
}
signature_of() { value signature "$place/out/capsules/acl.defaults.rest-created-closed.$1.json"; }
baseline() { # expires [signature]
    printf '{ // known\n "baseline": 1, "entries": [\n'
    for type in document list map; do
        entry "${2:-$(signature_of $type)}" "$1" $type
        [ $type = map ] || printf ',\n'
    done
    printf ']}\n'
}
baseline 2999-12-31 >"$place/known.json"
before=$(cat "$place/known.json")
expect 0 "known failures are excused" wrong --baseline "$place/known.json"
holds "they are xfail" grep -q '^verdicts: 0 pass 0 fail 3 xfail' "$place/stdout"
holds "JUnit skips them" test "$(xmllint --xpath 'count(//skipped)' "$place/out/junit.xml")" = 3
holds "that JUnit is valid" is_valid "$place/out/junit.xml"
baseline 2999-12-31 0123456789abcdef >"$place/known.json"
expect 1 "another failure is not excused" wrong --baseline "$place/known.json"
holds "it is told why" grep -q 'not excused: the baseline knows failure 0123456789abcdef' "$place/stdout"
baseline 2020-01-31 >"$place/known.json"
expect 1 "an expired entry excuses nothing" wrong --baseline "$place/known.json"
holds "the day is told" grep -q 'expired on 2020-01-31' "$place/stdout"
baseline 2999-12-31 >"$place/known.json"
holds "signatures do not depend on seed and run" test "$before" = "$(cat "$place/known.json")"
end_server
serve
expect 4 "a pass that was not expected" wrong --baseline "$place/known.json"
holds "it is xpass" grep -q '^verdicts: 0 pass 0 fail 3 xpass' "$place/stdout"
bad() { # title place text
    printf '%s\n' "$3" >"$place/bad.json"
    rm -rf "$place/none"
    expect 64 "$1" "$program" run $row --baseline "$place/bad.json" --out "$place/none"
    holds "$1: one sentence" one_sentence
    holds "$1: names the place" grep -q "bad.json:$2" "$place/stderr"
    refutes "$1: no report" test -e "$place/none"
}
good='"id":"acl/defaults/rest-created-closed[list]","reason":"r","ticket":"t","owner":"o","expires":"2030-01-01","signature":"0123456789abcdef"'
bad "no JSON" "2:1: " '{"baseline":1'
bad "no version" "1: /baseline" '{"entries":[]}'
bad "no entries" "1: /entries" '{"baseline":1}'
bad "unknown member" "1: /extra" '{"baseline":1,"entries":[],"extra":2}'
bad "unknown member of an entry" "1: /entries/0/why" "{\"baseline\":1,\"entries\":[{$good,\"why\":\"\"}]}"
bad "no owner" "1: /entries/0" '{"baseline":1,"entries":[{"id":"acl/defaults/rest-created-closed[list]"}]}'
bad "unknown row" "1: /entries/0/id" "$(printf '{"baseline":1,"entries":[{%s}]}' "$good" | sed 's/rest-created-closed/nothing/')"
bad "bad day" "1: /entries/0/expires" "$(printf '{"baseline":1,"entries":[{%s}]}' "$good" | sed 's/2030-01/2030-13/')"
bad "bad signature" "1: /entries/0/signature" "$(printf '{"baseline":1,"entries":[{%s}]}' "$good" | sed 's/0123456789abcdef/0123/')"
bad "two entries of a row" "1: /entries/1/id" "{\"baseline\":1,\"entries\":[{$good},{$good}]}"
expect 64 "baseline absent" "$program" run $row --baseline "$place/absent.json"
expect 64 "baseline is a folder" "$program" run $row --baseline "$place"

# --- the floor
expect 0 "the floor is met" wrong
holds "the floor is told" grep -q '^floor: \([0-9]*\) of \1 exercised' "$place/stdout"
sed 's/"clock"/"floor": {"without": ["open\/list\/maybe"]}, "clock"/' "$place/target.json" >"$place/floor.json"
expect 64 "a floor word that is none" "$program" run $row --target "$place/floor.json" --out "$place/none"
holds "the floor word is told" grep -q '/floor/without/0' "$place/stderr"
sed 's/"clock"/"floor": {"without": ["open\/list\/denied"]}, "clock"/' "$place/target.json" >"$place/floor.json"
met=$(sed -n 's/^floor: \([0-9]*\) of .*/\1/p' "$place/stdout")
expect 0 "full floor again" wrong
met=$(sed -n 's/^floor: \([0-9]*\) of .*/\1/p' "$place/stdout")
expect 0 "a lowered floor" "$program" run $row --target "$place/floor.json" --out "$place/out"
holds "the floor is lower by one" grep -q "^floor: $((met - 1)) of $((met - 1)) exercised" "$place/stdout"
end_server

# --- a seed decides everything
verdicts() { grep -E '^(pass|fail|warning|info|skipped|inconclusive|error)' "$1"; }
for n in 1 2; do
    expect 0 "run $n of a seed" "$program" run acl/off acl/defaults ttl --seed 9 --jobs $n --out "$place/out"
    verdicts "$place/stdout" >"$place/verdicts.$n"
done
holds "two runs of a seed tell the same in the same order" cmp "$place/verdicts.1" "$place/verdicts.2"
expect 0 "twenty repeats" "$program" run acl/off/anyone --repeat 20 --jobs 2 --seed 9 --out "$place/out"
holds "twenty times the same" sh -c "[ \$(grep -c '^pass' '$place/stdout') -eq \$((20 * \$(grep -c '^pass.*\]\$' '$place/stdout'))) ]"
if [ "$full" = full ]; then
    expect 0 "twenty repeats of everything" "$program" run --repeat 20 --jobs 2 --seed 9 --out "$place/out"
    verdicts "$place/stdout" | sed 's/#[0-9]*//' | sort | uniq -c | awk '$1 % 20 != 0' >"$place/uneven"
    refutes "twenty identical lists" test -s "$place/uneven"
fi

# --- what --profile, --level and --tag choose
ids() { sed -n 's/^\([a-z]*\/[^ ]*\) .*/\1/p' "$place/stdout"; }
expect 0 "list of all" "$program" list
all=$(ids | wc -l)
expect 0 "list of nightly" "$program" list --profile nightly
holds "nightly is all" test "$(ids | wc -l)" -eq "$all"
expect 0 "list of release" "$program" list --profile release
holds "release is less" test "$(ids | wc -l)" -lt "$all"
refutes "release has no INFO" grep -q ' INFO ' "$place/stdout"
expect 0 "list of pre-acl" "$program" list --profile pre-acl
holds "pre-acl has rows" test "$(ids | wc -l)" -gt 0
refutes "pre-acl is ACL and TOK alone" sh -c "grep '^[a-z]*/' '$place/stdout' | grep -qv '^acl/\|^tok/'"
refutes "pre-acl is MUST alone" grep -Eq ' (SHOULD|INFO) ' "$place/stdout"
ids | sort >"$place/pre-acl"
expect 0 "a profile runs" "$program" run acl/off tok/bounds ttl/ --profile pre-acl --out "$place/out"
verdicts "$place/stdout" | awk '{ print $2 }' | sort >"$place/ran"
holds "something ran" test -s "$place/ran"
holds "what ran is of the profile" test -z "$(comm -23 "$place/ran" "$place/pre-acl")"
refutes "nothing else ran" grep -q '^ttl/' "$place/ran"
expect 0 "list of a tag" "$program" list --tag forged
ids | sort >"$place/tagged"
holds "the tag has rows" test -s "$place/tagged"
expect 0 "a tag runs" "$program" run --tag forged --out "$place/out"
verdicts "$place/stdout" | awk '{ print $2 }' | sort >"$place/ran"
holds "the rows of the tag ran, and no others" cmp "$place/tagged" "$place/ran"
expect 0 "two tags" "$program" list --tag forged --tag issuer
holds "two tags are more" test "$(ids | wc -l)" -gt "$(wc -l <"$place/tagged")"
expect 64 "tag and profile without a row in common" "$program" run --tag receiver --profile pre-acl

# --- unwritable pages, and other options
expect 70 "a full HTML page" "$program" run $row --out "$place/out" --html /dev/full
expect 70 "a full Markdown page" "$program" run $row --out "$place/out" --markdown /dev/full
expect 64 "no such colour" "$program" run $row --color sometimes
expect 64 "a tag nobody has" "$program" run --tag nobody
expect 0 "colour when asked for" "$program" run $row --out "$place/out" --color always
holds "there is colour" grep -q "$(printf '\033')\\[32m" "$place/stdout"
expect 0 "no colour otherwise" env NO_COLOR=1 "$program" run $row --out "$place/out"
refutes "there is no colour" grep -q "$(printf '\033')" "$place/stdout"
expect 0 "list as JSON" "$program" list acl/off --json
holds "it has rows" grep -q '^{"rows":\[{"name":"acl/off/' "$place/stdout"
expect 0 "explain a row" "$program" explain $row
for word in '^why: ' '^exercises\[list\]: ' '^catches: grant-ignored (ACL-24): ' '^on the wire, embedded now:' '^  denied: ' '^  control: '; do
    holds "explain tells $word" grep -q "$word" "$place/stdout"
done
refutes "explain shows no token" grep -Eq 'eyJ[A-Za-z0-9_-]{8}' "$place/stdout"

# --- selftest
expect 0 "one defect is killed" "$program" selftest --defect grant-ignored --out "$place/self" --html "$place/self.html"
holds "the matrix is told" grep -q '^killed .* grant-ignored (ACL-24): ' "$place/stdout"
holds "and stands in run.json" grep -q '"defects":\[{"name":"grant-ignored"' "$place/self/run.json"
holds "and in the page" grep -q 'grant-ignored' "$place/self.html"
# A bug of the field meets rows until one kills it, or all of them.
field=field-if-match-zero
runs_of_field() { sed -n "s/^killed *[0-9]*\/\([0-9]*\) $field .*/\1/p" "$place/stdout"; }
expect 0 "a bug of the field is killed" "$program" selftest acl/ sdk/ --defect $field --jobs 2 --out "$place/self"
few=$(runs_of_field)
holds "few rows met it" test "$few" -ge 1 -a "$few" -lt "$("$program" list acl/ sdk/ | grep -c "^[a-z]*/")"
expect 3 "a selection that no row of the defect meets" "$program" selftest tok/forged/huge --defect grant-ignored --out "$place/self"

exit "$failed"
