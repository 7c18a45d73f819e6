#include "bench/ringbench/report/looks.h"

#include <stddef.h>

#define VERMILION "#D55E00"
#define BLUE "#0072B2"
#define SKY "#56B4E9"
#define GREEN "#009E73"
#define ORANGE "#E69F00"
#define PURPLE "#CC79A7"
#define BLACK "#000000"
#define GRAY "#808080"

const struct looks looks_all[] = {
    {"ring", VERMILION, 7, 1, 3},        {"ring-eventfd", VERMILION, 6, 2, 3},
    {"iceoryx", BLACK, 9, 1, 1},         {"pipe", BLUE, 5, 1, 1},
    {"unix-stream", BLUE, 4, 2, 1},      {"unix-seqpacket", SKY, 11, 1, 1},
    {"memfd-passing", ORANGE, 13, 1, 1}, {"zeromq", GREEN, 5, 1, 1},
    {"posix-mq", GREEN, 8, 2, 1},        {"boost-mq", SKY, 10, 2, 1},
    {"ringside", VERMILION, 7, 1, 3},    {"ffmpeg-pipe", BLUE, 5, 1, 2},
    {"gst-shm", PURPLE, 9, 1, 2},        {"decode", GRAY, 0, 2, 2},
    {"ffmpeg-null", BLUE, 0, 3, 2},      {"gst-null", PURPLE, 0, 3, 2},
    {"limit-memcpy-hot", GRAY, 0, 2, 2}, {"limit-memcpy-cold", GRAY, 0, 3, 2},
    {"limit-futex", GRAY, 2, 2, 1},      {"limit-eventfd", GRAY, 1, 3, 1},
    {"bare-wake", GRAY, 2, 2, 1},        {NULL, NULL, 0, 0, 0},
};
