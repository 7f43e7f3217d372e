# Tests that are not Check programs: the tree's own rules, the conformance
# suite by chapter, the vendor's clients. Labels: lint, conformance, vendor.

set(checks ${PROJECT_SOURCE_DIR}/harness/tests)

add_test(NAME lint_layers COMMAND ${CMAKE_COMMAND}
    -D TREE=${PROJECT_SOURCE_DIR} -P ${checks}/check_layers.cmake)
add_test(NAME lint_bites COMMAND ${CMAKE_COMMAND}
    -D LINT=${checks}/check_layers.cmake
    -D WORK=${CMAKE_BINARY_DIR}/lint-bites -P ${checks}/check_layers_test.cmake)
add_test(NAME lint_format COMMAND ${CMAKE_COMMAND}
    -D TREE=${PROJECT_SOURCE_DIR} -P ${checks}/check_format.cmake)
add_test(NAME lint_catalogue_bites COMMAND ${CMAKE_COMMAND}
    -D TOOL=${checks}/catalogue.cmake
    -D WORK=${CMAKE_BINARY_DIR}/catalogue-bites -P ${checks}/catalogue_test.cmake)
set_tests_properties(lint_layers lint_bites lint_format lint_catalogue_bites
    PROPERTIES LABELS lint TIMEOUT 300)

if(TARGET syncproof)
    add_executable(catalogue_rows ${checks}/catalogue_rows.c)
    target_link_libraries(catalogue_rows PRIVATE
        syn_scenarios syn_runner syn_base syn_warnings syn_sanitize)
    set(catalogue ${CMAKE_COMMAND} -D TREE=${PROJECT_SOURCE_DIR}
        -D PROGRAM=$<TARGET_FILE:catalogue_rows>)
    add_test(NAME lint_catalogue COMMAND ${catalogue} -P ${checks}/catalogue.cmake)
    set_tests_properties(lint_catalogue PROPERTIES LABELS lint TIMEOUT 120)
    # `cmake --build … --target catalogue` renews page and pending list.
    add_custom_target(catalogue DEPENDS catalogue_rows
        COMMAND ${catalogue} -D WRITE=ON -P ${checks}/catalogue.cmake VERBATIM)

    # What rows say they do to objects, against what they do.
    add_executable(exercise_rows ${checks}/exercise_rows.c)
    target_link_libraries(exercise_rows PRIVATE
        syn_base syn_warnings syn_sanitize)
    set(exercises ${CMAKE_COMMAND} -D TREE=${PROJECT_SOURCE_DIR}
        -D SYNCPROOF=$<TARGET_FILE:syncproof> -D ROWS=$<TARGET_FILE:exercise_rows>
        -D WORK=${CMAKE_BINARY_DIR}/exercises)
    add_test(NAME lint_exercises COMMAND ${exercises} -P ${checks}/exercises.cmake)
    set_tests_properties(lint_exercises PROPERTIES LABELS lint TIMEOUT 300)
    # `cmake --build … --target traffic` renews scenarios/traffic.inc.
    add_custom_target(traffic DEPENDS exercise_rows syncproof
        COMMAND sh ${PROJECT_SOURCE_DIR}/harness/tests/traffic.sh
            $<TARGET_FILE:syncproof> $<TARGET_FILE:exercise_rows>
            ${PROJECT_SOURCE_DIR}/scenarios/traffic.inc VERBATIM)
    # `cmake --build … --target exercises` renews scenarios/exercises.inc.
    add_custom_target(exercises DEPENDS exercise_rows syncproof
        COMMAND ${exercises} -D WRITE=ON -P ${checks}/exercises.cmake VERBATIM)

    # One entry per chapter, so that `ctest -j` spreads them.
    file(GLOB chapters RELATIVE ${PROJECT_SOURCE_DIR}/scenarios CONFIGURE_DEPENDS
        ${PROJECT_SOURCE_DIR}/scenarios/*/*.c)
    list(TRANSFORM chapters REPLACE "/.*" "")
    list(REMOVE_DUPLICATES chapters)
    foreach(chapter IN LISTS chapters)
        add_test(NAME conformance_${chapter} COMMAND syncproof run ${chapter}/
            --out ${CMAKE_BINARY_DIR}/reports/${chapter})
        set_tests_properties(conformance_${chapter} PROPERTIES
            LABELS conformance TIMEOUT 600)
    endforeach()

    add_test(NAME vendor_clients
        COMMAND ${checks}/vendor/run.sh $<TARGET_FILE:syncproof>)
    set_tests_properties(vendor_clients PROPERTIES
        LABELS vendor TIMEOUT 600 SKIP_RETURN_CODE 77)
endif()
