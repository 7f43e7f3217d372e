#!/bin/sh
# audit.sh - audit of a large service: thousands of objects and rows over many
# pages, three things planted, exactly these three named; undone, none. What was
# sent is counted in the access log of the service.
# Usage: audit.sh SYNCPROOF AGENTS. Loopback only; ends what it starts by pid.
set -u
program=$1
agents=$2
# shellcheck source=harness/tests/server.sh
. "$(dirname "$0")/server.sh"
# shellcheck source=harness/tests/baseline.sh
. "$(dirname "$0")/baseline.sh"

# Agents 1..N with a map, a list and a document each, and a queue that all read.
# PLANTED 1: the row of agent 7 on its list is missing, mallory writes to the map
# of agent 8, the document of agent 9 is the backend's.
write_files() { # PLANTED
    awk -v n="$agents" -v planted="$1" -v place="$place" '
    function id(i) { return sprintf("%032x", i) }
    function row(who, rights) {
        return sprintf("{\"identity\": \"%s\", \"rights\": [%s]}", who, rights)
    }
    function object(type, name, more) {
        printf(", {\"type\": \"%s\", \"unique_name\": \"%s\"%s}\n", type, name, more) >config
    }
    BEGIN {
        config = place "/config.json"
        plan = place "/plan.json"
        printf "{\"plan\": \"large\", \"roles\": {\"agent\": [" >plan
        for (i = 1; i <= n; i++) printf("%s\"%s\"", (i > 1 ? ", " : ""), id(i)) >plan
        printf "]}, \"objects\": [{\"type\": \"map\", \"name\": \"queue\", \"creator\": \"backend\"}" >plan
        printf ", {\"type\": \"map\", \"name\": \"m-{id}\", \"for\": \"agent\", \"creator\": \"backend\"}" >plan
        printf ", {\"type\": \"list\", \"name\": \"l-{id}\", \"for\": \"agent\", \"creator\": \"backend\"}" >plan
        printf ", {\"type\": \"document\", \"name\": \"d-{id}\", \"for\": \"agent\", \"creator\": \"{id}\"}]" >plan
        printf ", \"grants\": [{\"type\": \"map\", \"object\": \"queue\", \"role\": \"agent\", \"rights\": [\"read\"]}" >plan
        printf ", {\"type\": \"map\", \"object\": \"m-{id}\", \"role\": \"self\", \"rights\": [\"read\"]}" >plan
        printf ", {\"type\": \"list\", \"object\": \"l-{id}\", \"role\": \"self\", \"rights\": [\"read\"]}]}\n" >plan

        printf "{\"accounts\": [{\"account_sid\": \"AC11111111111111111111111111111111\", \"auth_token\": \"t0ken\"," >config
        printf "\"keys\": [{\"api_key\": \"SK11111111111111111111111111111111\", \"api_secret\": \"s3cret\", \"kind\": \"main\"}]," >config
        printf "\"services\": [{\"service_sid\": \"IS11111111111111111111111111111111\", \"acl_enabled\": true, \"objects\": [" >config
        printf "{\"type\": \"map\", \"unique_name\": \"queue\", \"grants\": [" >config
        for (i = 1; i <= n; i++) printf("%s%s", (i > 1 ? ",\n" : ""), row(id(i), "\"read\"")) >config
        printf "]}\n" >config
        for (i = 1; i <= n; i++) {
            more = planted && i == 8 ? ", " row("mallory", "\"write\"") : ""
            object("map", "m-" id(i), ", \"grants\": [" row(id(i), "\"read\"") more "]")
            more = planted && i == 7 ? "" : ", \"grants\": [" row(id(i), "\"read\"") "]"
            object("list", "l-" id(i), more)
        }
        if (planted) object("document", "d-" id(9), ", \"data\": {}")
        printf "]}]}]}\n" >config
    }'
}

serve() {
    start_server "$program" serve --listen 127.0.0.1:0 --config "$place/config.json" \
        --limits off -v
    port=$(sed 's/.*"rest":"http:\/\/127.0.0.1:\([0-9]*\)".*/\1/' "$place/ready")
    cat >"$place/target.json" <<END
{"name": "test", "rest_url": "http://127.0.0.1:$port", "sdk_url": "ws://127.0.0.1:$port/v3/wsconnect",
 "account_sid": "AC11111111111111111111111111111111", "api_key": "SK11111111111111111111111111111111",
 "api_secret": "s3cret", "service_sid": "IS11111111111111111111111111111111", "mode": "readonly"}
END
}

audit() { # CODE TITLE OPTIONS...
    wanted=$1
    title=$2
    shift 2
    expect "$wanted" "$title" "$program" audit --target "$place/target.json" --out "$place/out" "$@"
}

write_files 1
serve
audit 1 "three planted" --plan "$place/plan.json"
has stdout "three planted" "audit: $((2 * agents + 2)) objects read by "
has stdout "three planted" ", 3 findings"
has stdout "three planted" "\"$(printf %032x 7)\" lacks read on list \"l-$(printf %032x 7)\""
has stdout "three planted" "\"mallory\" has, beyond the plan, write on map \"m-$(printf %032x 8)\""
has stdout "three planted" "\"d-$(printf %032x 9)\" was created by \"system\", the plan expects"
[ "$(grep -c '^fail ' "$place/stdout")" -eq 3 ] || fail "three planted: failures"

# Every request was a GET, and as many came as the audit says.
said=$(sed -n 's/.* objects read by \([0-9]*\) GETs.*/\1/p' "$place/stdout")
heard=$(grep -c 'method=GET' "$place/log")
[ "$said" -eq "$heard" ] || fail "said $said GETs, the service heard $heard"
[ "$said" -ge $((2 * agents)) ] || fail "only $said GETs"
grep 'method=' "$place/log" | grep -v 'method=GET' && fail "something else than GET was sent"
grep -q 'wsconnect' "$place/log" && fail "the SDK plane was used"
# 100 a page: of objects, and of the rows of one object.
pages=$(((agents + 99) / 100))
[ "$(grep -c 'path=[^ ]*/Lists ' "$place/log")" -eq "$pages" ] || fail "pages of lists"
most=$(sed -n 's/.* path=\([^ ]*\/Permissions\) .*/\1/p' "$place/log" | sort | uniq -c |
    sort -rn | awk 'NR == 1 { print $1 }')
[ "$most" -eq "$pages" ] || fail "pages of rows: $most, not $pages"

# Accepted for now, in a folder's page too.
cp "$place/stdout" "$place/planted"
accept_all planted
audit 0 "accepted" --plan "$place/plan.json" --baseline "$place/baseline.json" \
    --html "$place/page.html"
has stdout "accepted" "3 xfail"
has page.html "accepted" "T-1"

write_files 0
serve
audit 4 "accepted, and undone" --plan "$place/plan.json" --baseline "$place/baseline.json"
audit 0 "undone" --plan "$place/plan.json"
has stdout "undone" ", 0 findings"
has stdout "undone" "0 objects go dark for 0 identities"
audit 0 "a draft without plan" --emit-plan "$place/draft.json"
audit 0 "the draft holds" --plan "$place/draft.json"
has stdout "the draft holds" ", 0 findings"
audit 0 "a draft beside a plan" --plan "$place/plan.json" --emit-plan "$place/again.json"
cmp -s "$place/draft.json" "$place/again.json" || fail "two drafts of one service differ"
exit "$failed"
