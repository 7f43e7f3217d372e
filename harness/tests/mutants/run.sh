#!/bin/bash
# run.sh: would `syncproof run` notice a bug that nobody seeded?
#
#   run.sh [--count N] [--seed N] [--floor PCT] [--seconds S] [--jobs N] [--again]
#          [--by COMMAND]
#
# Takes N one-line mutants of harness/service and harness/model from the lines
# that the suite executes (mutants.awk), the same ones for the same seed, builds
# each beside the tree (no source is touched), and runs the whole suite on it.
# A line that no row reaches yields no mutant; how many such lines there are is
# part of the answer. One that does not compile, or that the compiler makes into
# the very object of the sound program or of another mutant, is none: the next
# candidate takes its place.
#
# Killed: `run --strict` ends with another code than 0, its report has a row with
# the verdict error (the row crashed, or hung until its guard), fail or inconclusive
# (no answer on several tries); of the last two that row alone is red once more, so
# that a machine that was busy kills nothing; or the run does not end in the time it is
# given. Strict, because most rows of level SHOULD only warn otherwise, which a
# reader of the report sees and an exit code does not tell. What lives is run once
# more as built with the sanitizers, which see memory that is lost or used when it
# is gone. The answer counts each kind apart. Anything else lets the mutant live.
#
# Each mutant meets first the row that killed it the last time, then the chapter
# nearest to it, then the whole suite: a kill by one row of the suite is one by the
# suite.
#
# --again takes the mutants of the last time and judges those that were not killed
# then: what one uses to see whether new rows kill survivors. The mutated files
# themselves must be as they were. --by starts each build, link and run through a
# command, for a machine that others use too (`--by "flock -s /tmp/lock nice"`).
#
# Results are kept in build/mutants/results until the sources change, so that a
# run that was cut short goes on where it ended. Ends with 0 when all were judged,
# the floor was reached and survivors.md explains every survivor.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."

HERE=harness/tests/mutants
WORK=build/mutants
COVERAGE=build/coverage
COUNT=240
SEED=24301
FLOOR=90
BUDGET=7200      # seconds for all
MUTANTS_MAX=4000 # candidates that are compiled at most
JOBS=$(nproc)
AGAIN=''
SUFFIX=''
BY=()

say() { printf '== %s\n' "$*" >&2; }
die() {
    printf 'run.sh: %s\n' "$*" >&2
    exit 70
}

while [ $# -gt 0 ]; do
    if [ "$1" = --again ]; then
        AGAIN=yes
        shift
        continue
    fi
    [ $# -gt 1 ] || die "$1 needs a value"
    case $1 in
    --count) COUNT=$2 ;;
    --seed) SEED=$2 ;;
    --floor) FLOOR=$2 ;;
    --seconds) BUDGET=$2 ;;
    --jobs) JOBS=$2 ;;
    --by) read -ra BY <<<"$2" ;;
    *) die "unknown option $1" ;;
    esac
    shift 2
done

# --- what the suite executes -------------------------------------------------

# Not the seeded bugs, and not config*.c: it reads the file of `serve --config`,
# of which `run` sees the one it makes itself (harness/tests/test_service_config.c).
sources() {
    local file
    for file in harness/service/*.c harness/model/*.c; do
        case $file in
        */defect* | */config*) ;;
        *) printf '%s\n' "$file" ;;
        esac
    done
}

stamp() {
    { find harness include scenarios cmake -name '*.[ch]' -o -name '*.inc' \
        -o -name '*.txt' -o -name 'mutants.awk' | grep -v node_modules | LC_ALL=C sort |
        xargs cat; printf '%s %s\n' "$COUNT" "$SEED"; } | cksum | tr ' ' -
}

# One clean run, counted by gcov. Without ccache: an object from its store
# counts into the tree where it was compiled first.
measure() {
    local -x CCACHE_DISABLE=1
    say "measuring which lines the suite executes"
    cmake --preset coverage >"$WORK/coverage.log" 2>&1 || die "see $WORK/coverage.log"
    "${BY[@]}" ninja -C "$COVERAGE" -j "$JOBS" syncproof >"$WORK/coverage.log" 2>&1 ||
        die "see $WORK/coverage.log"
    find "$COVERAGE" -name '*.gcda' -delete
    "${BY[@]}" "$COVERAGE/syncproof" run -q --jobs "$JOBS" --out "$WORK/coverage-out" \
        >"$WORK/coverage.log" 2>&1 || die "the suite fails: see $WORK/coverage.log"
}

list_candidates() { # in seeded order, two of each file first
    local file folder layer
    : >"$WORK/candidates.raw"
    : >"$WORK/lines"
    for file in $(sources); do
        folder=$(dirname "$file")
        layer=${folder##*/}
        (cd "$COVERAGE/$folder" &&
            gcov -t "CMakeFiles/syn_$layer.dir/$(basename "$file").gcda" 2>/dev/null) |
            awk -v source="$PWD/$file" -v name="$layer/$(basename "$file" .c)" \
                -v seed="$SEED" -f "$HERE/mutants.awk" \
                >>"$WORK/candidates.raw" 2>>"$WORK/lines"
    done
    LC_ALL=C sort -n -k 1,1 "$WORK/candidates.raw" |
        awk -F '\t' 'n[$3]++ < 2 { print; next } { rest[++m] = $0 }
            END { for (i = 1; i <= m; i++) print rest[i] }' >"$WORK/candidates"
    [ -s "$WORK/candidates" ] || die "gcov has counted no line"
    awk '{ e += $2; n += $3 } END {
        printf "%d lines executed, %d never (%.1f %%)\n", e, n, 100 * n / (e + n) }' \
        "$WORK/lines" >"$WORK/executed"
}

# --- building ----------------------------------------------------------------

# Only the mutated object is compiled; put before the libraries it hides the
# member that it replaces.
prepare_build() { # folder option…: what is built next, compiled and linked
    TREE=$1
    shift
    say "building the sound program ($TREE)"
    cmake -S . -B "$WORK/$TREE" -G Ninja -DCMAKE_BUILD_TYPE=Debug \
        -DCMAKE_C_FLAGS_DEBUG=-O1 -DCMAKE_C_COMPILER=gcc "$@" \
        >"$WORK/$TREE.log" 2>&1 || die "see $WORK/$TREE.log"
    "${BY[@]}" ninja -C "$WORK/$TREE" -j "$JOBS" syncproof >>"$WORK/$TREE.log" 2>&1 ||
        die "see $WORK/$TREE.log"
    ninja -C "$WORK/$TREE" -t commands syncproof >"$WORK/commands"
    LINK=$(tail -n 1 "$WORK/commands" | sed 's/^: && //; s/ && :$//')
}

compile() { # source object: as the sound one, from another text
    local original=$1 text=$2 object=$3 command
    command=$(grep -F -- "-c $PWD/$original" "$WORK/commands" | head -n 1 |
        sed 's/ -M[DTF]\( [^ ]*\)\{0,1\}//g; s/ -o [^ ]* -c .*//')
    (cd "$WORK/$TREE" && "${BY[@]}" sh -c "$command -w -o $object -c -x c $text") 2>/dev/null
}

link() { # object program
    (cd "$WORK/$TREE" && "${BY[@]}" sh -c "${LINK/ -o syncproof / $1 -o $2 }") 2>/dev/null
}

digest() { # an object without debugging information says only what it does
    cksum <"$1" | tr ' ' -
}

# Compiles candidates until COUNT of them are mutants indeed.
choose() {
    local id name line before after file tried=0 object="$PWD/$WORK/chosen" sum
    rm -rf "$object"
    mkdir -p "$object"
    : >"$WORK/digests"
    : >"$WORK/mutants"
    for file in $(sources); do
        cp "$file" "$object/text.c" # the name of the text is in the object
        compile "$file" "$object/text.c" "$object/sound.o" || die "cannot compile $file"
        digest "$object/sound.o" >>"$WORK/digests"
    done
    while IFS=$'\t' read -r _ id name line before after; do
        [ "$(wc -l <"$WORK/mutants")" -lt "$COUNT" ] || break
        tried=$((tried + 1))
        [ "$tried" -le "$MUTANTS_MAX" ] || break
        file="harness/$name.c"
        NEW="$after" awk -v at="$line" 'NR == at { print ENVIRON["NEW"]; next } { print }' \
            "$file" >"$object/text.c"
        compile "$file" "$object/text.c" "$object/new.o" || continue
        sum=$(digest "$object/new.o")
        if grep -qxF "$sum" "$WORK/digests"; then
            continue
        fi
        printf '%s\n' "$sum" >>"$WORK/digests"
        mv "$object/new.o" "$object/${id//\//_}.o"
        printf '%s\t%s:%s\t%s\t%s\n' "$id" "$file" "$line" "$before" "${after#"${after%%[! ]*}"}" \
            >>"$WORK/mutants"
    done <"$WORK/candidates"
    rm -f "$object"/text.c "$object"/*sound.o
}

# --- judging -----------------------------------------------------------------

# A mutant that hangs makes row after row wait for its own guard, so the limit
# follows what the sound program takes.
run_on() { # lane selection…: fails as the suite does
    local lane=$1
    shift
    "${BY[@]}" timeout -k 10 "$LIMIT_S" "$lane/syncproof" run "$@" -q --strict --fail-fast --jobs 1 \
        --seed "$SEED" --out "$lane/out" >"$lane/log" 2>&1
}

# What the report blames, worst first; a run cut short has written one as well.
name_kill() { # report
    local report=$1
    if grep -q '<failure' "$report" 2>/dev/null; then
        echo 'killed by failure'
    elif grep -q 'type="inconclusive"' "$report" 2>/dev/null; then
        echo 'killed by inconclusive'
    elif grep -q '<error' "$report" 2>/dev/null; then
        echo 'killed by error'
    else
        echo alive
    fi
}

# The row that the report blames first.
blamed() { # report
    tr '\n' ' ' <"$1" | sed 's/<testcase/\n&/g' |
        grep -m 1 -E '<failure|<error' | sed 's/.* name="\([^["]*\).*/\1/'
}

# A selection of the suite on the program of a lane: why it is killed, or `alive`.
try() { # lane selection…
    local lane=$1 status=0 result
    shift
    rm -rf "$lane/out"
    run_on "$lane" "$@" || status=$?
    result=$(name_kill "$lane/out/junit.xml")
    case $status in
    0) echo alive ;;
    124 | 137)
        [ "$result" != alive ] || result='killed by time'
        echo "$result"
        ;;
    130 | 143) echo stopped ;;
    *) echo "$result" ;;
    esac
}

# The same on one object, believed when the row that is red is so alone as well.
judge() { # lane object id selection…
    local lane="$WORK/lane-$1" object=$2 id=$3 result row
    shift 3
    rm -rf "$lane"
    mkdir -p "$lane"
    link "$object" "$PWD/$lane/syncproof" || { echo broken; return; }
    result=$(try "$lane" "$@")
    case $result in
    *failure | *error | *inconclusive)
        row=$(blamed "$lane/out/junit.xml")
        # A row that crashed did not do so because others were busy.
        [[ $result = *error || "$(try "$lane" "$row")" != alive ]] ||
            { echo alive; return; }
        printf '%s\t%s\n' "$id" "$row" >>"$WORK/killers"
        ;;
    esac
    echo "$result"
}

# With the sanitizers a plain survivor is still open.
is_judged() { # id
    local before
    before=$(grep -F "$1"$'\t' "$WORK/results" | tail -n 1 | cut -f 2)
    [ -n "$before" ] && { [ -z "$SUFFIX" ] || [ "$before" != survived ]; }
}

# Rows of the SDK plane that wait for nobody.
SWIFT='sdk/c sdk/h sdk/m sdk/q sdk/r sdk/sh sdk/su sdk/t sdk/w'

# The chapter that says most of what a file does.
nearest() { # id
    case $1 in
    */webhook*) echo whk/ ;;
    */rest* | */page* | */shape*) echo rest/ ;;
    */admission*) echo lim/ ;;
    */expiry* | */grave*) echo ttl/ ;;
    */grant* | */rules*) echo acl/ ;;
    */keyring*) echo tok/ ;;
    *) echo "$SWIFT" ;;
    esac
}

# The part of the suite to begin with; nothing: there is none.
first_of() { # known | nearest, id
    case $1 in
    known) awk -F '\t' -v id="$2" '$1 == id { row = $2 } END { print row }' \
        "$WORK/killers" ;;
    nearest) nearest "$2" ;;
    esac
}

# Every JOBS-th mutant that has no result yet, on the row that is `known` to kill
# it, or on what is `nearest` to it; only the whole suite makes a survivor.
work_lane() { # lane, known | nearest | nothing
    local lane=$1 id place before after n=0 result near=()
    shift
    while IFS=$'\t' read -r id place before after; do
        n=$((n + 1))
        [ $((n % JOBS)) -eq "$lane" ] || continue
        ! is_judged "$id" || continue
        [ "$SECONDS" -lt "$BUDGET" ] || break
        if [ $# -gt 0 ]; then
            read -ra near <<<"$(first_of "$1" "$id")"
            [ ${#near[@]} -gt 0 ] || continue
        fi
        result=$(judge "$lane" "$OBJECTS/${id//\//_}.o" "$id" "${near[@]}")
        case $result in
        alive)
            [ $# -eq 0 ] || continue
            result="survived${SUFFIX:+,$SUFFIX as well}"
            ;;
        broken | stopped) continue ;; # says nothing about the mutant
        *) result=$result$SUFFIX ;;
        esac
        printf '%s\t%s\t%s\t%s\t%s\n' "$id" "$result" "$place" "$before" "$after" \
            >>"$WORK/results"
    done <"$WORK/mutants"
}

# The mutated text again, from what is kept of it.
compile_again() { # id place after
    local file=${2%:*} line=${2##*:}
    NEW=$3 awk -v at="$line" 'NR == at { print ENVIRON["NEW"]; next } { print }' \
        "$file" >"$WORK/text.c"
    compile "$file" "$PWD/$WORK/text.c" "$OBJECTS/${1//\//_}.o"
}

# What lived is judged anew with the sanitizers.
judge_memory() {
    local id place after
    local -x ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1
    [ "$SECONDS" -lt "$BUDGET" ] || return 0
    grep -q $'\tsurvived' "$WORK/results" || return 0
    prepare_build sanitized -DSYN_SANITIZE=address,undefined
    judge_sound
    OBJECTS="$PWD/$WORK/chosen-sanitized"
    SUFFIX=' under the sanitizers'
    mkdir -p "$OBJECTS"
    grep $'\tsurvived\t' "$WORK/results" | cut -f 1,3,5 >"$WORK/alive"
    while IFS=$'\t' read -r id place after; do
        compile_again "$id" "$place" "$after" || die "cannot compile $id again"
    done <"$WORK/alive"
    judge_all
    # The last word on each counts.
    awk -F '\t' '{ line[$1] = $0 } END { for (id in line) print line[id] }' \
        "$WORK/results" | LC_ALL=C sort >"$WORK/last"
    mv "$WORK/last" "$WORK/results"
}

judge_all() { # known, nearest, or nothing: the whole suite
    local lane lanes=()
    say "judging what has no result yet by ${1:-the whole suite}, $LIMIT_S s each"
    for ((lane = 0; lane < JOBS; lane++)); do
        work_lane "$lane" "$@" &
        lanes+=($!)
    done
    wait "${lanes[@]}"
}

# The sound object in a mutant's place: if this is not green, nothing counts.
judge_sound() {
    local begun=$SECONDS limit="$WORK/limit-$TREE" # of these sources
    if [ -s "$limit" ]; then
        LIMIT_S=$(cat "$limit")
        return
    fi
    compile harness/model/rules.c "$PWD/harness/model/rules.c" "$PWD/$WORK/sound.o"
    LIMIT_S=900
    [ "$(judge 0 "$PWD/$WORK/sound.o" sound)" = alive ] ||
        die "the sound program fails: see $WORK/lane-0/log"
    LIMIT_S=$((30 + 4 * (SECONDS - begun)))
    echo "$LIMIT_S" >"$limit"
}

# --- the answer --------------------------------------------------------------

answer() {
    local all killed id rest unexplained=0 percent missing
    all=$(wc -l <"$WORK/results")
    killed=$(grep -cF $'\tkilled' "$WORK/results" || true)
    missing=$(($(wc -l <"$WORK/mutants") - all))
    printf 'judged at %s\n' "$(git describe --always --dirty 2>/dev/null || true)"
    printf 'never executed by run: %s\n' "$(cat "$WORK/executed")"
    grep $'\tsurvived' "$WORK/results" >"$WORK/survivors" || true
    LC_ALL=C sort -o "$WORK/survivors" "$WORK/survivors"
    while IFS=$'\t' read -r id rest; do
        if grep -qF "\`$id\`" "$HERE/survivors.md"; then
            printf 'survivor, explained: %s\t%s\n' "$id" "$rest"
        else
            unexplained=$((unexplained + 1))
            printf 'survivor, NOT explained: %s\t%s\n' "$id" "$rest"
        fi
    done <"$WORK/survivors"
    [ "$all" -gt 0 ] || die "no mutant was judged"
    percent=$((100 * killed / all))
    [ "$missing" -eq 0 ] || printf '%d mutants not judged in time\n' "$missing"
    cut -f 2 "$WORK/results" | LC_ALL=C sort | uniq -c
    printf '%d survivors without explanation\n' "$unexplained"
    printf '%d of %d mutants killed (%d %%)\n' "$killed" "$all" "$percent"
    [ "$percent" -ge "$FLOOR" ] && [ "$unexplained" -eq 0 ] && [ "$missing" -eq 0 ]
}

mkdir -p "$WORK"
STAMP=$(stamp)
prepare_build sound
OBJECTS="$PWD/$WORK/chosen"
if [ -n "$AGAIN" ]; then
    [ -s "$WORK/stamp" ] || die "--again needs an earlier run"
    { grep $'\tkilled' "$WORK/results" || true; } >"$WORK/killed"
    mv "$WORK/killed" "$WORK/results"
elif [ "$(cat "$WORK/stamp" 2>/dev/null || true)" != "$STAMP" ]; then
    rm -f "$WORK/stamp" "$WORK"/limit-*
    measure
    list_candidates
    say "choosing $COUNT of $(wc -l <"$WORK/candidates") candidates"
    choose
    : >"$WORK/results"
    printf '%s\n' "$STAMP" >"$WORK/stamp"
fi
touch "$WORK/killers"
judge_sound
judge_all known
judge_all nearest
judge_all
judge_memory
answer
