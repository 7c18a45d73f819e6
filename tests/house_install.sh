#!/usr/bin/env bash
# Usage: CC=... CXX=... house_install.sh ROOT BUILD
#
# What is installed can be used: the programs of examples/embed are built outside the tree against
# an installation in a scratch directory, by a plain compiler line, as C++, with meson, with CMake,
# and with the source tree as a subproject of meson; and each pair talks. Reports in TAP.
set -uo pipefail
export LC_ALL=C

root=$1 build=$2
read -ra cc <<<"${CC:-cc}"
read -ra cxx <<<"${CXX:-c++}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
count=0

# try NAME FUNCTION: one case; what it printed is shown if it fails.
try() {
    local status
    count=$((count + 1))
    # Not as a condition: bash would ignore errexit in it.
    (set -e; cd "$scratch"; "$2") >"$scratch/log" 2>&1
    status=$?
    if [ "$status" -eq 0 ]; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1"
        cat "$scratch/log" >&2
    fi
}

install_all() {
    meson install -C "$build" --no-rebuild --quiet --destdir "$scratch/installed"
    prefix=$(dirname "$(dirname "$(find "$scratch/installed" -path '*/libring/ring.h')")")
    [ -f "$prefix/libframe/frame.h" ]
}

# Everything behind here sees the installation and not the tree.
use_installation() {
    local pc
    pc=$(find "$scratch/installed" -name libring.pc)
    export PKG_CONFIG_PATH=${pc%/*}
    export PKG_CONFIG_SYSROOT_DIR=$scratch/installed
    LD_LIBRARY_PATH=$(dirname "${pc%/*}")
    export LD_LIBRARY_PATH
    cp -r "$root/examples/embed" "$scratch/embed"
}

# talk DIRECTORY: its writer publishes and its reader prints. The reader is started when the ring is
# there, and the writer goes on when the reader has attached.
talk() {
    local reader line status=0
    coproc WRITER { exec "$1/writer"; }
    # shellcheck disable=SC2153 # bash sets it with the coprocess
    local writer=$WRITER_PID
    read -r line <&"${WRITER[0]}"
    [ "$line" = 'start the reader, then press Enter' ]
    "$1/reader" >"$scratch/heard" &
    reader=$!
    until grep -q ' lossless' <("$build/tools/ringside/ringside" ls); do
        kill -0 "$reader"
    done
    echo >&"${WRITER[1]}"
    wait "$reader" || status=1
    wait "$writer" || status=1
    [ "$status" -eq 0 ] && [ "$(cat "$scratch/heard")" = "$(seq 0 9 | sed 's/.*/&: greeting &/')" ]
}

plain_cc() {
    local name
    mkdir cc
    for name in reader writer; do
        # shellcheck disable=SC2046 # words are meant
        "${cc[@]}" -Wall -Wextra -Werror "embed/$name.c" -o "cc/$name" \
            $(pkg-config --cflags --libs libring)
    done
    talk "$scratch/cc"
}

as_cxx() {
    local name
    mkdir cxx
    for name in reader writer; do
        # shellcheck disable=SC2046
        "${cxx[@]}" -std=c++20 -Wall -Wextra -Wno-missing-field-initializers -Werror -x c++ "embed/$name.c" -o "cxx/$name" \
            $(pkg-config --cflags --libs libring)
    done
    talk "$scratch/cxx"
}

with_meson() {
    meson setup with-meson embed
    ninja -C with-meson
    talk "$scratch/with-meson"
}

with_cmake() {
    cmake -G Ninja -S embed -B with-cmake # make may not be there
    cmake --build with-cmake
    talk "$scratch/with-cmake"
}

as_subproject() {
    unset PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR LD_LIBRARY_PATH
    mkdir embed/subprojects
    ln -s "$root" embed/subprojects/ringside
    meson setup --wrap-mode=forcefallback as-subproject embed
    ninja -C as-subproject reader writer
    talk "$scratch/as-subproject"
}

echo 'TAP version 13'
try 'meson install' install_all
use_installation
try 'a plain compiler line' plain_cc
try 'as C++' as_cxx
try 'meson' with_meson
try 'CMake' with_cmake
try 'as a subproject of meson' as_subproject
echo "1..$count"
