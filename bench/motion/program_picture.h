/*
 * Pictures on their way to the `motion` program and back.
 *
 * They go as YUV4MPEG2 (yuv4mpeg(5)) and come back as JPEG files whose names have, behind
 * an '=', the width and height of what moves and its middle. The program wants sizes that
 * are multiples of 8; the rows that are added repeat the last one.
 */
#ifndef BENCH_MOTION_PROGRAM_PICTURE_H
#define BENCH_MOTION_PROGRAM_PICTURE_H

#include "bench/motion/scene.h"

#define PROGRAM_WIDTH SCENE_WIDTH
#define PROGRAM_HEIGHT ((SCENE_HEIGHT + 7) / 8 * 8)
#define PROGRAM_STREAM_HEADER "YUV4MPEG2 W480 H272 F25:2 C420jpeg\n"
_Static_assert(PROGRAM_WIDTH == 480 && PROGRAM_HEIGHT == 272, "as the header says");

struct program_picture { /* as it stands in the stream */
    char mark[6];
    uint8_t luma[PROGRAM_HEIGHT][PROGRAM_WIDTH];
    uint8_t chroma[2][PROGRAM_HEIGHT / 2][PROGRAM_WIDTH / 2];
};

/* A scene's picture, SCENE_STRIDE bytes a row, that is the `number`th. */
void program_picture_fill(struct program_picture *picture, const uint8_t *data, int number);

/* Fills in the boxes of the pictures that came back into a folder; libavcodec is loaded already. */
void program_picture_read_all(const char *folder, struct vision_box *boxes, int frames);

#endif
