# syn_layer(NAME SOURCES … LINKS … VENDORS …): one static library per layer.
# LINKS are lower layers (PUBLIC), VENDORS are third-party targets (PRIVATE).
function(syn_layer name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;VENDORS" ${ARGN})
    add_library(${name} STATIC ${ARG_SOURCES})
    target_include_directories(${name} PUBLIC
        ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/harness)
    target_link_libraries(${name}
        PUBLIC ${ARG_LINKS} syn_sanitize PRIVATE syn_warnings ${ARG_VENDORS})
endfunction()

# syn_unit(MODULE LINKS …): harness/tests/test_MODULE.c as one Check program.
# It exports `Suite *suite_MODULE(void)`; main.c runs it.
function(syn_unit module)
    cmake_parse_arguments(ARG "" "" "LINKS;VENDORS" ${ARGN})
    add_executable(unit_${module}
        ${PROJECT_SOURCE_DIR}/harness/tests/main.c
        ${PROJECT_SOURCE_DIR}/harness/tests/test_${module}.c)
    target_compile_definitions(unit_${module} PRIVATE
        SYN_UNIT_SUITE=suite_${module}
        SYN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    target_link_libraries(unit_${module} PRIVATE
        ${ARG_LINKS} ${ARG_VENDORS} syn_warnings syn_sanitize syn_vendor_check)
    add_test(NAME unit_${module} COMMAND unit_${module})
    set_tests_properties(unit_${module} PROPERTIES LABELS unit TIMEOUT 120)
endfunction()
