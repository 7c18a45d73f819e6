#!/usr/bin/env bash
# Usage: house_layering.sh ROOT
#
# Who may include whom. Arrows point down only:
#
#     tools, bench, examples
#             |
#          workers
#         /       \
#   libframe     libring
#
# The top of a folder is its interface, its src/ is private. Reports in TAP: each rule must hold in
# the tree at ROOT, and must be noticed where a small tree breaks it.
set -euo pipefail
export LC_ALL=C

root=$1
count=0

# report STATUS NAME [DETAILS]: one TAP line, and on failure what was wrong.
report() {
    count=$((count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $count - $2"
    else
        echo "not ok $count - $2"
        printf '%s: %s\n' "$2" "${3:-nothing found}" >&2
    fi
}

# includes ROOT: every #include of the tree's sources as "includer how included line", where how is
# the sign that opens it, < or a quotation mark.
includes() {
    (
        cd "$1"
        find libring libframe workers tools bench examples -name '*.[ch]' -exec \
            awk '/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
                match($0, /[<"][^>"]*/)
                print FILENAME, substr($0, RSTART, 1), substr($0, RSTART + 1, RLENGTH - 1), FNR
            }' {} + 2>/dev/null || true
    )
}

# The rules: each reads `includes` and prints what breaks it.

libring_stands_alone() {
    awk '$1 ~ "^libring/" && $3 ~ "^(libframe|workers|tools|bench|examples|tests)/"'
}

libframe_stands_alone() {
    awk '$1 ~ "^libframe/" && $3 ~ "^(libring|workers|tools|bench|examples|tests)/"'
}

workers_include_nothing_above_them() {
    awk '$1 ~ "^workers/" && $3 ~ "^(tools|bench|examples|tests)/"'
}

programs_include_no_tests() {
    awk '$1 ~ "^(tools|bench|examples)/" && $3 ~ "^tests/"'
}

private_headers_stay_in_their_folder() {
    awk '{
        split($1, from, "/"); split($3, to, "/")
        if ($3 ~ "(^|/)src/" && to[1] != from[1]) print
    }'
}

# An analyzer is written against what any embedder has: the back's side and the frames.
analyzers_include_public_headers_only() {
    awk '$1 ~ "^workers/analyzers/" && $2 == "\"" &&
         $3 !~ "^libframe/[^/]+$" && $3 !~ "^workers/analyzers/" &&
         ($3 !~ "^workers/[^/]+$" || $3 == "workers/front.h")'
}

own_includes_are_root_qualified() {
    awk '($2 == "\"" && $3 !~ "^(libring|libframe|workers|tools|bench|examples)/.") || $3 ~ "[.][.]/"'
}

headers_form_no_cycle() {
    awk '$1 ~ "[.]h$" && $2 == "\"" { print $1, $3 }' |
        { tsort >/dev/null || true; } 2>&1
}

# breach RULE INCLUDER INCLUDED [INCLUDER INCLUDED]: the rule holds in the tree, and is known to be
# broken by a file INCLUDER that includes INCLUDED.
breach() {
    local rule=$1 found tree
    shift
    found=$("$rule" <<<"$all")
    report "$((${#found} > 0))" "$rule" "$found"

    tree=$(mktemp -d)
    while [ $# -gt 0 ]; do
        mkdir -p "$tree/$(dirname "$1")"
        echo "#include \"$2\"" >>"$tree/$1"
        shift 2
    done
    found=$(includes "$tree" | "$rule")
    rm -r "$tree"
    report "$((${#found} == 0))" "$rule would be noticed"
}

all=$(includes "$root")
echo 'TAP version 13'
report "$((${#all} == 0))" 'there are sources to look at'
breach libring_stands_alone libring/src/pool.c libframe/frame.h
breach libframe_stands_alone libframe/frame.h libring/ring.h
breach workers_include_nothing_above_them workers/decoder/main.c tools/ringside/log.h
breach programs_include_no_tests tools/ringside/main.c tests/support/clip.h
breach private_headers_stay_in_their_folder workers/back.c libring/src/pool.h
breach analyzers_include_public_headers_only workers/analyzers/null.c workers/src/loop.h
breach own_includes_are_root_qualified libring/src/pool.c ring.h
breach headers_form_no_cycle libring/a.h libring/b.h libring/b.h libring/a.h
echo "1..$count"
