#!/usr/bin/env bash
# Decodes a short clip of each codec under valgrind's memcheck, into a ring and with a worker that
# looks at every byte, in one process: valgrind_decoder.sh BUILD [CODEC...]. A line for each; fails
# where memcheck has anything to say, of leaks too.
set -euo pipefail

ringside=$1/tools/ringside/ringside
preload=$1/tests/pidfd_open.so # valgrind 3.19 does not know that call
shift
[ $# -gt 0 ] || set -- h264 hevc mpeg4 mpeg2 mjpeg vp8 vp9 av1 rawvideo png
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# make CLIP ARGUMENT...: half a second of a moving scene.
make() {
    local clip=$1
    shift
    ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=160x120:rate=20:duration=0.5 \
        -pix_fmt yuv420p "$@" "$clip"
}

clip_of() {
    case $1 in
    h264) make "$2.mp4" -c:v libx264 -g 5 ;;
    hevc) make "$2.mp4" -c:v libx265 -x265-params log-level=none:keyint=5 ;;
    mpeg4) make "$2.mp4" -c:v mpeg4 ;;
    mpeg2) make "$2.ts" -c:v mpeg2video ;;
    mjpeg) make "$2.avi" -c:v mjpeg -pix_fmt yuvj420p ;;
    vp8) make "$2.webm" -c:v libvpx -deadline realtime ;;
    vp9) make "$2.webm" -c:v libvpx-vp9 -deadline realtime -cpu-used 8 ;;
    av1) make "$2.mkv" -c:v libaom-av1 -usage realtime -cpu-used 8 ;;
    rawvideo) make "$2.y4m" ;;
    png) make "$2.mov" -c:v png -pix_fmt rgb24 ;;
    *) echo "valgrind_decoder.sh: no codec $1 here" >&2 && return 2 ;;
    esac
    echo "$2".*
}

# check NAME CLIP. In small pieces, since those of dav1d's longest functions are too large for valgrind.
check() {
    local log=$folder/$1.log status=0
    env LD_PRELOAD="$preload" valgrind -q --vex-guest-max-insns=20 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
        --error-exitcode=99 --log-file="$log" \
        "$ringside" run --quiet --inline --no-sandbox -w framemd5 "$2" \
        >"$folder/events" 2>"$folder/err" || status=$?
    if [ "$status" -ne 99 ] && [ ! -s "$log" ] && grep -q '"type":"summary"' "$folder/events"; then
        echo "$1: clean, $(grep -c '"type":"frame"' "$folder/events" || true) frames"
        return
    fi
    cat "$log" "$folder/err" >&2
    echo "$1: not clean"
    failed=1
}

# Every 997th byte is another one.
damage() {
    python3 -c 'import sys
data = bytearray(sys.stdin.buffer.read())
for at in range(2000, len(data), 997):
    data[at] ^= 0x55
sys.stdout.buffer.write(data)' <"$1" >"$2"
}

failed=0
for codec in "$@"; do
    clip=$(clip_of "$codec" "$folder/$codec")
    check "$codec" "$clip"
    damage "$clip" "$folder/damaged.${clip##*.}"
    check "$codec, damaged" "$folder/damaged.${clip##*.}"
done
exit "$failed"
