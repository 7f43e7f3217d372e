#!/bin/bash
# shards.sh SYNCPROOF KIND [XSD]: one run in shards, started by a launcher, and joined.
#
# KIND: plain (four processes by hand), parallel (as GNU parallel numbers them),
# mpi (Open MPI), slurm (munged, slurmctld and slurmd of its own, as root).
# Exit 0 when all parts ran together and their sum is exact, 77 when the
# launcher is not installed.
set -euo pipefail
PROGRAM=$(realpath "${1:?usage: shards.sh SYNCPROOF KIND}")
KIND=${2:?usage: shards.sh SYNCPROOF KIND}
XSD=${3:-}
WORK=$(mktemp -d "${TMPDIR:-/tmp}/syn-shards-XXXXXX")
PIDS=()
OUT=$WORK/out
CLIENTS=40

cleanup() {
    local pid
    for pid in ${PIDS[@]+"${PIDS[@]}"}; do
        kill "$pid" 2>/dev/null || true
    done
    for pid in ${PIDS[@]+"${PIDS[@]}"}; do
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$WORK"
}
trap cleanup EXIT

fail() {
    printf 'shards (%s): %s\n' "$KIND" "$*" >&2
    tail -n 20 "$WORK"/*.log >&2 2>/dev/null || true
    exit 1
}

needs() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || {
            printf 'shards (%s): %s is not installed\n' "$KIND" "$tool" >&2
            exit 77
        }
    done
}

# The same plan for all; the start lies far enough ahead for the slowest.
plan() { # seconds until the start
    FLAGS=(steady --clients "$CLIENTS" --workers 1 --duration 4 --warmup 1
        --ramp 1 --rate 80 --seed 0x5eed --start $(($(date +%s) + $1))
        --out "$OUT" -q)
}

# 0, or 3 because this machine was too busy for the generator: the figures are
# void then, but they must add up all the same.
accept() { # what status log
    [ "$2" -eq 0 ] && return
    if [ "$2" -eq 3 ] && grep -q '^inconclusive stress/run/generator' "$3"; then
        return
    fi
    fail "$1 ended with $2"
}

free_port() {
    python3 - <<'PY' 2>/dev/null || echo $((20000 + RANDOM % 20000))
import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])
PY
}

wait_for() { # seconds command…: until it succeeds
    local left=$(($1 * 10))
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 0.1
    done
}

run_plain() {
    local i status=0 shards=()
    SHARDS=4
    plan 3
    for i in 1 2 3 4; do
        "$PROGRAM" stress "${FLAGS[@]}" --shard "$i/4" >"$WORK/shard$i.log" 2>&1 &
        shards+=($!)
    done
    for i in "${!shards[@]}"; do
        status=0
        wait "${shards[$i]}" || status=$?
        accept "shard $((i + 1))" "$status" "$WORK/shard$((i + 1)).log"
    done
}

# What GNU parallel exports to each job, so that its numbering is proven where
# it is not installed; where it is, itself.
run_parallel() {
    local i status=0 shards=()
    SHARDS=3
    plan 3
    export SYNCPROOF_SHARDS=3
    if command -v parallel >/dev/null && parallel --version 2>/dev/null | grep -q '^GNU parallel'; then
        parallel -j 3 -N0 "$PROGRAM" stress "${FLAGS[@]}" ::: 1 2 3 \
            >"$WORK/parallel.log" 2>&1 || status=$?
        # It counts the jobs that failed.
        [ "$status" -eq 0 ] || accept parallel 3 "$WORK/parallel.log"
        return
    fi
    for i in 1 2 3; do
        PARALLEL_SEQ=$i "$PROGRAM" stress "${FLAGS[@]}" >"$WORK/shard$i.log" 2>&1 &
        shards+=($!)
    done
    for i in "${!shards[@]}"; do
        status=0
        wait "${shards[$i]}" || status=$?
        accept "shard $((i + 1))" "$status" "$WORK/shard$((i + 1)).log"
    done
}

run_mpi() {
    local status=0
    needs mpirun
    SHARDS=2
    plan 4
    mpirun --allow-run-as-root --oversubscribe -np 2 \
        "$PROGRAM" stress "${FLAGS[@]}" >"$WORK/mpi.log" 2>&1 || status=$?
    accept mpirun "$status" "$WORK/mpi.log"
}

# A cluster of one node, all of it in $WORK. Accounts of Debian's packages are
# not used: everything runs as root and is gone afterwards.
start_slurm() {
    local host
    host=$(hostname -s)
    needs munged slurmctld slurmd srun
    [ "$(id -u)" -eq 0 ] || { echo "shards (slurm): needs root" >&2; exit 77; }
    chmod 755 "$WORK"
    mkdir -p "$WORK/munge" "$WORK/state" "$WORK/spool"
    chmod 755 "$WORK/munge"
    head -c 1024 /dev/urandom >"$WORK/munge/key"
    chmod 400 "$WORK/munge/key"
    munged --foreground --force --key-file "$WORK/munge/key" \
        --socket "$WORK/munge/socket" --pid-file "$WORK/munge/pid" \
        --seed-file "$WORK/munge/seed" --log-file "$WORK/munged.log" \
        --num-threads 2 >/dev/null 2>&1 &
    PIDS+=($!)
    wait_for 10 test -S "$WORK/munge/socket" || fail "munged does not start"
    cat >"$WORK/slurm.conf" <<CONF
ClusterName=syn
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$WORK/munge/socket
CredType=cred/munge
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
StateSaveLocation=$WORK/state
SlurmdSpoolDir=$WORK/spool
SlurmctldPidFile=$WORK/slurmctld.pid
SlurmdPidFile=$WORK/slurmd.pid
SlurmctldLogFile=$WORK/slurmctld.log
SlurmdLogFile=$WORK/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
    export SLURM_CONF=$WORK/slurm.conf
    slurmctld -D -f "$SLURM_CONF" >/dev/null 2>&1 &
    PIDS+=($!)
    slurmd -D -f "$SLURM_CONF" -N "$host" >/dev/null 2>&1 &
    PIDS+=($!)
    wait_for 30 node_is_idle || fail "the node does not come up"
}

node_is_idle() {
    sinfo -h -o %t | grep -q idle
}

run_slurm() {
    local status=0
    start_slurm
    SHARDS=2
    plan 6
    srun -n2 --overcommit "$PROGRAM" stress "${FLAGS[@]}" \
        >"$WORK/srun.log" 2>&1 || status=$?
    accept srun "$status" "$WORK/srun.log"
}

# A number of a JSON text by its member's name, the first one.
number() { # file member
    grep -o "\"$2\":[0-9]*" "$1" | head -n 1 | cut -d: -f2
}

refuses() { # why words…
    local why=$1 status=0
    shift
    "$PROGRAM" merge "$@" --out "$WORK/refused" >/dev/null 2>&1 || status=$?
    [ "$status" -eq 64 ] || fail "merge when $why: exit $status, not 64"
}

# The sum of the parts is the whole, counter by counter and histogram by
# histogram.
check_sum() {
    local name shard sum whole status=0
    "$PROGRAM" merge "$OUT" --out "$WORK/all" --html "$WORK/all.html" \
        --threshold 'delivery.p99<5s' >"$WORK/merge.log" 2>&1 || status=$?
    accept merge "$status" "$WORK/merge.log"
    [ "$(find "$OUT" -name stress.json | wc -l)" -eq "$SHARDS" ] ||
        fail "not $SHARDS results"
    for name in session.ready send.due send.acked event.heard frame.heard; do
        sum=0
        for shard in "$OUT"/shard-*/stress.json; do
            sum=$((sum + $(number "$shard" "$name")))
        done
        whole=$(number "$WORK/all/stress.json" "$name")
        [ "$sum" -eq "$whole" ] || fail "$name: $sum in the parts, $whole in the sum"
        [ "$whole" -gt 0 ] || fail "$name is 0: nothing ran"
        printf '%s: %s = %s\n' "$KIND" "$name" "$whole"
    done
    [ "$(number "$WORK/all/stress.json" session.ready)" -ge "$CLIENTS" ] ||
        fail "not all $CLIENTS sessions were ready"
    [ "$(grep -ho '"start_ms":[0-9]*' "$OUT"/*/stress.json | sort -u | wc -l)" -eq 1 ] ||
        fail "the shards did not start together"
    if [ -n "$XSD" ] && command -v xmllint >/dev/null; then
        xmllint --noout --schema "$XSD" "$WORK/all/junit.xml" 2>/dev/null ||
            fail "the report of the merge is not valid"
    fi
    refuses "one part is missing" "$OUT/shard-1-of-$SHARDS"
    refuses "one part is there twice" "$OUT" "$OUT/shard-1-of-$SHARDS"
}

case $KIND in
plain) run_plain ;;
parallel) run_parallel ;;
mpi) run_mpi ;;
slurm) run_slurm ;;
*) fail "no such kind" ;;
esac
check_sum
printf 'shards (%s): %s shards joined exactly\n' "$KIND" "$SHARDS"
