/*
 * A clip to decode: made by the ffmpeg program or cut from a given one, in memory, and known
 * by heart.
 *
 * Life story. A base of a few frames is encoded, or cut from the user's file as it is; longer
 * ones are the base again and again, so that a frame of each costs the same. All are
 * Matroska in a memfd, which others open by its path as long as this process lives. Each is
 * decoded once when it is made: what is in it is then known.
 */
#ifndef BENCH_RINGBENCH_PIPELINE_CLIP_H
#define BENCH_RINGBENCH_PIPELINE_CLIP_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/ringbench/pipeline/digest.h"

struct clip {
    int fd; /* -1: there is none */
    char path[64];
    int width, height;
    char codec[32];
    unsigned frames;
    uint64_t digest;
    double seconds; /* that decoding it took */
};

/* Of the base, how it is encoded: what is generated. */
struct clip_scene {
    const char *size; /* 1920x1080 */
    const char *bits; /* a second */
    unsigned rate, frames;
};

/* -ENOENT without an ffmpeg program, which else says itself what is wrong (-EINVAL); -ENOTSUP: it
 * is not 8-bit 4:2:0. */
int clip_make(struct clip *clip, const struct clip_scene *scene);
/* The beginning of the video at `path`, so many frames of it. */
int clip_cut(struct clip *clip, const char *path, unsigned frames);
/* `base` so many times. */
int clip_repeat(struct clip *clip, const struct clip *base, unsigned times);

void clip_close(struct clip *clip);

/* Decodes the video at `path` in this process and one thread after the other, and calls `each`
 * for every frame. */
int clip_decode(const char *path, unsigned threads,
                void each(void *user, const struct digest_picture *picture), void *user,
                struct clip *facts);

#endif
