/* Conversion of colours: known ones come out as known numbers, and ranges are kept. */
#include "tests/frame_conversion.h"

#include <libswscale/swscale.h>

#include "libframe/avframe.h"

struct range_case {
    enum frame_format format;
    enum frame_range range;
    bool full_range;
    int width; /* of the result; the input is 35 wide */
    uint8_t in;
    int out;
    enum frame_range out_range;
};

/* All the ways luma can go into gray: copied, scaled, spread. */
Test(frame_colour, gray_from_luma_has_the_range_it_should)
{
    static const struct range_case cases[] = {
        {FRAME_FORMAT_YUV420P, FRAME_RANGE_FULL, false, 35, 255, 255, FRAME_RANGE_FULL},
        {FRAME_FORMAT_YUV420P, FRAME_RANGE_FULL, false, 17, 255, 255, FRAME_RANGE_FULL},
        {FRAME_FORMAT_YUV420P, FRAME_RANGE_FULL, true, 17, 255, 255, FRAME_RANGE_FULL},
        {FRAME_FORMAT_YUV420P, FRAME_RANGE_FULL, true, 17, 16, 16, FRAME_RANGE_FULL},
        {FRAME_FORMAT_YUV420P, FRAME_RANGE_LIMITED, false, 35, 235, 235, FRAME_RANGE_LIMITED},
        {FRAME_FORMAT_YUV420P, FRAME_RANGE_LIMITED, false, 17, 235, 235, FRAME_RANGE_LIMITED},
        {FRAME_FORMAT_YUV420P, FRAME_RANGE_LIMITED, false, 17, 16, 16, FRAME_RANGE_LIMITED},
        {FRAME_FORMAT_YUV420P, FRAME_RANGE_UNSPECIFIED, false, 17, 235, 235, FRAME_RANGE_LIMITED},
        {FRAME_FORMAT_YUV420P, FRAME_RANGE_LIMITED, true, 35, 235, 255, FRAME_RANGE_FULL},
        {FRAME_FORMAT_YUV420P, FRAME_RANGE_LIMITED, true, 35, 16, 0, FRAME_RANGE_FULL},
        {FRAME_FORMAT_YUV420P, FRAME_RANGE_LIMITED, true, 17, 235, 255, FRAME_RANGE_FULL},
        {FRAME_FORMAT_YUV420P, FRAME_RANGE_UNSPECIFIED, true, 17, 16, 0, FRAME_RANGE_FULL},
        {FRAME_FORMAT_NV12, FRAME_RANGE_FULL, false, 17, 255, 255, FRAME_RANGE_FULL},
        {FRAME_FORMAT_NV12, FRAME_RANGE_LIMITED, false, 70, 235, 235, FRAME_RANGE_LIMITED},
        {FRAME_FORMAT_NV12, FRAME_RANGE_LIMITED, true, 70, 235, 255, FRAME_RANGE_FULL},
        {FRAME_FORMAT_GRAY8, FRAME_RANGE_UNSPECIFIED, false, 17, 255, 255, FRAME_RANGE_FULL},
        {FRAME_FORMAT_GRAY8, FRAME_RANGE_LIMITED, false, 17, 235, 235, FRAME_RANGE_LIMITED},
        {FRAME_FORMAT_GRAY8, FRAME_RANGE_LIMITED, true, 17, 235, 255, FRAME_RANGE_FULL},
        {FRAME_FORMAT_GRAY8, FRAME_RANGE_LIMITED, true, 35, 235, 255, FRAME_RANGE_FULL},
        {FRAME_FORMAT_GRAY8, FRAME_RANGE_LIMITED, true, 35, 16, 0, FRAME_RANGE_FULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct range_case *c = &cases[i];
        struct frame_converter *converter = converter_for(c->full_range);
        struct picture picture;
        struct frame out;

        gray_picture(&picture, c->format, c->in);
        set_range(&picture, c->range);
        cr_assert_eq(
            frame_convert(converter, &picture.frame, FRAME_FORMAT_GRAY8, c->width, 21, &out), 0);
        cr_expect_eq(out.info->format, FRAME_FORMAT_GRAY8);
        cr_expect_eq(out.width, c->width);
        cr_expect_eq(middle(&out, 0, 1, 0), c->out, "case %zu: %d, not %d", i,
                     middle(&out, 0, 1, 0), c->out);
        cr_expect_eq(out.descriptor.range, c->out_range, "range in case %zu", i);
        frame_converter_destroy(&converter);
        picture_destroy(&picture);
    }
}

/* 10 bits: 940 is limited white, 1023 full white. */
Test(frame_colour, deep_luma_becomes_gray_of_eight_bits)
{
    static const struct {
        enum frame_format format;
        enum frame_range range;
        bool full_range;
        int width;
        unsigned in;
        int out;
    } cases[] = {
        {FRAME_FORMAT_YUV420P10LE, FRAME_RANGE_LIMITED, false, 35, 940, 235},
        {FRAME_FORMAT_YUV420P10LE, FRAME_RANGE_LIMITED, false, 17, 940, 235},
        {FRAME_FORMAT_YUV420P10LE, FRAME_RANGE_LIMITED, true, 35, 940, 255},
        {FRAME_FORMAT_YUV420P10LE, FRAME_RANGE_LIMITED, true, 17, 64, 0},
        {FRAME_FORMAT_YUV420P10LE, FRAME_RANGE_FULL, false, 35, 1023, 255},
        {FRAME_FORMAT_YUV420P10LE, FRAME_RANGE_FULL, false, 17, 1023, 255},
        {FRAME_FORMAT_P010LE, FRAME_RANGE_LIMITED, false, 35, 940 << 6, 235},
        {FRAME_FORMAT_P010LE, FRAME_RANGE_LIMITED, false, 17, 940 << 6, 235},
        {FRAME_FORMAT_P010LE, FRAME_RANGE_LIMITED, true, 17, 940 << 6, 255},
        {FRAME_FORMAT_P010LE, FRAME_RANGE_FULL, false, 17, 1023 << 6, 255},
        {FRAME_FORMAT_GRAY16LE, FRAME_RANGE_FULL, false, 35, 65535, 255},
        {FRAME_FORMAT_GRAY16LE, FRAME_RANGE_LIMITED, false, 17, 235 << 8, 235},
        {FRAME_FORMAT_GRAY10LE, FRAME_RANGE_LIMITED, true, 35, 940, 255},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct frame_converter *converter = converter_for(cases[i].full_range);
        struct picture picture;
        struct frame out;

        picture_create(&picture, cases[i].format, 35, 21, 64);
        for (int plane = 0; plane < picture.frame.info->plane_count; plane++) {
            uint8_t *data = picture_plane(&picture, plane);
            size_t count = frame_rows(&picture.frame, plane) * (size_t)picture.frame.strides[plane];

            for (size_t at = 0; at < count; at += 2)
                write_word(data + at,
                           plane == 0 ? cases[i].in : 512u << picture.frame.info->luma.shift);
        }
        set_range(&picture, cases[i].range);
        cr_assert_eq(
            frame_convert(converter, &picture.frame, FRAME_FORMAT_GRAY8, cases[i].width, 21, &out),
            0);
        cr_expect(abs(middle(&out, 0, 1, 0) - cases[i].out) <= 1, "case %zu: %d, not %d", i,
                  middle(&out, 0, 1, 0), cases[i].out);
        frame_converter_destroy(&converter);
        picture_destroy(&picture);
    }
}

Test(frame_colour, limited_white_and_black_become_rgb_white_and_black)
{
    static const struct {
        enum frame_range range;
        uint8_t luma;
        int rgb;
    } cases[] = {
        {FRAME_RANGE_LIMITED, 235, 255},     {FRAME_RANGE_LIMITED, 16, 0},
        {FRAME_RANGE_UNSPECIFIED, 235, 255}, {FRAME_RANGE_FULL, 255, 255},
        {FRAME_RANGE_FULL, 235, 235},        {FRAME_RANGE_FULL, 0, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct frame_converter *converter = converter_for(false);
        struct picture picture;
        struct frame out;

        gray_picture(&picture, FRAME_FORMAT_YUV420P, cases[i].luma);
        set_range(&picture, cases[i].range);
        for (int width = 35; width >= 17; width -= 18) {
            cr_assert_eq(
                frame_convert(converter, &picture.frame, FRAME_FORMAT_RGB24, width, 21, &out), 0);
            for (int channel = 0; channel < 3; channel++)
                NEAR(middle(&out, 0, 3, channel), cases[i].rgb, 2);
            cr_expect_eq(out.descriptor.range, FRAME_RANGE_FULL);
            cr_expect_eq(out.descriptor.matrix, 0, "RGB has the identity for a matrix");
        }
        frame_converter_destroy(&converter);
        picture_destroy(&picture);
    }
}

/* Pure red in limited range is (81, 90, 240) after BT.601 and (63, 102, 240) after BT.709. */
Test(frame_colour, the_descriptors_matrix_is_used)
{
    static const struct {
        uint8_t matrix, y, u, v;
    } cases[] = {{6, 81, 90, 240}, {1, 63, 102, 240}, {FRAME_COLOUR_UNSPECIFIED, 81, 90, 240}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct frame_converter *converter = converter_for(false);
        struct picture picture;
        struct frame out;

        picture_create(&picture, FRAME_FORMAT_YUV444P, 35, 21, 64);
        picture_fill_plane(&picture, 0, cases[i].y);
        picture_fill_plane(&picture, 1, cases[i].u);
        picture_fill_plane(&picture, 2, cases[i].v);
        picture.descriptor.matrix = cases[i].matrix;
        picture_update(&picture);
        cr_assert_eq(frame_convert(converter, &picture.frame, FRAME_FORMAT_BGR24, 35, 21, &out), 0);
        NEAR(middle(&out, 0, 3, 2), 255, 3);
        NEAR(middle(&out, 0, 3, 1), 0, 3);
        NEAR(middle(&out, 0, 3, 0), 0, 3);
        frame_converter_destroy(&converter);
        picture_destroy(&picture);
    }
}

Test(frame_colour, rgb_becomes_full_range_yuv_and_gray)
{
    struct frame_converter *converter = converter_for(false);
    struct picture picture;
    struct frame out;

    picture_create(&picture, FRAME_FORMAT_RGB24, 34, 20, 64);
    picture_fill_plane(&picture, 0, 255);
    cr_assert_eq(frame_convert(converter, &picture.frame, FRAME_FORMAT_GRAY8, 34, 20, &out), 0);
    NEAR(middle(&out, 0, 1, 0), 255, 1);
    cr_expect_eq(out.descriptor.range, FRAME_RANGE_FULL);

    cr_assert_eq(frame_convert(converter, &picture.frame, FRAME_FORMAT_YUV420P, 34, 20, &out), 0);
    NEAR(middle(&out, 0, 1, 0), 255, 1);
    NEAR(middle(&out, 1, 1, 0), 128, 1);
    cr_expect_eq(out.descriptor.range, FRAME_RANGE_FULL);
    cr_expect_eq(out.descriptor.matrix, 6);

    picture_fill_plane(&picture, 0, 0);
    cr_assert_eq(frame_convert(converter, &picture.frame, FRAME_FORMAT_GRAY8, 17, 10, &out), 0);
    NEAR(middle(&out, 0, 1, 0), 0, 1);
    frame_converter_destroy(&converter);
    picture_destroy(&picture);
}

Test(frame_colour, yuv_keeps_its_numbers_between_arrangements)
{
    struct frame_converter *converter = converter_for(false);
    struct picture picture;
    struct frame out;

    picture_create(&picture, FRAME_FORMAT_NV12, 35, 21, 64);
    picture_fill_plane(&picture, 0, 250);
    picture_fill_plane(&picture, 1, 77);
    for (int range = 0; range <= FRAME_RANGE_FULL; range++) {
        set_range(&picture, (enum frame_range)range);
        cr_assert_eq(frame_convert(converter, &picture.frame, FRAME_FORMAT_YUV420P, 35, 21, &out),
                     0);
        cr_expect_eq(middle(&out, 0, 1, 0), 250);
        cr_expect_eq(middle(&out, 1, 1, 0), 77);
        cr_expect_eq(middle(&out, 2, 1, 0), 77);
    }
    frame_converter_destroy(&converter);
    picture_destroy(&picture);
}

static void assert_uniform(const struct frame *frame, int value, int slack, const char *by_way_of)
{
    for (int y = 0; y < frame->height; y++) {
        const uint8_t *row = frame->planes[0] + y * frame->strides[0];

        for (size_t x = 0; x < frame_row_bytes(frame, 0); x++)
            cr_assert(abs(row[x] - value) <= slack, "%s by way of %s: %d, not %d",
                      frame->info->name, by_way_of, row[x], value);
    }
}

/*
 * Gray made into every format and back, at the same size and through another. Finds, among much
 * else, that libswscale 6 takes the luma of p010 for its low bits, and fills half of nv12's chroma,
 * when nothing is scaled.
 */
Test(frame_colour, gray_survives_every_format)
{
    struct frame_converter *there = converter_for(false);
    struct frame_converter *back = converter_for(false);
    struct picture picture;

    gray_picture(&picture, FRAME_FORMAT_GRAY8, 200);
    for (int i = 1; i < FRAME_FORMAT_COUNT; i++) {
        enum frame_format format = (enum frame_format)i;
        enum AVPixelFormat av = frame_format_to_av(format);
        const char *name = frame_format_name(format);
        struct frame middle, out;

        if (!sws_isSupportedInput(av) || !sws_isSupportedOutput(av))
            continue;
        for (int width = 35; width <= 70; width *= 2) {
            /* what has fewer than eight bits keeps what it can, and dithers */
            int bits = frame_format_info(format)->bits;
            int slack = bits >= 8 ? 2 : bits >= 5 ? 12 : 255;

            cr_assert_eq(frame_convert(there, &picture.frame, format, width, 21, &middle), 0);
            cr_assert_eq(frame_convert(back, &middle, FRAME_FORMAT_GRAY8, 35, 21, &out), 0);
            assert_uniform(&out, 200, slack, name);
            cr_assert_eq(frame_convert(back, &middle, FRAME_FORMAT_RGB24, 35, 21, &out), 0);
            assert_uniform(&out, 200, slack, name);
        }
    }
    frame_converter_destroy(&there);
    frame_converter_destroy(&back);
    picture_destroy(&picture);
}

Test(frame_colour, black_and_white_bits_become_gray)
{
    struct frame_converter *converter = converter_for(false);
    struct picture picture;
    struct frame out;

    picture_create(&picture, FRAME_FORMAT_MONOBLACK, 35, 21, 64);
    picture_fill_plane(&picture, 0, 0xff);
    cr_assert_eq(frame_convert(converter, &picture.frame, FRAME_FORMAT_GRAY8, 35, 21, &out), 0);
    cr_expect_eq(middle(&out, 0, 1, 0), 255);
    picture_fill_plane(&picture, 0, 0);
    cr_assert_eq(frame_convert(converter, &picture.frame, FRAME_FORMAT_GRAY8, 35, 21, &out), 0);
    cr_expect_eq(middle(&out, 0, 1, 0), 0);
    frame_converter_destroy(&converter);
    picture_destroy(&picture);
}

Test(frame_colour, palette_colours_are_looked_up)
{
    struct frame_converter *converter = converter_for(false);
    struct picture picture;
    struct frame out;
    const uint32_t colour = 0xff102030u;

    picture_create(&picture, FRAME_FORMAT_PAL8, 35, 21, 64);
    picture_fill_plane(&picture, 0, 9);
    memcpy(picture_plane(&picture, 1) + 9 * sizeof(colour), &colour, sizeof(colour));
    cr_assert_eq(frame_convert(converter, &picture.frame, FRAME_FORMAT_RGB24, 35, 21, &out), 0);
    cr_expect_eq(middle(&out, 0, 3, 0), 0x10);
    cr_expect_eq(middle(&out, 0, 3, 1), 0x20);
    cr_expect_eq(middle(&out, 0, 3, 2), 0x30);
    frame_converter_destroy(&converter);
    picture_destroy(&picture);
}
