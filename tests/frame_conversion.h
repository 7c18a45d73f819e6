/*
 * For the tests of conversion: plain pictures, and what has become of them.
 */
#ifndef TESTS_FRAME_CONVERSION_H
#define TESTS_FRAME_CONVERSION_H

#include "libframe/convert.h"
#include "tests/frame_picture.h"

static inline struct frame_converter *converter_for(bool full_range)
{
    const struct frame_converter_config config = {.full_range = full_range};
    struct frame_converter *converter;

    cr_assert_eq(frame_converter_create(&converter, &config), 0);
    return converter;
}

static inline void set_range(struct picture *picture, enum frame_range range)
{
    picture->descriptor.range = (uint8_t)range;
    picture_update(picture);
}

/* A sample of an 8-bit plane, in the middle, where no border has a say. */
static inline int middle(const struct frame *frame, int plane, int step, int offset)
{
    uint32_t y = frame_rows(frame, plane) / 2;
    size_t x = frame_row_bytes(frame, plane) / (size_t)step / 2;

    return frame
        ->planes[plane][(ptrdiff_t)y * frame->strides[plane] + (ptrdiff_t)x * step + offset];
}

#define NEAR(actual, expected, slack)                                                              \
    cr_expect(abs((actual) - (expected)) <= (slack), #actual " is %d, not %d", (actual), (expected))

static inline void gray_picture(struct picture *picture, enum frame_format format, uint8_t luma)
{
    picture_create(picture, format, 35, 21, 64);
    for (int plane = 0; plane < picture->frame.info->plane_count; plane++)
        picture_fill_plane(picture, plane, plane == 0 ? luma : 128);
}

#endif
