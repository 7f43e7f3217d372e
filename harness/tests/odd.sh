#!/bin/sh
# odd.sh - no run judges a target vacuously: verdicts at targets that are wrong
# on purpose (odd_target.c). Source: design sections 3 and 7.
# Usage: odd.sh SYNCPROOF ODD_TARGET SCHEMA [wrong|ill|wire [CHAPTER...]].
# Loopback only; ends what it starts by pid. The halves need nothing of each other. About two minutes,
# most of it waiting for silent targets. `wire` judges all rows at a target that
# speaks otherwise than ours: long.
set -u
program=$1
odd=$2
schema=$3
half=${4:-both}
chapters='acl/ rest/ sdk/ tok/ ttl/ lim/'
[ "$#" -le 4 ] || chapters=$(shift 4 && echo "$*")
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"
service=
named=
code=0

complain() {
    echo "FAILED: $mode: $1"
    tail -3 "$place/stdout"
    failed=1
}


# start MODE: the target, and a file that names it. With $named set the file
# names the service too, so that the run makes none.
start() {
    start_server "$odd" --mode "$1"
    service=
    [ -z "$named" ] || service="\"service_sid\": \"$(member service_sid)\","
    cat >"$place/target.json" <<END
{ // made by odd.sh
  "name": "odd", "rest_url": "$(member rest)", "sdk_url": "$(member sdk)",
  "account_sid": "$(member account_sid)", "api_key": "$(member api_key)",
  "api_secret": "$(member api_secret)", "auth_token": "$(member auth_token)",
  $service
  "budget": {"rest_per_s": 1000, "connects_per_s": 500},
  "eventually": {"ttl_s": 5, "revoke_s": 2, "event_s": 2, "skew_s": 1}
}
END
}

# judge MODE CODES SELECT...: run there; the exit code is one of CODES. Whatever
# it is, the last line says so and JUnit is valid, with names of its own.
judge() {
    mode=$1
    wanted=$2
    shift 2
    start "$mode"
    rm -rf "$place/out"
    begun=$(date +%s)
    "$program" run "$@" --seed 5 --target "$place/target.json" \
        --out "$place/out" >"$place/stdout" 2>"$place/stderr"
    code=$?
    took=$(($(date +%s) - begun))
    end_server
    case " $wanted " in
    *" $code "*) ;;
    *) complain "exit $code, expected one of: $wanted" ;;
    esac
    tail -1 "$place/stdout" | grep -q "^exit $code: [a-z0-9]" ||
        complain "the last line gives no reason for exit $code"
    xmllint --noout --schema "$schema" "$place/out/junit.xml" 2>/dev/null ||
        complain "JUnit is not valid"
    repeated=$(sed -n 's/.*<testcase name="\([^"]*\)".*/\1/p' \
        "$place/out/junit.xml" | sort | uniq -d)
    [ -z "$repeated" ] || complain "repeated names: $repeated"
    rows >"$place/$mode.rows"
    echo "$mode${named:+ (named service)}: exit $code, ${took}s," \
        "$(cut -d' ' -f1 "$place/$mode.rows" | sort | uniq -c | tr -s '\n ' ' ')"
}

# VERDICT LEVEL NAME of each row, from run.json.
rows() {
    tr '{' '\n' <"$place/out/run.json" |
        sed -n 's/.*"name":"\([^"]*\)".*"level":"\([^"]*\)".*"verdict":"\([^"]*\)".*/\3 \2 \1/p'
}

# Rows by verdict; none must be there, or some must.
with() { grep "^$1 " "$place/$mode.rows" | cut -d' ' -f3 | sort; }
none() { [ -z "$(with "$1")" ] || complain "$1: $(with "$1" | tr '\n' ' ')"; }
some() { [ -n "$(with "$1")" ] || complain "no row is $1"; }
reason() { tail -1 "$place/stdout" | grep -q "$1" || complain "the reason is not \"$1\""; }
within() { [ "$took" -le "$1" ] || complain "took ${took}s, more than $1"; }

# Without ACLs there is nothing to deny; the backend may do everything; and
# tok/bearer/stays-in-frames judges the client of this program, not the target.
holds_no_denial='acl/off/|acl/defaults/backend-may-everything|acl/identity/reserved-characters|tok/bearer/stays-in-frames'
# The whole of ACL and TOK that is fast enough for a target.
all=--profile=pre-acl

# started: every row that the sound target could run was started here too.
started() {
    with skipped | cmp -s - "$place/skipped" || complain "other rows are skipped"
}

judge_wrong() {
    # --- undisturbed: what all others are compared with
    judge sound 0 "$all"
    none fail
    none error
    none inconclusive
    some pass
    with pass >"$place/green"
    [ "$(wc -l <"$place/green")" -ge 90 ] || complain "fewer than 90 rows judged"
    # Rows that need a clock of ours are skipped with that reason, nothing else is.
    with skipped >"$place/skipped"
    some skipped
    grep -q 'no clock that we may move' "$place/out/junit.xml" ||
        complain "rows that move time are skipped without saying so"

    # --- right, and unlike ours: other sids, codes, members, pages, echoes, late
    # events, open questions answered otherwise. Nothing is a failure.
    judge foreign 0 "$all"
    none fail
    none error
    none inconclusive
    started
    with warning >"$place/warned"
    with pass | cat - "$place/warned" | sort | comm -13 - "$place/green" >"$place/lost"
    [ ! -s "$place/lost" ] || complain "not judged: $(tr '\n' ' ' <"$place/lost")"

    # --- right, in other bytes: chunks, headers in other letters, phrases, closed
    # connections, fragments and pings, events over a second late.
    judge foreign-wire 0 rest/items rest/pages rest/bodies sdk/requests \
        acl/grants/one-to-many --jobs 8
    none fail
    none error
    none inconclusive
    some pass

    # --- everything refused: red by controls and allowances
    judge deny-all 1 "$all"
    none pass
    none error
    none inconclusive
    started
    judge deny-all-sdk 1 "$all"
    none error
    none inconclusive
    started
    # What is green there asks nothing of the SDK plane beyond `init`.
    with pass | grep -Ev 'acl/off/switch-is-off|acl/identity/(reserved|length)|acl/backend/no-rest-credential|^tok/' >"$place/wrong"
    [ ! -s "$place/wrong" ] || complain "green: $(tr '\n' ' ' <"$place/wrong")"
    named=yes
    judge deny-all 1 "$all"
    none pass
    none error
    none inconclusive
    some fail
    with fail | grep -q '^acl/defaults' || complain "no ACL row was judged"
    named=

    # --- everything allowed: red by denials
    judge allow-all 1 "$all"
    none error
    none inconclusive
    started
    with pass | grep -Ev "$holds_no_denial" >"$place/wrong"
    [ ! -s "$place/wrong" ] || complain "green: $(tr '\n' ' ' <"$place/wrong")"
    judge allow-all-hollow 1 "$all"
    none error
    started
    with pass | grep -v 'acl/backend/no-rest-credential' >"$place/wrong"
    [ ! -s "$place/wrong" ] || complain "green: $(tr '\n' ' ' <"$place/wrong")"

    # --- disturbed: the undisturbed verdicts, or inconclusive
    judge drop-tenth "0 3" "$all"
    none fail
    none error
    started
    some pass
    with pass | comm -23 - "$place/green" >"$place/wrong"
    [ ! -s "$place/wrong" ] || complain "green only when disturbed"
}

judge_ill() {
    # --- ill: never green, never a failure of security
    for sick in error-500 error-500-requests; do
        judge $sick "3 75" "$all"
        none pass
        none fail
        none error
        within 60
    done
    reason 'distress'
    # The distress stop: exit 75, and of 230 rows most are never begun.
    judge error-500-requests 75 acl
    reason 'distress'
    idle=$(grep -c 'the target in distress' "$place/out/junit.xml")
    [ "$idle" -ge 100 ] || complain "only $idle rows were not begun in distress"
    sent=$(sed -n 's/^sent: \([0-9]*\) requests.*/\1/p' "$place/stdout")
    came=$(sed -n 's/^requests: //p' "$place/log")
    [ "${came:-99999}" -le "$sent" ] || complain "$came requests came, $sent sent"
    judge error-500 3 acl/defaults/rest-stream-closed
    none pass
    none fail
    reason 'vacuous'
    judge hang-after-preflight 75 "$all"
    none pass
    none fail
    none error
    within 180
    reason 'distress'
    judge hang 69 acl/defaults/rest-created-closed
    reason 'unreachable'
    within 60
    judge garbage 69 acl/defaults/rest-created-closed
    reason 'unreachable'
    judge garbage-bodies "1 3 75" "$all"
    none pass
    none error

    judge slow "0 3" acl/off/switch-is-off-at-first
    none fail
    none error

    # --- wrong credentials are no verdict
    mode=wrong-secret
    start sound
    sed 's/"api_secret": "[^"]*"/"api_secret": "not the secret"/; s/"auth_token": "[^"]*",/ /' \
        "$place/target.json" >"$place/wrong.json"
    "$program" run acl/defaults/rest-created-closed --target "$place/wrong.json" \
        --out "$place/out" >"$place/stdout" 2>&1
    code=$?
    end_server
    [ "$code" -eq 69 ] || complain "exit $code, expected 69"
    reason '401'
}

# The whole suite, not only what is quick, chapter by chapter.
judge_wire() {
    for chapter in $chapters; do
        judge foreign-wire 0 "$chapter" --jobs 16
        none fail
        none error
        none inconclusive
        some pass
    done
}

case $half in
wrong) judge_wrong ;;
ill) judge_ill ;;
wire) judge_wire ;;
*)
    judge_wrong
    judge_ill
    ;;
esac
exit "$failed"
