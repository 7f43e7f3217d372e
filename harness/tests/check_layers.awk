# awk -f check_layers.awk FILE… - the rules of the tree that no compiler holds:
# who may include whom, which file is home to which third-party header, banned
# calls, sizes, guards, paths. Run at the root; each breach is one line
# `file:line: rule: text`, and any fails the run. POSIX awk, one pass over all
# files; check_layers_test.cmake proves that every rule bites.

function breach(line, rule, text) {
    breaches++
    printf "%s:%d: %s: %s\n", path, line, rule, text
}

# Third-party header to the files that may include it; both are patterns.
function vendor(header, home) {
    vendors++
    vendor_header[vendors] = "^(" header ")$"
    vendor_home[vendors] = home
}

BEGIN {
    # Folder under harness/ to layer. A file includes lower numbers, its own
    # folder and include/syn/; peers with one number never include each other.
    split("base wire report auth model net oracle client service store tap " \
          "target runner gate load cli tests bench", folders, " ")
    split("0 1 1 2 2 2 2 3 3 4 4 4 5 6 6 7 8 8", numbers, " ")
    for (i in folders)
        layers[folders[i]] = numbers[i] + 0
    in_net = "^harness/net/[^/]+[.]c$"
    vendor("libwebsockets[.]h", in_net)
    vendor("ev[.]h", in_net)
    vendor("wslay/.*", in_net)
    vendor("curl/.*", in_net)
    vendor("cjson/.*", "^harness/base/json[a-z_]*[.]c$")
    vendor("cJSON.*", "^harness/base/json[a-z_]*[.]c$")
    vendor("sqlite3.*", "^harness/((store|bench)/[^/]+|tests/power_vfs)[.]c$")
    vendor("jwt[.]h", "^harness/bench/[^/]+[.]c$")
    vendor("openssl/.*", "^harness/(base/crypto[a-z_]*|net/tls[a-z_]*)[.]c$")
    vendor("cjose/.*", "^harness/auth/[^/]+[.]c$")
    vendor("jansson.*", "^harness/auth/[^/]+[.]c$")
    vendor("check[.]h",
           "^harness/((runner|bench)/[^/]+[.]c|tests/[^/]+[.][ch])$")
    vendor("zlib[.]h", "^harness/(base/hist[a-z_]*|tests/test_hist)[.]c$")
    vendor("libxml/.*", "^harness/tests/[^/]+[.]c$")
    call = "(^|[^A-Za-z0-9_.>])"
    unsafe = call "(strcpy|strcat|sprintf|vsprintf|atoi|strtok|gets|alloca) *[(]"
    waiting = call "(sleep|usleep|nanosleep|clock_nanosleep) *[(]"
    leaving = call "exit *[(]"
    printing = call "(printf|vprintf|puts|putchar|perror) *[(]"
    writing = call "(fprintf|vfprintf|fputs|fputc|putc|fwrite) *[(]" \
              "(.*[^A-Za-z0-9_])?(stdout|stderr)[^A-Za-z0-9_]"
    # *_gen.c are programs of the build, not of the product.
    may_print = "^harness/(base/log[.]c|tests/|bench/|[a-z]+/[a-z_]+_gen[.]c$)"
}

function find_layer() {
    if (path ~ /^include\/syn\//)
        return "public"
    if (path ~ /^scenarios\//)
        return "scenario"
    if (path == "harness/main.c")
        return 8 # of cli's line, and its only caller
    split(path, parts, "/")
    if (parts[2] in layers)
        return layers[parts[2]]
    breach(1, "include-rule", "this folder is no layer")
    return 99
}

function is_there(file,    ignored, found) {
    found = (getline ignored <file) >= 0
    close(file)
    return found
}

# One of our own headers, in quotes.
function check_own_include(header,    folder, other) {
    if (header ~ /^syn\//)
        return # open to all
    if ((header == "exercises.inc" && path == "scenarios/exercises.c") ||
        (header == "traffic.inc" && path == "scenarios/traffic.c"))
        return # generated lines of a table, no header
    if (layer == "public" || layer == "scenario") {
        breach(FNR, "include-rule", "only include/syn/ here, not " header)
        return
    }
    if (header !~ /^[a-z]+\//) {
        folder = path
        sub(/[^\/]*$/, "", folder)
        if (layer < 8 || !is_there(folder header))
            breach(FNR, "include-rule", "name the layer of " header)
        return
    }
    other = header
    sub(/\/.*$/, "", other)
    if (index(path, "harness/" other "/") == 1)
        return # its own folder
    if (!(other in layers))
        breach(FNR, "include-rule", other "/ is no layer")
    else if (layers[other] >= layer)
        breach(FNR, "include-rule", "layer " layer " may not see " header \
                                    " of layer " layers[other])
}

# A third-party header, in either kind of bracket.
function check_vendor_include(header,    i, twin) {
    for (i = 1; i <= vendors; i++) {
        if (header !~ vendor_header[i])
            continue
        twin = path
        if (path ~ /_impl[.]h$/)
            sub(/_impl[.]h$/, ".c", twin)
        else if (path ~ /[.]h$/ && path !~ /^harness\/tests\//) {
            breach(FNR, "vendor-header", header " in a header of ours")
            continue
        }
        if (twin !~ vendor_home[i])
            breach(FNR, "vendor-home", header " has another home")
    }
}

# Strings become "", comments vanish; `in_comment` runs on over lines.
function strip(code) {
    if (in_comment) {
        if (!match(code, /\*\//))
            return ""
        code = substr(code, RSTART + 2)
        in_comment = 0
    }
    gsub(/'\\?"'/, "' '", code)
    gsub(/"([^"\\]|\\.)*"/, "\"\"", code)
    gsub(/\/\*([^*]|\*[^\/])*\*\//, " ", code)
    sub(/\/\/.*$/, "", code)
    if (match(code, /^.*\/\*/)) {
        code = substr(code, 1, RLENGTH - 2)
        in_comment = 1
    }
    return code
}

function check_calls(code) {
    if (code ~ unsafe)
        breach(FNR, "banned-call", code)
    if (code ~ waiting)
        breach(FNR, "banned-sleep", "wait for a condition: " code)
    if (path != "harness/main.c" && code ~ leaving)
        breach(FNR, "banned-exit", "only main.c exits")
    if (prints && (code ~ printing || code ~ writing))
        breach(FNR, "banned-print", "only base/log.c prints: " code)
    if (code ~ /(^|[^A-Za-z0-9_])(if|while) \(/ && code ~ / = /) {
        gsub(/[{,] *[.][A-Za-z0-9_]+ = /, "", code) # designated initialisers
        if (code ~ /(if|while) \(.*[]A-Za-z0-9_)] = /)
            breach(FNR, "assignment-in-condition", "assign first, then ask")
    }
}

function check_guard() {
    if (guard == "" && before ~ /^#ifndef SYN_[A-Z0-9_]+_H$/ &&
        $0 ~ /^#define SYN_[A-Z0-9_]+_H$/) {
        guard = substr(before, 9)
        if (substr($0, 9) != guard)
            breach(1, "header-guard", "no guard SYN_..._H")
        else if (guard in guards)
            breach(1, "header-guard", guard " guards another header too")
        guards[guard] = 1
    }
    before = $0
}

function check_function() {
    # clang-format puts only the braces of functions into column 0 alone.
    if ($0 == "{")
        start = FNR
    else if (start && $0 == "}") {
        if (FNR - start + 1 > 70)
            breach(start, "function-size",
                   (FNR - start + 1) " lines, 70 allowed")
        start = 0
    }
}

function begin_file() {
    path = FILENAME
    files++
    in_comment = start = 0
    guard = before = ""
    is_header = path ~ /[.]h$/
    prints = path !~ may_print
    layer = find_layer()
}

function end_file() {
    if (path == "")
        return
    if (is_header && guard == "")
        breach(1, "header-guard", "no guard SYN_..._H")
    if (path ~ /^scenarios\// && lines > 300)
        breach(1, "file-size",
               lines " lines, 300 allowed in a scenario file")
    else if (lines > 600)
        breach(1, "file-size", lines " lines, 600 allowed")
}

FNR == 1 {
    end_file()
    begin_file()
}

{
    lines = FNR
    if (is_header)
        check_guard()
    if ($0 ~ /^ *# *include +[<"]/) {
        header = $0
        sub(/^[^<"]*[<"]/, "", header)
        sub(/[">].*$/, "", header)
        check_vendor_include(header)
        if ($0 ~ /include +"/)
            check_own_include(header)
    } else if ($0 ~ /TODO/ && $0 !~ /TODO *\(?#[0-9]+/)
        breach(FNR, "todo-issue", "a TODO carries an issue number")
    if ($0 ~ /\/(home|root|tmp)\// && path !~ /^harness\/(tests|bench)\//)
        breach(FNR, "absolute-path", "no path of one machine")
    code = $0
    if (in_comment || code ~ /["\/*]/)
        code = strip(code)
    # All that is looked for has a bracket: calls and conditions.
    if (code ~ /\(/)
        check_calls(code)
    check_function()
}

END {
    end_file()
    if (files == 0 || breaches > 0) {
        print breaches + 0 " breaches in " files + 0 " files"
        exit 1
    }
    print files " files keep the rules"
}
