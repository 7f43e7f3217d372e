# expect.sh - sourced by tests that run the program: a folder of their own, the
# exit code of a command and what it said. Sets place and failed.
place=$(mktemp -d) || exit 70
failed=0
trap 'rm -rf "$place"' EXIT

fail() {
    echo "FAILED: $1"
    failed=1
}

# expect CODE TITLE COMMAND...: run it, compare the exit code.
expect() {
    wanted=$1
    title=$2
    shift 2
    "$@" >"$place/stdout" 2>"$place/stderr"
    code=$?
    if [ "$code" -ne "$wanted" ]; then
        fail "$title: expected exit $wanted, got $code"
        tail -n 20 "$place/stdout" "$place/stderr"
    fi
}

# holds TITLE COMMAND...: it succeeds. refutes TITLE COMMAND...: it fails.
holds() {
    title=$1
    shift
    "$@" >/dev/null 2>&1 || fail "$title"
}
refutes() {
    title=$1
    shift
    if "$@" >/dev/null 2>&1; then
        fail "$title"
    fi
}

# has FILE TITLE TEXT, lacks FILE TITLE TEXT: FILE is one of $place, among them
# stdout and stderr of the command before.
has() {
    grep -qF -- "$3" "$place/$1" || fail "$2: $1 lacks: $3"
}
lacks() {
    grep -qF -- "$3" "$place/$1" && fail "$2: $1 has: $3"
}
