#!/usr/bin/env bash
# Usage: CC=... CXX=... house_headers.sh ROOT
#
# Each public header (the top of libring, libframe and workers) compiles alone, in strict C17 and
# in C++17, with no warning, and can be included twice. Reports in TAP. Headers are found, not
# listed: a new one is tested from its first day.
set -uo pipefail
export LC_ALL=C

root=$1
read -ra cc <<<"${CC:-cc}"
read -ra cxx <<<"${CXX:-c++}"
read -ra flags <<<"$(pkg-config --cflags libavutil)"
flags+=(-Wall -Wextra -Werror -pedantic -fsyntax-only "-I$root")
count=0

# try NAME COMMAND...: one case, which compiles its standard input.
try() {
    local name=$1 output
    shift
    count=$((count + 1))
    if output=$("$@" - 2>&1); then
        echo "ok $count - $name"
    else
        echo "not ok $count - $name"
        printf '%s\n' "$output" >&2
    fi
}

# refuse NAME COMMAND...: one case that has to fail, or the others say nothing.
refuse() {
    local name=$1
    shift
    count=$((count + 1))
    if "$@" - >/dev/null 2>&1; then
        echo "not ok $count - $name"
    else
        echo "ok $count - $name"
    fi
}

as_c=("${cc[@]}" -std=c17 "${flags[@]}" -x c)
as_cxx=("${cxx[@]}" -std=c++17 "${flags[@]}" -x c++)

echo 'TAP version 13'
cd "$root" || exit 1
for header in libring/*.h libframe/*.h workers/*.h; do
    twice=$(printf '#include "%s"\n' "$header" "$header" && echo 'extern int includer;')
    try "$header in C" "${as_c[@]}" <<<"$twice"
    try "$header in C++" "${as_cxx[@]}" <<<"$twice"
done
refuse 'a header that lacks its includes is noticed in C' "${as_c[@]}" <<<'size_t f(void);'
refuse 'a header that is C only is noticed in C++' "${as_cxx[@]}" <<<'int f(int class);'
echo "1..$count"
