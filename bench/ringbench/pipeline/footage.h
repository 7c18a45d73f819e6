/*
 * Footage: clips of one kind in several lengths, so that what a way takes for a frame can be told
 * from what it takes to begin and to end.
 */
#ifndef BENCH_RINGBENCH_PIPELINE_FOOTAGE_H
#define BENCH_RINGBENCH_PIPELINE_FOOTAGE_H

#include "bench/ringbench/pipeline/clip.h"

#define FOOTAGE_LENGTHS_MAX 16

struct footage {
    char name[32]; /* "1080p", or the user's file's */
    struct clip base;
    struct clip repeated[FOOTAGE_LENGTHS_MAX];
    unsigned times[FOOTAGE_LENGTHS_MAX];
    unsigned count;
};

/* 1080p, 360p, or "5fps", which is 360p in 5 frames a second; so many frames. As clip_make; -EINVAL
 * for another name. */
int footage_make(struct footage *footage, const char *name, unsigned frames);
/* Of the user's file. As clip_cut. */
int footage_cut(struct footage *footage, const char *path, unsigned frames);

/* The base so many times; it is the footage's. NULL, and the reason in *error. */
const struct clip *footage_repeated(struct footage *footage, unsigned times, int *error);

void footage_close(struct footage *footage);

#endif
