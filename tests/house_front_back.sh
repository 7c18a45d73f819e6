#!/usr/bin/env bash
# Usage: house_front_back.sh ROOT
#
# The line between front and back: what runs on the other side of the fork bears the sign `__` at
# the end of its name, and the front's files don't call it. Reports in TAP: each rule must hold in
# the tree at ROOT, and must be noticed where it is broken.
set -euo pipefail
export LC_ALL=C

cd "$1"
count=0

report() {
    count=$((count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $count - $2"
    else
        echo "not ok $count - $2"
        printf '%s: %s\n' "$2" "${3:-nothing found}" >&2
    fi
}

# The code on standard input without comments and texts.
code() {
    sed -e 's/"\([^"\\]\|\\.\)*"/""/g' |
        awk '{ line = line $0 "\n" } END {
            while (match(line, /\/\*([^*]|\*+[^*\/])*\*+\//))
                line = substr(line, 1, RSTART - 1) substr(line, RSTART + RLENGTH)
            printf "%s", line
        }'
}

# The names declared as functions in a header on standard input: what stands before a parenthesis
# at the outermost level of a declaration.
functions() {
    code | grep -v '^ *#' | tr '\n' ' ' | grep -oE '[;}{] *[a-z][a-z0-9_ *]* \**[a-z0-9_]+\(' |
        sed -E 's/.*[ *]([a-z0-9_]+)\($/\1/' | grep -v '^__attribute__$' | sort -u
}

# Names that end in the sign and are called, or taken, in the code on standard input.
crossings() {
    code | grep -v '^ *#' | grep -oE '\b[a-z][a-z0-9_]*__\b' | grep -v '^__' | sort -u
}

names_of_the_back_end_in_the_sign() {
    functions | grep -v '__$' || true
}

names_of_the_front_do_not() {
    functions | grep '__$' || true
}

the_front_stays_on_its_side() {
    crossings || true
}

# check NAME RULE BREACH FILE...: the rule finds nothing in these files, and something in BREACH.
check() {
    local name=$1 rule=$2 breach=$3 file found
    shift 3
    for file in "$@"; do
        found=$("$rule" <"$file")
        report "${#found}" "$name: $file" "$found"
    done
    found=$("$rule" <<<"$breach")
    report "$((${#found} == 0))" "$name: would be noticed"
}

echo 'TAP version 13'
check 'what the back offers ends in __' names_of_the_back_end_in_the_sign \
    $'extern {\nint worker_wait(int how);' \
    workers/back.h workers/src/back.h workers/src/picture.h
check 'what the front offers does not' names_of_the_front_do_not \
    $'extern {\nint worker_wait__(int how);' \
    workers/config.h workers/front.h workers/group.h workers/message.h workers/pool.h workers/server.h \
    workers/supervisor.h
# workers/src/birth.c is the gate: there, and nowhere else, the front knows of the back.
mapfile -t front < <(find workers/src -name '*.c' ! -name 'back*.c' ! -name 'birth.c' \
    ! -name 'event.c' ! -name 'limits.c' ! -name 'picture.c' ! -name 'process.c')
check 'the front calls nothing of the back' the_front_stays_on_its_side \
    'error = worker_wait__(worker);' "${front[@]}"
found=$(functions <workers/back.h | grep -c '__$')
report "$((found < 5))" 'there are names to look at'
echo "1..$count"
