#include "libframe/frame.h"

#include <errno.h>
#include <math.h>

static bool is_power_of_two(uint32_t number)
{
    return number != 0 && (number & (number - 1)) == 0;
}

static uint64_t align_up(uint64_t number, uint64_t align)
{
    return (number + align - 1) & ~(align - 1);
}

/*
 * No sum here can overflow: a row has at most 2^15 steps of 8 bytes, a plane at
 * most 2^15 rows, a picture four planes.
 */
static void lay_planes(struct frame_descriptor *desc, const struct frame_format_info *info,
                       uint32_t align)
{
    uint32_t plane_align = align > FRAME_PADDING ? align : FRAME_PADDING;

    for (int i = 0; i < info->plane_count; i++) {
        uint64_t stride = align_up(frame_format_row_bytes(info, i, desc->width), align);

        desc->offsets[i] = align_up(desc->size, plane_align);
        desc->strides[i] = (uint32_t)stride;
        desc->size = desc->offsets[i] + stride * frame_format_rows(info, i, desc->height);
        desc->size += FRAME_PADDING;
    }
}

int frame_descriptor_layout(struct frame_descriptor *desc, enum frame_format format, uint32_t width,
                            uint32_t height, uint32_t align)
{
    const struct frame_format_info *info = frame_format_info(format);

    if (info == NULL)
        return -ENOTSUP;
    if (width == 0 || width > FRAME_DIMENSION_MAX || height == 0 || height > FRAME_DIMENSION_MAX)
        return -EINVAL;
    if (!is_power_of_two(align) || align > FRAME_ALIGN_MAX)
        return -EINVAL;

    *desc = (struct frame_descriptor){
        .version = FRAME_VERSION,
        .format = format,
        .width = width,
        .height = height,
        .plane_count = info->plane_count,
        .primaries = FRAME_COLOUR_UNSPECIFIED,
        .transfer = FRAME_COLOUR_UNSPECIFIED,
        .matrix = FRAME_COLOUR_UNSPECIFIED,
        .pts = FRAME_NO_PTS,
    };
    lay_planes(desc, info, align);
    return 0;
}

double frame_pts_seconds(const struct frame_descriptor *desc)
{
    if (desc->pts == FRAME_NO_PTS || desc->time_base_den == 0)
        return NAN;
    return (double)desc->pts * desc->time_base_num / desc->time_base_den;
}
