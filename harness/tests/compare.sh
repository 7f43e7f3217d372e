#!/bin/sh
# compare.sh - `run --target A --compare B` from outside: what is told, where,
# and the exit code. Source: design section 3.
# Usage: compare.sh SYNCPROOF SCHEMA. Loopback only; ends what it starts by pid.
set -u
program=$1
schema=$2
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"
servers=

trap 'for pid in $servers; do kill -TERM "$pid" 2>/dev/null; done; rm -rf "$place"' EXIT

start() { # NAME [FLAGS…]: a service, and its target file
    name=$1
    shift
    : >"$place/ready" # of the one before
    "$program" serve --listen 127.0.0.1:0 --limits off "$@" \
        >"$place/ready" 2>"$place/$name.log" &
    servers="$servers $!"
    await "$place/ready"
    cat >"$place/$name.json" <<END
{ "name": "$name", "rest_url": "$(member rest)", "sdk_url": "$(member sdk)",
  "account_sid": "$(member account_sid)", "api_key": "$(member api_key)",
  "api_secret": "$(member api_secret)",
  "budget": {"rest_per_s": 1000, "connects_per_s": 500},
  "eventually": {"ttl_s": 5, "revoke_s": 1, "event_s": 2, "skew_s": 1} }
END
    rm "$place/ready"
}

compare() { # CODE A B SELECT…
    want=$1 a=$2 b=$3
    shift 3
    "$program" run "$@" -q --target "$place/$a.json" --compare "$place/$b.json" \
        --out "$place/out" --json "$place/copy.json" --html "$place/page.html" \
        --markdown "$place/page.md" >"$place/stdout" 2>"$place/stderr"
    code=$?
    what="$a beside $b"
    [ "$code" -eq "$want" ] || complain "$what: exit $code, not $want"
    tail -1 "$place/stdout" | grep -q "^exit $want: " || complain "$what: no reason"
    for report in "$place/out/junit.xml" "$place/out/compare/junit.xml"; do
        [ ! -e "$report" ] || xmllint --noout --schema "$schema" "$report" \
            2>/dev/null || complain "$what: $report is not valid"
    done
}
says() { grep -q -- "$1" "$place/stdout" || complain "$what: no \"$1\""; }
everywhere() { # TEXT: in all forms of the report
    for form in stdout out/run.json copy.json page.html page.md; do
        tr -d '\\' <"$place/$form" | grep -q -- "$1" ||
            complain "$what: no \"$1\" in $form"
    done
}

cat >"$place/readings.json" <<END
{"readings": 1, "values": {"creator-row": "hidden", "page-size-over": "refuse"}}
END
start sound
start twin
start faulty --defect grant-ignored
start other --readings "$place/readings.json"

# --- two of a kind: names, sids and times are no difference
compare 0 sound twin acl/defaults acl/ownership acl/identity
says '^compared with twin: 0 of [1-9][0-9]* rows differ; a run there: exit 0'
grep -q '"differences":\[\]' "$place/out/run.json" || complain "$what: differences"

# --- a defect there: told by clause; the verdicts here decide
rows='acl/defaults/rest-created-closed acl/grants/every-combination'
# shellcheck disable=SC2086
compare 0 sound faulty $rows
says '^compared with faulty: [1-9][0-9]* of .* rows differ; a run there: exit 1'
says '^  ACL-08: ACL on'
says '^    acl/grants/every-combination\[list\], verdict'
says '^        here:  pass$'
says '^        there: fail: '
everywhere 'ACL-08'
everywhere 'acl/grants/every-combination\[map\]'
everywhere 'compared\|Compared\|comparison'
grep -q '"verdict":"fail"' "$place/out/compare/run.json" || complain "$what: B has no report"
grep -q '"verdict":"fail"' "$place/out/run.json" && complain "$what: B's verdicts are in A's report"
# shellcheck disable=SC2086
compare 1 faulty sound $rows
says '^        there: pass$'

# --- other readings: nobody is wrong, the observations differ
compare 0 sound other acl/ownership rest/paths/page-sizes
says 'rows differ; a run there: exit 0'
says 'rows differ' && grep -q '^compared with other: 0 of' "$place/stdout" &&
    complain "$what: no difference is told"
grep -A2 '^    acl/' "$place/stdout" | grep -q ', verdict' && complain "$what: a verdict differs"

# --- a comparison that was not made is not green; usage is refused before
sed 's/127.0.0.1:[0-9]*/127.0.0.1:9/g' "$place/twin.json" >"$place/away.json"
compare 69 sound away acl/defaults/rest-created-closed
"$program" run --compare "$place/twin.json" acl/defaults 2>"$place/stderr" >/dev/null
[ $? -eq 64 ] || complain "--compare without --target is not refused"
sed 's/"name": "twin"/"name": "production"/' "$place/twin.json" >"$place/prod.json"
"$program" run --target "$place/sound.json" --compare "$place/prod.json" \
    acl/defaults >"$place/stdout" 2>&1
[ $? -eq 64 ] || complain "a second target that looks like production is run"
grep -q '^pass' "$place/stdout" && complain "the first ran before the second was refused"

exit "$failed"
