# cmake -D TREE=<root> -P check_layers.cmake
#
# Holds the sources of a tree to the rules of check_layers.awk: who may include
# whom, homes of third-party headers, banned calls, sizes, guards, paths.

cmake_minimum_required(VERSION 3.22)

if(NOT IS_DIRECTORY "${TREE}")
    message(FATAL_ERROR "TREE names no directory: '${TREE}'")
endif()
file(GLOB_RECURSE paths LIST_DIRECTORIES false RELATIVE ${TREE}
    ${TREE}/include/*.h ${TREE}/harness/*.h ${TREE}/harness/*.c
    ${TREE}/scenarios/*.h ${TREE}/scenarios/*.c)
list(FILTER paths EXCLUDE REGEX "/node_modules/")
if(NOT paths)
    message(FATAL_ERROR "no source file found under ${TREE}")
endif()
find_program(AWK NAMES awk REQUIRED)
execute_process(COMMAND ${AWK} -f ${CMAKE_CURRENT_LIST_DIR}/check_layers.awk ${paths}
    WORKING_DIRECTORY ${TREE} RESULT_VARIABLE failed)
if(failed)
    message(FATAL_ERROR "the tree breaks its rules")
endif()
