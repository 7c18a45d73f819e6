#include "libframe/frame.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

static bool is_dimension(uint32_t pixels)
{
    return pixels >= 1 && pixels <= FRAME_DIMENSION_MAX;
}

/* FFmpeg and most arithmetic on such fractions want both parts in an int. */
static bool is_fraction_or_unknown(uint32_t num, uint32_t den)
{
    if (num == 0 && den == 0)
        return true;
    return num >= 1 && num <= INT32_MAX && den >= 1 && den <= INT32_MAX;
}

static bool is_zero(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

/* What is said about the picture, all but where it lies. */
static bool facts_are_sound(const struct frame_descriptor *desc)
{
    return is_dimension(desc->width) && is_dimension(desc->height) &&
           (desc->flags & ~(uint32_t)FRAME_FLAGS) == 0 && desc->range <= FRAME_RANGE_FULL &&
           desc->rotation < 360 && is_fraction_or_unknown(desc->aspect_num, desc->aspect_den) &&
           is_fraction_or_unknown(desc->time_base_num, desc->time_base_den) &&
           is_zero(desc->reserved, sizeof(desc->reserved));
}

/*
 * Every row, and the padding behind the last, is inside desc->size. The stride is
 * below 2^31, there are at most 2^15 rows, and the offset is compared before
 * anything is added to it: nothing overflows 64 bits.
 */
static bool plane_is_inside(const struct frame_descriptor *desc,
                            const struct frame_format_info *info, int plane)
{
    uint64_t offset = desc->offsets[plane];
    uint64_t stride = desc->strides[plane];
    uint64_t row = frame_format_row_bytes(info, plane, desc->width);
    uint64_t rows = frame_format_rows(info, plane, desc->height);
    uint64_t word = info->planes[plane].word;

    if (offset % word != 0 || stride % word != 0 || stride < row || stride > INT32_MAX)
        return false;
    return offset <= desc->size && stride * (rows - 1) + row + FRAME_PADDING <= desc->size - offset;
}

static bool planes_are_sound(const struct frame_descriptor *desc,
                             const struct frame_format_info *info)
{
    if (desc->plane_count != info->plane_count)
        return false;
    for (int i = 0; i < FRAME_PLANES_MAX; i++) {
        bool sound = i < info->plane_count ? plane_is_inside(desc, info, i)
                                           : desc->offsets[i] == 0 && desc->strides[i] == 0;
        if (!sound)
            return false;
    }
    return true;
}

static bool is_sound(const struct frame_descriptor *desc, size_t size)
{
    if (desc->version != FRAME_VERSION || desc->size > size)
        return false;

    const struct frame_format_info *info = frame_format_info((enum frame_format)desc->format);

    return info != NULL && facts_are_sound(desc) && planes_are_sound(desc, info);
}

int frame_view(struct frame *out, const struct frame_descriptor *untrusted, const void *data,
               size_t size)
{
    struct frame frame = {0};

    memcpy(&frame.descriptor, untrusted, sizeof(frame.descriptor));
    /* from here on the copy: the compiler must not go back to memory that may change */
    atomic_signal_fence(memory_order_seq_cst);

    *out = (struct frame){0};
    if (!is_sound(&frame.descriptor, size))
        return -EPROTO;

    frame.info = frame_format_info((enum frame_format)frame.descriptor.format);
    frame.width = (int)frame.descriptor.width;
    frame.height = (int)frame.descriptor.height;
    for (int i = 0; i < frame.info->plane_count; i++) {
        frame.planes[i] = (const uint8_t *)data + frame.descriptor.offsets[i];
        frame.strides[i] = (ptrdiff_t)frame.descriptor.strides[i];
    }
    *out = frame;
    return 0;
}

size_t frame_row_bytes(const struct frame *frame, int plane)
{
    return frame_format_row_bytes(frame->info, plane, frame->descriptor.width);
}

uint32_t frame_rows(const struct frame *frame, int plane)
{
    return frame_format_rows(frame->info, plane, frame->descriptor.height);
}

enum frame_range frame_effective_range(const struct frame *frame)
{
    if (frame->info->model == FRAME_MODEL_RGB || frame->info->bits == 1)
        return FRAME_RANGE_FULL;
    if (frame->descriptor.range != FRAME_RANGE_UNSPECIFIED)
        return (enum frame_range)frame->descriptor.range;
    return frame->info->model == FRAME_MODEL_YUV ? FRAME_RANGE_LIMITED : FRAME_RANGE_FULL;
}

int frame_luma(const struct frame *frame, struct frame_luma *out)
{
    const struct frame_luma_info *luma = &frame->info->luma;

    if (luma->step == 0 || frame->info->big_endian)
        return -ENOTSUP;

    *out = (struct frame_luma){
        .data = frame->planes[0] + luma->offset,
        .stride = frame->strides[0],
        .width = frame->width,
        .height = frame->height,
        .step = luma->step,
        .bits = frame->info->bits,
        .shift = luma->shift,
    };
    return 0;
}
