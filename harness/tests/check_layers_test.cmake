# cmake -D LINT=check_layers.cmake -D WORK=<folder> -P check_layers_test.cmake
#
# A lint that never refused anything proves nothing. For each rule a small tree
# is laid out with one breach, and the lint must fail and name the rule; the
# same tree without the breach must pass, also with look-alikes in comments,
# strings and longer names.
cmake_minimum_required(VERSION 3.22)

set(failures 0)
set(trees 0)

function(lay_clean_tree)
    file(REMOVE_RECURSE ${WORK})
    file(WRITE ${WORK}/include/syn/str.h
        "#ifndef SYN_STR_H\n#define SYN_STR_H\n#endif\n")
    file(WRITE ${WORK}/harness/base/log.h
        "#ifndef SYN_BASE_LOG_H\n#define SYN_BASE_LOG_H\n#include \"syn/str.h\"\n#endif\n")
    file(WRITE ${WORK}/harness/base/log.c
        "#include \"base/log.h\"\n#include <stdio.h>\nvoid f(void)\n{\n    printf(\"x\");\n}\n")
    file(WRITE ${WORK}/harness/model/model.c [=[
/* A comment may say strcpy(a, b), sleep(1), exit(1) and printf("x");
 * over two lines too: sprintf(x). */
#include "base/log.h"
#include "syn/str.h"
#include <string.h>
void g(char *x)
{
    const char *s = "strcpy(a); exit(1) /* sleep(1)";
    my_strcpy(x);
    table.exit(x);
    _exit(1);
    fprintf(file, "stdout");
    snprintf(x, 1, "%d", 1);
    if (x == s && x <= s && call((struct p){.a = 1, .b = 2})) {
        x[0] = '"'; /* TODO #12: a later thing */
    }
}
]=])
    file(WRITE ${WORK}/harness/main.c
        "#include \"model/model.h\"\nint main(void)\n{\n    exit(0);\n}\n")
    file(WRITE ${WORK}/scenarios/acl/defaults.c
        "#include \"syn/str.h\"\n#include <string.h>\n")
endfunction()

# Lint the tree; `rule` is "clean" or the rule that must be named.
function(expect title rule)
    execute_process(COMMAND ${CMAKE_COMMAND} -D TREE=${WORK} -P ${LINT}
        RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE err)
    set(said "${out}${err}")
    math(EXPR trees "${trees} + 1")
    set(trees ${trees} PARENT_SCOPE)
    if(rule STREQUAL "clean" AND status EQUAL 0)
        return()
    endif()
    if(NOT rule STREQUAL "clean" AND NOT status EQUAL 0 AND
       said MATCHES ": ${rule}: " AND said MATCHES "1 breaches")
        return()
    endif()
    math(EXPR failures "${failures} + 1")
    set(failures ${failures} PARENT_SCOPE)
    message(NOTICE "${title}: wanted ${rule}, status ${status}:\n${said}")
endfunction()

# One file more, or another in its place, and the rule it breaks.
macro(spoil rule path content)
    lay_clean_tree()
    file(WRITE ${WORK}/${path} "${content}")
    expect("${path}" ${rule})
endmacro()

macro(spoil_body rule statement)
    spoil(${rule} harness/model/spoilt.c "void h(void)\n{\n    ${statement}\n}\n")
endmacro()

function(repeat_lines count out)
    string(REPEAT "    x()$<SEMICOLON>\n" ${count} text)
    string(REPLACE "$<SEMICOLON>" "," text "${text}")
    set(${out} "${text}" PARENT_SCOPE)
endfunction()

lay_clean_tree()
expect("clean tree" clean)

# Who may include whom.
spoil(include-rule harness/base/up.c "#include \"model/model.h\"\n")
spoil(include-rule harness/net/peer.c "#include \"model/model.h\"\n")
spoil(include-rule harness/service/peer.c "#include \"client/rest.h\"\n")
spoil(include-rule harness/gate/up.c "#include \"cli/verb.h\"\n")
spoil(include-rule harness/runner/bare.c "#include \"run.h\"\n")
spoil(include-rule harness/runner/odd.c "#include \"utils/x.h\"\n")
spoil(include-rule harness/utils/x.c "int x\n")
spoil(include-rule scenarios/acl/deep.c "#include \"model/model.h\"\n")
spoil(include-rule include/syn/deep.h
    "#ifndef SYN_DEEP_H\n#define SYN_DEEP_H\n#include \"base/log.h\"\n#endif\n")

# One vendor, one home; never in a header of ours.
foreach(pair IN ITEMS libwebsockets.h=service ev.h=base wslay/wslay.h=client
        curl/curl.h=service cjson/cJSON.h=model sqlite3.h=service
        openssl/sha.h=auth cjose/cjose.h=base jansson.h=base check.h=model
        zlib.h=load libxml/parser.h=report)
    string(REGEX MATCH "^(.*)=(.*)$" ignored ${pair})
    spoil(vendor-home harness/${CMAKE_MATCH_2}/foreign.c
        "#include <${CMAKE_MATCH_1}>\n")
endforeach()
spoil(vendor-home scenarios/acl/foreign.c "#include <curl/curl.h>\n")
spoil(vendor-header harness/net/curl.h
    "#ifndef SYN_NET_CURL_H\n#define SYN_NET_CURL_H\n#include <curl/curl.h>\n#endif\n")

# Banned calls.
foreach(name IN ITEMS strcpy strcat sprintf vsprintf atoi strtok gets alloca)
    spoil_body(banned-call "${name}(a, b)")
endforeach()
spoil_body(banned-call "if (ok(\\\"x\\\") /* fine */ && atoi(a))")
spoil_body(banned-sleep "usleep(10)")
spoil_body(banned-sleep "(void)sleep(1)")
spoil(banned-sleep harness/tests/test_x.c "void h(void)\n{\n    sleep(1)\n}\n")
spoil_body(banned-exit "exit(1)")
spoil_body(banned-print "printf(\\\"x\\\")")
spoil_body(banned-print "perror(\\\"x\\\")")
spoil_body(banned-print "fprintf(stderr, \\\"x\\\")")
spoil_body(banned-print "fputs(\\\"x\\\", stdout)")
spoil_body(assignment-in-condition "if ((n = next(a)) > 0) {")
spoil_body(assignment-in-condition "while (n = next(a)) {")
spoil_body(todo-issue "x() /* TODO: later */")
spoil_body(absolute-path "open_file(\\\"/home/me/x\\\")")

# Sizes: the largest allowed passes, the first above is refused.
repeat_lines(68 body)
spoil(clean harness/model/long.c "void h(void)\n{\n${body}}\n")
repeat_lines(69 body)
spoil(function-size harness/model/long.c "void h(void)\n{\n${body}}\n")
repeat_lines(600 body)
spoil(clean harness/model/long.c "${body}")
repeat_lines(601 body)
spoil(file-size harness/model/long.c "${body}")
repeat_lines(300 body)
spoil(clean scenarios/acl/long.c "${body}")
repeat_lines(301 body)
spoil(file-size scenarios/acl/long.c "${body}")

# Guards.
spoil(header-guard harness/model/bare.h "int x\n")
spoil(header-guard harness/model/pragma.h "#pragma once\n")
spoil(header-guard harness/model/twin.h
    "#ifndef SYN_BASE_LOG_H\n#define SYN_BASE_LOG_H\n#endif\n")
spoil(header-guard harness/model/typo.h
    "#ifndef SYN_TYPO_H\n#define SYN_TPYO_H\n#endif\n")

# An empty tree is no success.
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
execute_process(COMMAND ${CMAKE_COMMAND} -D TREE=${WORK} -P ${LINT}
    RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
math(EXPR trees "${trees} + 1")
if(status EQUAL 0)
    math(EXPR failures "${failures} + 1")
    message(NOTICE "empty tree: accepted")
endif()

file(REMOVE_RECURSE ${WORK})
if(failures GREATER 0)
    message(FATAL_ERROR "${failures} of ${trees} trees judged wrongly")
endif()
message(STATUS "${trees} trees judged rightly")
