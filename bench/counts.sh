#!/usr/bin/env bash
# Usage: counts.sh PROGRAM RECORD [--record]
#
# Counts the instructions of acquire, publish, next and release for one message (callgrind, all
# they call included) with PROGRAM, built of counts.c, and compares them with those in RECORD.
# Fails when one has grown by more than 5 %. --record: writes them there. The counts are those of
# one compiler, which RECORD names; another one's are shown, not judged.
set -euo pipefail
export LC_ALL=C

program=$1 record=$2 mode=${3:-}
messages=1000 tolerance=5
functions=(acquire publish next release)

# What a ring has to do with: the reader's policy, idle readers beside it, slots in the pool.
cases=('lossless 0 10' 'lossless 63 100' 'lossless 0 1000' 'lossy 0 10' 'latest 0 10')

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# count POLICY IDLE SLOTS: a line with the case and a count for each function.
count() {
    local out=$scratch/out function line=$*
    valgrind -q --tool=callgrind --callgrind-out-file="$out" "$program" "$@" >&2
    callgrind_annotate --inclusive=yes --threshold=100 "$out" >"$scratch/annotated"
    for function in writer_acquire writer_publish reader_next reader_release; do
        line+=" $(awk -v name=":ring_$function" -v messages=$messages '
            index($0, name " ") || $0 ~ name "$" { gsub(",", "", $1); print int($1 / messages + 0.5); exit }
        ' "$scratch/annotated")"
    done
    echo "$line"
}

all() {
    local case
    echo "# Instructions for one message, by callgrind. $compiler"
    echo "# policy idle slots ${functions[*]}"
    for case in "${cases[@]}"; do
        # shellcheck disable=SC2086 # three words
        count $case
    done
}

# All of it is read: who stops at the first line has strings die of SIGPIPE, or not.
compiler=$(strings -a "$program" | awk '/^GCC: / && !found++')
compiler=${compiler:-an unknown compiler}
all >"$scratch/now"
if [ "$mode" = --record ]; then
    cp "$scratch/now" "$record"
    exit
fi
cat "$scratch/now"
if ! grep -qF "$compiler" "$record"; then
    echo "counts.sh: not compared: recorded with $(sed -n '1s/.*callgrind. //p' "$record")" >&2
    exit
fi
awk -v tolerance=$tolerance -v names="${functions[*]}" '
    BEGIN { split(names, name) }
    /^#/ { next }
    NR == FNR { for (i = 4; i <= NF; i++) was[$1, $2, $3, i] = $i; next }
    {
        for (i = 4; i <= NF; i++) {
            before = was[$1, $2, $3, i]
            if ($i <= 0 || before <= 0 || $i > before * (1 + tolerance / 100)) {
                printf "%s of %s, %s idle, %s slots: %s, recorded %s\n", name[i - 3], $1, $2, $3, $i, before
                grown = 1
            }
        }
    }
    END { exit grown }' "$record" "$scratch/now" >&2 || {
    echo "counts.sh: more instructions than $(basename "$record") allows; if they are worth it: ./dev counts --record" >&2
    exit 1
}
