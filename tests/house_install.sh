#!/usr/bin/env bash
# Usage: CC=... CXX=... house_install.sh ROOT BUILD
#
# What is installed can be used: the programs of examples/embed are built outside the tree against
# an installation in a scratch directory, by a plain compiler line, as C++, with meson, with CMake,
# and with the source tree as a subproject of meson; and each pair talks. The plug-ins and the programs
# of examples/plugin, examples/opencv and examples/exec are built, by the lines at their heads, and
# run on a clip by the installed ringside. Reports in TAP.
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
    cp -r "$root/examples/"{embed,exec,opencv,plugin} "$scratch"
    ringside=$(find "$scratch/installed" -path '*/bin/ringside')
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

# analyze WORKER...: what the installed ringside says of a clip of 25 frames with that worker.
analyze() {
    [ -f clip.mp4 ] || ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=64x48:rate=25:duration=1 \
        -c:v libx264 -pix_fmt yuv420p clip.mp4
    "$ringside" run "$@" clip.mp4
}

# times NUMBER TEXT FILE: so many of its lines have that text.
times() {
    [ "$(grep -c "$2" "$3")" -eq "$1" ]
}

# The pieces of code in the guide, one after the other, are the example.
a_plugin() {
    awk '/^```$/ { code = 0; print "" } code; /^```c$/ { code = 1 }' \
        "$root/docs/writing-an-analyzer.md" | sed '$d' >brightness.c
    diff brightness.c <(sed '1,/^ \*\/$/d' plugin/brightness.c)
    # shellcheck disable=SC2046
    "${cc[@]}" -Wall -Wextra -Werror -shared -fPIC $(pkg-config --cflags ringside) \
        brightness.c -o brightness.so
    analyze -w ./brightness.so >plugin.jsonl
    times 25 '"type":"brightness"' plugin.jsonl
}

# A code, white around it, for a second.
show_code() {
    ffmpeg -nostdin -v error -y -loop 1 -i code.pbm \
        -vf "scale=200:200:flags=neighbor,pad=321:241:60:20:white,format=$1" \
        -t 1 -r 5 -c:v "$2" "$3"
}

# find_code CLIP: it must be found in each frame, at its place, and the plug-in gives up where a frame
# was copied to be wrapped.
find_code() {
    "$ringside" run -w ./qr.so "$1" >qr.jsonl
    times 5 '"type":"qr".*"corners":\[\[7[67]\.[^]]*,3[67]\.' qr.jsonl
}

# In bytes and in words, and in luma that has chroma in between.
a_plugin_with_opencv() {
    # shellcheck disable=SC2046
    "${cxx[@]}" -std=c++20 -Wall -Wextra -Wno-missing-field-initializers \
        -Wno-deprecated-enum-enum-conversion -Werror -shared -fPIC \
        $(pkg-config --cflags ringside) $(env -u PKG_CONFIG_SYSROOT_DIR pkg-config --cflags opencv4) \
        opencv/qr.cpp -o qr.so \
        -lopencv_core -lopencv_imgproc -lopencv_objdetect
    cat >code.pbm <<'PBM'
P1 25 25
0000000000000000000000000
0000000000000000000000000
0011111110001010111111100
0010000010101010100000100
0010111010101100101110100
0010111010000010101110100
0010111010111110101110100
0010000010111000100000100
0011111110101010111111100
0000000000100000000000000
0011010011001110111011000
0010100101000100011111100
0010001111011100110110100
0001110000011011110101000
0011110110101100111000100
0000000000111001110011100
0011111110100110111101000
0010000010010000100001000
0010111010010011101001000
0010111010111001111101100
0010111010001101111100100
0010000010110110000000000
0011111110110001001001000
0000000000000000000000000
0000000000000000000000000
PBM
    show_code yuv420p libx264 code.mp4
    find_code code.mp4
    show_code yuv420p10le ffv1 code10.mkv
    find_code code10.mkv
    show_code yuyv422 rawvideo packed.nut
    find_code packed.nut
}

a_program_in_c() {
    # shellcheck disable=SC2046
    "${cc[@]}" -Wall -Wextra -Werror exec/watch.c $(pkg-config --cflags --libs libring) -o watch
    analyze --exec ./watch >watch.jsonl
    times 25 '"type":"seen"' watch.jsonl
    times 1 '"received":25,"skipped":0' watch.jsonl
}

# It finds each frame as bright as the plug-in does, which is written in another language.
a_program_in_python() {
    analyze --exec exec/brightness.py >python.jsonl
    times 25 '"type":"brightness"' python.jsonl
    times 1 '"outcome":"complete".*"received":25,"skipped":0' python.jsonl
    python3 - plugin.jsonl python.jsonl <<'PYTHON'
import json, sys
plugin, python = ({event["seq"]: event["mean"] for event in map(json.loads, open(path))
                   if event["type"] == "brightness"} for path in sys.argv[1:])
assert plugin.keys() == python.keys() == set(range(25)), (plugin, python)
assert all(abs(plugin[seq] - python[seq]) < 1e-9 for seq in plugin), (plugin, python)
PYTHON
}

echo 'TAP version 13'
try 'meson install' install_all
use_installation
try 'a plain compiler line' plain_cc
try 'as C++' as_cxx
try 'meson' with_meson
try 'CMake' with_cmake
try 'as a subproject of meson' as_subproject
try "a plug-in, the guide's" a_plugin
if pkg-config --exists opencv4; then
    try 'a plug-in with OpenCV' a_plugin_with_opencv
else
    count=$((count + 1))
    echo "ok $count - a plug-in with OpenCV # SKIP there is no OpenCV"
fi
try 'a program as a worker, in C' a_program_in_c
try 'a program as a worker, in Python' a_program_in_python
echo "1..$count"
