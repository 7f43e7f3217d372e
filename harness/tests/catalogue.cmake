# cmake -D TREE=<root> (-D PROGRAM=<catalogue_rows> | -D ROWS=<file>)
#       [-D WRITE=ON] -P catalogue.cmake
#
# scenarios/CATALOGUE.md says which rows prove which clause, and which meet which
# adversary. It is made from fixtures/clauses.json, fixtures/adversaries.json
# and from what catalogue_rows tells of the registered
# rows; ROWS is a file that holds such an answer. WRITE renews the catalogue and the
# list of pending clauses. Without it both must be as committed, every row must
# name known clauses, and every clause must have a row or be pending, not both.
cmake_minimum_required(VERSION 3.22)

set(clauses_file ${TREE}/fixtures/clauses.json)
set(catalogue_file ${TREE}/scenarios/CATALOGUE.md)
set(faults 0)

macro(fault text)
    math(EXPR faults "${faults} + 1")
    message(NOTICE "catalogue: ${text}")
endmacro()

# --- read both sources -------------------------------------------------------

file(READ ${clauses_file} clauses_json)
if(PROGRAM)
    execute_process(COMMAND ${PROGRAM}
        OUTPUT_VARIABLE rows_json RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "catalogue: ${PROGRAM}: exit ${status}")
    endif()
else()
    file(READ ${ROWS} rows_json)
endif()

# clause id -> rows that name it (rows_of_ID), in the order of the rows
string(JSON rows GET "${rows_json}" rows)
string(JSON row_count LENGTH "${rows}")
string(JSON clauses GET "${clauses_json}" clauses)
string(JSON clause_count LENGTH "${clauses}")
string(JSON edition GET "${clauses_json}" edition)
if(row_count EQUAL 0 OR clause_count EQUAL 0)
    message(FATAL_ERROR "catalogue: ${row_count} rows, ${clause_count} clauses")
endif()

math(EXPR clause_last "${clause_count} - 1")
foreach(index RANGE ${clause_last})
    string(JSON clause GET "${clauses}" ${index})
    string(JSON id GET "${clause}" id)
    if(DEFINED clause_${id})
        fault("${id} stands twice in clauses.json")
    endif()
    set(clause_${id} "${clause}")
    set(rows_of_${id} "")
    list(APPEND ids ${id})
endforeach()

# adversary id -> rows that meet it (met_by_ID)
file(READ ${TREE}/fixtures/adversaries.json adversaries_json)
string(JSON adversaries GET "${adversaries_json}" adversaries)
string(JSON adversary_count LENGTH "${adversaries}")
math(EXPR adversary_last "${adversary_count} - 1")
foreach(index RANGE ${adversary_last})
    string(JSON adversary GET "${adversaries}" ${index})
    string(JSON id GET "${adversary}" id)
    if(DEFINED adversary_${id})
        fault("${id} stands twice in adversaries.json")
    endif()
    set(adversary_${id} "${adversary}")
    set(met_by_${id} "")
    list(APPEND adversary_ids ${id})
endforeach()

math(EXPR row_last "${row_count} - 1")
foreach(index RANGE ${row_last})
    string(JSON row GET "${rows}" ${index})
    string(JSON id GET "${row}" id)
    string(JSON source GET "${row}" source)
    if(DEFINED row_${id})
        fault("row ${id} stands twice")
    endif()
    set(row_${id} seen)
    string(REGEX MATCHALL "[^ ,]+" named "${source}")
    if(named STREQUAL "")
        fault("row ${id} names no clause")
    endif()
    string(JSON meets ERROR_VARIABLE ignored GET "${row}" meets)
    string(REGEX MATCHALL "[A-Z][0-9]+" met "${meets}")
    foreach(name IN LISTS met)
        if(NOT DEFINED adversary_${name})
            fault("row ${id} meets ${name}, which is no adversary")
        else()
            string(APPEND met_by_${name} "`${id}` ")
        endif()
    endforeach()
    foreach(name IN LISTS named)
        if(NOT DEFINED clause_${name})
            fault("row ${id} names ${name}, which is no clause")
        else()
            string(APPEND rows_of_${name} "`${id}` ")
        endif()
    endforeach()
endforeach()

# A scenario file whose suite nobody registered would never run.
file(GLOB files RELATIVE ${TREE} ${TREE}/scenarios/*/*.c)
foreach(file IN LISTS files)
    file(READ ${TREE}/${file} text)
    file(READ ${TREE}/scenarios/registry.c registry)
    string(REGEX MATCH "SYN_SUITE\\(([a-z0-9_]+)," found "${text}")
    set(suite "${CMAKE_MATCH_1}")
    if(found STREQUAL "")
        fault("${file} exports no suite")
    elseif(NOT registry MATCHES "X\\(${suite}\\)")
        fault("${file}: ${suite} is not in registry.c")
    endif()
endforeach()

# --- pending clauses ---------------------------------------------------------

if(WRITE)
    set(pending "")
    foreach(id IN LISTS ids)
        if(rows_of_${id} STREQUAL "")
            list(APPEND pending ${id})
        endif()
    endforeach()
    set(text "")
    set(column 0)
    foreach(id IN LISTS pending)
        if(column EQUAL 8)
            string(APPEND text ",\n")
            set(column 0)
        elseif(column GREATER 0)
            string(APPEND text ", ")
        endif()
        string(APPEND text "\"${id}\"")
        math(EXPR column "${column} + 1")
    endforeach()
    if(NOT text STREQUAL "")
        set(text "\n${text}\n")
    endif()
    string(FIND "${clauses_json}" "\"pending\":" place)
    string(SUBSTRING "${clauses_json}" 0 ${place} head)
    file(WRITE ${clauses_file} "${head}\"pending\": [${text}]\n}\n")
else()
    string(JSON pending_json GET "${clauses_json}" pending)
    string(REGEX MATCHALL "[A-Z]+-[0-9]+" pending "${pending_json}")
    foreach(id IN LISTS pending)
        if(NOT DEFINED clause_${id})
            fault("pending ${id} is no clause")
        elseif(NOT rows_of_${id} STREQUAL "")
            fault("${id} is pending and has rows: ${rows_of_${id}}")
        endif()
    endforeach()
    foreach(id IN LISTS ids)
        if(rows_of_${id} STREQUAL "" AND NOT id IN_LIST pending)
            fault("${id} has no row and is not pending")
        endif()
    endforeach()
endif()

# --- the catalogue -----------------------------------------------------------

list(LENGTH pending pending_count)
math(EXPR covered "${clause_count} - ${pending_count}")
set(page "# Catalogue of requirements

Made by `harness/tests/catalogue.cmake` from `fixtures/clauses.json` and the
registered rows; a test holds it equal to both. Do not edit.

Edition ${edition}: ${clause_count} clauses, ${covered} of them with rows, ${pending_count} pending; ${row_count} rows.
\"Judged\" is the side that must keep the clause. An inferred clause is our
reading where public documents are silent.
")
set(sorted "${ids}")
list(SORT sorted COMPARE NATURAL)
set(chapter "")
foreach(id IN LISTS sorted)
    string(REGEX REPLACE "-.*" "" its_chapter ${id})
    if(NOT its_chapter STREQUAL chapter)
        set(chapter ${its_chapter})
        string(APPEND page "\n## ${chapter}\n\n| Clause | Level | Judged | Sentence | Source | Rows |\n|---|---|---|---|---|---|\n")
    endif()
    foreach(field IN ITEMS level subject sentence source inferred)
        string(JSON ${field} GET "${clause_${id}}" ${field})
        string(REPLACE "|" "\\|" ${field} "${${field}}")
    endforeach()
    if(inferred)
        string(APPEND source " (inferred)")
    endif()
    string(STRIP "${rows_of_${id}}" its_rows)
    if(its_rows STREQUAL "")
        set(its_rows "pending")
    endif()
    string(APPEND page "| ${id} | ${level} | ${subject} | ${sentence} | ${source} | ${its_rows} |\n")
endforeach()

# --- adversaries -------------------------------------------------------------

string(APPEND page "
## Adversaries

Who misbehaves, and the rows that meet it: T forged tokens, L their life, X
stolen ones, A access, W bytes and frames, B buggy clients, E expiry, I the
token endpoint.

| Adversary | Level | One who | Rows |
|---|---|---|---|
")
foreach(id IN LISTS adversary_ids)
    foreach(field IN ITEMS level what)
        string(JSON ${field} GET "${adversary_${id}}" ${field})
    endforeach()
    string(STRIP "${met_by_${id}}" its_rows)
    if(its_rows STREQUAL "")
        fault("no row meets ${id}")
        set(its_rows "nobody")
    endif()
    string(APPEND page "| ${id} | ${level} | ${what} | ${its_rows} |\n")
endforeach()

if(WRITE)
    file(WRITE ${catalogue_file} "${page}")
else()
    set(committed "")
    if(EXISTS ${catalogue_file})
        file(READ ${catalogue_file} committed)
    endif()
    if(NOT committed STREQUAL page)
        fault("CATALOGUE.md is stale: cmake --build --preset ci --target catalogue")
    endif()
endif()

if(faults GREATER 0)
    message(FATAL_ERROR "catalogue: ${faults} faults")
endif()
message(STATUS "catalogue: ${row_count} rows, ${covered} of ${clause_count} clauses covered")
