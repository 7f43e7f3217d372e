# server.sh - sourced by tests that start a server: what expect.sh gives, the
# server's ready line, and its end by pid. Sets place, failed and server.
# shellcheck source=harness/tests/expect.sh
. "$(dirname "$0")/expect.sh"
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

# The server has written $place/ready; ten seconds at most.
await_ready() {
    tries=0
    while [ ! -s "$place/ready" ] && [ "$tries" -lt 200 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
}
