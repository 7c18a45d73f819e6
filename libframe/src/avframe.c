#include "libframe/avframe.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <libavutil/version.h>

/* The prefix of the formats that say "full range" by their name. */
static const char full_range_prefix[] = "yuvj";

static bool is_full_range_format(const char *name)
{
    return strncmp(name, full_range_prefix, strlen(full_range_prefix)) == 0;
}

enum frame_format frame_format_from_av(enum AVPixelFormat format)
{
    const char *name = av_get_pix_fmt_name(format);

    if (name == NULL)
        return FRAME_FORMAT_NONE;
    if (!is_full_range_format(name))
        return frame_format_by_name(name);

    char plain[32] = "yuv";

    strncat(plain, name + strlen(full_range_prefix), sizeof(plain) - strlen(plain) - 1);
    return frame_format_by_name(plain);
}

enum AVPixelFormat frame_format_to_av(enum frame_format format)
{
    const char *name = frame_format_name(format);

    return name != NULL ? av_get_pix_fmt(name) : AV_PIX_FMT_NONE;
}

static enum frame_range range_of(const AVFrame *avframe)
{
    const char *name = av_get_pix_fmt_name((enum AVPixelFormat)avframe->format);

    if (name != NULL && is_full_range_format(name))
        return FRAME_RANGE_FULL;
    switch (avframe->color_range) {
    case AVCOL_RANGE_MPEG:
        return FRAME_RANGE_LIMITED;
    case AVCOL_RANGE_JPEG:
        return FRAME_RANGE_FULL;
    default:
        return FRAME_RANGE_UNSPECIFIED;
    }
}

/* FFmpeg's numbers are H.273's, but for a few of its own beyond a byte. */
static uint8_t code_point(unsigned value)
{
    return value <= UINT8_MAX ? (uint8_t)value : FRAME_COLOUR_UNSPECIFIED;
}

static uint32_t flags_of(const AVFrame *avframe)
{
    uint32_t flags = 0;

#ifdef AV_FRAME_FLAG_KEY
    if ((avframe->flags & AV_FRAME_FLAG_KEY) != 0)
        flags |= FRAME_FLAG_KEY;
#else
    if (avframe->key_frame != 0)
        flags |= FRAME_FLAG_KEY;
#endif
    if ((avframe->flags & AV_FRAME_FLAG_CORRUPT) != 0 || avframe->decode_error_flags != 0)
        flags |= FRAME_FLAG_CORRUPT;
    return flags;
}

int64_t frame_avframe_duration(const AVFrame *avframe)
{
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
    int64_t duration = avframe->duration;
#else
    int64_t duration = avframe->pkt_duration;
#endif
    return duration > 0 ? duration : 0;
}

static void set_fraction(uint32_t *num, uint32_t *den, AVRational value)
{
    bool known = value.num > 0 && value.den > 0;

    *num = known ? (uint32_t)value.num : 0;
    *den = known ? (uint32_t)value.den : 0;
}

/* Everything but the geometry. */
static void set_facts(struct frame_descriptor *desc, const AVFrame *avframe, AVRational time_base)
{
    int64_t best = avframe->best_effort_timestamp;

    desc->flags = flags_of(avframe);
    desc->range = (uint8_t)range_of(avframe);
    desc->primaries = code_point((unsigned)avframe->color_primaries);
    desc->transfer = code_point((unsigned)avframe->color_trc);
    desc->matrix = code_point((unsigned)avframe->colorspace);
    desc->pts = best != AV_NOPTS_VALUE ? best : avframe->pts;
    desc->duration = frame_avframe_duration(avframe);
    set_fraction(&desc->aspect_num, &desc->aspect_den, avframe->sample_aspect_ratio);
    set_fraction(&desc->time_base_num, &desc->time_base_den, time_base);
}

int frame_descriptor_from_avframe(struct frame_descriptor *desc, const AVFrame *avframe,
                                  AVRational time_base, uint32_t align)
{
    enum frame_format format = frame_format_from_av((enum AVPixelFormat)avframe->format);

    if (avframe->width < 0 || avframe->height < 0)
        return -EINVAL;

    int status = frame_descriptor_layout(desc, format, (uint32_t)avframe->width,
                                         (uint32_t)avframe->height, align);

    if (status == 0)
        set_facts(desc, avframe, time_base);
    return status;
}

/* Puts the plane where the AVFrame has it and stretches desc->size up to its end. */
static int set_plane(struct frame_descriptor *desc, const AVFrame *avframe, int plane,
                     const void *base, size_t size)
{
    const struct frame_format_info *info = frame_format_info((enum frame_format)desc->format);
    uint64_t row = frame_format_row_bytes(info, plane, desc->width);
    uint64_t rows = frame_format_rows(info, plane, desc->height);
    uint64_t offset = (uintptr_t)avframe->data[plane] - (uintptr_t)base;

    if (rows > 1 && avframe->linesize[plane] < 0)
        return -ENOTSUP;
    if ((uintptr_t)avframe->data[plane] < (uintptr_t)base || offset > size)
        return -EINVAL;

    /* FFmpeg leaves the stride of a palette open */
    uint64_t stride = rows > 1 ? (uint64_t)avframe->linesize[plane] : row;
    uint64_t end = offset + stride * (rows - 1) + row + FRAME_PADDING;

    desc->offsets[plane] = offset;
    desc->strides[plane] = (uint32_t)stride;
    if (end > desc->size)
        desc->size = end;
    return 0;
}

int frame_descriptor_in_place(struct frame_descriptor *desc, const AVFrame *avframe,
                              AVRational time_base, const void *base, size_t size)
{
    struct frame_descriptor made;
    struct frame view;
    int status = frame_descriptor_from_avframe(&made, avframe, time_base, 1);

    made.size = 0;
    for (uint32_t i = 0; status == 0 && i < made.plane_count; i++)
        status = set_plane(&made, avframe, (int)i, base, size);
    if (status < 0)
        return status;
    if (frame_view(&view, &made, base, size) < 0)
        return -EINVAL;
    *desc = made;
    return 0;
}

int frame_copy_from_avframe(const struct frame_descriptor *desc, void *data, size_t size,
                            const AVFrame *avframe)
{
    enum frame_format format = frame_format_from_av((enum AVPixelFormat)avframe->format);
    uint8_t *planes[FRAME_PLANES_MAX] = {NULL};
    const uint8_t *sources[FRAME_PLANES_MAX];
    int strides[FRAME_PLANES_MAX] = {0};

    if (format == FRAME_FORMAT_NONE || desc->format != (uint32_t)format ||
        (int64_t)desc->width != avframe->width || (int64_t)desc->height != avframe->height)
        return -EINVAL;
    if (desc->size > size)
        return -EMSGSIZE;

    for (uint32_t i = 0; i < FRAME_PLANES_MAX; i++) {
        sources[i] = avframe->data[i];
        if (i < desc->plane_count) {
            planes[i] = (uint8_t *)data + desc->offsets[i];
            strides[i] = (int)desc->strides[i];
        }
    }
    av_image_copy(planes, strides, sources, avframe->linesize, (enum AVPixelFormat)avframe->format,
                  avframe->width, avframe->height);
    return 0;
}

uint32_t frame_rotation_from_matrix(const int32_t matrix[9])
{
    double counter_clockwise = av_display_rotation_get(matrix);

    if (isnan(counter_clockwise))
        return 0;
    return (uint32_t)((360 - (int)lround(counter_clockwise)) % 360);
}
