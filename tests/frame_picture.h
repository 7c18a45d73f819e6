/*
 * Pictures for the tests of libframe: a buffer, its descriptor and a view of it.
 */
#ifndef TESTS_FRAME_PICTURE_H
#define TESTS_FRAME_PICTURE_H

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libframe/frame.h"

struct picture {
    struct frame_descriptor descriptor;
    uint8_t *data;
    struct frame frame;
};

/* xorshift32: the same numbers on every machine and in every run */
static inline uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static inline void fill_random(uint8_t *bytes, size_t count, uint32_t seed)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(next_random(&seed) >> 11);
}

/* A picture of random bytes, padding and all, in a buffer of exactly its size. */
static inline void picture_create(struct picture *picture, enum frame_format format, uint32_t width,
                                  uint32_t height, uint32_t align)
{
    const char *name = frame_format_name(format);
    int status = frame_descriptor_layout(&picture->descriptor, format, width, height, align);

    cr_assert_eq(status, 0, "%s %ux%u: layout says %d", name, width, height, status);
    picture->data = (uint8_t *)malloc(picture->descriptor.size);
    cr_assert_not_null(picture->data);
    fill_random(picture->data, picture->descriptor.size, format * 7919u + width * 31u + height);
    status =
        frame_view(&picture->frame, &picture->descriptor, picture->data, picture->descriptor.size);
    cr_assert_eq(status, 0, "%s %ux%u: view says %d", name, width, height, status);
}

/* Takes over what was changed in the descriptor. */
static inline void picture_update(struct picture *picture)
{
    cr_assert_eq(
        frame_view(&picture->frame, &picture->descriptor, picture->data, picture->descriptor.size),
        0);
}

static inline void picture_destroy(struct picture *picture)
{
    free(picture->data);
    picture->data = NULL;
}

/* Where a plane of a picture that is to be written begins. */
static inline uint8_t *picture_plane(struct picture *picture, int plane)
{
    return picture->data + picture->descriptor.offsets[plane];
}

/* Every byte of every row set to one value. */
static inline void picture_fill_plane(struct picture *picture, int plane, uint8_t value)
{
    uint8_t *row = picture_plane(picture, plane);

    for (uint32_t y = 0; y < frame_rows(&picture->frame, plane); y++)
        memset(row + y * (size_t)picture->descriptor.strides[plane], value,
               frame_row_bytes(&picture->frame, plane));
}

static inline uint16_t read_word(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline void write_word(uint8_t *bytes, unsigned value)
{
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
}

#endif
