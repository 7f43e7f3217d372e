# cmake -D TOOL=catalogue.cmake -D WORK=<folder> -P catalogue_test.cmake
#
# The catalogue test must refuse each way in which rows, clauses, the pending
# list and the page can disagree. A small set of each is laid out, spoilt once.
cmake_minimum_required(VERSION 3.22)

set(failures 0)
set(cases 0)

function(clause id out)
    set(${out} "{\"id\": \"${id}\", \"level\": \"MUST\", \"objects\": [\"D\"], \"sentence\": \"A; b [c] | d\", \"source\": \"S\", \"check\": \"x\", \"subject\": \"service\", \"inferred\": false}" PARENT_SCOPE)
endfunction()

function(row id source out)
    set(${out} "{\"id\": \"${id}\", \"source\": \"${source}\", \"meets\": \"W01\", \"title\": \"T\"}" PARENT_SCOPE)
endfunction()

function(adversary id out)
    set(${out} "{\"id\": \"${id}\", \"level\": \"MUST\", \"what\": \"does\"}" PARENT_SCOPE)
endfunction()

adversary(W01 adversaries)

macro(lay clauses pending rows)
    file(REMOVE_RECURSE ${WORK})
    file(MAKE_DIRECTORY ${WORK}/scenarios)
    file(WRITE ${WORK}/fixtures/clauses.json
        "{\n\"edition\": \"2026-01-01\",\n\"clauses\": [${clauses}],\n\"pending\": [${pending}]\n}\n")
    file(WRITE ${WORK}/fixtures/adversaries.json
        "{\"adversaries\": [${adversaries}]}\n")
    file(WRITE ${WORK}/rows.json "{\"rows\": [${rows}]}")
endmacro()

macro(run write)
    execute_process(COMMAND ${CMAKE_COMMAND} -D TREE=${WORK}
        -D ROWS=${WORK}/rows.json -D WRITE=${write} -P ${TOOL}
        RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE err)
    set(said "${out}${err}")
endmacro()

# `wanted` is a pattern of what a refusal says; empty: no refusal.
function(judge title wanted)
    math(EXPR cases "${cases} + 1")
    set(cases ${cases} PARENT_SCOPE)
    if((wanted STREQUAL "" AND status EQUAL 0) OR
       (NOT wanted STREQUAL "" AND NOT status EQUAL 0 AND
        said MATCHES "${wanted}"))
        return()
    endif()
    math(EXPR failures "${failures} + 1")
    set(failures ${failures} PARENT_SCOPE)
    message(NOTICE "${title}: status ${status}:\n${said}")
endfunction()

clause(ACL-01 one)
clause(ACL-02 two)
row(acl/a "ACL-01" a)
row(acl/b "ACL-01 ACL-02" b)

lay("${one},${two}" "\"ACL-02\"" "${a}")
run(ON)
judge("written" "")
run(OFF)
judge("as written" "")
file(READ ${WORK}/scenarios/CATALOGUE.md page)
set(said "${page}")
set(status 1)
judge("the page shows rows" "\\| ACL-01 \\| MUST \\| service \\| A; b .c. .\\| d \\| S \\| `acl/a` \\|")
judge("the page shows pending" "\\| ACL-02 .*\\| pending \\|")
file(APPEND ${WORK}/scenarios/CATALOGUE.md "x")
run(OFF)
judge("edited by hand" "CATALOGUE.md is stale")

# The clauses and the page fit, one thing is spoilt afterwards.
macro(spoil title wanted clauses pending rows)
    lay("${clauses}" "${pending}" "${rows}")
    run(OFF)
    judge("${title}" "${wanted}")
endmacro()

row(acl/a "" bare)
row(acl/c "ACL-99" unknown)
spoil("no row" "ACL-02 has no row and is not pending" "${one},${two}" "" "${a}")
spoil("both" "ACL-02 is pending and has rows" "${one},${two}" "\"ACL-02\"" "${a},${b}")
spoil("bare row" "acl/a names no clause" "${one}" "" "${bare}")
spoil("unknown clause" "names ACL-99" "${one}" "" "${a},${unknown}")
spoil("unknown pending" "pending ACL-77 is no clause" "${one}" "\"ACL-77\"" "${a}")
spoil("clause twice" "ACL-01 stands twice" "${one},${one}" "" "${a}")
spoil("row twice" "row acl/a stands twice" "${one}" "" "${a},${a}")
spoil("no rows at all" "0 rows" "${one}" "" "")

foreach(pair IN ITEMS "int x=exports no suite"
        "SYN_SUITE(acl_x, t, rows)=acl_x is not in registry.c")
    string(REGEX MATCH "^(.*)=(.*)$" ignored "${pair}")
    lay("${one}" "" "${a}")
    file(WRITE ${WORK}/scenarios/registry.c "X(acl_y)")
    file(WRITE ${WORK}/scenarios/acl/x.c "${CMAKE_MATCH_1}")
    set(wanted "${CMAKE_MATCH_2}")
    run(OFF)
    judge("unregistered" "${wanted}")
endforeach()

adversary(W01 met)
adversary(W02 unmet)
set(adversaries "${met},${unmet}")
spoil("adversary that nobody meets" "no row meets W02" "${one}" "" "${a}")
set(adversaries "${unmet}")
spoil("unknown adversary" "meets W01, which is no adversary" "${one}" "" "${a}")
set(adversaries "${met},${met}")
spoil("adversary twice" "W01 stands twice" "${one}" "" "${a}")
set(adversaries "${met}")

lay("${one},${two}" "\"ACL-01\"" "${b}")
run(ON)
judge("pending renewed" "")
file(READ ${WORK}/fixtures/clauses.json said)
set(status 1)
judge("pending is empty" "\"pending\": \\[\\]")

file(REMOVE_RECURSE ${WORK})
if(failures GREATER 0)
    message(FATAL_ERROR "${failures} of ${cases} cases judged wrongly")
endif()
message(STATUS "${cases} cases judged rightly")
