# Two interface targets: what every file is compiled with, and the sanitizers.
add_library(syn_warnings INTERFACE)
target_compile_options(syn_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes
    -Wmissing-prototypes -Wvla -Wformat=2 -Wundef -Wcast-qual -Wswitch-enum
    -Wnull-dereference
    $<$<BOOL:${SYN_WERROR}>:-Werror>)
target_compile_definitions(syn_warnings INTERFACE _POSIX_C_SOURCE=200809L)

add_library(syn_sanitize INTERFACE)
if(SYN_SANITIZE)
    target_compile_options(syn_sanitize INTERFACE
        -fsanitize=${SYN_SANITIZE} -fno-sanitize-recover=all
        -fno-omit-frame-pointer)
    target_link_options(syn_sanitize INTERFACE -fsanitize=${SYN_SANITIZE})
endif()
# Everything is instrumented, so that a fuzzer sees branches of every layer.
if(SYN_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang" OR NOT SYN_SANITIZE MATCHES "address")
        message(FATAL_ERROR "SYN_FUZZ needs clang and SYN_SANITIZE=address,undefined")
    endif()
    target_compile_options(syn_sanitize INTERFACE -fsanitize=fuzzer-no-link)
    target_link_options(syn_sanitize INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(SYN_COVERAGE)
    target_compile_options(syn_sanitize INTERFACE --coverage)
    target_link_options(syn_sanitize INTERFACE --coverage)
endif()
