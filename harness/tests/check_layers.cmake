# cmake -D TREE=<root> -P check_layers.cmake
#
# The rules of the tree that no compiler holds: who may include whom, which
# file is home to which third-party header, banned calls, sizes, guards, paths.
# Each breach is one line `file:line: rule: text`; any breach fails the run.
# check_layers_test.cmake proves that every rule bites.

cmake_minimum_required(VERSION 3.22)

if(NOT IS_DIRECTORY "${TREE}")
    message(FATAL_ERROR "TREE names no directory: '${TREE}'")
endif()

# Folder under harness/ to layer. A file includes lower numbers, its own folder
# and include/syn/; peers with one number never include each other.
set(layer_base 0)
set(layer_wire 1)
set(layer_report 1)
set(layer_auth 2)
set(layer_model 2)
set(layer_net 2)
set(layer_oracle 2)
set(layer_client 3)
set(layer_service 3)
set(layer_store 4)
set(layer_tap 4)
set(layer_target 4)
set(layer_runner 5)
set(layer_gate 6)
set(layer_load 6)
set(layer_cli 7)
set(layer_tests 8)
set(layer_bench 8)

# Third-party header to the files that may include it (both are patterns).
set(vendors
    "libwebsockets\\.h=^harness/net/[^/]+\\.c$"
    "ev\\.h=^harness/net/[^/]+\\.c$"
    "wslay/.*=^harness/net/[^/]+\\.c$"
    "curl/.*=^harness/net/[^/]+\\.c$"
    "cjson/.*=^harness/base/json[a-z_]*\\.c$"
    "cJSON.*=^harness/base/json[a-z_]*\\.c$"
    "sqlite3.*=^harness/(store/[^/]+|tests/power_vfs)\\.c$"
    "openssl/.*=^harness/(base/crypto[a-z_]*|net/tls[a-z_]*)\\.c$"
    "cjose/.*=^harness/auth/[^/]+\\.c$"
    "jansson.*=^harness/auth/[^/]+\\.c$"
    "check\\.h=^harness/((runner|bench)/[^/]+\\.c|tests/[^/]+\\.[ch])$"
    "zlib\\.h=^harness/(base/hist[a-z_]*|tests/test_hist)\\.c$"
    "libxml/.*=^harness/tests/[^/]+\\.c$")

set(breaches 0)
set(file_count 0)
set(guards "")

macro(breach line rule text)
    math(EXPR breaches "${breaches} + 1")
    message(NOTICE "${path}:${line}: ${rule}: ${text}")
endmacro()

# The layer a path lies in: a number, "public" or "scenario".
function(find_layer path out)
    if(path MATCHES "^include/syn/")
        set(${out} public PARENT_SCOPE)
    elseif(path MATCHES "^scenarios/")
        set(${out} scenario PARENT_SCOPE)
    elseif(path MATCHES "^harness/main\\.c$")
        set(${out} 8 PARENT_SCOPE) # of cli's line, and its only caller
    else()
        string(REGEX REPLACE "^harness/([a-z]+)/.*$" "\\1" folder "${path}")
        if(DEFINED layer_${folder})
            set(${out} ${layer_${folder}} PARENT_SCOPE)
        else()
            set(${out} unknown PARENT_SCOPE)
        endif()
    endif()
endfunction()

# One of our own headers, in quotes.
macro(check_own_include number header)
    if("${header}" MATCHES "^syn/")
        # open to all
    elseif("${header}" STREQUAL "exercises.inc" AND path STREQUAL "scenarios/exercises.c")
        # generated lines of a table, no header
    elseif(layer STREQUAL "public" OR layer STREQUAL "scenario")
        breach(${number} include-rule "only include/syn/ here, not ${header}")
    elseif(NOT "${header}" MATCHES "^([a-z]+)/")
        get_filename_component(folder ${TREE}/${path} DIRECTORY)
        if(NOT EXISTS ${folder}/${header} OR layer LESS 8)
            breach(${number} include-rule "name the layer of ${header}")
        endif()
    else()
        set(other ${CMAKE_MATCH_1})
        if(path MATCHES "^harness/${other}/")
            # its own folder
        elseif(NOT DEFINED layer_${other})
            breach(${number} include-rule "${other}/ is no layer")
        elseif(NOT layer_${other} LESS layer)
            breach(${number} include-rule
                "layer ${layer} may not see ${header} of layer ${layer_${other}}")
        endif()
    endif()
endmacro()

# A third-party header, in either kind of bracket.
macro(check_vendor_include number header)
    foreach(vendor IN LISTS vendors)
        string(REGEX MATCH "^(.*)=(.*)$" ignored "${vendor}")
        set(home "${CMAKE_MATCH_2}")
        if("${header}" MATCHES "^(${CMAKE_MATCH_1})$")
            if(path MATCHES "\\.h$" AND NOT path MATCHES "_impl\\.h$|^harness/tests/")
                breach(${number} vendor-header "${header} in a header of ours")
            elseif(path MATCHES "_impl\\.h$")
                string(REPLACE "_impl.h" ".c" twin "${path}")
                if(NOT twin MATCHES "${home}")
                    breach(${number} vendor-home "${header} has another home")
                endif()
            elseif(NOT path MATCHES "${home}")
                breach(${number} vendor-home "${header} has another home")
            endif()
        endif()
    endforeach()
endmacro()

# Strings become "", comments vanish; `in_comment` runs on over lines.
macro(strip_line)
    if(code MATCHES "[\"'/*]" OR in_comment)
        if(in_comment)
            if(code MATCHES "\\*/(.*)$")
                set(code "${CMAKE_MATCH_1}")
                set(in_comment FALSE)
            else()
                set(code "")
            endif()
        endif()
        string(REPLACE "'\"'" "' '" code "${code}")
        string(REPLACE "'\\\"'" "' '" code "${code}")
        string(REGEX REPLACE "\"([^\"\\]|\\\\.)*\"" "\"\"" code "${code}")
        string(REGEX REPLACE "/\\*([^*]|\\*[^/])*\\*/" " " code "${code}")
        string(REGEX REPLACE "//.*$" "" code "${code}")
        if(code MATCHES "^(.*)/\\*")
            set(code "${CMAKE_MATCH_1}")
            set(in_comment TRUE)
        endif()
    endif()
endmacro()

set(call_start "(^|[^A-Za-z0-9_.>])")
set(unsafe_calls "(strcpy|strcat|sprintf|vsprintf|atoi|strtok|gets|alloca)")
set(waiting_calls "(sleep|usleep|nanosleep|clock_nanosleep)")
set(printing_calls "(printf|vprintf|puts|putchar|perror)")
set(printing_to "(fprintf|vfprintf|fputs|fputc|putc|fwrite)")

macro(check_calls number)
    if(code MATCHES "${call_start}${unsafe_calls} *\\(")
        breach(${number} banned-call "${CMAKE_MATCH_2}")
    endif()
    if(code MATCHES "${call_start}${waiting_calls} *\\(")
        breach(${number} banned-sleep "${CMAKE_MATCH_2}: wait for a condition")
    endif()
    if(code MATCHES "${call_start}exit *\\(" AND
       NOT path MATCHES "^harness/main\\.c$")
        breach(${number} banned-exit "only main.c exits")
    endif()
    # *_gen.c are programs of the build, not of the product.
    if(NOT path MATCHES "^harness/(base/log\\.c|tests/|bench/|[a-z]+/[a-z_]+_gen\\.c$)")
        if(code MATCHES "${call_start}${printing_calls} *\\(")
            breach(${number} banned-print "${CMAKE_MATCH_2}: only base/log.c prints")
        elseif(code MATCHES
               "${call_start}${printing_to} *\\(.*[^A-Za-z0-9_](stdout|stderr)[^A-Za-z0-9_]"
               OR code MATCHES "${call_start}${printing_to} *\\((stdout|stderr)[^A-Za-z0-9_]")
            breach(${number} banned-print "${CMAKE_MATCH_2}: only base/log.c prints")
        endif()
    endif()
    if(code MATCHES "(^|[^A-Za-z0-9_])(if|while) \\(")
        string(REGEX REPLACE "[{,] *\\.[A-Za-z0-9_]+ = " "" condition "${code}")
        if(condition MATCHES "(if|while) \\(.*[A-Za-z0-9_)] = ")
            breach(${number} assignment-in-condition "assign first, then ask")
        endif()
    endif()
endmacro()

macro(check_line number)
    if(line MATCHES "^ *# *include +[<\"]([^>\"]+)[>\"]")
        set(header "${CMAKE_MATCH_1}")
        check_vendor_include(${number} "${header}")
        if(line MATCHES "include +\"")
            check_own_include(${number} "${header}")
        endif()
    elseif(line MATCHES "TODO" AND NOT line MATCHES "TODO *\\(?#[0-9]+")
        breach(${number} todo-issue "a TODO carries an issue number")
    endif()
    if(line MATCHES "/(home|root|tmp)/" AND NOT path MATCHES "^harness/(tests|bench)/")
        breach(${number} absolute-path "no path of one machine")
    endif()
    set(code "${line}")
    strip_line()
    if(NOT code STREQUAL "")
        check_calls(${number})
    endif()
    # clang-format puts only the braces of functions into column 0 alone.
    if(line STREQUAL "{")
        set(function_start ${number})
    elseif(line STREQUAL "}" AND function_start)
        math(EXPR length "${number} - ${function_start} + 1")
        if(length GREATER 70)
            breach(${function_start} function-size "${length} lines, 70 allowed")
        endif()
        set(function_start 0)
    endif()
endmacro()

macro(check_guard)
    if(path MATCHES "\\.h$")
        string(REGEX MATCH "#ifndef (SYN_[A-Z0-9_]+_H)\n#define (SYN_[A-Z0-9_]+_H)\n"
            found "${content}")
        set(guard "${CMAKE_MATCH_1}")
        if(found STREQUAL "" OR NOT guard STREQUAL CMAKE_MATCH_2)
            breach(1 header-guard "no guard SYN_…_H")
        elseif(guard IN_LIST guards)
            breach(1 header-guard "${guard} guards another header too")
        else()
            list(APPEND guards ${guard})
        endif()
    endif()
endmacro()

# CMake lists split at ';' and do not split inside '[ ]', so those characters
# stand in by others that no rule looks at; an empty line keeps one blank.
macro(check_file)
    math(EXPR file_count "${file_count} + 1")
    file(READ ${TREE}/${path} content)
    find_layer("${path}" layer)
    if(layer STREQUAL "unknown")
        breach(1 include-rule "this folder is no layer")
        set(layer 99)
    endif()
    check_guard()
    string(REPLACE ";" "@" content "${content}")
    string(REPLACE "[" "(" content "${content}")
    string(REPLACE "]" ")" content "${content}")
    string(REGEX REPLACE "\\\\\n" " \n" content "${content}")
    string(REGEX REPLACE "\n$" "" content "${content}")
    string(REPLACE "\n\n" "\n \n" content "${content}")
    string(REPLACE "\n\n" "\n \n" content "${content}")
    string(REPLACE "\n" ";" lines "${content}")
    set(number 0)
    set(function_start 0)
    set(in_comment FALSE)
    foreach(line IN LISTS lines)
        math(EXPR number "${number} + 1")
        check_line(${number})
    endforeach()
    if(path MATCHES "^scenarios/" AND number GREATER 300)
        breach(1 file-size "${number} lines, 300 allowed in a scenario file")
    elseif(number GREATER 600)
        breach(1 file-size "${number} lines, 600 allowed")
    endif()
endmacro()

file(GLOB_RECURSE paths LIST_DIRECTORIES false RELATIVE ${TREE}
    ${TREE}/include/*.h ${TREE}/harness/*.h ${TREE}/harness/*.c
    ${TREE}/scenarios/*.h ${TREE}/scenarios/*.c)
list(FILTER paths EXCLUDE REGEX "/node_modules/")
foreach(path IN LISTS paths)
    check_file()
endforeach()

if(file_count EQUAL 0)
    message(FATAL_ERROR "no source file found under ${TREE}")
elseif(breaches GREATER 0)
    message(FATAL_ERROR "${breaches} breaches in ${file_count} files")
endif()
message(STATUS "${file_count} files keep the rules")
