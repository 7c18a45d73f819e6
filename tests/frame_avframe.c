/*
 * From FFmpeg's frames to ours: facts, copies, and frames described where they lie.
 */
#include "tests/frame_picture.h"

#include <errno.h>

#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>

#include "libframe/avframe.h"

static AVFrame *avframe_create(enum AVPixelFormat format, int width, int height)
{
    AVFrame *avframe = av_frame_alloc();

    cr_assert_not_null(avframe);
    avframe->format = format;
    avframe->width = width;
    avframe->height = height;
    cr_assert_eq(av_frame_get_buffer(avframe, 0), 0);
    for (int i = 0; i < AV_NUM_DATA_POINTERS && avframe->buf[i] != NULL; i++)
        fill_random(avframe->buf[i]->data, avframe->buf[i]->size, 17u + (uint32_t)i);
    return avframe;
}

static const AVRational milliseconds = {1, 1000};

static struct frame_descriptor describe(const AVFrame *avframe)
{
    struct frame_descriptor desc;

    cr_assert_eq(frame_descriptor_from_avframe(&desc, avframe, milliseconds, 64), 0);
    return desc;
}

Test(frame_avframe, formats_go_there_and_back)
{
    for (int i = 1; i < FRAME_FORMAT_COUNT; i++) {
        enum frame_format format = (enum frame_format)i;
        enum AVPixelFormat av = frame_format_to_av(format);

        cr_assert_str_eq(av_get_pix_fmt_name(av), frame_format_name(format));
        cr_assert_eq(frame_format_from_av(av), format);
    }
    cr_assert_eq(frame_format_from_av(AV_PIX_FMT_NONE), FRAME_FORMAT_NONE);
    cr_assert_eq(frame_format_from_av(AV_PIX_FMT_VAAPI), FRAME_FORMAT_NONE);
    cr_assert_eq(frame_format_from_av(AV_PIX_FMT_GRAYF32LE), FRAME_FORMAT_NONE);
    cr_assert_eq(frame_format_to_av(FRAME_FORMAT_NONE), AV_PIX_FMT_NONE);
}

Test(frame_avframe, full_range_formats_are_plain_formats_of_full_range)
{
    static const struct {
        enum AVPixelFormat av;
        enum frame_format format;
    } cases[] = {
        {AV_PIX_FMT_YUVJ411P, FRAME_FORMAT_YUV411P}, {AV_PIX_FMT_YUVJ420P, FRAME_FORMAT_YUV420P},
        {AV_PIX_FMT_YUVJ422P, FRAME_FORMAT_YUV422P}, {AV_PIX_FMT_YUVJ440P, FRAME_FORMAT_YUV440P},
        {AV_PIX_FMT_YUVJ444P, FRAME_FORMAT_YUV444P},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AVFrame *avframe = avframe_create(cases[i].av, 18, 10);
        struct frame_descriptor desc = describe(avframe);
        uint8_t *slot = malloc(desc.size);

        cr_expect_eq(desc.format, cases[i].format);
        cr_expect_eq(desc.range, FRAME_RANGE_FULL);
        cr_expect_eq(frame_copy_from_avframe(&desc, slot, desc.size, avframe), 0);
        free(slot);
        av_frame_free(&avframe);
    }
}

Test(frame_avframe, facts_are_taken_over)
{
    AVFrame *avframe = avframe_create(AV_PIX_FMT_YUV420P, 18, 10);

    avframe->pts = 7;
    avframe->color_range = AVCOL_RANGE_MPEG;
    avframe->color_primaries = AVCOL_PRI_BT709;
    avframe->color_trc = AVCOL_TRC_SMPTE2084;
    avframe->colorspace = AVCOL_SPC_BT2020_NCL;
    avframe->sample_aspect_ratio = (AVRational){16, 11};
    avframe->key_frame = 1;

    struct frame_descriptor desc = describe(avframe);

    cr_expect_eq(desc.width, 18);
    cr_expect_eq(desc.height, 10);
    cr_expect_eq(desc.pts, 7, "the frame's own time, as there is no better");
    cr_expect_eq(desc.range, FRAME_RANGE_LIMITED);
    cr_expect_eq(desc.primaries, 1);
    cr_expect_eq(desc.transfer, 16);
    cr_expect_eq(desc.matrix, 9);
    cr_expect_eq(desc.aspect_num, 16);
    cr_expect_eq(desc.aspect_den, 11);
    cr_expect_eq(desc.time_base_num, 1);
    cr_expect_eq(desc.time_base_den, 1000);
    cr_expect_eq(desc.flags, FRAME_FLAG_KEY);

    avframe->best_effort_timestamp = 11;
    avframe->key_frame = 0;
    avframe->color_range = AVCOL_RANGE_JPEG;
    desc = describe(avframe);
    cr_expect_eq(desc.pts, 11);
    cr_expect_eq(desc.range, FRAME_RANGE_FULL);
    cr_expect_eq(desc.flags, 0);
    av_frame_free(&avframe);
}

Test(frame_avframe, what_ffmpeg_does_not_know_is_not_known)
{
    AVFrame *avframe = avframe_create(AV_PIX_FMT_GRAY8, 18, 10);
    struct frame_descriptor desc;

    cr_assert_eq(frame_descriptor_from_avframe(&desc, avframe, (AVRational){0, 1}, 64), 0);
    cr_expect_eq(desc.pts, FRAME_NO_PTS);
    cr_expect_eq(desc.duration, 0);
    cr_expect_eq(desc.aspect_num, 0);
    cr_expect_eq(desc.aspect_den, 0);
    cr_expect_eq(desc.time_base_num, 0);
    cr_expect_eq(desc.time_base_den, 0);
    cr_expect_eq(desc.range, FRAME_RANGE_UNSPECIFIED);
    cr_expect_eq(desc.matrix, FRAME_COLOUR_UNSPECIFIED);
    av_frame_free(&avframe);
}

Test(frame_avframe, both_signs_of_damage_are_told)
{
    AVFrame *avframe = avframe_create(AV_PIX_FMT_GRAY8, 18, 10);

    avframe->key_frame = 0;
    avframe->flags = AV_FRAME_FLAG_CORRUPT;
    cr_expect_eq(describe(avframe).flags, FRAME_FLAG_CORRUPT);
    avframe->flags = 0;
    avframe->decode_error_flags = FF_DECODE_ERROR_CONCEALMENT_ACTIVE;
    cr_expect_eq(describe(avframe).flags, FRAME_FLAG_CORRUPT);
    avframe->decode_error_flags = 0;
    cr_expect_eq(describe(avframe).flags, 0);
    av_frame_free(&avframe);
}

/* Both packed, row by row, are the same bytes. */
static void assert_same_picture(const struct frame *frame, const AVFrame *avframe)
{
    for (int plane = 0; plane < frame->info->plane_count; plane++) {
        for (uint32_t y = 0; y < frame_rows(frame, plane); y++) {
            const uint8_t *ours = frame->planes[plane] + (ptrdiff_t)y * frame->strides[plane];
            const uint8_t *theirs = avframe->data[plane] + (ptrdiff_t)y * avframe->linesize[plane];

            cr_assert_eq(memcmp(ours, theirs, frame_row_bytes(frame, plane)), 0,
                         "row %u of plane %d of %s", y, plane, frame->info->name);
        }
    }
}

Test(frame_avframe, copies_are_the_same_picture)
{
    for (int i = 1; i < FRAME_FORMAT_COUNT; i++) {
        AVFrame *avframe = avframe_create(frame_format_to_av((enum frame_format)i), 67, 35);
        struct frame_descriptor desc = describe(avframe);
        uint8_t *slot = malloc(desc.size);
        struct frame frame;

        cr_assert_not_null(slot);
        cr_assert_eq(frame_copy_from_avframe(&desc, slot, desc.size, avframe), 0);
        cr_assert_eq(frame_view(&frame, &desc, slot, desc.size), 0);
        assert_same_picture(&frame, avframe);
        free(slot);
        av_frame_free(&avframe);
    }
}

Test(frame_avframe, a_copy_that_does_not_fit_is_refused)
{
    AVFrame *avframe = avframe_create(AV_PIX_FMT_YUV420P, 18, 10);
    struct frame_descriptor desc = describe(avframe);
    uint8_t *slot = malloc(desc.size);

    cr_expect_eq(frame_copy_from_avframe(&desc, slot, desc.size - 1, avframe), -EMSGSIZE);
    avframe->width = 16;
    cr_expect_eq(frame_copy_from_avframe(&desc, slot, desc.size, avframe), -EINVAL);
    avframe->width = 18;
    avframe->height = 12;
    cr_expect_eq(frame_copy_from_avframe(&desc, slot, desc.size, avframe), -EINVAL);
    avframe->height = 10;
    avframe->format = AV_PIX_FMT_YUV422P;
    cr_expect_eq(frame_copy_from_avframe(&desc, slot, desc.size, avframe), -EINVAL);
    avframe->format = AV_PIX_FMT_YUV420P;
    cr_expect_eq(frame_copy_from_avframe(&desc, slot, desc.size, avframe), 0);
    free(slot);
    av_frame_free(&avframe);
}

/* A filter may turn a picture upside down by running its rows upwards. */
Test(frame_avframe, rows_that_run_upwards_are_copied_in_order)
{
    AVFrame *avframe = avframe_create(AV_PIX_FMT_GRAY8, 18, 10);
    struct frame_descriptor desc = describe(avframe), in_place;
    uint8_t *slot = malloc(desc.size);
    struct frame frame;

    avframe->data[0] += 9 * avframe->linesize[0];
    avframe->linesize[0] = -avframe->linesize[0];
    cr_assert_eq(frame_copy_from_avframe(&desc, slot, desc.size, avframe), 0);
    cr_assert_eq(frame_view(&frame, &desc, slot, desc.size), 0);
    assert_same_picture(&frame, avframe);
    cr_expect_eq(frame_descriptor_in_place(&in_place, avframe, milliseconds, avframe->buf[0]->data,
                                           avframe->buf[0]->size),
                 -ENOTSUP);
    free(slot);
    av_frame_free(&avframe);
}

/* As a decoder does it: laid out for the coded size, shown without its borders. */
Test(frame_avframe, a_frame_in_a_slot_is_described_where_it_lies)
{
    for (int i = 1; i < FRAME_FORMAT_COUNT; i++) {
        AVFrame *avframe = av_frame_alloc();
        struct frame_descriptor desc;
        struct picture slot;
        struct frame frame;

        picture_create(&slot, (enum frame_format)i, 80, 48, 64);
        avframe->format = frame_format_to_av((enum frame_format)i);
        avframe->width = 67;
        avframe->height = 35;
        for (int plane = 0; plane < slot.frame.info->plane_count; plane++) {
            avframe->data[plane] = picture_plane(&slot, plane);
            avframe->linesize[plane] = (int)slot.descriptor.strides[plane];
        }
        if (slot.frame.info->palette)
            avframe->linesize[1] = 0; /* as FFmpeg leaves it */

        cr_assert_eq(frame_descriptor_in_place(&desc, avframe, milliseconds, slot.data,
                                               slot.descriptor.size),
                     0, "%s", slot.frame.info->name);
        cr_assert_eq(frame_view(&frame, &desc, slot.data, slot.descriptor.size), 0);
        for (int plane = 0; plane < frame.info->plane_count; plane++)
            cr_assert_eq(frame.planes[plane], avframe->data[plane]);
        cr_assert_eq(frame.width, 67);
        cr_assert_eq(frame.height, 35);
        cr_assert_leq(desc.size, slot.descriptor.size);
        av_frame_free(&avframe);
        picture_destroy(&slot);
    }
}

Test(frame_avframe, a_frame_outside_the_slot_is_not_described)
{
    AVFrame *avframe = av_frame_alloc();
    struct frame_descriptor desc;
    struct picture slot;

    picture_create(&slot, FRAME_FORMAT_NV12, 64, 32, 64);
    avframe->format = AV_PIX_FMT_NV12;
    avframe->width = 64;
    avframe->height = 32;
    for (int plane = 0; plane < 2; plane++) {
        avframe->data[plane] = picture_plane(&slot, plane);
        avframe->linesize[plane] = 64;
    }

    const size_t size = slot.descriptor.size;

    cr_expect_eq(frame_descriptor_in_place(&desc, avframe, milliseconds, slot.data, size), 0);
    cr_expect_eq(frame_descriptor_in_place(&desc, avframe, milliseconds, slot.data, size - 1),
                 -EINVAL);
    cr_expect_eq(frame_descriptor_in_place(&desc, avframe, milliseconds, slot.data, 64), -EINVAL);
    cr_expect_eq(frame_descriptor_in_place(&desc, avframe, milliseconds, slot.data + 64, size - 64),
                 -EINVAL);
    avframe->format = AV_PIX_FMT_VAAPI;
    cr_expect_eq(frame_descriptor_in_place(&desc, avframe, milliseconds, slot.data, size),
                 -ENOTSUP);
    av_frame_free(&avframe);
    picture_destroy(&slot);
}

Test(frame_avframe, rotation_is_clockwise_and_positive)
{
    for (int degrees = -180; degrees < 360; degrees += 90) {
        int32_t matrix[9];

        /* FFmpeg makes the matrix of a rotation clockwise, and reads it counter-clockwise */
        av_display_rotation_set(matrix, degrees);
        cr_expect_eq(frame_rotation_from_matrix(matrix), (uint32_t)((degrees + 360) % 360),
                     "%d gives %u", degrees, frame_rotation_from_matrix(matrix));
    }

    const int32_t nothing[9] = {0};

    cr_expect_eq(frame_rotation_from_matrix(nothing), 0);
}
