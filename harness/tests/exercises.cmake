# cmake -D SYNCPROOF=<program> -D ROWS=<exercise_rows> -D TREE=<root>
#       -D WORK=<dir> [-D WRITE=ON] -P exercises.cmake
#
# What the rows do to objects on the sound service, held against what
# scenarios/exercises.inc says they do, both ways: a line too many or too few
# fails. WRITE=ON renews the lines instead.
cmake_minimum_required(VERSION 3.22)

set(lines ${TREE}/scenarios/exercises.inc)
file(MAKE_DIRECTORY ${WORK})
execute_process(
    COMMAND ${SYNCPROOF} run -q --seed 1 --out ${WORK}
    OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE code)
# 3: the lines as they are ask for more than the rows do, which is told below.
if(NOT code EQUAL 0 AND NOT code EQUAL 3)
    message(FATAL_ERROR "the rows do not pass (exit ${code}):\n${said}")
endif()
execute_process(
    COMMAND ${ROWS} ${WORK}/run.json
    OUTPUT_FILE ${WORK}/exercises.inc RESULT_VARIABLE code)
if(NOT code EQUAL 0)
    message(FATAL_ERROR "run.json could not be read")
endif()
if(WRITE)
    configure_file(${WORK}/exercises.inc ${lines} COPYONLY)
    return()
endif()
file(STRINGS ${lines} said)
file(STRINGS ${WORK}/exercises.inc seen)
if(NOT said STREQUAL seen)
    foreach(line IN LISTS seen)
        if(NOT line IN_LIST said)
            message(NOTICE "rows do, and the table lacks: ${line}")
        endif()
    endforeach()
    foreach(line IN LISTS said)
        if(NOT line IN_LIST seen)
            message(NOTICE "rows no longer do: ${line}")
        endif()
    endforeach()
    message(FATAL_ERROR
        "scenarios/exercises.inc is not what the rows do; renew it: "
        "cmake --build BUILD --target exercises")
endif()
