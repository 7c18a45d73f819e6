/*
 * A digest: what frames a reader saw, in which order, in one number.
 *
 * Of each frame it takes some samples of each plane, spread over the picture, so that it
 * costs a reader little and the same whatever brought the frame. Two readers that saw the
 * same frames have the same number; one that lost, repeated or mixed up any has another.
 */
#ifndef BENCH_RINGBENCH_PIPELINE_DIGEST_H
#define BENCH_RINGBENCH_PIPELINE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_PLANES 3

/* A picture of 8-bit 4:2:0, in memory of whoever. */
struct digest_picture {
    const uint8_t *planes[DIGEST_PLANES];
    ptrdiff_t strides[DIGEST_PLANES]; /* bytes */
    int width, height;                /* pixels */
};

/* As it lies packed in one buffer: each row at a multiple of `align` bytes, a power of two.
 * Returns its size. */
size_t digest_unpack(struct digest_picture *picture, const void *data, int width, int height,
                     int align);

/* Begins with 0. */
void digest_add(uint64_t *digest, const struct digest_picture *picture);

#endif
