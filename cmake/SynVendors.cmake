# Third-party libraries as targets, each with one home in the tree.
find_package(PkgConfig REQUIRED)
foreach(pair IN ITEMS
        "check check" "curl libcurl" "lws libwebsockets" "cjson libcjson"
        "sqlite sqlite3" "crypto libcrypto" "ssl libssl" "zlib zlib"
        "xml libxml-2.0")
    separate_arguments(pair)
    list(GET pair 0 short)
    list(GET pair 1 module)
    pkg_check_modules(SYN_${short} REQUIRED IMPORTED_TARGET ${module})
    add_library(syn_vendor_${short} ALIAS PkgConfig::SYN_${short})
endforeach()

# These ship no usable pkg-config file on Debian 12.
foreach(triple IN ITEMS "ev ev.h ev" "wslay wslay/wslay.h wslay"
        "cjose cjose/cjose.h cjose")
    separate_arguments(triple)
    list(GET triple 0 short)
    list(GET triple 1 header)
    list(GET triple 2 lib)
    find_library(SYN_${short}_LIBRARY ${lib} REQUIRED)
    find_path(SYN_${short}_INCLUDE ${header} REQUIRED)
    add_library(syn_vendor_${short} INTERFACE)
    target_link_libraries(syn_vendor_${short} INTERFACE ${SYN_${short}_LIBRARY})
    target_include_directories(syn_vendor_${short}
        SYSTEM INTERFACE ${SYN_${short}_INCLUDE})
endforeach()
