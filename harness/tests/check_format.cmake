# cmake -D TREE=<root> -P check_format.cmake: .clang-format decides on whole
# files; a file that clang-format would change is refused.
cmake_minimum_required(VERSION 3.22)

find_program(CLANG_FORMAT NAMES clang-format clang-format-14 REQUIRED)
file(GLOB_RECURSE files LIST_DIRECTORIES false
    ${TREE}/include/*.h ${TREE}/harness/*.h ${TREE}/harness/*.c
    ${TREE}/scenarios/*.h ${TREE}/scenarios/*.c)
list(FILTER files EXCLUDE REGEX "/node_modules/")
list(LENGTH files count)
if(count EQUAL 0)
    message(FATAL_ERROR "no file found under ${TREE}")
endif()
execute_process(COMMAND ${CLANG_FORMAT} --dry-run -Werror ${files}
    WORKING_DIRECTORY ${TREE} RESULT_VARIABLE failed)
if(failed)
    message(FATAL_ERROR "clang-format -i mends the files above")
endif()
message(STATUS "${count} files are formatted")
