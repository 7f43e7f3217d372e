#!/bin/bash
# bootstrap.sh: from a clean clone to a run or a test with one command.
#
#   ./bootstrap.sh run [ARGS…]     install what is missing, build, run the
#                                  suite as `syncproof run ARGS`
#   ./bootstrap.sh test [--full]   build with sanitizers and for release, run
#                                  everything, close with `N passed, N failed`
#
# Debian 12 as root or with sudo; elsewhere it names the packages to install.
# Doing it again does only what is left to do.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

BUILD_PACKAGES="build-essential cmake ninja-build pkg-config check
    libcurl4-openssl-dev libwebsockets-dev libwebsockets-evlib-ev libcjson-dev
    libsqlite3-dev libssl-dev libcjose-dev libev-dev
    libwslay-dev zlib1g-dev libxml2-dev"
TEST_PACKAGES="libxml2-utils openssl nghttp2-proxy clang libclang-rt-14-dev clang-format chromium"
FULL_PACKAGES="clang-tidy munge slurmctld slurmd slurm-client openmpi-bin
    parallel nginx libjwt-dev"
OUT=reports/out
VENDOR=harness/tests/vendor
JOBS=$(nproc)

say() { printf '== %s\n' "$*" >&2; }
die() {
    printf 'bootstrap.sh: %s\n' "$*" >&2
    exit 70
}

# --- what the machine lacks --------------------------------------------------

is_debian_12() {
    (
        ID='' VERSION_ID=''
        # shellcheck source=/dev/null
        [ -r /etc/os-release ] && . /etc/os-release
        [ "$ID" = debian ] && [ "$VERSION_ID" = 12 ]
    )
}

list_missing() { # packages that dpkg does not know as installed
    local package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            printf '%s\n' "$package"
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "needs root or sudo for: $*"
    fi
}

install_packages() {
    local missing
    if ! is_debian_12; then
        check_foreign_system "$@"
        return
    fi
    mapfile -t missing < <(list_missing "$@")
    if [ "${#missing[@]}" -eq 0 ]; then
        return
    fi
    say "installing ${#missing[@]} Debian packages: ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update >&2
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y --no-install-recommends install "${missing[@]}" >&2
}

# Elsewhere nothing is installed; tools and headers are looked for instead.
check_foreign_system() {
    local absent=() tool header
    for tool in cc cmake ninja pkg-config; do
        command -v "$tool" >/dev/null || absent+=("$tool")
    done
    for header in check.h curl/curl.h libwebsockets.h cjson/cJSON.h sqlite3.h \
        openssl/ssl.h cjose/cjose.h ev.h wslay/wslay.h zlib.h; do
        echo "#include <$header>" | cc -E -x c - >/dev/null 2>&1 ||
            absent+=("$header")
    done
    case "$*" in
    *clang*)
        for tool in clang clang-format xmllint npm; do
            command -v "$tool" >/dev/null || absent+=("$tool")
        done
        ;;
    esac
    [ "${#absent[@]}" -eq 0 ] ||
        die "not Debian 12, and ${absent[*]} missing; install what that system calls: $*"
}

is_new_node() {
    "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
             process.exit(a > 20 || (a === 20 && b >= 14) ? 0 : 1)' 2>/dev/null
}

# The vendor's clients, by the lock file. Node itself comes with them, from the
# npm package `node`, unless a new enough one is on the PATH; the platform
# packages carry the program, so no install script has to run.
install_vendor() {
    local omit=() stamp="$VENDOR/node_modules/.lock-copy"
    if ! command -v npm >/dev/null; then
        if command -v node >/dev/null; then
            install_packages npm
        else
            install_packages nodejs npm
        fi
    fi
    if is_new_node node; then
        omit=(--omit=optional)
    fi
    if cmp -s "$stamp" "$VENDOR/package-lock.json" &&
        { [ "${#omit[@]}" -gt 0 ] || [ -d "$VENDOR/node_modules/node" ]; }; then
        return
    fi
    say "installing the vendor's clients (npm ci in $VENDOR)"
    (cd "$VENDOR" && npm ci --ignore-scripts --loglevel=error "${omit[@]}" >&2)
    cp "$VENDOR/package-lock.json" "$stamp"
}

# --- building ----------------------------------------------------------------

build() { # preset
    say "building preset $1"
    if command -v ccache >/dev/null; then
        export CMAKE_C_COMPILER_LAUNCHER=ccache
    fi
    cmake --preset "$1" >"build/$1.log" 2>&1 ||
        { cat "build/$1.log" >&2; return 1; }
    cmake --build --preset "$1" -j "$JOBS" >&2
}

program() { # preset
    printf '%s\n' "$PWD/build/$1/syncproof"
}

# --- counting ----------------------------------------------------------------

PASSED=0
FAILED=0
PARTS=()

# One part's result. A part that ran nothing is a failure: silence proves
# nothing.
count() { # name passed failed
    local passed=$2 failed=$3
    if [ "$((passed + failed))" -eq 0 ]; then
        failed=1
        say "$1 ran no test"
    fi
    PASSED=$((PASSED + passed))
    FAILED=$((FAILED + failed))
    PARTS+=("$(printf '%-34s %6d passed %6d failed' "$1" "$passed" "$failed")")
}

step() { # name command…: one check, passed or failed by its exit code
    local name=$1
    shift
    say "$name"
    if "$@" >&2; then
        count "$name" 1 0
    else
        count "$name" 0 1
    fi
}

# Tests of a label (`unit`) run by CTest. Each case of a Check program (unit_*)
# counts, another test as one; a program that fails without a failed case
# (crash, leak, time-out) or passes without any is one failure.
run_units() { # preset [label [title]]
    local log="build/$1/Testing/Temporary/LastTest.log" result passed failed
    local label=${2:-unit} title=${3:-unit tests}
    say "$title, preset $1"
    rm -f "$log"
    # By folder, not preset: a preset's own labels would come in addition.
    ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1 \
        ctest --test-dir "build/$1" -L "^$label\$" -j "$JOBS" --output-on-failure \
        --no-tests=error >&2 || true
    [ -f "$log" ] || die "ctest left no log for $1"
    result=$(awk '
        /^[0-9]+\/[0-9]+ Testing: / { cases = $3 ~ /^unit_/ ? 0 : 1; bad = 0 }
        /^[0-9]+%: Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+/ {
            split($0, n, /[^0-9]+/)
            cases = n[2]; bad = n[3] + n[4]
        }
        /^Test Passed\.$/ { passed += cases; if (cases == 0) failed++; }
        /^Test Failed\.$/ {
            if (bad > 0) passed += cases - bad
            failed += bad > 0 ? bad : 1
        }
        END { printf "%d %d\n", passed, failed }' "$log")
    read -r passed failed <<<"$result"
    count "$title ($1)" "$passed" "$failed"
}

# Whole programs against each other, driven by scripts; each counts as one.
run_scripts() { # preset
    local log="build/$1/scripts.log" passed failed
    say "scripts, preset $1"
    ctest --preset "$1" -L conformance -E "^conformance_" -j "$JOBS" --output-on-failure >"$log" 2>&1 || true
    cat "$log" >&2
    passed=$(grep -c '^ *[0-9]*/[0-9]* Test .* Passed ' "$log" || true)
    failed=$(grep -cE '^ *[0-9]+/[0-9]+ Test .*(\*\*\*|Not Run)' "$log" || true)
    if [ "$passed" -eq 0 ]; then
        failed=$((failed + 1))
    fi
    count "scripts ($1)" "$passed" "$failed"
}

# Cases of a JUnit report: `error` is ours or the world's, no less a failure.
# SCOPE is the part of the report that is counted.
count_junit() { # name report exit_code scope
    local all=0 bad=0 bad_anywhere=0 skipped=0 red='[failure or error]'
    if [ -s "$2" ]; then
        all=$(xmllint --xpath "count($4)" "$2")
        bad=$(xmllint --xpath "count($4$red)" "$2")
        bad_anywhere=$(xmllint --xpath "count(//testcase$red)" "$2")
        skipped=$(xmllint --xpath "count($4[skipped])" "$2")
    fi
    if [ "$3" -ne 0 ] && [ "$bad_anywhere" -eq 0 ]; then
        say "$1: exit code $3 and no failed case"
        bad=1
        all=$((all + 1))
    fi
    [ "$skipped" -eq 0 ] || say "$1: $skipped skipped"
    count "$1" $((all - bad - skipped)) "$bad"
}

run_suite() { # name verb scope
    local out="$OUT/$2" status=0
    say "$1"
    rm -rf "$out"
    "$(program ci)" "$2" --out "$out" >&2 || status=$?
    count_junit "$1" "$out/junit.xml" "$status" "$3"
    step "report of $2 is valid" \
        xmllint --noout --schema reports/junit.xsd "$out/junit.xml"
}

# TAP to a file by redirection: node's own writer loses its end when the tests
# leave timers behind and the runner is told to exit all the same.
run_vendor() {
    local tap=build/vendor.tap status=0 passed failed
    say "vendor's clients"
    "$VENDOR/run.sh" "$(program ci)" --test-reporter=tap >"$tap" || status=$?
    passed=$(awk '/^# pass / { n = $3 } END { print n + 0 }' "$tap")
    failed=$(awk '/^# (fail|cancelled) / { n += $3 } END { print n + 0 }' "$tap")
    if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
        failed=1
    fi
    if [ "$failed" -eq 0 ]; then
        grep '^ok' "$tap" >&2 || true
    else
        cat "$tap" >&2
    fi
    count "vendor's clients" "$passed" "$failed"
}

run_lint() {
    local test
    for test in layers bites format catalogue_bites catalogue exercises; do
        step "lint: $test" ctest --preset ci -R "^lint_$test\$" --verbose --no-tests=error
    done
}

# One-line mutants of service and model. Each killed one counts as passed; a
# survivor counts as failed unless harness/tests/mutants/survivors.md explains it.
run_mutants() {
    local log=build/mutants.log status=0 killed unexplained
    say "mutants of service and model"
    harness/tests/mutants/run.sh --floor 90 >"$log" || status=$?
    cat "$log" >&2
    killed=$(awk '/ mutants killed \(/ { n = $1 } END { print n + 0 }' "$log")
    unexplained=$(awk '/ survivors without explanation$/ { n = $1 } END { print n + 0 }' "$log")
    if [ "$status" -ne 0 ] && [ "$unexplained" -eq 0 ]; then
        unexplained=1 # below the floor, or cut short
    fi
    count "mutants killed by the suite" "$killed" "$unexplained"
}

run_tidy() {
    say "clang-tidy"
    find harness scenarios -name '*.c' -not -path '*/node_modules/*' -print0 |
        xargs -0 -n 4 -P "$JOBS" clang-tidy -p build/asan --quiet >&2
}

# --- verbs -------------------------------------------------------------------

verb_run() {
    # shellcheck disable=SC2086
    install_packages $BUILD_PACKAGES
    mkdir -p build
    build release || die "the build failed"
    exec "$(program release)" run "$@"
}

verb_test() {
    local full=${1:-} part
    case $full in
    '' | --full) ;;
    *) usage ;;
    esac
    # shellcheck disable=SC2086
    install_packages $BUILD_PACKAGES $TEST_PACKAGES ${full:+$FULL_PACKAGES}
    install_vendor
    mkdir -p build
    build asan || die "the build with clang and sanitizers failed"
    build ci || die "the build with gcc failed"

    run_lint
    run_units asan
    run_scripts ci
    run_suite "conformance suite" run '//testcase'
    # The selftest repeats the clean run; what it adds is one case a defect.
    run_suite "seeded defects" selftest '//testsuite[@name="selftest"]/testcase'
    run_vendor
    if [ -n "$full" ]; then
        run_units ci
        run_units ci load "stress under every defect"
        step "twenty repeats of every row" sh harness/tests/cli_findings.sh \
            "$(program ci)" reports/junit.xsd full
        step "7,000 connections and a million items" \
            harness/tests/load_rows.sh "$(program ci)" "$OUT/load"
        step "clang-tidy" run_tidy
        build tsan || die "the build with the thread sanitizer failed"
        run_units tsan
        run_units asan fuzz-long "ten minutes of each fuzzer"
        run_mutants
        step "200 kills of a server" ctest --preset ci -L '^long$' --verbose --no-tests=error
        for part in parallel mpi slurm; do
            step "a stress run in shards ($part)" harness/tests/shards.sh \
                "$(program ci)" "$part" reports/junit.xsd
        done
        step "ten minutes of the vendor's clients" \
            harness/tests/soak.sh "$(program asan)"
        step "ten minutes of stress, memory of both processes" \
            harness/bench/stress build/ci soak
    fi

    printf '\n'
    for part in "${PARTS[@]}"; do
        printf '%s\n' "$part"
    done
    printf '%d passed, %d failed\n' "$PASSED" "$FAILED"
    [ "$FAILED" -eq 0 ]
}

usage() {
    printf 'usage: %s run [ARGS…] | test [--full]\n' "$0" >&2
    exit 64
}

main() {
    local verb=${1:-}
    [ $# -gt 0 ] && shift
    case $verb in
    run) verb_run "$@" ;;
    test) verb_test "$@" ;;
    *) usage ;;
    esac
}

main "$@"
