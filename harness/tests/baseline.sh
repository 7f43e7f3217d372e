# baseline.sh - sourced after expect.sh: baselines made from what a verb printed.

# signature_in FILE ID: as the results in FILE of $place show it.
signature_in() {
    awk -v id="$2" '$1 == "fail" { is_it = $2 == id }
        is_it && $1 == "signature:" { print $2; exit }' "$place/$1"
}

# entry ID SIGNATURE EXPIRES
entry() {
    printf '{"id": "%s", "reason": "known", "ticket": "T-1", "owner": "ann", "expires": "%s", "signature": "%s"}' \
        "$1" "$3" "$2"
}

# accept_all FILE [ENTRY]: a baseline of every failure that FILE of $place shows,
# and of one more.
accept_all() {
    {
        printf '{"baseline": 1, "entries": ['
        awk '$1 == "fail" { print $2 }' "$place/$1" | while read -r id; do
            entry "$id" "$(signature_in "$1" "$id")" 2099-12-31
            printf ', '
        done
        printf '%s]}\n' "${2:-}"
    } | sed 's/, ]}$/]}/' >"$place/baseline.json"
}
