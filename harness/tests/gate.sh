#!/bin/sh
# gate.sh - the verbs gate, audit and blast from outside: what is planted in a
# service is named, undone it is not, and audits send nothing but GET.
# Usage: gate.sh SYNCPROOF SOURCE. Loopback only; ends what it starts by pid.
set -u
program=$1
source=$2
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"
# shellcheck source=harness/tests/baseline.sh
. "$(dirname "$0")/baseline.sh"
lead=c0ffee12-5a6b-4c3d-9e8f-1029384756af
agent_a=5f0e8c1a-3b52-4d0e-9a44-0c1d2e3f4a50
agent_b=7a9b6d24-81c3-4f7e-8b1d-93a1c5e7f802
plan=$source/fixtures/plans/small.json

# judge CODE TITLE COMMAND...: as expect, with reports.
judge() {
    expect "$@" --out "$place/out"
}

# valid TITLE: the JUnit report of the command before.
valid() {
    xmllint --noout --schema "$source/reports/junit.xsd" "$place/out/junit.xml" \
        2>"$place/xml" || fail "$1: JUnit: $(head -1 "$place/xml")"
}

# repeats TITLE CODE: each finding of the command before tells one and the same
# command; a shell that takes it gets the same results and that exit code.
repeats() {
    sed -n 's/^ *repeat: //p' "$place/stdout" | sort -u >"$place/command"
    [ "$(wc -l <"$place/command")" -eq 1 ] || fail "$1: no command that repeats it"
    grep -E '^(fail|warning|exit) ' "$place/stdout" | sort >"$place/first"
    (
        syncproof() { "$program" "$@"; }
        eval "$(cat "$place/command")"
    ) >"$place/again" 2>&1
    code=$?
    [ "$code" -eq "$2" ] || fail "$1, repeated: expected exit $2, got $code"
    grep -E '^(fail|warning|exit) ' "$place/again" | sort | diff "$place/first" - ||
        fail "$1, repeated: other results"
}

# serve QUEUE_GRANTS MORE_OBJECTS ACL: the service of the plan, in part spoilt.
serve() {
    end_server
    cat >"$place/config.json" <<END
{"accounts": [{"account_sid": "AC11111111111111111111111111111111", "auth_token": "t0ken",
  "keys": [{"api_key": "SK11111111111111111111111111111111", "api_secret": "s3cret", "kind": "main"}],
  "services": [{"service_sid": "IS11111111111111111111111111111111", "acl_enabled": $3, "objects": [
    {"type": "map", "unique_name": "queue", "items": [{"key": "k", "data": {}, "ttl_s": 86400}], "grants": [
      {"identity": "$agent_a", "rights": ["read"]}, {"identity": "$agent_b", "rights": ["read"]}$1]},
    {"type": "list", "unique_name": "calls-$agent_a", "items": [{"data": {}, "ttl_s": 86400}], "grants": [
      {"identity": "$agent_a", "rights": ["read"]}, {"identity": "$lead", "rights": ["read"]}]},
    {"type": "list", "unique_name": "calls-$agent_b", "grants": [
      {"identity": "$agent_b", "rights": ["read"]}, {"identity": "$lead", "rights": ["read"]}]}$2]}]}]}
END
# shellcheck disable=SC2086
    start_server "$program" serve --listen 127.0.0.1:0 --config "$place/config.json" -v ${extra:-}
    port=$(sed 's/.*"rest":"http:\/\/127.0.0.1:\([0-9]*\)".*/\1/' "$place/ready")
    cat >"$place/target.json" <<END
{"name": "test", "rest_url": "http://127.0.0.1:$port", "sdk_url": "ws://127.0.0.1:$port/v3/wsconnect",
 "account_sid": "AC11111111111111111111111111111111", "api_key": "SK11111111111111111111111111111111",
 "api_secret": "s3cret", "service_sid": "IS11111111111111111111111111111111", "mode": "readonly"}
END
    sed 's/"readonly"/"namespaced"/' "$place/target.json" >"$place/writable.json"
}

# --- gate -------------------------------------------------------------------

judge 0 "a sound plan" "$program" gate "$plan" --html "$place/gate.html"
has stdout "a sound plan" "READY: yes"
has stdout "a sound plan" "order to flip in:"
has stdout "a sound plan" "cells per second"
grep -q "^syncproof .*target=embedded" "$place/stdout" || fail "gate: first line"
tail -1 "$place/stdout" | grep -q "^exit 0" || fail "gate: last line"
[ -s "$place/out/junit.xml" ] && [ -s "$place/out/run.json" ] || fail "gate: reports"
grep -q "READY: <strong>yes" "$place/gate.html" || fail "gate: page"
for bad in missing-grant shared-write email-identity email-encoded \
    container-ttl shared-stream; do
    judge 1 "$bad" "$program" gate "$source/fixtures/plans/bad-$bad.json"
    has stdout "$bad" "READY: no"
    has stdout "$bad" "blocker 1: "
    lacks stdout "$bad" "blocker 2: "
    valid "$bad"
done
# What somebody accepted for a time does not stop the flip; something else does,
# and what no longer fails is told.
bad=$source/fixtures/plans/bad-missing-grant.json
judge 1 "before it is accepted" "$program" gate "$bad"
cp "$place/stdout" "$place/bad"
accept_all bad
judge 0 "accepted" "$program" gate "$bad" --baseline "$place/baseline.json"
has stdout "accepted" "accepted for now: "
has stdout "accepted" "accepted: missing-grant: "
lacks stdout "accepted" "blocker"
has stdout "accepted" "READY: yes"
has stdout "accepted" "until 2099-12-31"
judge 1 "accepted, and a defect" "$program" gate "$bad" --baseline "$place/baseline.json" \
    --defect rest-object-open-to-all
has stdout "accepted, and a defect" "READY: no"
has stdout "accepted, and a defect" "blocker 1: "
judge 4 "accepted, and mended" "$program" gate "$plan" --baseline "$place/baseline.json"
has stdout "accepted, and mended" "remove the entry"
judge 64 "no such plan" "$program" gate "$place/none.json"
has stderr "no such plan" "cannot read $place/none.json: No such file"
judge 64 "a baseline that is none" "$program" gate "$plan" --baseline "$bad"
lacks stdout "a baseline that is none" "cells"

judge 1 "a defect" "$program" gate "$plan" --defect rest-object-open-to-all
has stdout "a defect" "beyond-plan"
repeats "a defect" 1
odd="$place/it's a \$plan; \"x\".json"
cp "$source/fixtures/plans/bad-missing-grant.json" "$odd"
judge 1 "a path that a shell would take apart" "$program" gate --seed 7 "$odd"
repeats "a path that a shell would take apart" 1
[ "$(grep -c -- "--seed" "$place/command")" -eq 1 ] || fail "the seed: once"
echo '{"plan": "p", "objects": []}' >"$place/empty.json"
judge 3 "a plan without objects" "$program" gate "$place/empty.json" --html "$place/empty.html"
has stdout "a plan without objects" "nothing was proven: the plan has no objects"
has stdout "a plan without objects" "READY: no"
tail -1 "$place/stdout" | grep -q "^exit 3: vacuous" || fail "a plan without objects: last line"
grep -q "READY: <strong>no" "$place/empty.html" || fail "a plan without objects: page"
valid "a plan without objects"
sed 's|"grants": \[|&\n    {"type": "stream", "object": "presence", "role": "agent", "rights": ["read"]},|' \
    "$source/fixtures/plans/bad-shared-stream.json" >"$place/granted-stream.json"
judge 1 "a granted stream" "$program" gate "$place/granted-stream.json"
has stdout "a granted stream" "blocker 1: shared-stream"
lacks stdout "a granted stream" "blocker 2: "
has stdout "a granted stream" "exit 1: 1 confirmed failure"
printf '\357\273\277u-1\r\n# a word\r\n\r\n u-2 \r\nu-3' >"$place/agents.txt"
echo '{"plan": "p", "roles": {"agent": {"file": "agents.txt"}}, "objects": [
    {"type": "map", "name": "x-{id}", "for": "agent", "creator": "backend"}],
  "grants": [{"type": "map", "object": "x-{id}", "role": "self", "rights": ["read"]}],
  "waivers": [{"lint": "plain-identity", "identity": "u-1", "reason": "r", "owner": "o", "until": "2099-02-29"}]}' \
    >"$place/agents.json"
judge 64 "a day that is none" "$program" gate "$place/agents.json"
grep -q '/waivers/0/until: must be a date' "$place/stderr" || fail "a day that is none: place"
sed '/waivers/d; s/\["read"\]}\],/["read"]}]}/' "$place/agents.json" >"$place/marked.json"
judge 0 "a role from a marked file" "$program" gate "$place/marked.json" --all
grep -q 'name="gate/map/x-{id}/self/\*/read"' "$place/out/junit.xml" ||
    fail "a role from a marked file: cells"
grep -q "$(printf '\357\273\277')" "$place/out/junit.xml" &&
    fail "a role from a marked file: the mark is part of an identity"
long=$(printf '%0320d' 7)
who=$(printf '%0256d' 7)
echo "{\"plan\": \"p\", \"identities\": [\"$who\"], \"objects\": [{\"type\": \"map\", \"name\": \"$long\", \"creator\": \"backend\"}],
  \"grants\": [{\"type\": \"map\", \"object\": \"$long\", \"identity\": \"$who\", \"rights\": [\"read\"]}]}" >"$place/long.json"
judge 0 "the longest names" "$program" gate "$place/long.json"
valid "the longest names"
judge 0 "odd names" "$program" gate "$source/fixtures/plans/odd-names.json"
valid "odd names"
judge 0 "all cells" "$program" gate "$plan" --all
judge 64 "no plan" "$program" gate
judge 64 "no such file" "$program" gate "$place/none.json"
judge 64 "no such defect" "$program" gate "$plan" --defect none
echo '{"plan":"p","objects":[{"type":"map","name":"m","creator":"ann"}]}' \
    >"$place/undefined.json"
judge 64 "an undefined creator" "$program" gate "$place/undefined.json"
grep -q 'undefined.json:1:59: /objects/0/creator' "$place/stderr" ||
    fail "an undefined creator: place"

# --- audit ------------------------------------------------------------------

write=", {\"identity\": \"$lead\", \"rights\": [\"read\", \"write\"]}"
serve "$write" "" true
judge 0 "a sound service" "$program" audit --target "$place/target.json" --plan "$plan"
has stdout "a sound service" "0 findings"
has stdout "a sound service" "0 objects go dark for 0 identities"
grep -q "GET" "$place/log" || fail "audit: the access log has no GET"
if grep -E "POST|DELETE|PUT|PATCH|wsconnect" "$place/log"; then
    fail "audit: something else than GET was sent"
fi
judge 0 "a draft" "$program" audit --target "$place/target.json" --emit-plan "$place/draft.json"
judge 0 "the draft holds" "$program" audit --target "$place/target.json" --plan "$place/draft.json"
has stdout "the draft holds" "0 findings"
judge 0 "blast at a target" "$program" blast --target "$place/target.json" --identity "$lead" \
    --json "$place/blast.json"
has stdout "blast at a target" "reaches 3 while ACLs are off, 3 with ACLs on (1 to change), 0 once"
has stdout "blast at a target" "ACLs are on now."
lacks stdout "blast at a target" "Read for real"
grep -q '"acl_enabled":true' "$place/blast.json" || fail "blast at a target: JSON"
grep -q "actual_read" "$place/blast.json" && fail "blast: read without being asked"
grep -q "wsconnect" "$place/log" && fail "blast: connected without being asked"
judge 0 "blast that reads" "$program" blast --target "$place/target.json" --identity "$agent_a" \
    --read --json "$place/blast.json" --html "$place/blast.html"
has stdout "blast that reads" "2 with ACLs on (0 to change)"
has stdout "blast that reads" "Read for real now: 2, 0 of all against the rows."
grep -q '"actual_read":"refused"' "$place/blast.json" || fail "blast that reads: JSON"
grep -q "really read now" "$place/blast.html" || fail "blast that reads: page"
if grep -E "POST|DELETE|PUT|PATCH" "$place/log"; then
    fail "blast that reads: something was written"
fi
gate_at=$place/writable.json
sed '/service_sid/s/"service_sid": "[^"]*", //' "$gate_at" >"$place/gate-target.json"
judge 0 "gate at a target" "$program" gate "$plan" --target "$place/gate-target.json"

# What was made at the target: lines before creates, and nothing left of it.
manifest=$(ls "$place"/out/manifest-syn-*.jsonl | head -1)
[ -s "$manifest" ] || fail "gate at a target: no manifest"
grep -c '"do":"make","kind":"service"' "$manifest" | grep -qx 2 || fail "manifest: two services"
grep -q '"kind":"grant"' "$manifest" || fail "manifest: grants"
grep -q '"kind":"stream".*"ttl_s":3600' "$manifest" || fail "manifest: no dead man's TTL"
curl -s -u SK11111111111111111111111111111111:s3cret "http://127.0.0.1:$port/v1/Services" \
    >"$place/services"
grep -q '"friendly_name"' "$place/services" || fail "gate at a target: no listing"
grep -q '"friendly_name":"syn-' "$place/services" &&
    fail "gate at a target: services are left"
grep -q "s3cret" "$manifest" && fail "manifest: a secret"

# interrupt SIGNAL CODE: in the midst of it, at the target.
interrupt() {
    rm -rf "$place/out"
    "$program" gate "$place/many.json" --all --target "$place/gate-target.json" \
        --out "$place/out" >"$place/stdout" 2>"$place/stderr" &
    gate=$!
    tries=0
    while ! grep -qs '"kind":"grant"' "$place"/out/manifest-*.jsonl &&
        [ "$tries" -lt 100 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    kill "-$1" "$gate"
    began=$(date +%s)
    wait "$gate"
    code=$?
    [ "$code" -eq "$2" ] || fail "interrupted by $1: expected exit $2, got $code"
    [ $(($(date +%s) - began)) -le 5 ] || fail "interrupted by $1: took too long"
    has stdout "interrupted by $1" "READY: no"
    has stdout "interrupted by $1" "interrupted by SIG$1, reports written"
    [ -s "$place/out/junit.xml" ] || fail "interrupted by $1: reports"
    curl -s -u SK11111111111111111111111111111111:s3cret \
        "http://127.0.0.1:$port/v1/Services" >"$place/services"
    grep -q '"friendly_name"' "$place/services" || fail "interrupted by $1: no listing"
    grep -q '"friendly_name":"syn-' "$place/services" &&
        fail "interrupted by $1: services are left"
}
awk 'BEGIN { printf "{\"plan\":\"many\",\"roles\":{\"r\":[";
    for (i = 0; i < 200; i++) printf "%s\"%032d\"", i ? "," : "", i;
    print "]},\"objects\":[{\"type\":\"map\",\"name\":\"m-{id}\",\"for\":\"r\"," \
        "\"creator\":\"backend\"}],\"grants\":[{\"type\":\"map\",\"object\":\"m-{id}\"," \
        "\"role\":\"self\",\"rights\":[\"read\"]}]}" }' >"$place/many.json"
interrupt INT 130
interrupt TERM 143

judge 64 "gate at a readonly target" "$program" gate "$plan" --target "$place/target.json"

serve "" "" true
judge 1 "a row deleted" "$program" audit --target "$place/target.json" --plan "$plan"
has stdout "a row deleted" ", 1 finding"
has stdout "a row deleted" "\"$lead\" lacks read, write on map \"queue\""
has stdout "a row deleted" "1 object goes dark for 1 identity at the flip"
repeats "a row deleted" 1
has stdout "a row deleted" "-d Read=true -d Write=true -d Manage=false"

serve "$write, {\"identity\": \"mallory\", \"rights\": [\"write\"]}" "" true
judge 1 "a foreign grant" "$program" audit --target "$place/target.json" --plan "$plan"
has stdout "a foreign grant" ", 1 finding"
has stdout "a foreign grant" "\"mallory\" has, beyond the plan, write on map \"queue\""

serve "$write" ", {\"type\": \"document\", \"unique_name\": \"status-$agent_a\", \"data\": {}}" true
judge 1 "a squatted object" "$program" audit --target "$place/target.json" --plan "$plan"
has stdout "a squatted object" ", 1 finding"
has stdout "a squatted object" "\"status-$agent_a\" was created by \"system\", the plan expects \"$agent_a\""

serve "$write" "" false
judge 0 "ACLs off" "$program" audit --target "$place/target.json" --plan "$plan"
has stdout "ACLs off" ", 1 finding"
lacks stdout "ACLs off" "1 findings"
grep -qx 'warning *audit/acl-off' "$place/stdout" || fail "ACLs off: id"
judge 1 "ACLs off, strict" "$program" audit --target "$place/target.json" --plan "$plan" --strict
judge 64 "no target" "$program" audit --plan "$plan"
end_server
judge 69 "nobody there" "$program" audit --target "$place/target.json" --plan "$plan"

# --- blast ------------------------------------------------------------------

extra="--defect rest-object-open-to-all"
serve "$write" ", {\"type\": \"document\", \"unique_name\": \"closed\", \"data\": {}}" true
extra=
judge 1 "blast of a leaking service" "$program" blast --target "$place/target.json" \
    --identity "$agent_a" --read
has stdout "blast of a leaking service" "was read, and no row allows it"
repeats "blast of a leaking service" 1
judge 0 "blast without reading" "$program" blast --target "$place/target.json" \
    --identity "$agent_a"
serve "$write" "" false
judge 0 "blast with ACLs off" "$program" blast --target "$place/target.json" \
    --identity nobody --read
has stdout "blast with ACLs off" "reaches 3 while ACLs are off, 0 with ACLs on"
has stdout "blast with ACLs off" "ACLs are off now. Read for real now: 3, 0 of all"
end_server
judge 69 "blast, nobody there" "$program" blast --target "$place/target.json" --identity x

judge 0 "blast" "$program" blast --identity "$agent_a" --plan "$plan" \
    --json "$place/blast.json" --html "$place/blast.html"
has stdout "blast" "reaches 7 while ACLs are off, 4 with ACLs on (2 to change), 2 once"
has stdout "blast" "and none once its key is deleted; what it reaches, it reaches for at most 14400 s"
grep -q "^syncproof .*target=none" "$place/stdout" || fail "blast: first line"
tail -1 "$place/stdout" | grep -q "^exit 0" || fail "blast: last line"
grep -q '"reached":{"acl_off":7,"acl_on":4,"after_revocation":2,"after_key_deletion":0}' \
    "$place/blast.json" || fail "blast: JSON"
grep -q '"until":"the end of the token"' "$place/blast.json" || fail "blast: until"
grep -q "Blast radius of $agent_a" "$place/blast.html" || fail "blast: page"
grep -qE 'src=|href=|url\(|<script' "$place/blast.html" "$place/gate.html" &&
    fail "a page loads something"
judge 64 "blast without identity" "$program" blast --plan "$plan"
judge 64 "blast of both" "$program" blast --identity x --plan "$plan" \
    --target "$place/target.json"
judge 64 "blast reading a plan" "$program" blast --identity x --plan "$plan" --read
exit "$failed"
