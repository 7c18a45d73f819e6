/*
 * Conversion: nothing is converted that need not be, what is follows a stream that changes, and
 * nothing outside the picture is touched.
 */
#include "tests/frame_conversion.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libavutil/log.h>
#include <libswscale/swscale.h>

#include "libframe/avframe.h"

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
