/*
 * The table of formats against FFmpeg's own descriptions, row by row.
 */
#include <criterion/criterion.h>

#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>

#include "libframe/avframe.h"
#include "libframe/format.h"

static const struct {
    uint32_t width;
    uint32_t height;
} sizes[] = {{1, 1},     {2, 1},     {1, 2},       {3, 5},    {7, 7},    {17, 9},
             {319, 241}, {318, 239}, {1920, 1080}, {4095, 3}, {13, 2161}};

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static const AVPixFmtDescriptor *reference(const struct frame_format_info *info)
{
    const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(av_get_pix_fmt(info->name));

    cr_assert_not_null(desc, "FFmpeg knows no format %s", info->name);
    return desc;
}

Test(frame_format, numbers_are_an_abi)
{
    /* one of each group: a renumbering moves at least one of them */
    cr_assert_eq(FRAME_FORMAT_GRAY8, 1);
    cr_assert_eq(FRAME_FORMAT_MONOBLACK, 16);
    cr_assert_eq(FRAME_FORMAT_YUV420P, 19);
    cr_assert_eq(FRAME_FORMAT_YUV440P12BE, 56);
    cr_assert_eq(FRAME_FORMAT_YUVA444P12BE, 81);
    cr_assert_eq(FRAME_FORMAT_NV12, 82);
    cr_assert_eq(FRAME_FORMAT_P416BE, 100);
    cr_assert_eq(FRAME_FORMAT_RGB24, 108);
    cr_assert_eq(FRAME_FORMAT_PAL8, 146);
    cr_assert_eq(FRAME_FORMAT_GBRAP16BE, 164);
}

Test(frame_format, every_number_has_a_row_and_a_name_of_its_own)
{
    for (int i = 1; i < FRAME_FORMAT_COUNT; i++) {
        const struct frame_format_info *info = frame_format_info((enum frame_format)i);

        cr_assert_not_null(info, "format %d has no row", i);
        cr_assert_eq(info->format, (enum frame_format)i);
        cr_assert_eq(frame_format_by_name(info->name), info->format, "%s", info->name);
        cr_assert_str_eq(frame_format_name(info->format), info->name);
    }
}

Test(frame_format, unknown_numbers_and_names_have_none)
{
    cr_assert_null(frame_format_info(FRAME_FORMAT_NONE));
    cr_assert_null(frame_format_info(FRAME_FORMAT_COUNT));
    cr_assert_null(frame_format_info((enum frame_format)UINT32_MAX));
    cr_assert_null(frame_format_name(FRAME_FORMAT_NONE));
    cr_assert_eq(frame_format_by_name(""), FRAME_FORMAT_NONE);
    cr_assert_eq(frame_format_by_name("yuv420"), FRAME_FORMAT_NONE);
    cr_assert_eq(frame_format_by_name("yuvj420p"), FRAME_FORMAT_NONE);
}

static enum frame_model reference_model(const AVPixFmtDescriptor *desc)
{
    if ((desc->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0)
        return FRAME_MODEL_RGB;
    return desc->nb_components <= 2 ? FRAME_MODEL_GRAY : FRAME_MODEL_YUV;
}

static int widest_component(const AVPixFmtDescriptor *desc)
{
    int bits = 0;

    for (int i = 0; i < desc->nb_components; i++)
        bits = desc->comp[i].depth > bits ? desc->comp[i].depth : bits;
    return bits;
}

Test(frame_format, rows_say_what_ffmpeg_says)
{
    for (int i = 1; i < FRAME_FORMAT_COUNT; i++) {
        const struct frame_format_info *info = frame_format_info((enum frame_format)i);
        const AVPixFmtDescriptor *desc = reference(info);
        bool alpha = (desc->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
        bool palette = (desc->flags & AV_PIX_FMT_FLAG_PAL) != 0;
        int planes = av_pix_fmt_count_planes(av_get_pix_fmt(info->name)) + palette;

        cr_assert_eq(info->model, reference_model(desc), "model of %s", info->name);
        cr_assert_eq(info->plane_count, planes, "planes of %s", info->name);
        cr_assert_eq(info->bits, widest_component(desc), "bits of %s", info->name);
        cr_assert_eq(info->log2_chroma_width, desc->log2_chroma_w, "chroma of %s", info->name);
        cr_assert_eq(info->log2_chroma_height, desc->log2_chroma_h, "chroma of %s", info->name);
        cr_assert_eq(info->alpha, alpha, "alpha of %s", info->name);
        cr_assert_eq(info->palette, palette, "palette of %s", info->name);
        cr_assert_eq(info->big_endian, (desc->flags & AV_PIX_FMT_FLAG_BE) != 0, "%s", info->name);
    }
}

/* Each plane is as wide as the widest of its components says it is. */
Test(frame_format, steps_are_ffmpegs_widest_steps)
{
    for (int i = 1; i < FRAME_FORMAT_COUNT; i++) {
        const struct frame_format_info *info = frame_format_info((enum frame_format)i);
        const AVPixFmtDescriptor *desc = reference(info);
        int steps[4], components[4];
        int unit = (desc->flags & AV_PIX_FMT_FLAG_BITSTREAM) != 0 ? 1 : 8;

        av_image_fill_max_pixsteps(steps, components, desc);
        for (int plane = 0; plane < info->plane_count - info->palette; plane++) {
            bool chroma = components[plane] == 1 || components[plane] == 2;
            bool matters = desc->log2_chroma_w != 0 || desc->log2_chroma_h != 0;

            cr_assert_eq(info->planes[plane].step_bits, steps[plane] * unit, "plane %d of %s",
                         plane, info->name);
            if (matters)
                cr_assert_eq(info->planes[plane].subsampled, chroma, "plane %d of %s", plane,
                             info->name);
        }
    }
}

Test(frame_format, rows_and_row_bytes_are_ffmpegs_at_all_sizes)
{
    for (int i = 1; i < FRAME_FORMAT_COUNT; i++) {
        const struct frame_format_info *info = frame_format_info((enum frame_format)i);
        enum AVPixelFormat format = av_get_pix_fmt(info->name);

        for (size_t s = 0; s < SIZES; s++) {
            ptrdiff_t strides[4];
            int linesizes[4];
            size_t bytes[4];

            cr_assert_geq(av_image_fill_linesizes(linesizes, format, (int)sizes[s].width), 0);
            for (int plane = 0; plane < 4; plane++)
                strides[plane] = linesizes[plane];
            cr_assert_geq(av_image_fill_plane_sizes(bytes, format, (int)sizes[s].height, strides),
                          0);
            for (int plane = 0; plane < 4; plane++) {
                size_t row = frame_format_row_bytes(info, plane, sizes[s].width);
                uint32_t rows = frame_format_rows(info, plane, sizes[s].height);

                if (!info->palette || plane != 1)
                    cr_assert_eq(row, (size_t)linesizes[plane], "row of plane %d of %s at width %u",
                                 plane, info->name, sizes[s].width);
                cr_assert_eq(row * rows, bytes[plane], "plane %d of %s at %ux%u", plane, info->name,
                             sizes[s].width, sizes[s].height);
            }
        }
    }
}

Test(frame_format, luma_is_ffmpegs_first_component)
{
    for (int i = 1; i < FRAME_FORMAT_COUNT; i++) {
        const struct frame_format_info *info = frame_format_info((enum frame_format)i);
        const AVComponentDescriptor *luma = &reference(info)->comp[0];
        bool expected = info->model != FRAME_MODEL_RGB && info->bits >= 8;

        if (!expected) {
            cr_assert_eq(info->luma.step, 0, "%s has no luma", info->name);
            continue;
        }
        cr_assert_eq(luma->plane, 0, "%s", info->name);
        cr_assert_eq(info->luma.step, luma->step, "luma step of %s", info->name);
        cr_assert_eq(info->luma.offset, luma->offset, "luma offset of %s", info->name);
        cr_assert_eq(info->luma.shift, luma->shift, "luma shift of %s", info->name);
        cr_assert_eq(info->bits, luma->depth, "luma depth of %s", info->name);
    }
}

/* Words must be words: a step is whole words, and wide samples have wide words. */
Test(frame_format, words_divide_steps)
{
    for (int i = 1; i < FRAME_FORMAT_COUNT; i++) {
        const struct frame_format_info *info = frame_format_info((enum frame_format)i);

        for (int plane = 0; plane < info->plane_count; plane++) {
            const struct frame_plane_info *shape = &info->planes[plane];

            cr_assert(shape->word == 1 || shape->word == 2 || shape->word == 4, "%s", info->name);
            if (shape->step_bits >= 8)
                cr_assert_eq(shape->step_bits % (8 * shape->word), 0, "%s", info->name);
            if (info->bits > 8)
                cr_assert_geq(shape->word, 2, "%s", info->name);
        }
    }
}

/* What FFmpeg has and the table has not, is of a kind the header says it leaves out. */
Test(frame_format, nothing_of_the_promised_kind_is_missing)
{
    const uint64_t left_out =
        AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_FLOAT;
    /* no decoder gives these: two pixels a byte, a camera's wire format, XYZ */
    const char *const others = " rgb4 bgr4 uyyvyy411 xyz12le xyz12be ";

    for (const AVPixFmtDescriptor *desc = av_pix_fmt_desc_next(NULL); desc != NULL;
         desc = av_pix_fmt_desc_next(desc)) {
        char word[64];

        snprintf(word, sizeof(word), " %s ", desc->name);
        if ((desc->flags & left_out) != 0 || strstr(others, word) != NULL)
            continue;
        /* formats newer than the release the table was written against */
        if (av_pix_fmt_desc_get_id(desc) > AV_PIX_FMT_P416LE)
            continue;
        cr_assert_neq(frame_format_from_av(av_pix_fmt_desc_get_id(desc)), FRAME_FORMAT_NONE,
                      "%s is missing", desc->name);
    }
}
