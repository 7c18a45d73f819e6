/*
 * Conversion: known colours come out as known numbers, ranges are kept, nothing is
 * converted that need not be, and nothing outside the picture is touched.
 */
#include "tests/frame_picture.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libavutil/log.h>
#include <libswscale/swscale.h>

#include "libframe/avframe.h"
#include "libframe/convert.h"

static struct frame_converter *converter_for(bool full_range)
{
    const struct frame_converter_config config = {.full_range = full_range};
    struct frame_converter *converter;

    cr_assert_eq(frame_converter_create(&converter, &config), 0);
    return converter;
}

static void set_range(struct picture *picture, enum frame_range range)
{
    picture->descriptor.range = (uint8_t)range;
    picture_update(picture);
}

/* A sample of an 8-bit plane, in the middle, where no border has a say. */
static int middle(const struct frame *frame, int plane, int step, int offset)
{
    uint32_t y = frame_rows(frame, plane) / 2;
    size_t x = frame_row_bytes(frame, plane) / (size_t)step / 2;

    return frame
        ->planes[plane][(ptrdiff_t)y * frame->strides[plane] + (ptrdiff_t)x * step + offset];
}

#define NEAR(actual, expected, slack)                                                              \
    cr_expect(abs((actual) - (expected)) <= (slack), #actual " is %d, not %d", (actual), (expected))

static void gray_picture(struct picture *picture, enum frame_format format, uint8_t luma)
{
    picture_create(picture, format, 35, 21, 64);
    for (int plane = 0; plane < picture->frame.info->plane_count; plane++)
        picture_fill_plane(picture, plane, plane == 0 ? luma : 128);
}

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
Test(frame_convert, gray_from_luma_has_the_range_it_should)
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
Test(frame_convert, deep_luma_becomes_gray_of_eight_bits)
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

Test(frame_convert, limited_white_and_black_become_rgb_white_and_black)
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
Test(frame_convert, the_descriptors_matrix_is_used)
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

Test(frame_convert, rgb_becomes_full_range_yuv_and_gray)
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

Test(frame_convert, yuv_keeps_its_numbers_between_arrangements)
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
Test(frame_convert, gray_survives_every_format)
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

Test(frame_convert, black_and_white_bits_become_gray)
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

Test(frame_convert, palette_colours_are_looked_up)
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

Test(frame_convert, scaling_averages)
{
    struct frame_converter *converter = converter_for(false);
    struct picture picture;
    struct frame out;

    picture_create(&picture, FRAME_FORMAT_GRAY8, 64, 64, 64);
    for (int y = 0; y < 64; y++)
        memset(picture_plane(&picture, 0) + y * picture.descriptor.strides[0], y < 32 ? 40 : 200,
               64);
    cr_assert_eq(frame_convert(converter, &picture.frame, FRAME_FORMAT_GRAY8, 16, 8, &out), 0);
    cr_assert_eq(out.height, 8);
    for (int x = 0; x < 16; x++) {
        NEAR(out.planes[0][0 * out.strides[0] + x], 40, 1);
        NEAR(out.planes[0][7 * out.strides[0] + x], 200, 1);
    }
    frame_converter_destroy(&converter);
    picture_destroy(&picture);
}

Test(frame_convert, what_is_right_already_is_not_copied)
{
    struct frame_converter *keeping = converter_for(false);
    struct frame_converter *spreading = converter_for(true);
    struct picture picture;
    struct frame out;

    gray_picture(&picture, FRAME_FORMAT_YUV420P, 100);
    set_range(&picture, FRAME_RANGE_LIMITED);
    cr_assert_eq(frame_convert(keeping, &picture.frame, FRAME_FORMAT_YUV420P, 35, 21, &out), 0);
    cr_expect_arr_eq(&out, &picture.frame, sizeof(out));
    cr_assert_eq(frame_convert(spreading, &picture.frame, FRAME_FORMAT_YUV420P, 35, 21, &out), 0);
    cr_expect_neq(out.planes[0], picture.frame.planes[0], "another range is asked for");
    set_range(&picture, FRAME_RANGE_FULL);
    cr_assert_eq(frame_convert(spreading, &picture.frame, FRAME_FORMAT_YUV420P, 35, 21, &out), 0);
    cr_expect_eq(out.planes[0], picture.frame.planes[0]);
    frame_converter_destroy(&keeping);
    frame_converter_destroy(&spreading);
    picture_destroy(&picture);
}

/* The view must be one that frame_view itself would have made of its descriptor. */
Test(frame_convert, luma_is_passed_on_as_gray)
{
    static const struct {
        enum frame_format in, out;
        bool in_place;
    } cases[] = {
        {FRAME_FORMAT_YUV422P, FRAME_FORMAT_GRAY8, true},
        {FRAME_FORMAT_NV12, FRAME_FORMAT_GRAY8, true},
        {FRAME_FORMAT_YUV444P10LE, FRAME_FORMAT_GRAY10LE, true},
        {FRAME_FORMAT_YUV444P10LE, FRAME_FORMAT_GRAY8, false},
        {FRAME_FORMAT_YUYV422, FRAME_FORMAT_GRAY8, false},
        {FRAME_FORMAT_P010LE, FRAME_FORMAT_GRAY10LE, false},
        {FRAME_FORMAT_YUV420P10BE, FRAME_FORMAT_GRAY10BE, false},
        {FRAME_FORMAT_YUV420P10LE, FRAME_FORMAT_GRAY10BE, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct frame_converter *converter = converter_for(false);
        struct picture picture;
        struct frame out, again;

        picture_create(&picture, cases[i].in, 35, 21, 64);
        cr_assert_eq(frame_convert(converter, &picture.frame, cases[i].out, 35, 21, &out), 0);
        cr_expect_eq(out.info->format, cases[i].out);
        cr_expect_eq(out.planes[0] == picture.frame.planes[0], cases[i].in_place, "case %zu", i);
        cr_expect_null(out.planes[1]);
        cr_expect_eq(out.descriptor.range, FRAME_RANGE_LIMITED, "the range is stated");
        if (cases[i].in_place) {
            cr_assert_eq(frame_view(&again, &out.descriptor, picture.data, picture.descriptor.size),
                         0);
            cr_expect_arr_eq(&again, &out, sizeof(out));
        }
        frame_converter_destroy(&converter);
        picture_destroy(&picture);
    }
}

Test(frame_convert, the_rest_of_the_descriptor_is_carried_over)
{
    struct frame_converter *converter = converter_for(false);
    struct picture picture;
    struct frame out;

    picture_create(&picture, FRAME_FORMAT_YUV420P, 36, 20, 64);
    picture.descriptor.pts = 1234;
    picture.descriptor.duration = 40;
    picture.descriptor.time_base_num = 1;
    picture.descriptor.time_base_den = 1000;
    picture.descriptor.flags = FRAME_FLAG_CORRUPT;
    picture.descriptor.received_ns = 5;
    picture.descriptor.wall_clock_ns = 6;
    picture.descriptor.rotation = 90;
    picture.descriptor.transfer = 16;
    picture.descriptor.aspect_num = 4;
    picture.descriptor.aspect_den = 3;
    picture_update(&picture);
    cr_assert_eq(frame_convert(converter, &picture.frame, FRAME_FORMAT_NV12, 18, 20, &out), 0);
    cr_expect_eq(out.descriptor.pts, 1234);
    cr_expect_eq(out.descriptor.duration, 40);
    cr_expect_eq(out.descriptor.time_base_den, 1000);
    cr_expect_eq(out.descriptor.flags, FRAME_FLAG_CORRUPT);
    cr_expect_eq(out.descriptor.received_ns, 5);
    cr_expect_eq(out.descriptor.wall_clock_ns, 6);
    cr_expect_eq(out.descriptor.rotation, 90);
    cr_expect_eq(out.descriptor.transfer, 16);
    cr_expect_eq(out.descriptor.aspect_num, 8, "half as many pixels are twice as wide");
    cr_expect_eq(out.descriptor.aspect_den, 3);
    frame_converter_destroy(&converter);
    picture_destroy(&picture);
}

Test(frame_convert, a_steady_stream_uses_one_buffer)
{
    struct frame_converter *converter = converter_for(false);
    struct picture first, second;
    struct frame out;

    gray_picture(&first, FRAME_FORMAT_YUV420P, 50);
    gray_picture(&second, FRAME_FORMAT_YUV420P, 180);
    cr_assert_eq(frame_convert(converter, &first.frame, FRAME_FORMAT_GRAY8, 16, 16, &out), 0);
    cr_expect_eq(middle(&out, 0, 1, 0), 50);

    const uint8_t *buffer = out.planes[0];

    for (int i = 0; i < 100; i++) {
        struct picture *picture = i % 2 == 0 ? &second : &first;

        cr_assert_eq(frame_convert(converter, &picture->frame, FRAME_FORMAT_GRAY8, 16, 16, &out),
                     0);
        cr_assert_eq(out.planes[0], buffer);
        cr_assert_eq(middle(&out, 0, 1, 0), i % 2 == 0 ? 180 : 50);
    }
    frame_converter_destroy(&converter);
    picture_destroy(&first);
    picture_destroy(&second);
}

Test(frame_convert, a_change_of_format_size_or_range_is_followed)
{
    struct frame_converter *converter = converter_for(true);
    struct picture picture;
    struct frame out;

    gray_picture(&picture, FRAME_FORMAT_YUV420P, 235);
    for (int round = 0; round < 3; round++) {
        set_range(&picture, FRAME_RANGE_LIMITED);
        cr_assert_eq(frame_convert(converter, &picture.frame, FRAME_FORMAT_GRAY8, 17, 9, &out), 0);
        cr_expect_eq(middle(&out, 0, 1, 0), 255);
        set_range(&picture, FRAME_RANGE_FULL);
        cr_assert_eq(frame_convert(converter, &picture.frame, FRAME_FORMAT_GRAY8, 17, 9, &out), 0);
        cr_expect_eq(middle(&out, 0, 1, 0), 235);
        cr_assert_eq(frame_convert(converter, &picture.frame, FRAME_FORMAT_RGBA, 320, 9, &out), 0);
        cr_expect_eq(out.width, 320);
        NEAR(middle(&out, 0, 4, 1), 235, 2);
        cr_expect_eq(middle(&out, 0, 4, 3), 255, "what has no alpha is opaque");
    }
    frame_converter_destroy(&converter);
    picture_destroy(&picture);
}

Test(frame_convert, refuses_and_goes_on)
{
    struct frame_converter *converter = converter_for(false);
    struct picture nv16, picture;
    struct frame out = {0};

    picture_create(&nv16, FRAME_FORMAT_NV16, 35, 21, 64);
    picture_create(&picture, FRAME_FORMAT_YUV420P, 35, 21, 64);
    cr_expect_eq(frame_convert(converter, &nv16.frame, FRAME_FORMAT_RGB24, 35, 21, &out), -ENOTSUP);
    cr_expect_eq(frame_convert(converter, &picture.frame, FRAME_FORMAT_PAL8, 35, 21, &out),
                 -ENOTSUP);
    cr_expect_eq(frame_convert(converter, &picture.frame, FRAME_FORMAT_NONE, 35, 21, &out),
                 -ENOTSUP);
    cr_expect_eq(frame_convert(converter, &picture.frame, FRAME_FORMAT_RGB24, 0, 21, &out),
                 -EINVAL);
    cr_expect_eq(frame_convert(converter, &picture.frame, FRAME_FORMAT_RGB24, 35, -1, &out),
                 -EINVAL);
    cr_expect_eq(frame_convert(converter, &picture.frame, FRAME_FORMAT_RGB24, 32769, 1, &out),
                 -EINVAL);
    cr_expect_eq(
        frame_convert(converter, &picture.frame, FRAME_FORMAT_RGBA64LE, 32768, 32768, &out),
        -ENOTSUP);
    cr_expect_null(out.planes[0]);
    cr_expect_eq(frame_convert(converter, &picture.frame, FRAME_FORMAT_RGB24, 35, 21, &out), 0);
    frame_converter_destroy(&converter);
    picture_destroy(&nv16);
    picture_destroy(&picture);
}

Test(frame_convert, destroy_accepts_nothing)
{
    struct frame_converter *none = NULL;

    frame_converter_destroy(NULL);
    frame_converter_destroy(&none);
    cr_assert_eq(frame_converter_create(&none, NULL), 0);
    frame_converter_destroy(&none);
    cr_assert_null(none);
}

/* --- nothing outside the picture ------------------------------------------------------------- */

struct fence {
    uint8_t *map;
    size_t page;
    size_t inner;
};

/* Pages that may be read, between two that may not. */
static void fence_create(struct fence *fence, size_t bytes)
{
    fence->page = (size_t)sysconf(_SC_PAGESIZE);
    fence->inner = (bytes + fence->page - 1) / fence->page * fence->page;
    fence->map =
        mmap(NULL, fence->inner + 2 * fence->page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(fence->map, MAP_FAILED);
    cr_assert_eq(mprotect(fence->map + fence->page, fence->inner, PROT_READ | PROT_WRITE), 0);
}

static void fence_destroy(struct fence *fence)
{
    munmap(fence->map, fence->inner + 2 * fence->page);
}

static void convert_at(struct frame_converter *converter, const struct picture *picture,
                       uint8_t *place)
{
    static const struct {
        enum frame_format format;
        int width, height;
    } targets[] = {{FRAME_FORMAT_GRAY8, 16, 9},
                   {FRAME_FORMAT_YUV420P, 67, 35},
                   {FRAME_FORMAT_RGB24, 67, 35},
                   {FRAME_FORMAT_RGB24, 130, 70},
                   {FRAME_FORMAT_NV12, 33, 17}};
    struct frame in, out;

    memcpy(place, picture->data, picture->descriptor.size);
    cr_assert_eq(frame_view(&in, &picture->descriptor, place, picture->descriptor.size), 0);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        cr_assert_eq(frame_convert(converter, &in, targets[i].format, targets[i].width,
                                   targets[i].height, &out),
                     0, "%s to %s", in.info->name, frame_format_name(targets[i].format));
}

/* Ends the process if libswscale reads before the payload or behind its padding. */
Test(frame_convert, reads_nothing_outside_the_payload)
{
    struct frame_converter *converter = converter_for(false);

    for (int i = 1; i < FRAME_FORMAT_COUNT; i++) {
        enum frame_format format = (enum frame_format)i;
        struct picture picture;
        struct fence fence;

        if (!sws_isSupportedInput(frame_format_to_av(format)))
            continue;
        for (uint32_t align = 1; align <= 64; align *= 64) {
            picture_create(&picture, format, 67, 35, align);
            fence_create(&fence, picture.descriptor.size);
            convert_at(converter, &picture, fence.map + fence.page);
            /* words stay words: up to three bytes may be left at the end */
            convert_at(converter, &picture,
                       fence.map + fence.page + fence.inner -
                           (picture.descriptor.size + 3) / 4 * 4);
            fence_destroy(&fence);
            picture_destroy(&picture);
        }
    }
    frame_converter_destroy(&converter);
}

/* Every pair libswscale says it can do is done, odd sizes and single pixels too. */
Test(frame_convert, every_output_format_can_be_made)
{
    static const enum frame_format inputs[] = {FRAME_FORMAT_YUV420P, FRAME_FORMAT_RGB24,
                                               FRAME_FORMAT_GRAY16LE, FRAME_FORMAT_P010LE};
    struct frame_converter *converter = converter_for(false);

    for (size_t n = 0; n < sizeof(inputs) / sizeof(inputs[0]); n++) {
        struct picture picture;

        picture_create(&picture, inputs[n], 19, 11, 64);
        for (int i = 1; i < FRAME_FORMAT_COUNT; i++) {
            enum frame_format format = (enum frame_format)i;
            bool possible = sws_isSupportedOutput(frame_format_to_av(format));
            struct frame out;

            for (int width = 1; width <= 19; width += 18)
                cr_assert_eq(frame_convert(converter, &picture.frame, format, width, 11, &out),
                             possible ? 0 : -ENOTSUP, "%s to %s, %d wide", picture.frame.info->name,
                             frame_format_name(format), width);
        }
        picture_destroy(&picture);
    }
    frame_converter_destroy(&converter);
}

static atomic_int complaints;

static void count_complaints(void *object, int level, const char *text, va_list arguments)
{
    (void)object;
    (void)text;
    (void)arguments;
    if (level <= AV_LOG_WARNING)
        atomic_fetch_add(&complaints, 1);
}

/* "deprecated pixel format used, make sure you did set range correctly", and others */
Test(frame_convert, libswscale_has_nothing_to_complain_about)
{
    struct frame_converter *converter = converter_for(false);
    struct picture picture;
    struct frame out;

    av_log_set_callback(count_complaints);
    gray_picture(&picture, FRAME_FORMAT_YUV420P, 235);
    for (int range = 0; range <= FRAME_RANGE_FULL; range++) {
        set_range(&picture, (enum frame_range)range);
        frame_convert(converter, &picture.frame, FRAME_FORMAT_RGB24, 17, 9, &out);
        frame_convert(converter, &picture.frame, FRAME_FORMAT_NV12, 35, 21, &out);
        frame_convert(converter, &picture.frame, FRAME_FORMAT_GRAY8, 17, 9, &out);
        frame_convert(converter, &picture.frame, FRAME_FORMAT_YUVA422P10LE, 17, 9, &out);
    }
    frame_converter_destroy(&converter);
    picture_destroy(&picture);
    cr_assert_eq(atomic_load(&complaints), 0);
}
