#!/bin/sh
# calibrate.sh - the verb calibrate from outside. The proof is a round trip: a
# service that is told one answer (serve --readings) is asked all questions, and
# that answer, and no other, comes back; for every answer but the reference's.
# Usage: calibrate.sh SYNCPROOF SOURCE. Loopback only; ends what it starts by pid.
set -u
program=$1
source=$2
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"

cat >"$place/config.json" <<END
{"accounts": [{"account_sid": "AC11111111111111111111111111111111", "auth_token": "t0ken",
  "keys": [{"api_key": "SK11111111111111111111111111111111", "api_secret": "s3cret", "kind": "main"}],
  "services": [{"service_sid": "IS11111111111111111111111111111111"}]}],
 "purge_delay_ms": 3600000}
END

# serve OPTIONS...: a service, and a target file for it.
serve() {
    start_server "$program" serve --listen 127.0.0.1:0 "$@"
    rest=$(member rest)
    sdk=$(member sdk)
    cat >"$place/target.json" <<END
{"name": "own", "rest_url": "$rest", "sdk_url": "$sdk", "mode": "namespaced", "budget": {"rest_per_s": 1000, "connects_per_s": 500},
 "account_sid": "AC11111111111111111111111111111111", "clock": "$clock",
 "api_key": "SK11111111111111111111111111111111", "api_secret": "s3cret"}
END
}

# --- the round trip of every answer ------------------------------------------

answers='events-after-revoke:"flow" creator-row:"hidden" stream-access:"anyone"
stream-access:"nobody" write-implies-read:"yes" ttl-right:"manage"
permission-missing-code:"54354" json-syntax:"lenient" data-top-level:"any"
etag:"bare" if-match-container:"ignored" if-match-document-delete:"ignored"
identity-case:"folded" identity-form:"composed" expired-visible:"no"
expired-update:"refused" expired-name:"free" purge-webhook:"sent"
webhook-retries:1 webhook-retries:5 webhook-names:"bare"
page-size-over:"refuse" page-size-over:"honour" token-code-header:"51xxx"
token-code-issuer:"51xxx" token-code-signature:"51xxx"
token-code-early:"51xxx" token-code-expired:"51xxx" token-code-grants:"51xxx"
token-code-lifetime:"51xxx" nbf-skew-s:0 nbf-skew-s:30 nbf-skew-s:600
exp-skew-s:1 exp-skew-s:45 exp-skew-s:600 name-scope:"service"
size-measure:"raw" size-measure:"characters" listing-order:"created-desc"
listing-order:"sid" made-while-off:"loses"'

questions=$(for one in $answers; do echo "${one%%:*}"; done | sort -u | wc -l)
clock=virtual
for one in $answers; do
    id=${one%%:*}
    value=${one#*:}
    printf '{"readings": 1, "values": {"%s": %s}}\n' "$id" "$value" \
        >"$place/given.json"
    serve --virtual-clock --config "$place/config.json" \
        --readings "$place/given.json"
    expect 0 "$one" "$program" calibrate --target "$place/target.json" \
        --save "$place/saved.json" --out "$place/out"
    has saved.json "$one" "\"$id\":$value"
    has stdout "$one" " of $questions questions observed, 1 answered otherwise"
    end_server
    # What was saved makes a service behave so in turn.
    expect 0 "again $one" "$program" calibrate --readings "$place/saved.json" \
        --save "$place/again.json" --out "$place/out"
    has again.json "again $one" "\"$id\":$value"
done

# --- the reference, on a real clock and without a purge delay -------------------

clock=real
serve --account-sid AC11111111111111111111111111111111 \
    --api-key SK11111111111111111111111111111111 --api-secret s3cret
expect 0 "real clock" "$program" calibrate --target "$place/target.json" \
    --save "$place/saved.json" --out "$place/out" --junit "$place/junit.xml" \
    --html "$place/page.html"
has stdout "real clock" "target=own clock=real"
has stdout "real clock" "0 answered otherwise"
has stdout "real clock" "expired-visible           not observable here: what expires is gone at once"
has saved.json "real clock" '"unobserved":{"expired-visible":"what expires'
has saved.json "real clock" '"purge-webhook":"none"'
has page.html "real clock" "calibrate/nbf-skew-s"
has junit.xml "real clock" 'name="calibrate/nbf-skew-s"'
has stdout "real clock" "exit 0: passed"
curl -s -u SK11111111111111111111111111111111:s3cret "$rest/v1/Services" \
    >"$place/services"
lacks services "what is left" "syn-"

# --- interrupted: cleaned up, 130 -----------------------------------------------

"$program" calibrate --target "$place/target.json" --out "$place/out" \
    >"$place/stdout" 2>"$place/stderr" &
calibrate=$!
tries=0
while [ "$tries" -lt 200 ]; do # until its services are there
    curl -s -u SK11111111111111111111111111111111:s3cret "$rest/v1/Services" \
        >"$place/services"
    grep -q "syn-" "$place/services" && break
    tries=$((tries + 1))
    sleep 0.01
done
kill -INT "$calibrate"
wait "$calibrate"
code=$?
[ "$code" -eq 130 ] || fail "interrupted: expected exit 130, got $code"
curl -s -u SK11111111111111111111111111111111:s3cret "$rest/v1/Services" \
    >"$place/services"
lacks services "left after an interruption" "syn-"
end_server

# --- a refusal is no reading when the control is refused too ----------------------

expect 0 "grants do nothing" "$program" calibrate --defect grant-ignored \
    --save "$place/saved.json" --out "$place/out"
has stdout "grants do nothing" \
    "write-implies-read        not observable here: the control failed: a writer writes"
lacks saved.json "grants do nothing" '"write-implies-read":"no"'

# --- what is refused ---------------------------------------------------------------

refuses() {
    printf '%s\n' "$2" >"$place/bad.json"
    expect 64 "$1" "$program" gate "$source/fixtures/plans/small.json" \
        --readings "$place/bad.json" --out "$place/out"
    has stderr "$1" "$3"
}
refuses "unknown id" '{"readings": 1,
 "values": {"ttl-rights": "write"}}' \
    'bad.json:2:27: /values/ttl-rights: no open question has this id'
refuses "unknown word" '{"readings": 1, "values": {"ttl-right": "read"}}' \
    '/values/ttl-right: must be "write" or "manage"'
refuses "number out of range" '{"readings": 1, "values": {"nbf-skew-s": 601}}' \
    '/values/nbf-skew-s: must be a number from 0 to 600'
refuses "text for a number" '{"readings": 1, "values": {"nbf-skew-s": "60"}}' \
    '/values/nbf-skew-s: must be a number'
refuses "unknown member" '{"readings": 1, "values": {}, "valuse": {}}' \
    '/valuse: is not known'
refuses "no values" '{"readings": 1}' 'values is missing'
refuses "another version" '{"readings": 2, "values": {}}' '/readings: must be 1'
refuses "no JSON" '{"readings": 1,' 'bad.json:'
expect 64 "no such file" "$program" serve --readings "$place/absent.json"
expect 64 "two masters" "$program" calibrate --target "$place/target.json" \
    --readings "$place/given.json"

# --- findings name what they assume ------------------------------------------------

plan=$source/fixtures/plans/contact-centre.json
expect 0 "gate as the reference" "$program" gate "$plan" --out "$place/out"
lacks stdout "gate as the reference" "assumes"
echo '{"readings": 1, "values": {"write-implies-read": "yes"}}' \
    >"$place/given.json"
expect 1 "gate with write-implies-read" "$program" gate "$plan" \
    --readings "$place/given.json" --out "$place/out"
has stdout "gate names it" \
    "assumes write-implies-read=yes (open question 4)"

cat >"$place/trace.jsonl" <<'END'
{"trace":1,"acl_enabled":false,"from":"2026-11-21T08:00:00.000Z","to":"2026-11-21T20:00:00.000Z","sees":{"sdk":true,"rest":true,"reads":true}}
{"inv":"map","sid":"MP11111111111111111111111111111111","name":"queue","created_by":"system","date_expires":null,"permissions":[{"identity":"w-1","read":false,"write":true,"manage":false}]}
{"t":12,"src":"sdk","conn":"c1","identity":"w-1","op":"ttl","type":"map","sid":"MP11111111111111111111111111111111","name":"queue","http":200,"ttl_s":60}
END
expect 0 "dryrun as the reference" "$program" dryrun "$place/trace.jsonl" \
    --out "$place/out"
echo '{"readings": 1, "values": {"ttl-right": "manage"}}' >"$place/given.json"
expect 1 "dryrun with ttl-right" "$program" dryrun "$place/trace.jsonl" \
    --readings "$place/given.json" --out "$place/out"
has stdout "dryrun names it" "assumes ttl-right=manage (open question 4)"
lacks stdout "model and oracle agree" "disagreed 1"

expect 0 "help" "$program" calibrate --help
has stdout "help" "--save FILE"
has stdout "help" "Example:"
exit $failed
