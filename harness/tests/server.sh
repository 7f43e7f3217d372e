# server.sh - sourced by tests that start a server: what expect.sh gives, the
# server's ready line, and its end by pid. Sets place, failed and server; what
# the program leaves for a while goes to $place as well.
# shellcheck source=harness/tests/expect.sh
. "$(dirname "$0")/expect.sh"
TMPDIR=$place
export TMPDIR
server=0

end_server() { # returns the exit code of the server
    if [ "$server" -ne 0 ]; then
        kill -TERM "$server" 2>/dev/null
        wait "$server" 2>/dev/null
        ended=$?
        server=0
        return "$ended"
    fi
}
trap 'end_server; rm -rf "$place"' EXIT

await() { # FILE: something is in it; ten seconds at most
    tries=0
    while [ ! -s "$1" ] && [ "$tries" -lt 200 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
}

start_server() { # COMMAND…: the one before ends; this one's ready line is there
    end_server
    : >"$place/ready"
    "$@" >"$place/ready" 2>"$place/log" &
    server=$!
    await "$place/ready"
}

# member NAME: of the ready line.
member() { sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/" "$place/ready"; }

# complain TEXT…: a failure, with what the command before had to say.
complain() {
    fail "$*"
    grep -E -A1 '^(fail|error|inconclusive) ' "$place/stdout" 2>/dev/null | head -6
    tail -n 4 "$place/stdout" "$place/stderr" 2>/dev/null
}
